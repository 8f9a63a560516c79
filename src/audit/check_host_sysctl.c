/* SPDX-License-Identifier: Apache-2.0
 *
 * Check of the host: sysctl keys, one row per key.
 *
 * A key that is not there belongs to a feature that this kernel was built without, or to another
 * distribution: unknown with that note, but for the keys that only some distributions have. Keys of an
 * interface are judged by what is in force: the kernel joins the interface's own with that of "all" in three
 * ways (Documentation/networking/ip-sysctl.rst: the larger, either, or both). net.ipv4.ip_forward is not here
 * on purpose: an engine needs it.
 */
#include "audit/host.h"

enum want { AT_LEAST, EXACTLY, ONE_OF, POLICY };

struct row {
    const char *key;
    enum want want;
    enum plm_severity severity;
    const char *values; /* numbers between blanks; AT_LEAST, EXACTLY: one */
    const char *set;    /* what the fix sets */
};

// clang-format off
static const struct row rows[] = {
    {"kernel.kptr_restrict",                       AT_LEAST, PLM_SEV_LOW,    "1",          "1"},
    {"kernel.dmesg_restrict",                      EXACTLY,  PLM_SEV_LOW,    "1",          "1"},
    {"kernel.unprivileged_bpf_disabled",           AT_LEAST, PLM_SEV_MEDIUM, "1",          "1"},
    {"net.core.bpf_jit_harden",                    EXACTLY,  PLM_SEV_LOW,    "2",          "2"},
    {"kernel.perf_event_paranoid",                 AT_LEAST, PLM_SEV_LOW,    "2",          "3"},
    {"kernel.yama.ptrace_scope",                   AT_LEAST, PLM_SEV_LOW,    "1",          "1"},
    {"kernel.kexec_load_disabled",                 EXACTLY,  PLM_SEV_LOW,    "1",          "1"},
    {"kernel.sysrq",                               ONE_OF,   PLM_SEV_LOW,    "0 4 16 176", "0"},
    {"kernel.randomize_va_space",                  EXACTLY,  PLM_SEV_MEDIUM, "2",          "2"},
    {"fs.protected_symlinks",                      EXACTLY,  PLM_SEV_MEDIUM, "1",          "1"},
    {"fs.protected_hardlinks",                     EXACTLY,  PLM_SEV_MEDIUM, "1",          "1"},
    {"fs.protected_fifos",                         AT_LEAST, PLM_SEV_LOW,    "1",          "1"},
    {"fs.protected_regular",                       AT_LEAST, PLM_SEV_LOW,    "1",          "1"},
    {"fs.suid_dumpable",                           EXACTLY,  PLM_SEV_MEDIUM, "0",          "0"},
    {"vm.mmap_min_addr",                           AT_LEAST, PLM_SEV_MEDIUM, "65536",      "65536"},
    {"vm.unprivileged_userfaultfd",                EXACTLY,  PLM_SEV_LOW,    "0",          "0"},
    {"dev.tty.ldisc_autoload",                     EXACTLY,  PLM_SEV_LOW,    "0",          "0"},
    {"kernel.io_uring_disabled",                   AT_LEAST, PLM_SEV_LOW,    "1",          "1"},
    {"net.ipv4.tcp_syncookies",                    EXACTLY,  PLM_SEV_MEDIUM, "1",          "1"},
    {"user.max_user_namespaces",                   POLICY,   PLM_SEV_LOW,    "0",          "0"},
    {"kernel.unprivileged_userns_clone",           POLICY,   PLM_SEV_LOW,    "0",          "0"},
    {"kernel.apparmor_restrict_unprivileged_userns", POLICY, PLM_SEV_LOW,    "1",          "1"},
};

/* How the interface's value and that of "all" join. */
enum join { LARGER, EITHER, BOTH, SMALLER, OWN };
static const struct {
    const char *family, *name;
    enum join join;
    bool wants_set; /* 1 or more is good; else 0 or less */
    enum plm_severity severity;
} interface_rows[] = {
    {"ipv4", "rp_filter",           LARGER,  true,  PLM_SEV_MEDIUM},
    {"ipv4", "accept_redirects",    BOTH,    false, PLM_SEV_MEDIUM},
    {"ipv4", "send_redirects",      EITHER,  false, PLM_SEV_LOW},
    {"ipv4", "accept_source_route", BOTH,    false, PLM_SEV_MEDIUM},
    {"ipv4", "log_martians",        EITHER,  true,  PLM_SEV_LOW},
    {"ipv6", "accept_redirects",    OWN,     false, PLM_SEV_MEDIUM},
    {"ipv6", "accept_source_route", SMALLER, false, PLM_SEV_MEDIUM},
};
// clang-format on

static bool parse_number(plm_sv text, int64_t *out)
{
    bool is_negative = plm_sv_starts(text, PLM_SV("-"));
    uint64_t v;
    if (!plm_sv_u64(is_negative ? plm_sv_from_off(text, 1) : text, &v) || v > INT64_MAX)
        return false;
    *out = is_negative ? -(int64_t)v : (int64_t)v;
    return true;
}

static bool fits(const struct row *r, int64_t v)
{
    plm_sv rest = plm_sv_from(r->values), word;
    int64_t want;
    while (plm_sv_word(&rest, &word))
        if (parse_number(word, &want) && (v == want || (r->want == AT_LEAST && v > want)))
            return true;
    return false;
}

/* "kernel.yama.ptrace_scope" below /proc/sys. */
static plm_sv read_key(const struct plm_facts *f, const char *key, int *out_errno)
{
    plm_sv path = plm_host_printf(f, "/proc/sys/%s", key);
    if (!path.p) {
        *out_errno = ENOMEM;
        return path;
    }
    char *p = plm_arena_cstr(f->arena, path);
    for (char *c = p ? p + strlen("/proc/sys/") : NULL; c && *c; c++)
        *c = *c == '.' ? '/' : *c;
    return p ? plm_host_text(f, p, PLM_KIB(4), out_errno) : PLM_SV_NULL;
}

static void judge_row(struct plm_checking *k, const struct row *r)
{
    static const char *const wants[] = {"at least ", "", "one of ", ""};
    int sys = 0;
    int64_t v;
    plm_sv key = plm_sv_from(r->key), text = read_key(k->facts, r->key, &sys);
    if (!text.p && sys == ENOENT) {
        plm_say_on(k, key, r->want == POLICY ? PLM_OUT_NA : PLM_OUT_UNKNOWN,
                   "%s: not there (this kernel was built without the feature)", r->key);
        return;
    }
    plm_weigh(k, key, r->severity);
    if (!text.p || !parse_number(text, &v)) {
        plm_say_on(k, key, PLM_OUT_UNKNOWN, "%s: %s", r->key, text.p ? "not a number" : strerror(sys));
        return;
    }
    if (r->want == POLICY) {
        bool is_closed = fits(r, v);
        plm_say_on(
            k, key, is_closed ? PLM_OUT_PASS : PLM_OUT_MANUAL, "%s = %lld%s", r->key, (long long)v,
            is_closed
                ? ""
                : " (unprivileged users may make user namespaces: rootless engines need it, others do not)");
        return;
    }
    bool is_good = fits(r, v);
    plm_say_on(k, key, is_good ? PLM_OUT_PASS : PLM_OUT_FAIL, "%s = %lld (wanted: %s%s)", r->key,
               (long long)v, wants[r->want], r->values);
    plm_refix(k, key, "`sysctl -w %s=%s`, and the same line in /etc/sysctl.d/60-plimsoll.conf", r->key,
              r->set);
}

/* ---- interfaces --------------------------------------------------------------------------------- */

static int64_t join_values(enum join j, int64_t all, int64_t own)
{
    switch (j) {
    case LARGER:
        return all > own ? all : own;
    case EITHER:
        return all > 0 || own > 0;
    case BOTH:
        return all > 0 && own > 0;
    case SMALLER:
        return all < own ? all : own;
    case OWN:
        return own;
    }
    return own;
}

static bool read_conf(const struct plm_facts *f, const char *family, plm_sv interface, const char *name,
                      int64_t *out, int *out_errno)
{
    plm_sv text =
        plm_host_textf(f, out_errno, "/proc/sys/net/%s/conf/%.*s/%s", family, PLM_SV_ARG(interface), name);
    return text.p && parse_number(text, out);
}

/* The ends of containers' pairs come and go with them, and packets between them cross a bridge that is
 * judged. */
static bool is_judged_interface(plm_sv name)
{
    return !plm_sv_is(name, "all") && !plm_sv_is(name, "lo") && !plm_sv_starts(name, PLM_SV("veth"));
}

static void judge_interfaces(struct plm_checking *k, size_t at)
{
    const char *family = interface_rows[at].family, *name = interface_rows[at].name;
    plm_sv key = plm_host_printf(k->facts, "net.%s.conf.*.%s", family, name),
           dir = plm_host_printf(k->facts, "/proc/sys/net/%s/conf", family);
    plm_sv_vec interfaces = {0};
    int sys = dir.p ? plm_host_names(k->facts, dir.p, &interfaces) : ENOMEM;
    int64_t all = 0, own;
    if (sys) {
        plm_say_on(k, key, sys == ENOENT && strcmp(family, "ipv6") == 0 ? PLM_OUT_NA : PLM_OUT_UNKNOWN,
                   "/proc/sys/net/%s/conf: %s", family,
                   sys == ENOENT ? "not there (this kernel was built without it)" : strerror(sys));
        return;
    }
    plm_weigh(k, key, interface_rows[at].severity);
    if (interface_rows[at].join != OWN && !read_conf(k->facts, family, PLM_SV("all"), name, &all, &sys)) {
        plm_say_on(k, key, PLM_OUT_UNKNOWN, "net.%s.conf.all.%s: %s", family, name, strerror(sys));
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < interfaces.n; i++) {
        if (!is_judged_interface(interfaces.v[i]) ||
            !read_conf(k->facts, family, interfaces.v[i], name, &own, &sys))
            continue;
        int64_t v = join_values(interface_rows[at].join, all, own);
        bool is_good = interface_rows[at].wants_set ? v > 0 : v <= 0;
        n++;
        if (!is_good)
            plm_say_on(k, key, PLM_OUT_FAIL, "net.%s.conf.%.*s.%s = %lld (in force: %lld)", family,
                       PLM_SV_ARG(interfaces.v[i]), name, (long long)own, (long long)v);
        else
            plm_say_on(k, key, PLM_OUT_PASS, "%s", "");
    }
    if (interface_rows[at].join != OWN)
        plm_say_on(k, key, n ? PLM_OUT_PASS : PLM_OUT_UNKNOWN, "net.%s.conf.all.%s = %lld", family, name,
                   (long long)all);
    else
        plm_say_on(k, key, n ? PLM_OUT_PASS : PLM_OUT_UNKNOWN, "%zu interfaces looked at", n);
    plm_refix(
        k, key,
        "`sysctl -w net.%s.conf.all.%s=%d net.%s.conf.default.%s=%d`, and the same for the interfaces named",
        family, name, interface_rows[at].wants_set, family, name, interface_rows[at].wants_set);
}

/* ---- core_pattern ------------------------------------------------------------------------------- */

/* The kernel runs a piped helper as root of the host when any process of any container crashes. */
static void judge_core_pattern(struct plm_checking *k)
{
    static const char *const writable[] = {"/tmp/**",
                                           "/var/tmp/**",
                                           "/dev/shm/**",
                                           "/run/user/**",
                                           "/home/**",
                                           "/var/lib/docker/**",
                                           "/var/lib/containerd/**",
                                           "/var/lib/containers/**",
                                           NULL};
    plm_sv key = PLM_SV("kernel.core_pattern"), word;
    int sys = 0;
    plm_sv text = read_key(k->facts, "kernel.core_pattern", &sys);
    if (!text.p) {
        plm_say_on(k, key, PLM_OUT_UNKNOWN, "kernel.core_pattern: %s", strerror(sys));
        return;
    }
    plm_say_on(k, key, PLM_OUT_PASS, "kernel.core_pattern = %.*s", PLM_SV_ARG(text));
    if (!plm_sv_starts(text, PLM_SV("|")))
        return;
    plm_sv rest = plm_sv_from_off(text, 1);
    plm_weigh(k, key, PLM_SEV_HIGH);
    plm_refix(k, key, "`sysctl -w kernel.core_pattern=core`, and look for who set the helper");
    struct stat st;
    if (!plm_sv_word(&rest, &word) || word.p[0] != '/') {
        plm_say_on(k, key, PLM_OUT_FAIL, "the helper has no absolute path");
        return;
    }
    const char *path = plm_arena_cstr(k->facts->arena, word);
    int failure = path ? plm_host_stat(k->facts, path, &st) : ENOMEM;
    if (plm_host_is_listed(word, writable, NULL))
        plm_say_on(k, key, PLM_OUT_FAIL, "the helper lies where containers or users can write");
    else if (failure == ENOENT)
        plm_say_on(k, key, PLM_OUT_FAIL, "the helper is not there: whoever can create it runs as root");
    else if (failure)
        plm_say_on(k, key, PLM_OUT_UNKNOWN, "%.*s: %s", PLM_SV_ARG(word), strerror(failure));
    else if (st.st_uid != 0 || (st.st_mode & 022))
        plm_say_on(k, key, PLM_OUT_FAIL, "the helper belongs to uid %u, mode %04o", st.st_uid,
                   (unsigned)st.st_mode & 07777);
}

static void check_sysctls(struct plm_checking *k)
{
    if (!plm_host_has_kernel(k))
        return;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        judge_row(k, &rows[i]);
    for (size_t i = 0; i < sizeof(interface_rows) / sizeof(interface_rows[0]); i++)
        judge_interfaces(k, i);
    judge_core_pattern(k);
}

static const struct plm_check checks[] = {
    {.id = "H-SYSCTL",
     .title = "the kernel is set to give nothing away",
     .reads = "/proc/sys, one row per key",
     .rationale = "Each of these settings closes a way from an unprivileged process, also one in a "
                  "container, into the kernel or "
                  "takes away what an exploit needs to know.",
     .fix = "set the key in /etc/sysctl.d/60-plimsoll.conf and run `sysctl --system`",
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_SAFE,
     .run = check_sysctls},
};
static const struct plm_check_group host_sysctl = {
    .id = "host-sysctl", .summary = "sysctl keys of the host", .checks = checks, .n = 1};
PLM_REGISTER(plm_check_groups, struct plm_check_group, host_sysctl);
