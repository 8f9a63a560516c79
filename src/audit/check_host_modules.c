/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of the host: kernel modules, user namespaces' id ranges.
 *
 * Formats: /proc/modules; modprobe.d(5) ("blacklist NAME" keeps an alias from loading it, only "install NAME
 * /bin/false" keeps everybody); modules.dep ("kernel/net/dccp/dccp.ko.xz: ..."); Documentation/admin-guide/
 * tainted-kernels.rst; subuid(5) ("name:start:count").
 */
#include "audit/host.h"

/* ---- H-MOD -------------------------------------------------------------------------------------- */

/* Protocols and file systems that a container host has no use for and whose code is rarely read. */
static const char *const rare_modules[] = {"cramfs", "freevxfs", "hfs", "hfsplus", "udf",
                                           "dccp",   "sctp",     "rds", "tipc",    "usb_storage"};
enum { RARE = sizeof(rare_modules) / sizeof(rare_modules[0]) };

/* Module names take "-" and "_" as the same. */
static bool is_module(plm_sv name, const char *module)
{
    size_t n = strlen(module);
    if (name.n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((name.p[i] == '-' ? '_' : name.p[i]) != module[i])
            return false;
    return true;
}

static void read_disabled(const struct plm_facts *f, const char *path, bool *disabled)
{
    int sys;
    plm_sv text = plm_host_text(f, path, PLM_MIB(1), &sys), line;
    while (text.p && plm_host_line(&text, &line)) {
        plm_sv verb, name, what;
        if (!plm_sv_word(&line, &verb) || !plm_sv_word(&line, &name) || !plm_sv_is(verb, "install") ||
            !plm_sv_word(&line, &what))
            continue;
        if (!plm_sv_ends(what, PLM_SV("/false")) && !plm_sv_ends(what, PLM_SV("/true")))
            continue;
        for (size_t i = 0; i < RARE; i++)
            disabled[i] |= is_module(name, rare_modules[i]);
    }
}

static void read_modprobe(const struct plm_facts *f, bool *disabled)
{
    static const char *const dirs[] = {"/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d",
                                       "/usr/lib/modprobe.d", "/lib/modprobe.d"};
    for (size_t d = 0; d < sizeof(dirs) / sizeof(dirs[0]); d++) {
        plm_sv_vec names = {0};
        (void)plm_host_names(f, dirs[d], &names); /* most of them are not there */
        for (size_t i = 0; i < names.n; i++) {
            plm_sv path = plm_sv_ends(names.v[i], PLM_SV(".conf"))
                              ? plm_host_printf(f, "%s/%.*s", dirs[d], PLM_SV_ARG(names.v[i]))
                              : PLM_SV_NULL;
            if (path.p)
                read_disabled(f, path.p, disabled);
        }
    }
}

/* "kernel/fs/udf/udf.ko.xz: ..." to "udf". */
static plm_sv module_of(plm_sv line)
{
    plm_sv path, rest;
    (void)plm_sv_cut(line, ':', &path, &rest);
    size_t slash = plm_sv_rfind(path, '/');
    plm_sv name = slash == SIZE_MAX ? path : plm_sv_from_off(path, slash + 1), stem;
    (void)plm_sv_cut(name, '.', &stem, &rest);
    return stem;
}

static void judge_rare(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    bool disabled[RARE] = {false}, can_load[RARE] = {false}, is_loaded[RARE] = {false};
    int sys, dep_sys;
    plm_sv object = PLM_SV("rare modules"), line, word, release = plm_host_release(f);
    plm_sv loaded = plm_host_text(f, "/proc/modules", PLM_MIB(1), &sys);
    plm_sv dep = plm_host_textf(f, &dep_sys, "/lib/modules/%.*s/modules.dep", PLM_SV_ARG(release));
    if (!loaded.p && sys == ENOENT) {
        plm_say_on(k, object, PLM_OUT_PASS, "/proc/modules: not there, this kernel has no modules");
        return;
    }
    read_modprobe(f, disabled);
    plm_sv dep_rest = dep, loaded_rest = loaded;
    while (dep_rest.p && plm_sv_line(&dep_rest, &line))
        for (size_t i = 0; i < RARE; i++)
            can_load[i] |= is_module(module_of(line), rare_modules[i]);
    while (loaded_rest.p && plm_sv_line(&loaded_rest, &line))
        if (plm_sv_word(&line, &word))
            for (size_t i = 0; i < RARE; i++)
                is_loaded[i] |= is_module(word, rare_modules[i]);
    size_t n = 0;
    for (size_t i = 0; i < RARE; i++) {
        if (is_loaded[i])
            plm_say_on(k, object, PLM_OUT_FAIL, "/proc/modules: %s is loaded", rare_modules[i]);
        else if (can_load[i] && !disabled[i])
            plm_say_on(k, object, PLM_OUT_FAIL, "modules.dep: %s can be loaded on demand", rare_modules[i]);
        else
            n++;
    }
    if (!loaded.p || (!dep.p && dep_sys != ENOENT))
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "%s: %s", loaded.p ? "modules.dep" : "/proc/modules",
                   strerror(loaded.p ? dep_sys : sys));
    else
        plm_say_on(k, object, PLM_OUT_PASS, "%zu of %d rarely used modules cannot be loaded", n, RARE);
}

static void judge_taint(struct plm_checking *k)
{
    static const struct {
        unsigned bit;
        const char *what;
    } bits[] = {{1, "a module was loaded by force"}, {13, "an unsigned module was loaded"}};
    int sys;
    uint64_t v;
    plm_sv object = PLM_SV("kernel.tainted"),
           text = plm_host_text(k->facts, "/proc/sys/kernel/tainted", 64, &sys);
    if (!text.p || !plm_sv_u64(text, &v)) {
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "/proc/sys/kernel/tainted: %s",
                   text.p ? "not a number" : strerror(sys));
        return;
    }
    plm_say_on(k, object, PLM_OUT_PASS, "/proc/sys/kernel/tainted: %llu", (unsigned long long)v);
    for (size_t i = 0; i < 2; i++)
        if (v >> bits[i].bit & 1)
            plm_say_on(k, object, PLM_OUT_FAIL, "%s", bits[i].what);
    plm_refix(k, object, "`dmesg | grep taint` names the module; remove it or have it signed, then reboot");
}

static void check_modules(struct plm_checking *k)
{
    if (!plm_host_has_kernel(k))
        return;
    int sys, sig_sys;
    const struct plm_facts *f = k->facts;
    plm_sv object = PLM_SV("loading of modules");
    plm_sv disabled = plm_host_text(f, "/proc/sys/kernel/modules_disabled", 64, &sys);
    plm_sv enforce = plm_host_text(f, "/sys/module/module/parameters/sig_enforce", 64, &sig_sys);
    plm_sv lockdown = plm_host_text(f, "/sys/kernel/security/lockdown", 64, &sig_sys);
    bool is_signed = (enforce.p && plm_sv_is(enforce, "Y")) || plm_sv_has(lockdown, PLM_SV("[integrity]")) ||
                     plm_sv_has(lockdown, PLM_SV("[confidentiality]"));
    if (!disabled.p && sys == ENOENT)
        plm_say_on(k, object, PLM_OUT_PASS,
                   "/proc/sys/kernel/modules_disabled: not there, this kernel has no modules");
    else if (!disabled.p)
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "/proc/sys/kernel/modules_disabled: %s", strerror(sys));
    else if (plm_sv_is(disabled, "1") || is_signed)
        plm_say_on(k, object, PLM_OUT_PASS, "modules_disabled: %.*s; only signed ones: %s",
                   PLM_SV_ARG(disabled), is_signed ? "yes" : "no");
    else
        plm_say_on(k, object, PLM_OUT_FAIL, "modules_disabled: %.*s, and unsigned modules may be loaded",
                   PLM_SV_ARG(disabled));
    plm_refix(
        k, object,
        "boot with `module.sig_enforce=1` (or secure boot), or set `kernel.modules_disabled=1` once all that "
        "the engine needs is loaded");
    judge_rare(k);
    judge_taint(k);
}

/* ---- H-USERNS ----------------------------------------------------------------------------------- */

struct id_range {
    plm_sv name;
    uint64_t start, count;
};
typedef PLM_VEC(struct id_range) ranges_vec;

static bool read_ranges(struct plm_checking *k, const char *path, ranges_vec *out)
{
    int sys;
    plm_sv text = plm_host_text(k->facts, path, PLM_MIB(1), &sys), line, object = plm_sv_from(path);
    if (!text.p) {
        plm_say_on(k, object, sys == ENOENT ? PLM_OUT_NA : PLM_OUT_UNKNOWN, "%s: %s", path, strerror(sys));
        return false;
    }
    while (plm_host_line(&text, &line)) {
        plm_sv name, rest, start, count;
        uint64_t s, c;
        struct id_range *r;
        if (!plm_sv_cut(line, ':', &name, &rest) || !plm_sv_cut(rest, ':', &start, &count) ||
            !plm_sv_u64(start, &s) || !plm_sv_u64(count, &c) || c > UINT32_MAX || s > UINT32_MAX) {
            plm_say_on(k, object, PLM_OUT_FAIL, "%s: \"%.*s\" is not NAME:START:COUNT", path,
                       PLM_SV_ARG(line));
            continue;
        }
        if (!(r = plm_vec_push(k->facts->arena, out)))
            return false;
        *r = (struct id_range){name, s, c};
    }
    return true;
}

static bool is_remapped(const struct plm_facts *f, plm_sv *user)
{
    for (size_t i = 0; i < f->daemons.n; i++) {
        const struct plm_setting *s = plm_daemon_setting(&f->daemons.v[i], "userns-remap");
        plm_sv rest;
        if (!s || !s->value.n)
            continue;
        (void)plm_sv_cut(s->value, ':', user, &rest);
        if (plm_sv_is(*user, "default"))
            *user = PLM_SV("dockremap");
        return true;
    }
    return false;
}

static void judge_range(struct plm_checking *k, plm_sv object, const struct id_range *r)
{
    const struct plm_accounts *a = &k->facts->accounts;
    for (size_t i = 0; !a->failure.p && i < a->users.n; i++)
        if (a->users.v[i].uid >= r->start && a->users.v[i].uid - r->start < r->count &&
            a->users.v[i].uid != 65534)
            plm_say_on(k, object, PLM_OUT_FAIL, "the range of %.*s from %llu holds uid %u of %.*s",
                       PLM_SV_ARG(r->name), (unsigned long long)r->start, a->users.v[i].uid,
                       PLM_SV_ARG(a->users.v[i].name));
    if (r->start < 1000)
        plm_say_on(k, object, PLM_OUT_FAIL, "the range of %.*s begins at %llu, among the host's own ids",
                   PLM_SV_ARG(r->name), (unsigned long long)r->start);
}

static void judge_ranges(struct plm_checking *k, const char *path)
{
    ranges_vec v = {0};
    plm_sv object = plm_sv_from(path), user = PLM_SV_NULL;
    if (!read_ranges(k, path, &v))
        return;
    plm_say_on(k, object, PLM_OUT_PASS, "%s: %zu ranges", path, v.n);
    bool has_user = false, wants_user = is_remapped(k->facts, &user);
    for (size_t i = 0; i < v.n; i++) {
        judge_range(k, object, &v.v[i]);
        has_user |= plm_sv_eq(v.v[i].name, user) && v.v[i].count >= 65536;
        for (size_t j = 0; j < i; j++)
            if (!plm_sv_eq(v.v[i].name, v.v[j].name) && v.v[i].start < v.v[j].start + v.v[j].count &&
                v.v[j].start < v.v[i].start + v.v[i].count)
                plm_say_on(k, object, PLM_OUT_FAIL, "the ranges of %.*s and %.*s overlap",
                           PLM_SV_ARG(v.v[j].name), PLM_SV_ARG(v.v[i].name));
    }
    if (wants_user && !has_user)
        plm_say_on(k, object, PLM_OUT_FAIL, "userns-remap: %.*s has no range of 65536 ids", PLM_SV_ARG(user));
}

static void check_userns(struct plm_checking *k)
{
    plm_collect_accounts(k->facts);
    judge_ranges(k, "/etc/subuid");
    judge_ranges(k, "/etc/subgid");
}

static const struct plm_check checks[] = {
    {.id = "H-MOD",
     .title = "kernel modules cannot be loaded at will",
     .reads =
         "/proc/sys/kernel/modules_disabled and tainted, sig_enforce, /proc/modules, modules.dep, modprobe.d",
     .rationale = "A process that asks for a rare protocol or file system makes the kernel load its code, "
                  "and who is root may load "
                  "any code. Neither is needed on a host that runs containers.",
     .fix =
         "a line `install NAME /bin/false` for each of the modules named, in /etc/modprobe.d/plimsoll.conf",
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_SAFE,
     .run = check_modules},
    {.id = "H-USERNS",
     .title = "subordinate id ranges are apart from each other and from real users",
     .reads = "/etc/subuid, /etc/subgid, /etc/passwd, the setting userns-remap",
     .rationale = "A user namespace makes root of a container an unprivileged id of the host only if nobody "
                  "else has that id.",
     .fix =
         "give each name a range of its own above all real ids: `usermod --add-subuids 231072-296607 NAME`",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_userns},
};
static const struct plm_check_group host_modules = {.id = "host-modules",
                                                    .summary = "kernel modules and id ranges",
                                                    .checks = checks,
                                                    .n = sizeof(checks) / sizeof(checks[0])};
PLM_REGISTER(plm_check_groups, struct plm_check_group, host_modules);
