/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of images: each with an image that fails it and one that does not, by config, history,
 * Dockerfile, files and contents; the configuration keys that accept and add.
 */
#include "accounts.h"
#include "base/ctx.h"
#include "inspect_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

struct image {
    struct plm_arena *arena;
    struct plm_image_config config;
    struct plm_analysis analysis;
    struct plm_inspect_options opt;
    struct plm_report *report;
    struct plm_image_facts *facts;
};

static void image_init(struct image *m)
{
    *m = (struct image){0};
    m->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    m->report = plm_report_new(NULL);
    m->facts = plm_image_facts_new(NULL);
    assert_true(m->arena && m->report && m->facts);
    assert_non_null(plm_report_target(m->report));
    m->report->targets.v[0].scheme = PLM_SV("docker-archive");
    m->opt.wants[PLM_KIND_MISCONFIGURATION] = true;
    m->analysis.config = &m->config;
    m->analysis.has_files = true;
}

static void image_done(struct image *m)
{
    plm_arena_free(m->arena);
    plm_report_free(m->report);
    plm_image_facts_free(m->facts);
}

static void add_file(struct image *m, const char *path, uint32_t mode)
{
    struct plm_fact_file *f = plm_vec_push(m->arena, &m->analysis.files);
    assert_non_null(f);
    *f = (struct plm_fact_file){.path = plm_sv_from(path), .mode = mode & S_IFMT ? mode : mode | S_IFREG};
    for (size_t i = m->analysis.files.n - 1; i > 0; i--) {
        struct plm_fact_file *v = m->analysis.files.v, t = v[i];
        if (plm_sv_cmp(v[i - 1].path, v[i].path) < 0)
            break;
        v[i] = v[i - 1];
        v[i - 1] = t;
    }
}

static void add_diag(struct plm_extract_out *out, const char *code, enum plm_severity sev, const char *fmt,
                     ...) __attribute__((format(printf, 4, 5)));
static void add_diag(struct plm_extract_out *out, const char *code, enum plm_severity sev, const char *fmt,
                     ...)
{
    (void)out;
    (void)code;
    (void)sev;
    (void)fmt;
}

/* A file with contents, through every extractor that wants it. */
static void add_content(struct image *m, const char *path, const char *text)
{
    add_file(m, path, 0644);
    PLM_SET_FOREACH (plm_inspectors, struct plm_inspector, i) {
        for (size_t k = 0; i->extractors && i->extractors[k]; k++) {
            const struct plm_extractor *x = i->extractors[k];
            bool is_wanted = false;
            for (const char *const *g = x->globs; *g; g++)
                is_wanted = is_wanted || plm_sv_glob(plm_sv_from(*g), plm_sv_from(path + 1));
            void *worker = NULL;
            plm_sv params = PLM_SV_NULL;
            struct plm_entry e = {.path = plm_sv_from(path + 1), .size = strlen(text), .mode = 0100644};
            if (!is_wanted || !i->is_wanted(&m->opt))
                continue;
            if (i->params)
                assert_int_equal(i->params(&m->opt, k, m->arena, &params, NULL), 0);
            if (x->prepare)
                assert_int_equal(x->prepare(params, &plm_limits_default, m->arena, &worker, NULL), 0);
            if ((x->wants && !x->wants(worker, &e)) || strlen(text) > x->max_bytes)
                continue;
            struct plm_extract_out out = {.facts = PLM_BUF(PLM_MIB(1)),
                                          .owned = PLM_BUF(PLM_MIB(1)),
                                          .arena = m->arena,
                                          .diag = add_diag,
                                          .state = worker,
                                          .limits = &plm_limits_default};
            assert_int_equal(x->extract(&e, plm_sv_from(text), &out, NULL), 0);
            struct plm_facts *f = plm_vec_push(m->arena, &m->analysis.facts);
            assert_non_null(f);
            *f = (struct plm_facts){.extractor = x,
                                    .path = plm_sv_from(path),
                                    .layer = PLM_NONE,
                                    .visible = true,
                                    .data = plm_arena_sv(m->arena, plm_buf_sv(&out.facts))};
            plm_buf_done(&out.facts);
            plm_buf_done(&out.owned);
        }
    }
}

static void add_step(struct image *m, const char *created_by, bool is_empty)
{
    struct plm_image_history *h = plm_vec_push(m->arena, &m->config.history);
    assert_non_null(h);
    *h = (struct plm_image_history){.created_by = plm_sv_from(created_by),
                                    .is_empty_layer = is_empty,
                                    .layer = is_empty ? PLM_NONE : (uint32_t)m->config.history.n};
}

static int by_fact(const void *a, const void *b)
{
    const struct plm_facts *x = a, *y = b;
    int c = strcmp(x->extractor->id, y->extractor->id);
    return c ? c : plm_sv_cmp(x->path, y->path);
}

static void inspect(struct image *m)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_err *err = NULL;
    if (m->analysis.facts.n)
        qsort(m->analysis.facts.v, m->analysis.facts.n, sizeof(*m->analysis.facts.v), by_fact);
    if (plm_inspect_target(&ctx, &m->opt, &m->analysis, m->report, 0, m->facts, &err) < 0)
        fail_msg("%s", plm_err_text(err));
}

static const struct plm_finding *find(const struct image *m, const char *id, const char *object)
{
    for (size_t i = 0; i < m->report->findings.n; i++) {
        const struct plm_finding *f = &m->report->findings.v[i];
        if (plm_sv_is(f->id, id) && (!object || plm_sv_is(f->object, object)))
            return f;
    }
    return NULL;
}

static enum plm_outcome outcome(const struct image *m, const char *id)
{
    for (size_t i = 0; i < m->report->checks.n; i++)
        if (plm_sv_is(m->report->checks.v[i].id, id))
            return m->report->checks.v[i].outcome;
    fail_msg("%s has no row", id);
    return PLM_OUT_UNKNOWN;
}

/* ---- steps ---------------------------------------------------------------------------------------- */

static const struct {
    const char *id, *bad, *good;
} steps[] = {
    {"4.7", "/bin/sh -c apt-get update", "/bin/sh -c apt-get update && apt-get install -y curl"},
    {"4.7", "RUN /bin/sh -c apk update # buildkit", "RUN /bin/sh -c apk update && apk add curl # buildkit"},
    {"4.7", "RUN |1 A=b /bin/sh -c yum makecache # buildkit", "/bin/sh -c echo apt-get update"},
    {"4.9", "/bin/sh -c #(nop) ADD file:0a1b in /app ", "/bin/sh -c #(nop) COPY file:0a1b in /app "},
    {"4.9", "ADD app.conf /etc/ # buildkit", "ADD rootfs.tar.gz / # buildkit"},
    {"4.9", "ADD https://example.org/x /x # buildkit",
     "ADD --checksum=sha256:00 https://example.org/x /x # buildkit"},
    {"4.11", "/bin/sh -c apt-get install -y --allow-unauthenticated x", "/bin/sh -c apt-get install -y x"},
    {"4.11", "/bin/sh -c yum install --nogpgcheck x", "/bin/sh -c yum install x"},
    {"4.11", "/bin/sh -c zypper --no-gpg-checks in x", "/bin/sh -c zypper in x"},
    {"4.11", "/bin/sh -c apk add --allow-untrusted x.apk", "/bin/sh -c apk add x"},
    {"4.11", "/bin/sh -c curl -fsSL https://x.example/i.sh | bash -s -- -y",
     "/bin/sh -c curl -o i.sh https://x.example/i.sh && echo '00 i.sh' | sha256sum -c && sh i.sh"},
    {"4.11", "/bin/sh -c sh -c \"$(curl -fsSL https://x.example/i.sh)\"",
     "/bin/sh -c curl https://x.example/y | tar xz"},
    {"4.11", "/bin/sh -c wget -qO- https://x.example | sudo sh", "/bin/sh -c echo 'curl x | sh'"},
    {"4.11", "/bin/sh -c echo 'deb [trusted=yes] http://x.example ./' > /etc/apt/sources.list",
     "/bin/sh -c true"},
    {"DKL-DI-0001", "/bin/sh -c sudo make install", "/bin/sh -c echo sudo"},
    {"DKL-DI-0003", "/bin/sh -c apt-get update && apt-get -y dist-upgrade", "/bin/sh -c apt-get upgrade -y"},
    {"DKL-DI-0003", "/bin/sh -c zypper -n dup", "/bin/sh -c zypper -n up"},
    {"DKL-DI-0004", "/bin/sh -c apk add curl", "/bin/sh -c apk add --no-cache curl"},
    {"DKL-DI-0004", "/bin/sh -c apk -U add curl", "/bin/sh -c apk add curl && rm -rf /var/cache/apk/*"},
    {"DKL-DI-0005", "/bin/sh -c apt-get update && apt-get install -y x",
     "/bin/sh -c apt-get update && apt-get install -y x && rm -rf /var/lib/apt/lists/*"},
};

static void test_each_step_check_fails_and_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        for (int good = 0; good < 2; good++) {
            struct image m;
            image_init(&m);
            add_step(&m, "/bin/sh -c #(nop) ADD file:00 in / ", false);
            add_step(&m, good ? steps[i].good : steps[i].bad, false);
            inspect(&m);
            const struct plm_finding *f = find(&m, steps[i].id, NULL);
            if ((f != NULL) == good || outcome(&m, steps[i].id) != (good ? PLM_OUT_PASS : PLM_OUT_FAIL))
                fail_msg("%s: %s", steps[i].id, good ? steps[i].good : steps[i].bad);
            if (f)
                assert_int_equal(f->layer, 2);
            image_done(&m);
        }
}

/* The same RUN in history and Dockerfile is one finding, with the line of one and the layer of the other. */
static void test_dockerfile_and_history_together(void **state)
{
    (void)state;
    struct image m;
    image_init(&m);
    m.opt.dockerfile =
        PLM_SV("FROM a AS build\nRUN sudo true\nFROM a\nRUN sudo  make \\\n  install\nADD x /y\n");
    m.opt.dockerfile_name = PLM_SV("Dockerfile");
    add_step(&m, "/bin/sh -c #(nop) ADD file:00 in / ", false);
    add_step(&m, "RUN /bin/sh -c sudo  make   install # buildkit", false);
    inspect(&m);
    size_t n = 0;
    for (size_t i = 0; i < m.report->findings.n; i++) {
        const struct plm_finding *f = &m.report->findings.v[i];
        if (!plm_sv_is(f->id, "DKL-DI-0001"))
            continue;
        n++;
        assert_int_equal(f->line, 4);
        assert_int_equal(f->layer, 2);
        assert_true(plm_sv_is(f->path, "Dockerfile"));
        assert_true(plm_sv_is(f->evidence.v[1], "from: dockerfile"));
    }
    assert_int_equal(n, 1);
    assert_non_null(find(&m, "4.9", "ADD x /y"));
    image_done(&m);
}

/* A cache mount leaves no lists, and the history does not show it. */
static void test_lists_by_the_files(void **state)
{
    (void)state;
    struct image m;
    image_init(&m);
    add_file(&m, "/var/lib/apt", S_IFDIR | 0755);
    add_step(&m, "RUN /bin/sh -c apt-get update && apt-get install -y x # buildkit", false);
    inspect(&m);
    assert_null(find(&m, "DKL-DI-0005", NULL));
    image_done(&m);
    image_init(&m);
    add_file(&m, "/var/lib/apt", S_IFDIR | 0755);
    add_file(&m, "/var/lib/apt/lists/deb.example_dists_x_InRelease", 0644);
    inspect(&m);
    assert_non_null(find(&m, "DKL-DI-0005", "/var/lib/apt/lists"));
    image_done(&m);
}

/* ---- config --------------------------------------------------------------------------------------- */

static void test_users(void **state)
{
    (void)state;
    static const struct {
        const char *user;
        enum plm_outcome outcome;
    } rows[] = {{"", PLM_OUT_FAIL},    {"root", PLM_OUT_FAIL},   {"0:0", PLM_OUT_FAIL},
                {"00", PLM_OUT_FAIL},  {"+0", PLM_OUT_FAIL},     {"toor", PLM_OUT_FAIL},
                {"app", PLM_OUT_PASS}, {"1000:0", PLM_OUT_PASS}, {"nobody", PLM_OUT_UNKNOWN}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct image m;
        image_init(&m);
        m.config.user = plm_sv_from(rows[i].user);
        add_content(&m, "/etc/passwd", "root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:\napp:x:10:10::/:\n");
        inspect(&m);
        if (outcome(&m, "4.1") != rows[i].outcome)
            fail_msg("user \"%s\": %s", rows[i].user, plm_outcome_name(outcome(&m, "4.1")));
        image_done(&m);
    }
}

static void test_health(void **state)
{
    (void)state;
    plm_sv none[] = {PLM_SV("NONE")}, shell[] = {PLM_SV("CMD-SHELL"), PLM_SV("true")};
    const struct {
        struct plm_image_healthcheck h;
        bool fails;
    } rows[] = {{{0}, true},
                {{.is_set = true, .is_none = true, .test = {.v = none, .n = 1}}, true},
                {{.is_set = true, .test = {.v = shell, .n = 2}}, false}};
    for (size_t i = 0; i < 3; i++) {
        struct image m;
        image_init(&m);
        m.config.healthcheck = rows[i].h;
        inspect(&m);
        assert_int_equal(find(&m, "4.6", NULL) != NULL, rows[i].fails);
        image_done(&m);
    }
}

static void test_volumes_ports_and_tags(void **state)
{
    (void)state;
    struct image m;
    image_init(&m);
    plm_sv volumes[] = {PLM_SV("/data"), PLM_SV("/proc/x"), PLM_SV("/usr/"), PLM_SV("/usr/share/app"),
                        PLM_SV("/var/lib/x")};
    plm_sv ports[] = {PLM_SV("22/tcp"), PLM_SV("6379/tcp"), PLM_SV("53/udp"), PLM_SV("8080/tcp")},
           accepted[] = {PLM_SV("6379")};
    m.config.volumes.v = volumes;
    m.config.volumes.n = 5;
    m.config.exposed_ports.v = ports;
    m.config.exposed_ports.n = 4;
    m.opt.accepted_ports.v = accepted;
    m.opt.accepted_ports.n = 1;
    m.facts->tag = PLM_SV("docker.io/app:latest");
    inspect(&m);
    assert_non_null(find(&m, "DKL-DI-0002", "/proc/x"));
    assert_non_null(find(&m, "DKL-DI-0002", "/usr/"));
    assert_null(find(&m, "DKL-DI-0002", "/data"));
    assert_null(find(&m, "DKL-DI-0002", "/usr/share/app"));
    assert_null(find(&m, "DKL-DI-0002", "/var/lib/x"));
    assert_non_null(find(&m, "I3", "22/tcp"));
    assert_null(find(&m, "I3", "6379/tcp"));
    assert_null(find(&m, "I3", "8080/tcp"));
    assert_non_null(find(&m, "I1", NULL));
    const struct plm_finding *f = find(&m, "I1", NULL);
    assert_true(plm_sv_is(f->aliases.v[0], "DKL-DI-0006"));
    assert_true(plm_sv_is(f->native_severity, "WARN"));
    assert_int_equal(outcome(&m, "4.5"), PLM_OUT_NA);
    image_done(&m);
}

static void test_origin(void **state)
{
    (void)state;
    plm_sv allowed[] = {PLM_SV("reg.example")};
    static const struct {
        const char *tag;
        bool has_list;
        enum plm_outcome outcome;
    } rows[] = {{"reg.example/a:1", true, PLM_OUT_PASS},
                {"docker.io/a:1", true, PLM_OUT_FAIL},
                {"docker.io/a:1", false, PLM_OUT_MANUAL},
                {"", true, PLM_OUT_MANUAL}};
    for (size_t i = 0; i < 4; i++) {
        struct image m;
        image_init(&m);
        m.facts->tag = plm_sv_from(rows[i].tag);
        m.opt.allowed_registries.v = allowed;
        m.opt.allowed_registries.n = rows[i].has_list;
        inspect(&m);
        assert_int_equal(outcome(&m, "4.2"), rows[i].outcome);
        image_done(&m);
    }
}

/* ---- credentials ---------------------------------------------------------------------------------- */

static void test_environment(void **state)
{
    (void)state;
    static const struct {
        const char *env;
        bool fails;
    } rows[] = {{"MYSQL_PASSWD=x1", true},
                {"DB_PASSWORD=hunter2", true},
                {"AWS_ACCESS_KEY_ID=x", true},
                {"APIKEY=x", true},
                {"MY_TOKEN=x", true},
                {"NOTHING=ghp_abcdefghijklmnopqrstuvwxyz0123456789", true},
                {"URL=https://u:p@example.org/", true},
                {"DB_PASSWORD=", false},
                {"DB_PASSWORD_FILE=/run/secrets/db", false},
                {"GPG_KEY=0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D", false},
                {"KEYBOARD=de", false},
                {"MONKEY=x", false},
                {"COMPASS=x", false},
                {"HAS_SECRETS=true", false},
                {"PATH=/usr/bin", false},
                {"OUR_SITEWORD=x", true},
                {"FINE_KEY=x", false}};
    plm_sv words[] = {PLM_SV("siteword")}, fine[] = {PLM_SV("FINE_KEY")};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct image m;
        image_init(&m);
        plm_sv_vec_add(m.arena, &m.config.env, plm_sv_from(rows[i].env));
        m.opt.sensitive_words.v = words;
        m.opt.sensitive_words.n = 1;
        m.opt.accepted_keys.v = fine;
        m.opt.accepted_keys.n = 1;
        inspect(&m);
        const struct plm_finding *f = find(&m, "4.10", NULL);
        if ((f != NULL) != rows[i].fails)
            fail_msg("%s", rows[i].env);
        for (size_t k = 0; f && k < f->evidence.n; k++)
            assert_false(plm_sv_has(f->evidence.v[k], PLM_SV("hunter2")));
        image_done(&m);
    }
}

static void test_build_arguments(void **state)
{
    (void)state;
    struct image m;
    image_init(&m);
    m.opt.dockerfile = PLM_SV("FROM a\nARG NPM_TOKEN=abc\nENV API_KEY=xyz KEPT_KEY=k\n");
    m.opt.dockerfile_name = PLM_SV("Dockerfile");
    plm_sv_vec_add(m.arena, &m.config.env, PLM_SV("KEPT_KEY=k"));
    add_step(&m, "RUN |2 DB_PASSWORD=hunter2 CC=gcc /bin/sh -c make # buildkit", false);
    inspect(&m);
    assert_non_null(find(&m, "4.10", "build argument DB_PASSWORD"));
    assert_null(find(&m, "4.10", "build argument CC"));
    assert_non_null(find(&m, "4.10", "ARG NPM_TOKEN"));
    assert_non_null(find(&m, "4.10", "ENV API_KEY"));
    assert_null(find(&m, "4.10", "ENV KEPT_KEY"));
    assert_non_null(find(&m, "4.10", "Env KEPT_KEY"));
    assert_int_equal(find(&m, "4.10", "ARG NPM_TOKEN")->line, 2);
    image_done(&m);
}

static void test_names_of_credentials(void **state)
{
    (void)state;
    struct image m;
    image_init(&m);
    plm_sv own[] = {PLM_SV("site.cfg")}, extension[] = {PLM_SV("vault")}, fine[] = {PLM_SV("/app/ok.key")},
           p12[] = {PLM_SV("p12")};
    m.opt.sensitive_files.v = own;
    m.opt.sensitive_extensions.v = extension;
    m.opt.accepted_files.v = fine;
    m.opt.accepted_extensions.v = p12;
    m.opt.sensitive_files.n = m.opt.sensitive_extensions.n = m.opt.accepted_files.n =
        m.opt.accepted_extensions.n = 1;
    static const char *const bad[] = {"/root/.ssh/id_rsa",
                                      "/app/.env",
                                      "/app/credentials.json",
                                      "/app/settings.py",
                                      "/x/site.cfg",
                                      "/x/a.vault",
                                      "/app/secret.pem",
                                      "/app/server.key",
                                      "/etc/ssh/ssh_host_rsa_key",
                                      "/app/config/database.yml",
                                      NULL};
    static const char *const good[] = {"/root/.ssh/id_rsa.pub",
                                       "/app/ok.key",
                                       "/app/x.p12",
                                       "/etc/ca.pem",
                                       "/etc/keys/apt.key",
                                       "/usr/lib/python3/dist-packages/x/settings.py",
                                       "/app/.env.example",
                                       NULL};
    for (size_t i = 0; bad[i]; i++)
        add_content(&m, bad[i], "-----BEGIN RSA PRIVATE KEY-----\nx\n");
    for (size_t i = 0; good[i]; i++)
        add_content(&m, good[i],
                    i == 4 ? "-----BEGIN PGP PUBLIC KEY BLOCK-----\n" : "-----BEGIN CERTIFICATE-----\nx\n");
    inspect(&m);
    for (size_t i = 0; bad[i]; i++)
        if (!find(&m, "4.10", bad[i]))
            fail_msg("%s is not found", bad[i]);
    for (size_t i = 0; good[i]; i++)
        if (find(&m, "4.10", good[i]))
            fail_msg("%s is found", good[i]);
    image_done(&m);
}

/* ---- files and accounts ----------------------------------------------------------------------------- */

static void test_modes(void **state)
{
    (void)state;
    struct image m;
    image_init(&m);
    plm_sv accepted[] = {PLM_SV("/usr/bin/mount*")};
    m.opt.accepted_setuid.v = accepted;
    m.opt.accepted_setuid.n = 1;
    add_file(&m, "/usr/bin/su", 04755);
    add_file(&m, "/usr/bin/wall", 02755);
    add_file(&m, "/usr/bin/mount", 04755);
    add_file(&m, "/var/mail", S_IFDIR | 02775);
    add_file(&m, "/usr/bin/id", 0755);
    add_file(&m, "/tmp", S_IFDIR | 01777);
    add_file(&m, "/srv/open", S_IFDIR | 0777);
    add_file(&m, "/srv/file", 0666);
    add_file(&m, "/srv/link", S_IFLNK | 0777);
    inspect(&m);
    assert_non_null(find(&m, "4.8", "/usr/bin/su"));
    assert_non_null(find(&m, "4.8", "/usr/bin/wall"));
    assert_null(find(&m, "4.8", "/usr/bin/mount"));
    assert_null(find(&m, "4.8", "/var/mail"));
    assert_null(find(&m, "4.8", "/usr/bin/id"));
    assert_non_null(find(&m, "I6", "/srv/open"));
    assert_non_null(find(&m, "I6", "/srv/file"));
    assert_null(find(&m, "I6", "/tmp"));
    assert_null(find(&m, "I6", "/srv/link"));
    assert_true(plm_sv_is(find(&m, "4.8", "/usr/bin/su")->path, "/usr/bin/su"));
    image_done(&m);
}

static void test_leftovers(void **state)
{
    (void)state;
    struct image m;
    image_init(&m);
    add_file(&m, "/app/.git", S_IFDIR | 0755);
    add_file(&m, "/app/.git-x", 0644);
    add_file(&m, "/app/.git/HEAD", 0644);
    add_file(&m, "/app/.git/Dockerfile", 0644);
    add_file(&m, "/app/.npm", S_IFDIR | 0755);
    add_file(&m, "/app/Dockerfile", 0644);
    add_file(&m, "/app/docker-compose.yml", 0644);
    add_file(&m, "/app/.main.c.swp", 0644);
    add_file(&m, "/app/main.c", 0644);
    add_file(&m, "/app/node_modules/x/Dockerfile", 0644);
    add_file(&m, "/var/cache/apt/archives/a.deb", 0644);
    add_file(&m, "/var/cache/apt/archives/b.deb", 0644);
    inspect(&m);
    static const char *const bad[] = {
        "/app/.git",        "/app/Dockerfile",         "/app/docker-compose.yml",
        "/app/.main.c.swp", "/var/cache/apt/archives", NULL};
    size_t n = 0;
    for (size_t i = 0; i < m.report->findings.n; i++)
        n += plm_sv_is(m.report->findings.v[i].id, "DKL-LI-0003");
    for (size_t i = 0; bad[i]; i++)
        if (!find(&m, "DKL-LI-0003", bad[i]))
            fail_msg("%s is not found", bad[i]);
    assert_int_equal(n, 5);
    image_done(&m);
}

static void test_accounts(void **state)
{
    (void)state;
    struct image m;
    image_init(&m);
    add_content(
        &m, "/etc/passwd",
        "root:x:0:0::/:\ntoor:x:0:0::/:\na:x:5:5::/:\na:x:6:6::/:\nb::7:7::/:\n+::::::\n#c::\n\nbad\n");
    add_content(&m, "/etc/shadow", "root:!:1::::::\na:$6$x$y:1::::::\nempty::1::::::\n");
    add_content(&m, "/etc/group", "root:x:0:\nwheel:x:0:\n");
    inspect(&m);
    assert_non_null(find(&m, "DKL-LI-0001", "/etc/shadow empty"));
    assert_non_null(find(&m, "DKL-LI-0001", "/etc/passwd b"));
    assert_non_null(find(&m, "DKL-LI-0002", "/etc/passwd toor"));
    assert_non_null(find(&m, "DKL-LI-0002", "/etc/passwd a"));
    assert_non_null(find(&m, "DKL-LI-0002", "/etc/group wheel"));
    assert_int_equal(find(&m, "DKL-LI-0001", "/etc/shadow empty")->line, 3);
    for (size_t i = 0; i < m.analysis.facts.n; i++)
        assert_false(plm_sv_has(m.analysis.facts.v[i].data, PLM_SV("$6$")));
    image_done(&m);
    image_init(&m);
    add_content(&m, "/etc/passwd", "root:x:0:0::/:\na:x:5:5::/:\n");
    add_content(&m, "/etc/shadow", "root:*:1::::::\na:!:1::::::\n");
    inspect(&m);
    assert_int_equal(outcome(&m, "DKL-LI-0001"), PLM_OUT_PASS);
    assert_int_equal(outcome(&m, "DKL-LI-0002"), PLM_OUT_PASS);
    image_done(&m);
}

/* ---- what policies ask for ------------------------------------------------------------------------ */

static void test_retrieved_files_and_digests(void **state)
{
    (void)state;
    struct image m;
    image_init(&m);
    plm_sv files[] = {PLM_SV("/etc/motd"), PLM_SV("//srv/./x")}, sums[] = {PLM_SV("/srv/x")};
    m.opt.retrieve.v = files;
    m.opt.retrieve.n = 2;
    m.opt.digests.v = sums;
    m.opt.digests.n = 1;
    add_content(&m, "/etc/motd", "hello\n");
    add_content(&m, "/srv/x", "");
    add_content(&m, "/srv/y", "no\n");
    inspect(&m);
    assert_int_equal(m.facts->stored.n, 2);
    assert_true(plm_sv_is(plm_image_facts_stored(m.facts, PLM_SV("/etc/motd"))->text, "hello\n"));
    assert_true(m.facts->known & PLM_FACT_STORED);
    assert_true(plm_sv_is(plm_image_facts_file(m.facts, PLM_SV("/srv/x"))->sha256,
                          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_null(plm_image_facts_file(m.facts, PLM_SV("/srv/y"))->sha256.p);
    image_done(&m);
}

static void test_lines_by_expression(void **state)
{
    (void)state;
    struct image m;
    image_init(&m);
    plm_sv patterns[] = {PLM_SV("TODO=.*TODO"), PLM_SV("END=b$"), PLM_SV("BROKEN=*x"), PLM_SV("nothing")};
    m.opt.content_patterns.v = patterns;
    m.opt.content_patterns.n = 4;
    m.opt.want_anchore_secrets = true;
    add_content(&m, "/a.c", "x\n// TODO\nb\n  TODO");
    add_content(&m, "/key", "x\n-----BEGIN RSA PRIVATE KEY-----\naws_access_key_id = ABCDEFGHIJKLMNOPQRST\n");
    inspect(&m);
    assert_int_equal(m.facts->content.n, 2);
    assert_true(plm_sv_is(m.facts->content.v[0].pattern, "TODO=.*TODO"));
    assert_int_equal(m.facts->content.v[0].lines.n, 2);
    assert_int_equal(m.facts->content.v[0].lines.v[0], 1);
    assert_int_equal(m.facts->content.v[0].lines.v[1], 3);
    assert_int_equal(m.facts->content.v[1].lines.v[0], 2);
    assert_int_equal(m.facts->secrets.n, 2);
    assert_true(plm_sv_starts(m.facts->secrets.v[0].pattern, PLM_SV("AWS_ACCESS_KEY=")));
    assert_true(plm_sv_starts(m.facts->secrets.v[1].pattern, PLM_SV("PRIV_KEY=")));
    size_t said = 0;
    for (size_t i = 0; i < m.report->diagnostics.n; i++)
        said += plm_sv_is(m.report->diagnostics.v[i].code, "content.pattern");
    assert_int_equal(said, 2); /* what cannot be searched for is said */
    image_done(&m);
}

static void test_needless_packages_and_fixes(void **state)
{
    (void)state;
    struct image m;
    image_init(&m);
    m.opt.wants[PLM_KIND_VULNERABILITY] = true;
    static const char *const names[] = {"openssh-server", "gcc-12", "gcc-12-base", "libc6", NULL};
    for (size_t i = 0; names[i]; i++) {
        struct plm_package *p = plm_report_package(m.report, 0);
        assert_non_null(p);
        p->type = PLM_SV("deb");
        p->name = plm_sv_from(names[i]);
        p->version = PLM_SV("1");
    }
    struct plm_finding *f = plm_report_finding(m.report, 0, PLM_KIND_VULNERABILITY);
    assert_non_null(f);
    f->id = PLM_SV("CVE-2024-1");
    f->severity = PLM_SEV_HIGH;
    f->fix = PLM_FIX_NOT_FIXED;
    inspect(&m);
    assert_non_null(find(&m, "4.3", "openssh-server"));
    assert_non_null(find(&m, "4.3", "gcc-12"));
    assert_null(find(&m, "4.3", "gcc-12-base"));
    assert_int_equal(outcome(&m, "4.4"), PLM_OUT_PASS); /* there is no fix to have */
    image_done(&m);
}

/* ---- the registry --------------------------------------------------------------------------------- */

static void test_descriptors(void **state)
{
    (void)state;
    size_t n;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    const struct plm_inspect_check **v = plm_inspect_checks_all(a, &n);
    assert_non_null(v);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            if (strcmp(v[k]->id, v[i]->id) == 0)
                fail_msg("%s stands twice", v[i]->id);
        if (!v[i]->title || !*v[i]->title || !v[i]->rationale || !v[i]->fix || !v[i]->group)
            fail_msg("%s lacks a text", v[i]->id);
    }
    static const char *const dockle[] = {"CIS-DI-0001", "CIS-DI-0002", "CIS-DI-0003", "CIS-DI-0004",
                                         "CIS-DI-0005", "CIS-DI-0006", "CIS-DI-0007", "CIS-DI-0008",
                                         "CIS-DI-0009", "CIS-DI-0010", "CIS-DI-0011", "DKL-DI-0001",
                                         "DKL-DI-0002", "DKL-DI-0003", "DKL-DI-0004", "DKL-DI-0005",
                                         "DKL-DI-0006", "DKL-LI-0001", "DKL-LI-0002", "DKL-LI-0003"};
    for (size_t i = 0; i < sizeof(dockle) / sizeof(dockle[0]); i++)
        if (!plm_inspect_check_find(plm_sv_from(dockle[i])))
            fail_msg("%s is no check", dockle[i]);
    assert_string_equal(plm_inspect_check_find(PLM_SV("cis-di-0001"))->id, "4.1");
    assert_null(plm_inspect_check_find(PLM_SV("CIS-DI-9999")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_step_check_fails_and_passes),
        cmocka_unit_test(test_dockerfile_and_history_together),
        cmocka_unit_test(test_lists_by_the_files),
        cmocka_unit_test(test_users),
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_volumes_ports_and_tags),
        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_build_arguments),
        cmocka_unit_test(test_names_of_credentials),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_leftovers),
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_retrieved_files_and_digests),
        cmocka_unit_test(test_lines_by_expression),
        cmocka_unit_test(test_needless_packages_and_fixes),
        cmocka_unit_test(test_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
