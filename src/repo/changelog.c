/* SPDX-License-Identifier: Apache-2.0
 *
 * Debian changelogs: deb-changelog(5).
 *
 *     openssl (3.0.11-1~deb12u2) bookworm-security; urgency=medium
 *       * CVE-2023-5363 (Incorrect cipher key and IV length processing).
 *      -- Name <mail>  Sat, 21 Oct 2023 16:55:26 +0200
 *
 * A heading begins in the first column with a name and a parenthesised version; the trailer
 * begins with " -- ". Quirks: old changelogs carry editor variables and free text at their
 * end, which have no heading and belong to nothing; ids are written in any case; the same id
 * may stand in several lines of an entry (kept once per entry). Linear but for that check.
 *
 * Where the text comes from: *.debian.tar.* and native *.tar.* (debian/changelog, with or
 * without a leading directory), *.diff.gz (the added lines of that file), *.deb (its doc directory).
 */
#include "base/text.h"
#include "base/time.h"
#include "codec/ar.h"
#include "codec/tar.h"
#include "repo/repo_int.h"

#include <ctype.h>

struct entry {
    plm_sv version, distribution, urgency;
    size_t first; /* its first row in the output */
};

static bool heading(plm_sv line, struct entry *out)
{
    plm_sv name, rest, version, tail, dists, options, word;
    if (line.n == 0 || isspace((unsigned char)line.p[0]) || !plm_sv_cut(line, '(', &name, &rest) ||
        !plm_sv_cut(rest, ')', &version, &tail) || !plm_sv_cut(tail, ';', &dists, &options))
        return false;
    struct entry e = {.version = plm_sv_trim(version), .distribution = plm_sv_trim(dists)};
    if (e.version.n == 0 || plm_sv_find(e.version, ' ') != SIZE_MAX || plm_sv_trim(name).n == 0)
        return false;
    while (plm_sv_field(&options, ',', &word)) {
        plm_sv key, value;
        if (plm_sv_cut(word, '=', &key, &value) && plm_sv_ieq(plm_sv_trim(key), PLM_SV("urgency")))
            e.urgency = plm_sv_trim(value);
    }
    *out = e;
    return true;
}

/* The next "CVE-YYYY-NNNN..." at or after *at; *at moves behind it. */
static bool next_cve(plm_sv line, size_t *at, plm_sv *out)
{
    for (size_t i = *at; i + 13 <= line.n; i++) {
        if ((line.p[i] | 0x20) != 'c' || !plm_sv_ieq(plm_sv_sub(line, i, 4), PLM_SV("CVE-")) ||
            (i > 0 && isalnum((unsigned char)line.p[i - 1])))
            continue;
        size_t n = 4;
        while (n < 8 && isdigit((unsigned char)line.p[i + n]))
            n++;
        if (n != 8 || line.p[i + n] != '-')
            continue;
        size_t digits = 0;
        for (n++; i + n + digits < line.n && isdigit((unsigned char)line.p[i + n + digits]); digits++)
            ;
        if (digits < 4 || digits > 19)
            continue;
        *at = i + n + digits;
        *out = plm_sv_sub(line, i, n + digits);
        return true;
    }
    return false;
}

static int add_row(const struct entry *e, plm_sv cve, plm_sv line, struct plm_arena *a, repo_change_vec *out,
                   plm_err **err)
{
    struct repo_change *c = plm_vec_push(a, out);
    if (!c)
        return plm_arena_check(a, err);
    *c = (struct repo_change){.version = e->version,
                              .distribution = e->distribution,
                              .urgency = e->urgency,
                              .cve = cve,
                              .line = plm_sv_trim(line)};
    return 0;
}

static int add_cves(plm_sv line, const struct entry *e, struct plm_arena *a, repo_change_vec *out,
                    plm_err **err)
{
    plm_sv id;
    for (size_t at = 0; next_cve(line, &at, &id);) {
        size_t i = e->first;
        while (i < out->n && !plm_sv_ieq(out->v[i].cve, id))
            i++;
        if (i < out->n)
            continue;
        char *upper = plm_arena_cstr(a, id);
        if (!upper)
            return plm_arena_check(a, err);
        memcpy(upper, "CVE", 3);
        if (add_row(e, plm_sv_n(upper, id.n), line, a, out, err) < 0)
            return -1;
    }
    return 0;
}

static void close_entry(plm_sv trailer, const struct entry *e, repo_change_vec *out)
{
    size_t mail = plm_sv_rfind(trailer, '>');
    int64_t date = 0;
    if (mail == SIZE_MAX || !plm_time_parse_rfc2822(plm_sv_trim(plm_sv_from_off(trailer, mail + 1)), &date))
        return;
    for (size_t i = e->first; i < out->n; i++)
        out->v[i].date = date;
}

int plm_changelog_parse(plm_sv text, struct plm_arena *a, repo_change_vec *out, plm_err **err)
{
    struct entry e = {0};
    bool is_open = false;
    plm_sv line, trimmed;
    while (plm_sv_line(&text, &line)) {
        struct entry next;
        if (heading(line, &next)) {
            next.first = out->n;
            e = next;
            is_open = true;
            if (add_row(&e, PLM_SV_NULL, PLM_SV_NULL, a, out, err) < 0)
                return -1;
        } else if (is_open && plm_sv_starts(line, PLM_SV(" -- "))) {
            close_entry(line, &e, out);
            is_open = false;
        } else if (is_open) {
            trimmed = plm_sv_sub(line, 0, 4096);
            if (add_cves(trimmed, &e, a, out, err) < 0)
                return -1;
        }
    }
    return plm_arena_check(a, err);
}

/* ---- getting at the text -------------------------------------------------------------------- */

static bool is_changelog_name(plm_sv name)
{
    if (plm_sv_starts(name, PLM_SV("./")))
        name = plm_sv_from_off(name, 2);
    if (plm_sv_is(name, "debian/changelog"))
        return true;
    plm_sv dir, rest;
    return plm_sv_cut(name, '/', &dir, &rest) && plm_sv_is(rest, "debian/changelog");
}

static int from_tar(const struct plm_ctx *ctx, plm_sv archive, struct plm_buf *out, plm_err **err)
{
    struct plm_stream *raw = plm_stream_view(archive, "packaging archive", err);
    if (!raw)
        return -1;
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_decompress(raw, ctx->limits, err);
    plm_auto(plm_tar_free) struct plm_tar *t = s ? plm_tar_new(s, ctx->limits, err) : NULL;
    if (!t)
        return -1;
    struct plm_tar_entry e;
    int r;
    while ((r = plm_tar_next(t, &e, err)) > 0)
        if (e.type == PLM_TAR_FILE && is_changelog_name(e.name))
            return plm_tar_slurp(t, REPO_CHANGELOG_MAX, out, err);
    return r < 0 ? -1 : plm_fail(err, PLM_E_NOTFOUND, "no debian/changelog in the packaging archive");
}

/* The lines that a unified diff adds to debian/changelog; the file is new in such a diff, so they are all of
 * it. */
static int from_diff(plm_sv archive, struct plm_buf *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(REPO_INDEX_BIN_MAX);
    if (plm_decompress(archive, "packaging diff", REPO_INDEX_BIN_MAX, &b, err) < 0)
        return -1;
    plm_sv rest = plm_buf_sv(&b), line;
    bool is_inside = false;
    size_t before = out->n;
    while (plm_sv_line(&rest, &line)) {
        if (plm_sv_starts(line, PLM_SV("+++ "))) {
            plm_sv name = plm_sv_from_off(line, 4), word;
            is_inside = plm_sv_word(&name, &word) && is_changelog_name(word);
        } else if (plm_sv_starts(line, PLM_SV("--- "))) {
            is_inside = false;
        } else if (is_inside && plm_sv_starts(line, PLM_SV("+"))) {
            plm_buf_sv_put(out, plm_sv_from_off(line, 1));
            plm_buf_byte(out, '\n');
        }
    }
    if (plm_buf_check(out, err) < 0)
        return -1;
    return out->n > before ? 0 : plm_fail(err, PLM_E_NOTFOUND, "no debian/changelog in the packaging diff");
}

static bool is_doc_changelog(plm_sv name)
{
    return plm_sv_glob(PLM_SV("./usr/share/doc/*/changelog.Debian*.gz"), name) ||
           plm_sv_glob(PLM_SV("./usr/share/doc/*/changelog.gz"), name);
}

/* The changelog out of data.tar. A package of a non-native source has upstream's changelog.gz too, which
 * comes later in the alphabet. */
static int from_data(const struct plm_ctx *ctx, struct plm_stream *data, struct plm_buf *out, plm_err **err)
{
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_decompress(data, ctx->limits, err);
    plm_auto(plm_tar_free) struct plm_tar *t = s ? plm_tar_new(s, ctx->limits, err) : NULL;
    if (!t)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf packed = PLM_BUF(REPO_CHANGELOG_MAX + REPO_SLACK);
    struct plm_tar_entry e;
    int r;
    while ((r = plm_tar_next(t, &e, err)) > 0)
        if (e.type == PLM_TAR_FILE && is_doc_changelog(e.name)) {
            if (plm_tar_slurp(t, REPO_CHANGELOG_MAX, &packed, err) < 0)
                return -1;
            return plm_decompress(plm_buf_sv(&packed), "changelog.gz", REPO_CHANGELOG_MAX, out, err);
        }
    return r < 0 ? -1 : plm_fail(err, PLM_E_NOTFOUND, "no changelog in the binary package");
}

static int from_deb(const struct plm_ctx *ctx, plm_sv archive, struct plm_buf *out, plm_err **err)
{
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_view(archive, "binary package", err);
    plm_auto(plm_ar_free) struct plm_ar *ar = s ? plm_ar_new(s, ctx->limits, err) : NULL;
    if (!ar)
        return -1;
    struct plm_ar_entry e;
    int r;
    while ((r = plm_ar_next(ar, &e, err)) > 0)
        if (plm_sv_starts(e.name, PLM_SV("data.tar"))) {
            struct plm_stream *data = plm_ar_member(ar, err);
            return data ? from_data(ctx, data, out, err) : -1;
        }
    return r < 0 ? -1 : plm_fail(err, PLM_E_PARSE, "no data.tar in the binary package");
}

int plm_changelog_extract(const struct plm_ctx *ctx, plm_sv name, plm_sv archive, struct plm_buf *out,
                          plm_err **err)
{
    if (plm_sv_ends(name, PLM_SV(".deb")) || plm_sv_ends(name, PLM_SV(".udeb")))
        return from_deb(ctx, archive, out, err);
    if (plm_sv_ends(name, PLM_SV(".diff.gz")))
        return from_diff(archive, out, err);
    return from_tar(ctx, archive, out, err);
}
