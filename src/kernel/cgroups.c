/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits in force, from the cgroup file systems (cgroups(7), Documentation/admin-guide/cgroup-v1/ and
 * cgroup-v2.rst).
 *
 * A limit of any ancestor binds, so each is the minimum over the way up. Where the hierarchies are
 * mounted is asked of mountinfo: their places differ, v1 mounts may carry several controllers, a
 * hybrid host has version 2 beside them ("unified") with the controllers that no v1 hierarchy took.
 * Inside a cgroup namespace, or where a mount shows a part of a hierarchy only, paths are relative to
 * what the reader sees; groups outside of it are unknown, not unlimited.
 *
 * Quirks: v1 rounds "no limit" down to a page (0x7ffffffffffff000 with 4 KiB pages); version 2's root
 * has none of the limit files; a controller that is not handed down ends at an ancestor, whose limit
 * binds nevertheless. Containers share their ancestors: those are read once per handle.
 */
#include "kernel_int.h"

#include "base/map.h"

enum { VALUE_MAX = 1 << 16, DEVICES_MAX = 1 << 20 };
#define V1_NO_LIMIT ((uint64_t)INT64_MAX - PLM_MIB(1))

struct place {
    int version; /* 0: sys says why not */
    int sys;
    const struct plm_mount *mount;
    plm_sv path;  /* of the group in the hierarchy, as /proc/PID/cgroup has it */
    plm_sv below; /* the same below the mount point: "", "/docker/…" */
};

/* ---- where the hierarchies are ------------------------------------------------------------------ */

static int find_mounts(struct plm_kernel *k)
{
    if (!k->has_cgroup_mounts) {
        k->has_cgroup_mounts = true;
        plm_auto(plm_err_free) plm_err *e = NULL;
        if (plm_kernel_mounts(k, 0, k->arena, &k->mounts, &e) < 0) {
            k->mounts = (plm_mount_vec){0};
            k->mounts_sys = e && e->sys ? e->sys : EINVAL;
        }
    }
    return k->mounts_sys;
}

static bool has_controller(plm_sv list, const char *controller)
{
    plm_sv one;
    while (plm_sv_field(&list, ',', &one))
        if (plm_sv_is(one, controller))
            return true;
    return false;
}

int plm_kernel_cgroup_version(struct plm_kernel *k)
{
    static const char *const real[] = {"memory", "pids", "cpu", "devices", "cpuset", "blkio"};
    int version = 0;
    if (find_mounts(k) != 0)
        return 0;
    for (size_t i = 0; i < k->mounts.n; i++) {
        const struct plm_mount *m = &k->mounts.v[i];
        if (plm_sv_is(m->type, "cgroup2"))
            version = version ? version : 2;
        for (size_t c = 0; plm_sv_is(m->type, "cgroup") && c < sizeof(real) / sizeof(real[0]); c++)
            if (has_controller(m->super_options, real[c]))
                return 1;
    }
    return version;
}

/* The line of that controller ("" is version 2's), as its path. */
static plm_sv path_of(plm_sv text, const char *controller)
{
    plm_sv line, id, rest, list, path;
    while (plm_sv_line(&text, &line))
        if (plm_sv_cut(line, ':', &id, &rest) && plm_sv_cut(rest, ':', &list, &path) &&
            (*controller ? has_controller(list, controller) : plm_sv_is(id, "0") && !list.n))
            return path;
    return PLM_SV_NULL;
}

/* Out of our cgroup namespace: "/../x". */
static bool leads_out(plm_sv path)
{
    plm_sv one;
    while (plm_sv_field(&path, '/', &one))
        if (plm_sv_is(one, ".."))
            return true;
    return false;
}

static bool find_mount(struct plm_kernel *k, const char *type, const char *controller, struct place *p)
{
    for (size_t i = 0; i < k->mounts.n; i++) {
        const struct plm_mount *m = &k->mounts.v[i];
        if (!plm_sv_is(m->type, type) || (*controller && !has_controller(m->super_options, controller)))
            continue;
        p->below = plm_kernel_path_below(m->root, p->path);
        p->mount = m;
        if (p->below.p)
            return true;
    }
    return false;
}

static struct place place_of(struct plm_kernel *k, plm_sv text, const char *controller)
{
    struct place p = {.sys = find_mounts(k)};
    if (p.sys)
        return p;
    p.path = path_of(text, controller);
    bool is_v1 = p.path.p != NULL;
    if (!is_v1)
        p.path = path_of(text, "");
    if (!p.path.p || leads_out(p.path) ||
        !find_mount(k, is_v1 ? "cgroup" : "cgroup2", is_v1 ? controller : "", &p)) {
        p.sys = ENOENT;
        return p;
    }
    p.version = is_v1 ? 1 : 2;
    return p;
}

/* ---- one file of one level ------------------------------------------------------------------------ */

enum what { MEMORY, MEMSW, SWAP, PIDS, QUOTA, SHARES, CPUSET, WHATS };

static const struct {
    const char *controller, *file[3]; /* by version; NULL: it has none */
} rows[WHATS] = {
    // clang-format off
    [MEMORY] = {"memory", {NULL, "memory.limit_in_bytes",       "memory.max"}},
    [MEMSW]  = {"memory", {NULL, "memory.memsw.limit_in_bytes", NULL}},
    [SWAP]   = {"memory", {NULL, NULL,                          "memory.swap.max"}},
    [PIDS]   = {"pids",   {NULL, "pids.max",                    "pids.max"}},
    [QUOTA]  = {"cpu",    {NULL, "cpu.cfs_quota_us",            "cpu.max"}},
    [SHARES] = {"cpu",    {NULL, "cpu.shares",                  "cpu.weight"}},
    [CPUSET] = {"cpuset", {NULL, "cpuset.cpus",                 "cpuset.cpus.effective"}},
    // clang-format on
};

static plm_sv file_path(struct plm_arena *a, const struct place *p, plm_sv level, const char *file)
{
    plm_sv point = plm_sv_is(p->mount->point, "/") ? PLM_SV("") : p->mount->point;
    plm_sv below = plm_sv_is(level, "/") ? PLM_SV("") : level;
    return plm_arena_printf(a, "%.*s%.*s/%s", PLM_SV_ARG(point), PLM_SV_ARG(below), file);
}

static int read_file(struct plm_kernel *k, struct plm_arena *a, const struct place *p, plm_sv level,
                     const char *file, size_t max, plm_sv *out)
{
    plm_sv path = file_path(a, p, level, file);
    int sys = path.p ? plm_kernel_read(k, k->root_fd, path.p, max, out) : ENOMEM;
    if (sys == 0)
        *out = plm_sv_trim(*out);
    return sys;
}

/* "0-3,7" counted. */
uint64_t plm_kernel_cpu_count(plm_sv list)
{
    plm_sv range, first, last;
    uint64_t n = 0, from, to;
    while (plm_sv_field(&list, ',', &range)) {
        bool is_range = plm_sv_cut(range, '-', &first, &last);
        if (!plm_sv_u64(first, &from) || (is_range && !plm_sv_u64(last, &to)))
            return 0;
        to = is_range ? to : from;
        if (to < from || to > UINT32_MAX)
            return 0;
        n += to - from + 1;
    }
    return n;
}

static int parse_value(enum what w, plm_sv text, uint64_t *out)
{
    if (w == CPUSET) {
        *out = plm_kernel_cpu_count(text);
        return *out ? 0 : EINVAL;
    }
    if (plm_sv_is(text, "max") || plm_sv_starts(text, PLM_SV("-1"))) {
        *out = PLM_UNLIMITED;
        return 0;
    }
    if (!plm_sv_u64(text, out))
        return EINVAL;
    if ((w == MEMORY || w == MEMSW) && *out >= V1_NO_LIMIT)
        *out = PLM_UNLIMITED;
    return 0;
}

static uint64_t thousandths(uint64_t quota, uint64_t period)
{
    uint64_t scaled;
    return __builtin_mul_overflow(quota, 1000, &scaled) ? PLM_UNLIMITED : scaled / period;
}

/* cpu.max "50000 100000"; v1 has the period in a file of its own. */
static int read_quota(struct plm_kernel *k, struct plm_arena *a, const struct place *p, plm_sv level,
                      uint64_t *out)
{
    plm_sv text, word;
    uint64_t quota, period;
    int sys = read_file(k, a, p, level, rows[QUOTA].file[p->version], VALUE_MAX, &text);
    if (sys)
        return sys;
    if (!plm_sv_word(&text, &word) || parse_value(QUOTA, word, &quota) != 0)
        return EINVAL;
    *out = PLM_UNLIMITED;
    if (quota == PLM_UNLIMITED)
        return 0;
    if (p->version == 1 && (sys = read_file(k, a, p, level, "cpu.cfs_period_us", VALUE_MAX, &text)) != 0)
        return sys;
    if (!plm_sv_u64(plm_sv_trim(text), &period) || !period)
        return EINVAL;
    *out = thousandths(quota, period);
    return 0;
}

struct reading {
    int sys;
    uint64_t value;
};

static struct reading read_level(struct plm_kernel *k, struct plm_arena *a, enum what w,
                                 const struct place *p, plm_sv level)
{
    struct reading r = {0};
    plm_sv text;
    if (w == QUOTA) {
        r.sys = read_quota(k, a, p, level, &r.value);
        return r;
    }
    r.sys = read_file(k, a, p, level, rows[w].file[p->version], VALUE_MAX, &text);
    if (!r.sys)
        r.sys = parse_value(w, text, &r.value);
    return r;
}

/* The same, kept: for levels that many groups share. */
static struct reading read_shared(struct plm_kernel *k, enum what w, const struct place *p, plm_sv level)
{
    struct reading out = {.sys = ENOMEM};
    plm_sv key = file_path(k->arena, p, level, rows[w].file[p->version]);
    if (!k->levels)
        k->levels = plm_map_new();
    void **slot = k->levels && key.p ? plm_map_put(k->levels, key) : NULL;
    if (!slot)
        return out;
    if (!*slot) {
        struct reading *r = plm_arena_make(k->arena, struct reading);
        if (!r)
            return out;
        *r = read_level(k, k->arena, w, p, level);
        *slot = r;
    }
    return *(const struct reading *)*slot;
}

/* ---- the way up ----------------------------------------------------------------------------------- */

static bool parent_of(plm_sv *level)
{
    size_t slash = level->n ? plm_sv_rfind(*level, '/') : SIZE_MAX;
    if (slash == SIZE_MAX)
        return false;
    level->n = slash;
    return true;
}

/* No level has the file: without a limit if version 2 has that controller at all, else not known. */
static bool is_controller_there(struct plm_kernel *k, struct plm_arena *a, const struct place *p, enum what w)
{
    plm_sv text, word;
    if (p->version != 2 || read_file(k, a, p, PLM_SV(""), "cgroup.controllers", VALUE_MAX, &text) != 0)
        return false;
    while (plm_sv_word(&text, &word))
        if (plm_sv_is(word, rows[w].controller))
            return true;
    return false;
}

static struct plm_cgroup_limit minimum(struct plm_kernel *k, struct plm_arena *a, plm_sv text, enum what w)
{
    struct plm_cgroup_limit l = {.value = PLM_UNLIMITED};
    struct place p = place_of(k, text, rows[w].controller);
    if (!p.version || !rows[w].file[p.version]) {
        l.sys = p.version ? ENOENT : p.sys;
        return l;
    }
    bool is_blind = false;
    l.where = file_path(a, &p, p.below, rows[w].file[p.version]);
    plm_sv level = p.below;
    do {
        bool is_own = level.n == p.below.n;
        struct reading r = is_own ? read_level(k, a, w, &p, level) : read_shared(k, w, &p, level);
        if (r.sys) {
            is_blind |= r.sys != ENOENT;
            l.sys = l.sys ? l.sys : r.sys;
            continue;
        }
        l.is_known = true;
        if (r.value >= l.value)
            continue;
        l.value = r.value;
        l.is_inherited = !is_own;
        l.where = file_path(a, &p, level, rows[w].file[p.version]);
    } while (parent_of(&level));
    if (!l.is_known && !is_blind && is_controller_there(k, a, &p, w))
        l.is_known = true;
    if (is_blind && l.value == PLM_UNLIMITED) /* what could not be read may limit */
        l.is_known = false;
    if (l.is_known)
        l.sys = 0;
    return l;
}

static struct plm_cgroup_limit shares_of(struct plm_kernel *k, struct plm_arena *a, plm_sv text)
{
    enum { V1_DEFAULT = 1024, V2_DEFAULT = 100 };
    struct plm_cgroup_limit l = {.value = PLM_UNLIMITED};
    struct place p = place_of(k, text, rows[SHARES].controller);
    if (!p.version) {
        l.sys = p.sys;
        return l;
    }
    l.where = file_path(a, &p, p.below, rows[SHARES].file[p.version]);
    struct reading r = read_level(k, a, SHARES, &p, p.below);
    l.sys = r.sys;
    l.is_known = r.sys == 0;
    if (l.is_known && r.value != (p.version == 1 ? V1_DEFAULT : V2_DEFAULT))
        l.value = r.value;
    return l;
}

/* The nearest level that has the file holds: children's sets are parts of their parents'. */
static struct plm_cgroup_limit cpuset_of(struct plm_kernel *k, struct plm_arena *a, plm_sv text)
{
    struct plm_cgroup_limit l = {.value = PLM_UNLIMITED};
    struct place p = place_of(k, text, rows[CPUSET].controller);
    if (!p.version) {
        l.sys = p.sys;
        return l;
    }
    plm_sv level = p.below;
    struct reading own, all = read_shared(k, CPUSET, &p, PLM_SV(""));
    do {
        bool is_own = level.n == p.below.n;
        own = is_own ? read_level(k, a, CPUSET, &p, level) : read_shared(k, CPUSET, &p, level);
        l.where = file_path(a, &p, level, rows[CPUSET].file[p.version]);
        l.is_inherited = !is_own;
    } while (own.sys == ENOENT && parent_of(&level));
    l.sys = own.sys ? own.sys : all.sys;
    l.is_known = l.sys == 0;
    if (l.is_known && own.value < all.value)
        l.value = own.value;
    return l;
}

/* Memory and swap together: v1 counts them so, of version 2 they are added up. */
static struct plm_cgroup_limit swap_of(struct plm_kernel *k, struct plm_arena *a, plm_sv text,
                                       const struct plm_cgroup_limit *memory)
{
    if (place_of(k, text, rows[MEMORY].controller).version != 2)
        return minimum(k, a, text, MEMSW);
    struct plm_cgroup_limit l = minimum(k, a, text, SWAP);
    if (!memory->is_known && l.is_known) {
        l.is_known = false;
        l.sys = memory->sys;
    }
    if (l.value != PLM_UNLIMITED &&
        (memory->value == PLM_UNLIMITED || __builtin_add_overflow(l.value, memory->value, &l.value)))
        l.value = PLM_UNLIMITED;
    return l;
}

static bool has_io_limit(struct plm_kernel *k, struct plm_arena *a, plm_sv text)
{
    static const char *const v1[] = {"blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device",
                                     "blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device"};
    struct place p = place_of(k, text, "blkio");
    plm_sv value;
    if (p.version == 2)
        return read_file(k, a, &p, p.below, "io.max", VALUE_MAX, &value) == 0 && value.n;
    for (size_t i = 0; p.version == 1 && i < sizeof(v1) / sizeof(v1[0]); i++)
        if (read_file(k, a, &p, p.below, v1[i], VALUE_MAX, &value) == 0 && value.n)
            return true;
    return false;
}

static plm_sv own_path(plm_sv text)
{
    static const char *const deciding[] = {"memory", "pids", "cpu", "devices", ""};
    plm_sv path = PLM_SV_NULL;
    for (size_t i = 0; !path.p && i < sizeof(deciding) / sizeof(deciding[0]); i++)
        path = path_of(text, deciding[i]);
    return path;
}

int plm_kernel_cgroup(struct plm_kernel *k, const struct plm_process *p, struct plm_arena *a,
                      struct plm_cgroup *out, plm_err **err)
{
    plm_sv text = p->cgroup, value;
    struct place at;
    *out = (struct plm_cgroup){.version = plm_kernel_cgroup_version(k), .path = own_path(text)};
    out->memory = minimum(k, a, text, MEMORY);
    out->memory_swap = swap_of(k, a, text, &out->memory);
    out->pids = minimum(k, a, text, PIDS);
    out->cpu_quota = minimum(k, a, text, QUOTA);
    out->cpu_shares = shares_of(k, a, text);
    out->cpuset = cpuset_of(k, a, text);
    at = place_of(k, text, "pids");
    if (at.version && read_file(k, a, &at, at.below, "pids.current", VALUE_MAX, &value) == 0)
        (void)plm_sv_u64(value, &out->pids_current);
    out->has_io_limit = has_io_limit(k, a, text);
    at = place_of(k, text, "devices");
    if (at.version == 1 && read_file(k, a, &at, at.below, "devices.list", DEVICES_MAX, &value) == 0)
        out->devices = plm_arena_sv(a, value);
    return plm_arena_check(k->arena, err) < 0 ? -1 : plm_arena_check(a, err);
}
