/* SPDX-License-Identifier: Apache-2.0
 *
 * Release files of Debian repositories (Debian wiki "DebianRepository/Format"): one stanza,
 * whose SHA256 field lists " HASH SIZE PATH" for every index. Quirks: the security archive
 * writes its components as "updates/main" while the paths say "main/..."; Valid-Until is
 * absent from stable main suites. Finding a path is a linear scan of the list (1,300 lines
 * for Debian's main suite, 150 KB; a handful of look-ups a run).
 */
#include "repo/repo_int.h"

#include "base/time.h"

static int parse_date(plm_sv value, const char *what, int64_t *out, plm_err **err)
{
    if (value.p && !plm_time_parse_rfc2822(value, out))
        return plm_fail(err, PLM_E_PARSE, "%s of the Release file is no date: %.*s", what, PLM_SV_ARG(value));
    return 0;
}

int plm_release_parse(plm_sv text, struct repo_release *out, plm_err **err)
{
    if (text.n > REPO_RELEASE_MAX)
        return plm_fail(err, PLM_E_LIMIT, "Release file of %zu bytes is over the limit of %zu", text.n,
                        REPO_RELEASE_MAX);
    struct repo_release r = {.text = text};
    plm_sv date = PLM_SV_NULL, until = PLM_SV_NULL;
    struct plm_deb822 it = PLM_DEB822(text);
    struct plm_deb822_field f;
    if (!plm_deb822_next(&it))
        return plm_fail(err, PLM_E_PARSE, "empty Release file");
    while (plm_deb822_field(&it.stanza, &f)) {
        const struct {
            const char *name;
            plm_sv *to;
        } fields[] = {{"origin", &r.origin},     {"label", &r.label}, {"suite", &r.suite},
                      {"codename", &r.codename}, {"date", &date},     {"valid-until", &until},
                      {"version", &r.version},   {"sha256", &r.sums}};
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
            if (plm_sv_ieq(f.name, plm_sv_from(fields[i].name)))
                *fields[i].to = f.value;
        if (plm_sv_ieq(f.name, PLM_SV("acquire-by-hash")))
            r.by_hash = plm_sv_ieq(f.value, PLM_SV("yes"));
    }
    if (!r.sums.p)
        return plm_fail(err, PLM_E_PARSE, "Release file without a SHA256 field");
    if (parse_date(date, "Date", &r.date, err) < 0 ||
        parse_date(until, "Valid-Until", &r.valid_until, err) < 0)
        return -1;
    *out = r;
    return 0;
}

bool plm_release_find(const struct repo_release *r, plm_sv path, uint64_t *out_size,
                      unsigned char out[PLM_SHA256_BYTES])
{
    plm_sv rest = r->sums, line, hash, size, name;
    while (plm_sv_line(&rest, &line)) {
        if (!plm_sv_ends(line, path) || !plm_sv_word(&line, &hash) || !plm_sv_word(&line, &size) ||
            !plm_sv_word(&line, &name) || !plm_sv_eq(name, path))
            continue;
        char digest[PLM_DIGEST_CHARS + 1];
        if (hash.n != PLM_DIGEST_CHARS - 7)
            return false;
        memcpy(digest, "sha256:", 7);
        memcpy(digest + 7, hash.p, hash.n);
        return plm_sv_u64(size, out_size) && plm_digest_parse(plm_sv_n(digest, PLM_DIGEST_CHARS), out);
    }
    return false;
}
