/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration to scan options. The extractors are all that are registered, by id.
 */
#include "cli/policy_common.h"

#include "cli/inspect_options.h"

#include "base/fs.h"
#include "catalog/catalog.h"
#include "cli/inspect_options.h"
#include "report/report.h"

#include <sys/stat.h>

enum { DOCKERFILE_MAX = 4 << 20 };

/* ---- options --------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    const struct plm_extractor *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

/* Licenses of Debian packages and the like: dear to read, nobody's need in a scan for vulnerabilities. */
static bool is_on_request(const struct plm_extractor *e)
{
    PLM_SET_FOREACH (plm_catalogers, struct plm_cataloger, c) {
        if (c->extractor == e)
            return c->on_request;
    }
    return false;
}

static int set_extractors(struct plm_scan_setup *s, plm_err **err)
{
    size_t n = 0;
    const struct plm_extractor **list =
        plm_arena_array(s->arena, PLM_SET_COUNT(plm_extractors) + 1, sizeof(*list));
    if (!list)
        return plm_arena_check(s->arena, err);
    PLM_SET_FOREACH (plm_extractors, struct plm_extractor, e) {
        if (!is_on_request(e))
            list[n++] = e;
    }
    qsort(list, n, sizeof(*list), by_id);
    s->scan.image.extractors = list;
    s->scan.image.n_extractors = n;
    return 0;
}

static void set_image_options(const struct plm_config *c, struct plm_image_options *io)
{
    io->platform = plm_config_text(c, "platform");
    io->host = plm_config_text(c, "host");
    io->context = plm_config_text(c, "context");
    io->root = plm_config_text(c, "root");
    io->no_cache = plm_config_flag(c, "no-cache");
    io->engine_export = plm_config_flag(c, "engine-export");
    io->cache_bytes = plm_config_number(c, "max-size");
}

/* DISTRO[/main|/security]=URL[ KEYRING] */
static int add_mirror(struct plm_scan_setup *s, plm_sv text, plm_err **err)
{
    plm_sv name, rest, distro, kind, url, keyring;
    if (!plm_sv_cut(text, '=', &name, &rest) || !name.n || !rest.n) {
        int r = plm_fail(err, PLM_E_CONFIG, "repo.mirrors: %.*s is not DISTRO[/main|/security]=URL",
                         PLM_SV_ARG(text));
        plm_err_hint(err, "for example debian=http://mirror/debian");
        return r;
    }
    if (!plm_sv_cut(name, '/', &distro, &kind))
        kind = PLM_SV_NULL;
    else if (!plm_sv_is(kind, "main") && !plm_sv_is(kind, "security"))
        return plm_fail(err, PLM_E_CONFIG, "repo.mirrors: %.*s: neither main nor security", PLM_SV_ARG(kind));
    if (!plm_sv_cut(rest, ' ', &url, &keyring))
        keyring = PLM_SV_NULL;
    struct plm_repo_mirror *m = plm_vec_push(s->arena, &s->repo.mirrors);
    if (!m)
        return plm_arena_check(s->arena, err);
    *m = (struct plm_repo_mirror){
        .distro = distro, .kind = kind, .url = url, .keyring = keyring.p ? plm_sv_trim(keyring) : keyring};
    return 0;
}

static int set_repo(struct plm_cli *cli, struct plm_scan_setup *s, plm_err **err)
{
    const struct plm_config *c = cli->config;
    const plm_sv *list;
    size_t n = plm_config_list(c, "repo-mirror", &list);
    for (size_t i = 0; i < n; i++)
        if (add_mirror(s, list[i], err) < 0)
            return -1;
    s->repo.from_image = plm_config_flag(c, "repo-from-image");
    s->repo.allow_unverified = plm_config_flag(c, "repo-allow-unverified");
    s->repo.max_age = plm_config_number(c, "repo-max-age") / 1000;
    s->repo.apt_root = PLM_SV("/");
    if (!plm_sv_is(plm_config_text(c, "repo"), "never"))
        s->scan.repo = &s->repo;
    return 0;
}

/* What scan examines unless it is told: licenses and malware only on request. */
static bool is_default_kind(enum plm_kind k)
{
    return k == PLM_KIND_VULNERABILITY || k == PLM_KIND_MISCONFIGURATION || k == PLM_KIND_SECRET;
}

/* A kind that this command does not examine is a fault, not silence. */
static int read_kinds(const struct plm_config *c, const char *option, unsigned flags, bool value,
                      bool wants[PLM_KIND_COUNT_], plm_err **err)
{
    const plm_sv *list;
    size_t n = plm_config_list(c, option, &list);
    for (size_t i = 0; i < n; i++) {
        enum plm_kind k;
        bool is_known = plm_kind_parse(list[i], &k);
        bool is_here = is_known && (k == PLM_KIND_VULNERABILITY ||
                                    ((flags & PLM_SETUP_INSPECT) &&
                                     (is_default_kind(k) || k == PLM_KIND_LICENSE || k == PLM_KIND_MALWARE)));
        if (!is_here && value)
            return plm_fail(err, PLM_E_USAGE, "--%s %.*s: this command does not examine that", option,
                            PLM_SV_ARG(list[i]));
        if (is_known)
            wants[k] = value;
    }
    return 0;
}

static int set_kinds(const struct plm_config *c, struct plm_scan_setup *s, unsigned flags, plm_err **err)
{
    bool *wants = s->scan.inspect.wants;
    const plm_sv *list;
    bool is_named = plm_config_list(c, "only", &list) > 0;
    for (enum plm_kind k = 0; k < PLM_KIND_COUNT_; k++)
        wants[k] =
            !is_named && (k == PLM_KIND_VULNERABILITY || ((flags & PLM_SETUP_INSPECT) && is_default_kind(k)));
    if (read_kinds(c, "only", flags, true, wants, err) < 0 ||
        read_kinds(c, "skip", flags, false, wants, err) < 0)
        return -1;
    s->scan.want_vulnerabilities = wants[PLM_KIND_VULNERABILITY];
    s->scan.inspect_trees = is_named;
    return 0;
}

/* --dockerfile: the text, for the checks that compare it with the image. */
static int read_dockerfile(struct plm_cli *cli, struct plm_scan_setup *s, plm_err **err)
{
    plm_sv path = plm_config_text(cli->config, "dockerfile");
    if (!path.n)
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(DOCKERFILE_MAX);
    const char *name = plm_arena_cstr(s->arena, path);
    if (!name)
        return plm_fail_oom(err);
    if (plm_fs_read(name, text.max, &text, err) < 0)
        return plm_wrap(err, "--dockerfile");
    s->scan.inspect.dockerfile = plm_arena_sv(s->arena, text.n ? plm_buf_sv(&text) : PLM_SV(""));
    s->scan.inspect.dockerfile_name = plm_arena_sv(s->arena, path);
    return plm_arena_check(s->arena, err);
}

/* ---- the implicit update (design.md part 4) ------------------------------------------------------ */

enum { UPDATE_AGE = 86400, RETRY_AFTER = 3600, CONNECT_MS = 5000 };

static bool is_recent(const char *path, int64_t now, int64_t seconds)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_mtime + seconds > now;
}

/* By the feeds that an update would fetch, if there are any: those built from files stay as old as they are.
 */
static bool is_store_fresh(const struct plm_cli *cli, const char *path)
{
    plm_auto(plm_db_close) struct plm_db *db = plm_db_open(path, NULL);
    bool has_fetched = false;
    for (size_t i = 0; db && i < plm_db_feed_count(db); i++) {
        struct plm_db_feed_info f;
        plm_db_feed(db, i, &f);
        if (f.origin.url.n && plm_now(&cli->ctx) - f.as_of >= UPDATE_AGE)
            return false;
        has_fetched = has_fetched || f.origin.url.n;
    }
    return has_fetched || (db && plm_db_age(&cli->ctx, db) < UPDATE_AGE);
}

static int update_sources(struct plm_cli *cli, struct plm_scan_setup *s, plm_db_sources *out, plm_err **err)
{
    const plm_sv *list;
    size_t n = plm_config_list(cli->config, "feed", &list);
    for (size_t i = 0; i < n; i++)
        if (plm_db_source_parse(list[i], s->arena, out, err) < 0)
            return -1;
    if (n == 0 && plm_db_sources_default(&cli->ctx, s->arena, out, err) < 0)
        return -1;
    return plm_db_sources_name(s->arena, out, err);
}

/* Data missing or older than a day are fetched; what fails is said once and not tried again for an hour. */
static int auto_update(struct plm_cli *cli, struct plm_scan_setup *s, const char *path, plm_err **err)
{
    plm_sv mark_path = plm_arena_printf(s->arena, "%s.tried", path);
    if (cli->ctx.offline || cli->ctx.now_injected ||
        !plm_sv_is(plm_config_text(cli->config, "db-update"), "auto"))
        return 0;
    if (!mark_path.p || is_recent(mark_path.p, plm_now(&cli->ctx), RETRY_AFTER) || is_store_fresh(cli, path))
        return 0;
    struct plm_db_update_options opt = {.path = path, .connect_timeout_ms = CONNECT_MS};
    plm_db_update_rows rows = {0};
    plm_err *e = NULL;
    if (update_sources(cli, s, &opt.sources, err) < 0)
        return -1;
    plm_progress_step(cli->ctx.progress, "updating vulnerability data", 0, 0);
    int r = plm_db_update(&cli->ctx, &opt, s->arena, &rows, &e);
    size_t failed = 0;
    for (size_t i = 0; i < rows.n; i++)
        failed += rows.v[i].state == PLM_DB_FEED_FAILED;
    if (r < 0 || failed) {
        plm_err *ignored = NULL;
        if (plm_fs_write_atomic(mark_path.p, PLM_SV(""), 0, &ignored) < 0)
            plm_err_free(ignored);
        plm_cli_note(cli,
                     "vulnerability data could not be updated (%zu feed%s failed); trying again in an hour, "
                     "or with: plimsoll "
                     "db update",
                     failed, failed == 1 ? "" : "s");
    }
    if (r < 0)
        plm_err_free(e);
    return 0;
}

/* ---- files ------------------------------------------------------------------------------------ */

static int open_db(struct plm_cli *cli, struct plm_scan_setup *s, plm_err **err)
{
    plm_sv named = plm_config_text(cli->config, "db");
    plm_auto_free char *usual = named.n ? NULL : plm_db_default_path(&cli->ctx);
    const char *path = named.n ? named.p : usual;
    if (!path)
        return 0;
    if (!named.n && auto_update(cli, s, path, err) < 0)
        return -1;
    plm_err *e = NULL;
    s->db = plm_db_open(path, &e);
    if (s->db) {
        if (plm_db_check_once(&cli->ctx, s->db, err) < 0) {
            plm_err_hint(err, "plimsoll db update, or db import of a good file, replaces it");
            return -1;
        }
        s->scan.db = s->db;
        return 0;
    }
    /* No store where it usually lies is a fact for the report; a named one that is not there is a fault. */
    if (!named.n && plm_err_code(e) == PLM_E_NOTFOUND) {
        plm_err_free(e);
        return 0;
    }
    return plm_err_move(err, &e);
}

static int load_exceptions(struct plm_cli *cli, struct plm_scan_setup *s, plm_err **err)
{
    const plm_sv *list;
    size_t n = plm_config_list(cli->config, "exceptions", &list);
    if (n == 0)
        return 0;
    s->exceptions = plm_exceptions_new(err);
    if (!s->exceptions)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (plm_exceptions_load(&cli->ctx, s->exceptions, list[i].p, err) < 0)
            return -1;
    s->scan.exceptions = s->exceptions;
    return 0;
}

/* ---- sources ----------------------------------------------------------------------------------- */

int plm_scan_setup_add(struct plm_cli *cli, struct plm_scan_setup *s, const char *word, plm_err **err)
{
    struct plm_sources found;
    if (plm_source_parse(&cli->ctx, word, s->arena, &found, err) < 0)
        return -1;
    enum plm_scheme_kind kind = found.v[0].kind;
    if (kind != PLM_SRC_IMAGES && kind != PLM_SRC_RUNNING)
        return plm_sv_vec_add(s->arena, &s->words, plm_sv_from(word)) ? 0 : plm_arena_check(s->arena, err);
    struct plm_source *list;
    size_t n;
    if (plm_source_expand(&cli->ctx, &found.v[0], &s->scan.image, s->arena, &list, &n, err) < 0)
        return plm_wrap(err, "%s", word);
    for (size_t i = 0; i < n; i++) {
        plm_sv full = plm_arena_printf(s->arena, "%.*s:%.*s", PLM_SV_ARG(list[i].scheme),
                                       PLM_SV_ARG(list[i].reference));
        if (!plm_sv_vec_add(s->arena, &s->words, full))
            return plm_arena_check(s->arena, err);
    }
    return 0;
}

static int add_listed(struct plm_cli *cli, struct plm_scan_setup *s, plm_err **err)
{
    plm_sv file = plm_config_text(cli->config, "sources");
    if (!file.n)
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    int got = plm_sv_is(file, "-") ? plm_fs_read_fd(STDIN_FILENO, "standard input", b.max, &b, err)
                                   : plm_fs_read(file.p, b.max, &b, err);
    if (got < 0)
        return plm_wrap(err, "--sources");
    plm_sv rest = plm_buf_sv(&b), line;
    while (plm_sv_line(&rest, &line)) {
        line = plm_sv_trim(line);
        if (!line.n || line.p[0] == '#')
            continue;
        const char *word = plm_arena_cstr(s->arena, line);
        if (!word)
            return plm_arena_check(s->arena, err);
        if (plm_scan_setup_add(cli, s, word, err) < 0)
            return -1;
    }
    return 0;
}

static int set_words(struct plm_cli *cli, struct plm_scan_setup *s, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    if (n == 0 && !plm_config_text(cli->config, "sources").n) {
        int r = plm_fail(err, PLM_E_USAGE, "%s: name at least one source", cli->command->name);
        plm_err_hint(err, "plimsoll %s host:, or an image: plimsoll %s NAME", cli->command->name,
                     cli->command->name);
        return r;
    }
    for (size_t i = 0; i < n; i++)
        if (plm_scan_setup_add(cli, s, words[i], err) < 0)
            return -1;
    return add_listed(cli, s, err);
}

/* ---- all of it ---------------------------------------------------------------------------------- */

int plm_scan_setup(struct plm_cli *cli, unsigned flags, struct plm_scan_setup *out, plm_err **err)
{
    struct plm_scan_setup *s = out;
    *s = (struct plm_scan_setup){.arena = plm_arena_new(PLM_ARENA_NO_LIMIT)};
    if (!s->arena)
        return plm_fail_oom(err);
    set_image_options(cli->config, &s->scan.image);
    s->scan.base = plm_config_text(cli->config, "base");
    s->scan.all_layers = plm_sv_is(plm_config_text(cli->config, "scope"), "all-layers");
    s->scan.only_fixed = plm_config_flag(cli->config, "only-fixed");
    const plm_sv *channels;
    size_t n = plm_config_list(cli->config, "channels", &channels);
    for (size_t i = 0; i < n; i++)
        plm_sv_vec_add(s->arena, &s->scan.match.channels, channels[i]);
    if (set_extractors(s, err) < 0 || set_kinds(cli->config, s, flags, err) < 0 ||
        read_dockerfile(cli, s, err) < 0 || load_exceptions(cli, s, err) < 0)
        return -1;
    if ((flags & PLM_SETUP_INSPECT) &&
        plm_inspect_options_read(cli->config, s->arena, &s->scan.inspect, err) < 0)
        return -1;
    s->scan.image.verify_diff_ids = plm_config_flag(cli->config, "verify-diff-ids") || s->scan.base.p ||
                                    (s->exceptions && plm_exceptions_want_diff_ids(s->exceptions));
    if (!(flags & PLM_SETUP_VULNERABILITIES))
        s->scan.want_vulnerabilities = false;
    /* Sources first: a word that means nothing must not wait for an update of the data. */
    if (!(flags & PLM_SETUP_NO_WORDS) && set_words(cli, s, err) < 0)
        return -1;
    if (s->scan.want_vulnerabilities && (set_repo(cli, s, err) < 0 || open_db(cli, s, err) < 0))
        return -1;
    s->scan.want_facts = flags & PLM_SETUP_FACTS;
    plm_sv against = plm_config_text(cli->config, "against");
    if (against.n && !(s->before = plm_scan_report_of(cli, s, against.p, err)))
        return plm_wrap(err, "--against");
    return 0;
}

void plm_scan_setup_done(struct plm_scan_setup *s)
{
    plm_report_free(s->before);
    plm_exceptions_free(s->exceptions);
    plm_db_close(s->db);
    plm_arena_free(s->arena);
    *s = (struct plm_scan_setup){0};
}

static bool is_report(plm_sv head)
{
    return plm_sv_has(head, PLM_SV("\"plimsoll/report/v1\""));
}

struct plm_report *plm_scan_report_of(struct plm_cli *cli, struct plm_scan_setup *s, const char *word,
                                      plm_err **err)
{
    plm_sv rest, text = plm_sv_from(word);
    const char *path = plm_sv_starts(text, PLM_SV("report:")) ? word + 7 : word;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(cli->ctx.limits->json_bytes);
    if (plm_fs_read(path, b.max, &b, NULL) >= 0 && is_report(plm_sv_sub(plm_buf_sv(&b), 0, 4096)))
        return plm_report_read(&cli->ctx, plm_buf_sv(&b), path, err);
    if (plm_cli_is_facts(path))
        return plm_cli_facts_report(cli, path, err);
    rest = plm_buf_sv(&b);
    if (path != word)
        return PLM_NULL(rest.n ? plm_fail(err, PLM_E_PARSE, "%s: not a plimsoll report", path)
                               : plm_fail(err, PLM_E_NOTFOUND, "%s: cannot be read", path));
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(err);
    struct plm_scan_options opt = s->scan;
    opt.exceptions = NULL;
    if (!r || plm_scan_word(&cli->ctx, word, &opt, r, err) < 0 ||
        plm_scan_finish(&cli->ctx, &opt, NULL, r, err) < 0)
        return NULL;
    return plm_take(r);
}
