/* SPDX-License-Identifier: Apache-2.0
 *
 * deb822(5) and Debian Policy 5.1, read as apt reads it: an empty line (or a bare CR) ends a
 * stanza; a line of blanks only is a continuation, for dpkg would refuse the file and to split
 * there would lose the fields behind it. One pass over the bytes, by memchr; a lookup costs one
 * pass over the stanza, so readers of many fields use plm_deb822_pick.
 */
#include "codec/deb822.h"

/* The line at the start of s without its LF; *len also counts the LF. */
static plm_sv line_at(plm_sv s, size_t *len)
{
    const char *nl = s.n ? memchr(s.p, '\n', s.n) : NULL;
    *len = nl ? (size_t)(nl - s.p) + 1 : s.n;
    return plm_sv_n(s.p, nl ? *len - 1 : s.n);
}

static bool is_empty_line(plm_sv line)
{
    return line.n == 0 || (line.n == 1 && line.p[0] == '\r');
}

bool plm_deb822_next(struct plm_deb822 *it)
{
    size_t len;
    while (it->rest.n) {
        plm_sv line = line_at(it->rest, &len);
        if (!is_empty_line(line) && line.p[0] != '#')
            break;
        it->rest = plm_sv_from_off(it->rest, len);
        it->next_line++;
    }
    if (it->rest.n == 0)
        return false;
    it->line = it->next_line;
    size_t at = 0;
    while (at < it->rest.n) {
        plm_sv line = line_at(plm_sv_from_off(it->rest, at), &len);
        if (is_empty_line(line))
            break;
        at += len;
        it->next_line++;
    }
    it->stanza = plm_sv_sub(it->rest, 0, at);
    it->rest = plm_sv_from_off(it->rest, at);
    return true;
}

/* Length of the continuation lines at the start of s. Comments between them belong to them, those behind do
 * not. */
static size_t continuation(plm_sv s)
{
    size_t end = 0, len;
    for (size_t at = 0; at < s.n; at += len) {
        plm_sv line = line_at(plm_sv_from_off(s, at), &len);
        if (line.n && (line.p[0] == ' ' || line.p[0] == '\t'))
            end = at + len;
        else if (!line.n || line.p[0] != '#')
            break;
    }
    return end;
}

bool plm_deb822_field(plm_sv *rest, struct plm_deb822_field *out)
{
    while (rest->n) {
        size_t len;
        plm_sv line = line_at(*rest, &len);
        size_t more = continuation(plm_sv_from_off(*rest, len));
        plm_sv whole = plm_sv_sub(*rest, 0, len + more);
        *rest = plm_sv_from_off(*rest, whole.n);
        if (is_empty_line(line) || line.p[0] == '#')
            continue;
        size_t colon = plm_sv_find(line, ':');
        if (colon == SIZE_MAX || colon == 0 || line.p[0] == ' ' || line.p[0] == '\t')
            *out = (struct plm_deb822_field){.name = PLM_SV_NULL, .value = plm_sv_trim(whole)};
        else
            *out = (struct plm_deb822_field){.name = plm_sv_trim(plm_sv_sub(line, 0, colon)),
                                             .value = plm_sv_trim(plm_sv_from_off(whole, colon + 1))};
        return true;
    }
    return false;
}

plm_sv plm_deb822_get(plm_sv stanza, const char *name)
{
    struct plm_deb822_field f;
    plm_sv want = plm_sv_from(name);
    while (plm_deb822_field(&stanza, &f))
        if (f.name.p && plm_sv_ieq(f.name, want))
            return f.value;
    return PLM_SV_NULL;
}

size_t plm_deb822_pick(plm_sv stanza, const char *const *names, plm_sv *out, size_t n)
{
    struct plm_deb822_field f;
    size_t bad = 0;
    for (size_t i = 0; i < n; i++)
        out[i] = PLM_SV_NULL;
    while (plm_deb822_field(&stanza, &f)) {
        if (!f.name.p) {
            bad++;
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            if (!out[i].p && plm_sv_ieq(f.name, plm_sv_from(names[i]))) {
                out[i] = f.value;
                break;
            }
        }
    }
    return bad;
}

bool plm_deb822_line(plm_sv *rest, plm_sv *line)
{
    plm_sv raw;
    while (plm_sv_line(rest, &raw)) {
        if (raw.n && raw.p[0] == '#')
            continue;
        *line = plm_sv_trim(raw);
        if (plm_sv_is(*line, "."))
            line->n = 0;
        return true;
    }
    return false;
}
