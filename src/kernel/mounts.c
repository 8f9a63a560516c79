/* SPDX-License-Identifier: Apache-2.0
 *
 * /proc/PID/mountinfo (proc(5), Documentation/filesystems/proc.rst 3.5):
 *
 *     36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
 *
 * Fields are parted by exactly one blank, so an empty source ("- tmpfs  rw") is a field; blank, tab,
 * newline, backslash and '#' in names are octal escapes. The root of a deleted bind source ends in
 * "//deleted". Names stay views into one copy of the text; only those with escapes are copied again.
 */
#include "kernel_int.h"

#define MOUNTINFO_MAX PLM_MIB(32)

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

static plm_sv unescape(struct plm_arena *a, plm_sv s)
{
    if (plm_sv_find(s, '\\') == SIZE_MAX)
        return s;
    char *p = plm_arena_alloc(a, s.n + 1);
    if (!p)
        return PLM_SV_NULL;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\' && s.n - i > 3 && s.p[i + 1] >= '0' && s.p[i + 1] <= '3' && is_octal(s.p[i + 2]) &&
            is_octal(s.p[i + 3])) {
            p[n++] = (char)((s.p[i + 1] - '0') << 6 | (s.p[i + 2] - '0') << 3 | (s.p[i + 3] - '0'));
            i += 3;
        } else {
            p[n++] = s.p[i];
        }
    }
    return plm_sv_n(p, n);
}

static bool number(plm_sv s, uint32_t *out)
{
    uint64_t v;
    if (!plm_sv_u64(s, &v) || v > UINT32_MAX)
        return false;
    *out = (uint32_t)v;
    return true;
}

static bool has_word(plm_sv list, plm_sv word)
{
    plm_sv one;
    while (plm_sv_field(&list, ',', &one))
        if (plm_sv_eq(one, word))
            return true;
    return false;
}

/* shared:N, master:N, propagate_from:N, unbindable, up to the "-". */
static bool read_tags(plm_sv *rest, struct plm_mount *m)
{
    plm_sv tag, key, value;
    while (plm_sv_field(rest, ' ', &tag)) {
        if (plm_sv_is(tag, "-"))
            return true;
        (void)plm_sv_cut(tag, ':', &key, &value);
        if (plm_sv_is(key, "shared") && !number(value, &m->shared))
            return false;
        if (plm_sv_is(key, "master") && !number(value, &m->master))
            return false;
    }
    return false;
}

static bool parse_line(plm_sv line, struct plm_arena *a, struct plm_mount *m)
{
    plm_sv id, parent, device, major, minor;
    if (!plm_sv_field(&line, ' ', &id) || !plm_sv_field(&line, ' ', &parent) ||
        !plm_sv_field(&line, ' ', &device) || !plm_sv_field(&line, ' ', &m->root) ||
        !plm_sv_field(&line, ' ', &m->point) || !plm_sv_field(&line, ' ', &m->options))
        return false;
    if (!number(id, &m->id) || !number(parent, &m->parent) || !plm_sv_cut(device, ':', &major, &minor) ||
        !number(major, &m->major) || !number(minor, &m->minor) || !read_tags(&line, m))
        return false;
    if (!plm_sv_field(&line, ' ', &m->type) || !plm_sv_field(&line, ' ', &m->source) ||
        !plm_sv_field(&line, ' ', &m->super_options))
        return false;
    m->root = unescape(a, m->root);
    m->point = unescape(a, m->point);
    m->source = unescape(a, m->source);
    m->is_read_only = has_word(m->options, PLM_SV("ro")) || has_word(m->super_options, PLM_SV("ro"));
    return true;
}

static int parse(plm_sv text, uint64_t limit, struct plm_arena *a, plm_mount_vec *out, plm_err **err)
{
    *out = (plm_mount_vec){0};
    plm_sv rest = plm_arena_sv(a, text), line;
    for (size_t n = 1; plm_sv_line(&rest, &line); n++) {
        struct plm_mount m = {0};
        if (!line.n)
            continue;
        if (!parse_line(line, a, &m))
            return plm_fail(err, PLM_E_PARSE, "mountinfo: line %zu is not one of mountinfo", n);
        if (out->n >= limit)
            return plm_fail(err, PLM_E_LIMIT, "mountinfo: more than %llu mounts", (unsigned long long)limit);
        struct plm_mount *slot = plm_vec_push(a, out);
        if (!slot)
            break;
        *slot = m;
    }
    return plm_arena_check(a, err);
}

int plm_mounts_parse(plm_sv text, struct plm_arena *a, plm_mount_vec *out, plm_err **err)
{
    return parse(text, plm_limits_default.mounts, a, out, err);
}

int plm_kernel_mounts(struct plm_kernel *k, int32_t pid, struct plm_arena *a, plm_mount_vec *out,
                      plm_err **err)
{
    struct plm_pid_path path = plm_kernel_pid_path(k, pid, "mountinfo");
    plm_sv text;
    errno = plm_kernel_read(k, k->proc_fd, path.text, MOUNTINFO_MAX, &text);
    if (errno)
        return plm_fail_sys(err, "/proc/%s", path.text);
    if (parse(text, k->ctx->limits->mounts, a, out, err) < 0)
        return plm_wrap(err, "/proc/%s", path.text);
    return 0;
}

bool plm_mount_has_option(const struct plm_mount *m, const char *option)
{
    return has_word(m->options, plm_sv_from(option)) || has_word(m->super_options, plm_sv_from(option));
}

plm_sv plm_mount_option(const struct plm_mount *m, const char *key, struct plm_arena *a)
{
    plm_sv rest = m->super_options, one, name, value, all = PLM_SV_NULL;
    while (plm_sv_field(&rest, ',', &one)) {
        if (!plm_sv_cut(one, '=', &name, &value) || !plm_sv_is(name, key))
            continue;
        value = unescape(a, value);
        all = all.p ? plm_arena_printf(a, "%.*s:%.*s", PLM_SV_ARG(all), PLM_SV_ARG(value)) : value;
    }
    return all;
}

plm_sv plm_kernel_path_below(plm_sv dir, plm_sv path)
{
    if (plm_sv_is(dir, "/"))
        return plm_sv_is(path, "/") ? PLM_SV("") : path;
    if (!plm_sv_starts(path, dir) || (path.n > dir.n && path.p[dir.n] != '/'))
        return PLM_SV_NULL;
    return plm_sv_from_off(path, dir.n);
}

const struct plm_mount *plm_mount_of(const plm_mount_vec *v, plm_sv path)
{
    const struct plm_mount *best = NULL;
    for (size_t i = 0; i < v->n; i++)
        if (plm_kernel_path_below(v->v[i].point, path).p && (!best || v->v[i].point.n >= best->point.n))
            best = &v->v[i];
    return best;
}

plm_sv plm_mount_host_path(const plm_mount_vec *host, const struct plm_mount *m, struct plm_arena *a)
{
    plm_sv best = PLM_SV_NULL;
    if (!plm_sv_starts(m->root, PLM_SV("/")) || plm_sv_ends(m->root, PLM_SV("//deleted")))
        return PLM_SV_NULL;
    for (size_t i = 0; i < host->n; i++) {
        const struct plm_mount *h = &host->v[i];
        plm_sv rest = h->major == m->major && h->minor == m->minor ? plm_kernel_path_below(h->root, m->root)
                                                                   : PLM_SV_NULL;
        plm_sv point = plm_sv_is(h->point, "/") && rest.n ? PLM_SV("") : h->point;
        if (!rest.p || (best.p && point.n + rest.n >= best.n))
            continue;
        plm_sv path = plm_arena_printf(a, "%.*s%.*s", PLM_SV_ARG(point), PLM_SV_ARG(rest));
        if (path.p && plm_mount_of(host, path) == h) /* else another mount lies over it */
            best = path;
    }
    return best;
}
