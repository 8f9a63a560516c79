/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets in files: the half that runs in a fenced worker, and the bytes between the two halves.
 *
 * Facts of a file: version, "a limit was reached", number of secrets, then each as rule id, severity, line,
 * column, masked text, note, fingerprint, further lines. The secret itself stays in the worker.
 */
#include "inspect/secret_int.h"

#include "base/buf.h"
#include "base/rd.h"

enum { FORMAT = 1, MAX_SECRETS = 2000, MAX_MORE_LINES = 8 };

/* ---- in the worker ------------------------------------------------------------------------ */

static int prepare(plm_sv params, const struct plm_limits *limits, struct plm_arena *a, void **out_state,
                   plm_err **err)
{
    (void)a; /* the rules have an arena of their own; both live as long as the worker */
    *out_state = plm_secret_rules_of_params(params, false, limits, err);
    return *out_state ? 0 : -1;
}

/* What is never text, by the end of its name; a rule that asks for binary files gets them all. */
static bool is_binary_name(plm_sv path)
{
    static const char *const ends[] = {
        ".so",   ".a",   ".o",    ".ko",   ".pyc",  ".pyo",   ".mo",   ".gmo",      ".png",  ".jpg",
        ".jpeg", ".gif", ".ico",  ".webp", ".tiff", ".bmp",   ".ttf",  ".otf",      ".woff", ".woff2",
        ".eot",  ".gz",  ".bz2",  ".xz",   ".zst",  ".lz4",   ".zip",  ".jar",      ".war",  ".ear",
        ".whl",  ".egg", ".deb",  ".rpm",  ".apk",  ".class", ".mp3",  ".mp4",      ".ogg",  ".avi",
        ".mov",  ".pdf", ".wasm", ".dll",  ".exe",  ".elc",   ".beam", ".gresource"};
    size_t slash = plm_sv_rfind(path, '/');
    plm_sv name = slash == SIZE_MAX ? path : plm_sv_from_off(path, slash + 1);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (name.n > strlen(ends[i]) && plm_sv_ends(name, plm_sv_from(ends[i])))
            return true;
    return plm_sv_has(name, PLM_SV(".so."));
}

static bool wants(const void *state, const struct plm_entry *e)
{
    const struct plm_secret_rules *r = state;
    return r && e->size > 0 &&
           (r->any_binary || !is_binary_name(e->path) || plm_secret_wants_path(r, e->path));
}

static bool wants_head(const void *state, const struct plm_entry *e, plm_sv head)
{
    const struct plm_secret_rules *r = state;
    return r->any_binary || !plm_secret_is_binary(head) || plm_secret_wants_path(r, e->path);
}

static bool is_same(const struct plm_secret_hit *a, const struct plm_secret_hit *b)
{
    return a->rule == b->rule && strcmp(a->fingerprint, b->fingerprint) == 0;
}

/* The same secret again in the same file is one secret with more lines. */
static bool is_first(const plm_secret_hits *v, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (is_same(&v->v[k], &v->v[i]))
            return false;
    return true;
}

static void put_hit(const plm_secret_hits *v, size_t i, struct plm_buf *b)
{
    const struct plm_secret_hit *h = &v->v[i];
    size_t more = 0, at = 0;
    for (size_t k = i + 1; k < v->n; k++)
        more += is_same(h, &v->v[k]) && v->v[k].line != h->line;
    plm_buf_view(b, h->rule->id);
    plm_buf_byte(b, (unsigned char)h->severity);
    plm_buf_varint(b, h->line);
    plm_buf_varint(b, h->column);
    plm_buf_view(b, h->masked);
    plm_buf_view(b, h->note);
    plm_buf_view(b, plm_sv_from(h->fingerprint));
    plm_buf_varint(b, more < MAX_MORE_LINES ? more : MAX_MORE_LINES);
    for (size_t k = i + 1; k < v->n && at < MAX_MORE_LINES; k++) {
        if (is_same(h, &v->v[k]) && v->v[k].line != h->line) {
            plm_buf_varint(b, v->v[k].line);
            at++;
        }
    }
}

static int extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    struct plm_secret_scan_result res;
    size_t n = 0;
    if (!out->state)
        return 0;
    plm_sv path = plm_arena_printf(out->arena, "/%.*s", PLM_SV_ARG(e->path));
    if (!path.p)
        return plm_fail_oom(err);
    if (plm_secret_scan(out->state, path, content, out->arena, &res, err) < 0)
        return -1;
    if (res.limit_reached)
        out->diag(out, "secrets.gave-up", PLM_SEV_MEDIUM,
                  "an expression or the number of its secrets reached a limit: more may be in it");
    for (size_t i = 0; i < res.hits.n; i++)
        n += is_first(&res.hits, i);
    if (!n)
        return 0;
    plm_buf_varint(&out->facts, FORMAT);
    plm_buf_varint(&out->facts, n);
    for (size_t i = 0; i < res.hits.n; i++)
        if (is_first(&res.hits, i))
            put_hit(&res.hits, i, &out->facts);
    return plm_buf_check(&out->facts, err);
}

static const char *const everything[] = {"**", NULL};
const struct plm_extractor plm_secret_extractor = {
    .id = "secrets",
    .summary = "secrets in files, by rules",
    .version = FORMAT,
    .globs = everything,
    .max_bytes = PLM_SECRET_FILE_MAX,
    .skips_large = true,
    .extract = extract,
    .prepare = prepare,
    .wants = wants,
    .wants_head = wants_head,
};

bool plm_secret_is_searched(plm_sv path)
{
    return !is_binary_name(path);
}

/* ---- the other half ----------------------------------------------------------------------- */

bool plm_secret_facts_read(plm_sv data, struct plm_arena *a, plm_secret_found_vec *out)
{
    struct plm_rd r = PLM_RD(data);
    if (plm_rd_varint(&r) != FORMAT)
        return false;
    size_t n = plm_rd_count(&r, MAX_SECRETS);
    for (size_t i = 0; i < n && !r.failed; i++) {
        struct plm_secret_found f = {.rule = plm_rd_view(&r)};
        unsigned severity = plm_rd_u8(&r);
        f.severity = severity < PLM_SEV_COUNT_ ? (enum plm_severity)severity : PLM_SEV_UNKNOWN;
        f.line = (uint32_t)plm_rd_count(&r, UINT32_MAX);
        f.column = (uint32_t)plm_rd_count(&r, UINT32_MAX);
        f.masked = plm_rd_view(&r);
        f.note = plm_rd_view(&r);
        f.fingerprint = plm_rd_view(&r);
        f.n_more = plm_rd_count(&r, MAX_MORE_LINES);
        f.more = plm_arena_array(a, f.n_more + 1, sizeof(*f.more));
        for (size_t k = 0; f.more && k < f.n_more; k++)
            f.more[k] = (uint32_t)plm_rd_count(&r, UINT32_MAX);
        struct plm_secret_found *slot = r.failed ? NULL : plm_vec_push(a, out);
        if (slot)
            *slot = f;
    }
    return !r.failed;
}
