/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators and transformers: each part by itself, wildcards against fnmatch(3), and whole conditions over a
 * made-up event.
 */
#include "eval_world.h"

#include "watch/operators.h"

#include <fnmatch.h>

static void globs_are_fnmatch(void **state)
{
    (void)state;
    static const char *const pieces[] = {"*",    "?",     "a",   "b", "/",           "[ab]",
                                         "[!a]", "[a-c]", "\\*", "A", "[[:digit:]]", "."};
    static const char letters[] = "ab/A*1.";
    plm_auto_done(world_close) struct world w;
    world_open(&w, 3);
    for (unsigned i = 0; i < 20000; i++) {
        char pattern[128] = "", text[16] = "";
        size_t at = 0;
        for (uint32_t k = pick(&w, 6); k; k--) {
            const char *piece = PICK(&w, pieces);
            memcpy(pattern + at, piece, strlen(piece) + 1);
            at += strlen(piece);
        }
        for (uint32_t k = pick(&w, 8); k; k--)
            text[k - 1] = letters[pick(&w, sizeof letters - 1)];
        bool want = fnmatch(pattern, text, 0) == 0, iwant = fnmatch(pattern, text, FNM_CASEFOLD) == 0;
        if (plm_glob_match(plm_sv_from(pattern), plm_sv_from(text), false) != want ||
            plm_glob_match(plm_sv_from(pattern), plm_sv_from(text), true) != iwant)
            fail_msg("'%s' and '%s': fnmatch says %d, %d", pattern, text, want, iwant);
    }
}

static void regular_expressions(void **state)
{
    (void)state;
    static const struct {
        const char *re, *text;
        int want; /* -1: refused */
    } rows[] = {
        {"a+b", "aab", 1},
        {"a+b", "xaab", 0},
        {"a|ab", "ab", 1},
        {"(a|ab)(c|bcd)", "abcd", 1},
        {"[[:digit:]]+", "123", 1},
        {"[^a]", "b", 1},
        {"a*?", "aa", 1},
        {"a**", "aaa", 1},
        {"a{2,3}", "aaaa", 0},
        {"a{,2}", "a{,2}", 1},
        {"x\\.y", "x.y", 1},
        {"x\\.y", "xzy", 0},
        {"[]a]+", "]a", 1},
        {"\\x41", "A", 1},
        {".", "\n", 0},
        {"\xc3\xa4.", "\xc3\xa4\xff", 1},
        {"", "", 1},
        {"()", "", 1},
        {"(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 0},
        {"(?i)a", "A", -1},
        {"\\d", "1", -1},
        {"(a", "a", -1},
        {"a)", "a", -1},
        {"*a", "a", -1},
        {"[a", "a", -1},
        {"a{1001}", "a", -1},
        {"(a)\\1", "aa", -1},
        {"\\", "", -1},
    };
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct plm_posix_re *re = plm_posix_re_new(plm_sv_from(rows[i].re), a, NULL);
        int got = re ? plm_posix_re_match(re, plm_sv_from(rows[i].text)) : -1;
        if (got != rows[i].want)
            fail_msg("'%s' on '%s': %d", rows[i].re, rows[i].text, got);
    }
}

static void path_sets(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    const plm_sv v[] = {PLM_SV("/var"), PLM_SV("/etc//ssl/"), PLM_SV("/home/*/.ssh")};
    const struct plm_pathset *set = plm_pathset_new(v, 3, a);
    static const struct {
        const char *path;
        bool want;
    } rows[] = {{"/var", true},
                {"/var/log/x", true},
                {"/variable", false},
                {"/etc/ssl/certs", true},
                {"/etc/sslx", false},
                {"/etc", false},
                {"/home/a/.ssh/k", true},
                {"/home/a/b/.ssh", false},
                {"//var//x", true},
                {"", false},
                {"/", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(plm_pathset_match(set, plm_sv_from(rows[i].path)), rows[i].want);
    const plm_sv root = PLM_SV("/");
    assert_true(plm_pathset_match(plm_pathset_new(&root, 1, a), PLM_SV("/x")));
}

static void values(void **state)
{
    (void)state;
    int64_t n;
    uint64_t port;
    struct plm_ip ip;
    unsigned bits;
    assert_true(plm_number_parse(PLM_SV("0x1f"), true, &n) && n == 31);
    assert_true(plm_number_parse(PLM_SV("-5"), true, &n) && n == -5);
    assert_true(plm_number_parse(PLM_SV("5e9"), true, &n) && n == 5000000000);
    assert_true(plm_number_parse(PLM_SV("1.50e2"), true, &n) && n == 150);
    assert_false(plm_number_parse(PLM_SV("1.5"), true, &n));
    assert_false(plm_number_parse(PLM_SV("9223372036854775808"), true, &n));
    assert_false(plm_number_parse(PLM_SV("12abc"), true, &n));
    assert_false(plm_number_parse(PLM_SV(""), true, &n));
    assert_true(plm_port_parse(PLM_SV("443"), &port) && port == 443);
    assert_false(plm_port_parse(PLM_SV("65536"), &port));
    assert_true(plm_net_parse(PLM_SV("10.0.0.0/9"), &ip, &bits) && bits == 9);
    assert_true(plm_net_has(&ip, bits, &(struct plm_ip){4, {10, 127, 0, 1}}));
    assert_false(plm_net_has(&ip, bits, &(struct plm_ip){4, {10, 128, 0, 1}}));
    assert_false(plm_net_has(&ip, 0, &(struct plm_ip){6, {10, 1}}));
    assert_false(plm_net_parse(PLM_SV("10.0.0.0"), &ip, &bits));
    assert_false(plm_net_parse(PLM_SV("10.0.0.0/33"), &ip, &bits));
    assert_true(plm_ip_parse(PLM_SV("fe80::1"), &ip) && ip.family == 6);
}

/* ---- conditions over one event ------------------------------------------------------------------------ */

/* connect of the process cat (child of sshd), 10.0.0.1:50000 -> 127.0.0.1:443, which failed. */
static void set_connect(struct world *w)
{
    w->thread = plm_procs_find(w->procs, 200);
    world_event(w);
    w->event =
        (struct plm_event){.num = 7, .ts = 1, .tid = 200, .pid = 200, .has_res = true, .res = -EINPROGRESS};
    w->event.type = plm_evtype_find(PLM_SV("connect"));
    w->event.n_params = w->event.type->n_params;
    w->event.has_fd = true;
    w->event.fd = (struct plm_fdinfo){.num = 3,
                                      .type = PLM_FD_IPV4,
                                      .l4 = IPPROTO_TCP,
                                      .name = PLM_SV("10.0.0.1:50000->127.0.0.1:443"),
                                      .lport = 50000,
                                      .rport = 443};
    w->event.fd.lip = w->event.fd.addr.sip = (struct plm_ip){4, {10, 0, 0, 1}};
    w->event.fd.rip = w->event.fd.addr.dip = (struct plm_ip){4, {127, 0, 0, 1}};
    w->event.fd.addr.family = 4;
    w->event.fd.addr.sport = 50000;
    w->event.fd.addr.dport = 443;
    w->view = (struct plm_view){.event = &w->event,
                                .thread = w->thread,
                                .procs = w->procs,
                                .arena = w->arena,
                                .hostname = PLM_SV("h")};
}

static const struct {
    const char *condition;
    bool want;
} truths[] = {
    {"evt.type = connect", true},
    {"evt.rawres < 0 and evt.rawres >= -115 and evt.rawres != 0", true},
    {"evt.res = EINPROGRESS and evt.failed = true", true},
    {"fd.ip = 127.0.0.1", true},
    {"fd.ip = 10.0.0.1", true},
    {"fd.ip != 127.0.0.1", false}, /* both ends must differ */
    {"fd.ip != 1.2.3.4", true},
    {"fd.ip != \"::1\"", true},
    {"fd.ip = \"::1\"", false},
    {"fd.net = 127.0.0.0/8", true},
    {"fd.net != 127.0.0.0/8", false},
    {"fd.net in (\"1.0.0.0/8\", \"10.0.0.0/8\")", true}, /* not only the first operand */
    {"fd.cnet in (\"127.0.0.0/8\")", false},
    {"fd.port = 443 and fd.port in (1, 50000)", true},
    {"fd.sport = 443 and fd.cport > 49999", true},
    {"proc.name startswith ca and proc.name endswith at and proc.name contains a", true},
    {"proc.name = Cat", false},
    {"proc.name icontains CA", true},
    {"proc.name glob \"c?t\" and proc.name iglob \"C*\"", true},
    {"proc.name regex \"c[a-z]+\"", true},
    {"proc.name regex \"c\"", false},
    {"proc.name in (dog, cat)", true},
    {"proc.name in ()", false},
    {"proc.name startswith oneof (c, ca)", false},
    {"proc.name startswith oneof (c, x)", true},
    {"proc.name startswith anyof (x, ca)", true},
    {"proc.name startswith allof (c, ca)", true},
    {"proc.name startswith allof (c, x)", false},
    {"proc.aname = sshd", true},
    {"proc.aname = cat", false}, /* not the process itself */
    {"proc.aname[1] = sshd", true},
    {"proc.aname[5] = x", false},
    {"proc.aname[5] != x", false}, /* no value: false, whatever the operator */
    {"not proc.aname[5] = x", true},
    {"proc.aname[5] exists", false},
    {"proc.pname exists", true},
    {"fd.filename != x", false},
    {"toupper(proc.name) = CAT", true},
    {"tolower(toupper(proc.name)) = cat", true},
    {"len(proc.name) = 3", true},
    {"basename(proc.exepath) = x", true},
    {"concat(proc.name, \"-\", proc.pname) = cat-sshd", true},
    {"join(\"/\", (proc.name, proc.pname)) = cat/sshd", true},
    {"getopt(proc.args, \"c:\")[c] = id", true},
    {"getopt(proc.args, \"c:\") in (c, d)", true},
    {"proc.exe = val(proc.name)", true},
    {"proc.pname = val(proc.name)", false},
    {"proc.name = tolower(proc.exe)", true},
    {"b64(proc.name) exists", false}, /* three characters are no base64 */
    {"proc.tty = 0 and user.uid = 0x0", true},
    {"fd.is_server = false", true},
};

static void conditions(void **state)
{
    (void)state;
    plm_auto_done(world_close) struct world w;
    world_open(&w, 1);
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
        plm_auto_done(load_done) struct load l = {.conf = {.match_all = true}};
        plm_buf_printf(&b, "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: '%s'\n",
                       truths[i].condition);
        load_texts(&l, plm_buf_cstr(&b), NULL);
        if (!l.rules)
            fail_msg("%s does not load", truths[i].condition);
        plm_auto(plm_rule_matcher_free) struct plm_rule_matcher *m = plm_rule_matcher_new(l.rules, NULL);
        const struct plm_rule *hits[4];
        set_connect(&w);
        if (plm_rule_matcher_run(m, &w.view, hits, 4) != truths[i].want)
            fail_msg("%s is not %d", truths[i].condition, truths[i].want);
    }
}

static const char *const refused[] = {
    "proc.name > val(proc.tty)",
    "evt.rawres contains 1",
    "fd.ip startswith 1",
    "fd.ip = x",
    "fd.net = 10.0.0.0",
    "evt.failed = yes",
    "proc.name bcontains 61",
    "fd.port = nosuchservice",
    "fd.types = f",
    "proc.name regex \"(\"",
    "tolower(evt.rawres) = 1",
    "proc.name = val(evt.rawres)",
    "proc.name regex val(proc.exe)",
    "len(proc.tty) = 3",
    "evt.buffer bcontains xyz",
};

static void wrong_types_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
        plm_auto_done(load_done) struct load l = {.conf = {.match_all = true}};
        plm_buf_printf(&b, "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: '%s'\n",
                       refused[i]);
        load_texts(&l, plm_buf_cstr(&b), NULL);
        if (l.rules)
            fail_msg("%s loads", refused[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs_are_fnmatch), cmocka_unit_test(regular_expressions),
        cmocka_unit_test(path_sets),         cmocka_unit_test(values),
        cmocka_unit_test(conditions),        cmocka_unit_test(wrong_types_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
