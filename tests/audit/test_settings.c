/* SPDX-License-Identifier: Apache-2.0
 *
 * dockerd's argument grammar and daemon.json. The second opinion is dockerd itself: given a flag and a
 * different value of it in the file, it prints both sides as it read them and ends.
 */
#include "../base/skip.h"
#include "audit/settings.h"

#include "../catalog/spawn.h"
#include "base/fs.h"

static struct plm_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    plm_arena_free(arena);
    return 0;
}

/* "name=value name=value" of all rows. */
static plm_sv shown(const struct plm_daemon *d)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    for (size_t i = 0; i < d->settings.n; i++)
        plm_buf_printf(&b, "%s%.*s=%.*s", i ? " " : "", PLM_SV_ARG(d->settings.v[i].name),
                       PLM_SV_ARG(d->settings.v[i].value));
    return plm_arena_sv(arena, plm_buf_sv(&b));
}

/* Words between blanks as a NUL-separated command line. */
static plm_sv cmdline(const char *words)
{
    char *p = plm_arena_cstr(arena, plm_sv_from(words));
    for (char *c = p; *c; c++)
        if (*c == ' ')
            *c = 0;
    return plm_sv_n(p, strlen(words));
}

static void test_argv(void **state)
{
    (void)state;
    static const struct {
        const char *words, *rows; /* rows NULL: refused */
    } cases[] = {
        {"dockerd", ""},
        {"dockerd --icc", "icc=true"},
        {"dockerd --icc=false", "icc=false"},
        {"dockerd --icc=0 --iptables=F --ipv6=T", "icc=false iptables=false ipv6=true"},
        {"dockerd --icc=no", NULL},
        {"dockerd --icc false", NULL}, /* a bool takes no word: "false" is an argument */
        {"dockerd --icc=false --icc", "icc=true"},
        {"dockerd --log-level debug", "log-level=debug"},
        {"dockerd -l debug -l=warn", "log-level=warn"},
        {"dockerd -ldebug", "log-level=debug"},
        {"dockerd -l =x", "log-level==x"},
        {"dockerd -Dl debug", "debug=true log-level=debug"},
        {"dockerd -Dldebug", "debug=true log-level=debug"},
        {"dockerd -D=false", "debug=false"},
        {"dockerd -H unix:///a -Htcp://b:1 -H=fd:// --host=c --host d",
         "hosts=unix:///a hosts=tcp://b:1 hosts=fd:// hosts=c hosts=d"},
        {"dockerd --insecure-registry a,b --insecure-registry=c",
         "insecure-registries=a,b insecure-registries=c"},
        {"dockerd --log-opt max-size=1m --log-opt max-size=2m --log-opt a",
         "log-opts=max-size=2m log-opts=a"},
        {"dockerd --default-ulimit nofile=1:2", "default-ulimits=nofile=1:2"},
        {"dockerd --add-runtime kata=/usr/bin/kata", "runtimes=kata=/usr/bin/kata"},
        {"dockerd --graph /x", "data-root=/x"},
        {"dockerd --tlsverify --", "tlsverify=true"},
        {"dockerd --tlsverify -- --icc=false", NULL},
        {"dockerd --userns-remap=", "userns-remap="},
        {"dockerd --host", NULL},
        {"dockerd --no-such-flag", NULL},
        {"dockerd -Z", NULL},
        {"dockerd daemon", ""},
        {"dockerd word", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plm_daemon d = {0};
        plm_auto(plm_err_free) plm_err *err = NULL;
        int r = plm_settings_argv(&d, cmdline(cases[i].words), PLM_SV("cmdline"), arena, &err);
        if (!cases[i].rows) {
            if (r == 0)
                fail_msg("%s: taken", cases[i].words);
            continue;
        }
        if (r < 0)
            fail_msg("%s: %s", cases[i].words, err->message);
        if (!plm_sv_is(shown(&d), cases[i].rows))
            fail_msg("%s: %.*s", cases[i].words, PLM_SV_ARG(shown(&d)));
    }
}

/* ---- against dockerd ------------------------------------------------------------------------------- */

static bool has_dockerd(void)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    const char *argv[] = {"dockerd", "--version", NULL};
    return spawn_read(argv, &b) == 0;
}

/* What dockerd prints when it refuses to start; its socket cannot be made, so that it never runs. */
static plm_sv refusal(const char *file, const char *words)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    const char *script =
        "timeout -k 1 60 dockerd --config-file \"$1\" --pidfile \"$2\" -H unix:///dev/null/no $3 2>&1";
    plm_sv pidfile = plm_arena_printf(arena, "%s.pid", file);
    const char *argv[] = {"sh", "-c", script, "sh", file, pidfile.p, words, NULL};
    (void)spawn_read(argv, &b);
    return plm_arena_sv(arena, plm_buf_sv(&b));
}

static void test_argv_is_what_dockerd_reads(void **state)
{
    (void)state;
    static const struct {
        const char *words, *key, *other, *go; /* go: how dockerd prints what the words set */
    } cases[] = {
        {"--icc=F", "icc", "true", "false"},
        {"--icc=false --icc", "icc", "false", "true"},
        {"-Dl=warn", "log-level", "\"info\"", "warn"},
        {"-Dldebug", "log-level", "\"info\"", "debug"},
        {"-l error --log-level=fatal", "log-level", "\"info\"", "fatal"},
        {"-D=0", "debug", "true", "false"},
        {"--insecure-registry a,b --insecure-registry=c", "insecure-registries", "[\"x\"]", "[a,b c]"},
        {"--log-opt x=1 --log-opt x=2", "log-opts", "{\"a\":\"b\"}", "map[x:2]"},
        {"--userns-remap=", "userns-remap", "\"default\"", ""},
        {"--storage-opt a=b --storage-opt a=c", "storage-opts", "[\"x\"]", "[a=b a=c]"},
        {"--default-runtime kata", "default-runtime", "\"runc\"", "kata"},
        {"--live-restore=t --", "live-restore", "false", "true"},
    };
    if (!has_dockerd())
        plm_test_skip("dockerd is not installed");
    char dir[] = "/tmp/plm-settings-XXXXXX";
    assert_non_null(mkdtemp(dir));
    plm_sv file = plm_arena_printf(arena, "%s/daemon.json", dir);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plm_daemon d = {0};
        plm_sv words = plm_arena_printf(arena, "dockerd %s", cases[i].words);
        assert_int_equal(plm_settings_argv(&d, cmdline(words.p), PLM_SV("c"), arena, NULL), 0);
        plm_sv json = plm_arena_printf(arena, "{\"%s\": %s}", cases[i].key, cases[i].other);
        assert_int_equal(plm_fs_write_atomic(file.p, json, 0600, NULL), 0);
        plm_sv said = refusal(file.p, cases[i].words);
        plm_sv wanted = plm_arena_printf(arena, "%s: (from flag: %s, from file:", cases[i].key, cases[i].go);
        if (!plm_sv_has(said, wanted))
            fail_msg("%s: dockerd says %.*s", cases[i].words, PLM_SV_ARG(said));
        plm_auto_done(plm_buf_done) struct plm_buf mine = PLM_BUF(PLM_KIB(4));
        bool is_list = cases[i].go[0] == '[', is_map = strncmp(cases[i].go, "map[", 4) == 0;
        plm_buf_str(&mine, is_map ? "map[" : is_list ? "[" : "");
        for (size_t k = 0, n = 0; k < d.settings.n; k++) {
            if (!plm_sv_is(d.settings.v[k].name, cases[i].key))
                continue;
            plm_buf_printf(&mine, "%s%.*s", n++ ? " " : "", PLM_SV_ARG(d.settings.v[k].value));
        }
        plm_buf_str(&mine, is_map || is_list ? "]" : "");
        for (size_t k = 0; is_map && k < mine.n; k++)
            mine.p[k] = mine.p[k] == '=' ? ':' : mine.p[k];
        if (!plm_sv_is(plm_buf_sv(&mine), cases[i].go))
            fail_msg("%s: read as %.*s", cases[i].words, PLM_SV_ARG(plm_buf_sv(&mine)));
    }
    unlink(file.p);
    assert_int_equal(rmdir(dir), 0);
}

static void test_every_flag_of_this_dockerd_is_known(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    const char *argv[] = {"dockerd", "--help", NULL};
    if (spawn_read(argv, &b) != 0) {
        plm_buf_done(&b);
        plm_test_skip("dockerd is not installed");
    }
    plm_sv rest = plm_buf_sv(&b), line;
    size_t n = 0;
    while (plm_sv_line(&rest, &line)) {
        plm_sv t = plm_sv_trim(line), name, type;
        if (plm_sv_starts(t, PLM_SV("-")) && !plm_sv_starts(t, PLM_SV("--")))
            t = plm_sv_trim(plm_sv_from_off(t, 3));
        if (!plm_sv_starts(t, PLM_SV("--")))
            continue;
        plm_sv words = t;
        assert_true(plm_sv_word(&words, &name));
        /* "--icc        Enable ...": a flag whose type stands one blank behind it takes a value */
        bool takes = words.n > 1 && words.p[0] == ' ' && words.p[1] != ' ';
        (void)plm_sv_word(&words, &type);
        struct plm_daemon d = {0};
        plm_sv text = plm_arena_printf(arena, "dockerd %.*s%s", PLM_SV_ARG(name), takes ? " 1" : "");
        if (plm_settings_argv(&d, cmdline(text.p), PLM_SV("c"), arena, NULL) < 0 || d.settings.n != 1)
            fail_msg("%.*s is not read as dockerd's help says", PLM_SV_ARG(text));
        n++;
    }
    assert_true(n > 60);
}

/* ---- daemon.json ------------------------------------------------------------------------------------ */

static void test_json(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rows; /* rows NULL: refused */
    } cases[] = {
        {"{}", ""},
        {"[]", NULL},
        {"{\"icc\": false, \"ip\": null, \"hosts\": [\"unix:///a\", \"tcp://b\"]}",
         "icc=false hosts=unix:///a hosts=tcp://b"},
        {"{\"log-opts\": {\"max-size\": \"10m\", \"max-file\": \"3\"}}",
         "log-opts=max-size=10m log-opts=max-file=3"},
        {"{\"default-ulimits\": {\"nofile\": {\"Name\": \"nofile\", \"Hard\": 64000, \"Soft\": 1024}}}",
         "default-ulimits=nofile=1024:64000"},
        {"{\"runtimes\": {\"kata\": {\"path\": \"/k\", \"runtimeArgs\": [\"x\"]}, \"g\": {\"runtimeType\": "
         "\"io.g\"}}}",
         "runtimes=kata=/k runtimes=g=io.g"},
        {"{\"features\": {\"containerd-snapshotter\": true}}", "features=containerd-snapshotter=true"},
        {"{\"proxies\": {\"http-proxy\": \"http://p\"}}", "http-proxy=http://p"},
        {"{\"default-address-pools\": [{\"base\": \"10.0.0.0/8\", \"size\": 24}]}",
         "default-address-pools={\"base\":\"10.0.0.0/8\",\"size\":24}"},
        {"{\"no-such-key\": {\"a\": 1}, \"mtu\": 1400}", "no-such-key={\"a\":1} mtu=1400"},
        {"{\"graph\": \"/x\"}", "data-root=/x"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plm_daemon d = {0};
        plm_auto(plm_json_free) struct plm_json *doc =
            plm_json_parse(plm_sv_from(cases[i].text), "daemon.json", &plm_limits_default, NULL);
        assert_non_null(doc);
        int r = plm_settings_json(&d, plm_json_root(doc), PLM_SV("f"), arena, NULL);
        if (!cases[i].rows)
            assert_int_equal(r, -1);
        else if (r < 0 || !plm_sv_is(shown(&d), cases[i].rows))
            fail_msg("%s: %.*s", cases[i].text, PLM_SV_ARG(shown(&d)));
    }
    assert_true(plm_settings_is_known(PLM_SV("insecure-registries")));
    assert_false(plm_settings_is_known(PLM_SV("insecure-registry"))); /* the flag's name, not the file's */
    assert_false(plm_settings_is_known(PLM_SV("ICC")));
}

static void test_settings_are_asked_by_name(void **state)
{
    (void)state;
    struct plm_daemon d = {0};
    plm_sv said;
    assert_int_equal(plm_daemon_bool(&d, arena, "icc", true, &said), 1);
    assert_true(plm_sv_is(said, "icc: true (default)"));
    assert_true(plm_settings_add(&d, arena, PLM_SV("icc"), PLM_SV("false"), PLM_SET_FILE, PLM_SV("/d.json")));
    assert_int_equal(plm_daemon_bool(&d, arena, "icc", true, &said), 0);
    assert_true(plm_sv_is(said, "icc: false (/d.json)"));
    d.settings_failure = PLM_SV("no right to read it");
    assert_int_equal(plm_daemon_bool(&d, arena, "icc", true, &said), 0);
    assert_int_equal(plm_daemon_bool(&d, arena, "iptables", true, &said), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_argv),
        cmocka_unit_test(test_argv_is_what_dockerd_reads),
        cmocka_unit_test(test_every_flag_of_this_dockerd_is_known),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_settings_are_asked_by_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
