/* SPDX-License-Identifier: Apache-2.0
 *
 * CISA's catalog of known exploited vulnerabilities
 * (https://www.cisa.gov/known-exploited-vulnerabilities-catalog), as JSON and as CSV:
 *
 *     {"dateReleased": "2025-08-25T17:04:19.9796Z", "vulnerabilities": [{"cveID": "CVE-…", "dateAdded":
 * "2025-08-25", …}]} cveID,vendorProject,…,dateAdded,…          RFC 4180, texts with commas and line breaks
 * in quotes
 *
 * The CSV has no date of its own: its newest dateAdded stands for it. Linear.
 */
#include "vulndb/feed_int.h"

static int take(struct plm_feed_sink *s, plm_sv where, plm_sv cve, plm_sv date, plm_err **err)
{
    int64_t added = plm_feed_time(date);
    if (!plm_feed_is_cve(cve) || !added) {
        s->bad(s, where, "not a catalog entry: \"%.*s\" added \"%.*s\"", PLM_SV_ARG(cve), PLM_SV_ARG(date));
        return 0;
    }
    plm_feed_newest(s, added);
    return s->kev(s, cve, added, err);
}

static int take_json(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc = NULL;
    if (plm_feed_json(s, f, &doc, err) < 0)
        return -1;
    if (!doc)
        return 0;
    yyjson_val *root = plm_json_root(doc), *list = yyjson_obj_get(root, "vulnerabilities"), *v;
    size_t i, n;
    if (!yyjson_is_arr(list)) {
        s->bad(s, f->name, "no catalog: it has no \"vulnerabilities\"");
        return 0;
    }
    plm_feed_newest(s, plm_feed_time(plm_json_str(root, "dateReleased", NULL)));
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv cve = plm_json_str(v, "cveID", NULL), date = plm_json_str(v, "dateAdded", NULL);
        if (take(s, f->name, cve, date, err) < 0)
            return -1;
    }
    return 0;
}

/* The next CSV field off *rest, without its quotes (doubled ones stay doubled: no field that we read has
 * any). *is_last: it ended its line. */
static bool csv_field(plm_sv *rest, plm_sv *out, bool *is_last)
{
    if (!rest->n)
        return false;
    size_t i = 0, start = 0, end = 0;
    if (rest->p[0] == '"') {
        start = 1;
        for (i = 1; i < rest->n && (rest->p[i] != '"' || (i + 1 < rest->n && rest->p[i + 1] == '"')); i++)
            i += rest->p[i] == '"';
        end = i;
        i += i < rest->n;
    }
    while (i < rest->n && rest->p[i] != ',' && rest->p[i] != '\n')
        i++;
    if (start == 0)
        end = i;
    *out = plm_sv_sub(*rest, start, end - start);
    if (start == 0)
        *out = plm_sv_trim(*out);
    *is_last = i >= rest->n || rest->p[i] == '\n';
    *rest = plm_sv_from_off(*rest, i < rest->n ? i + 1 : i);
    return true;
}

static int take_csv(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    plm_sv rest = f->data, field, cve = PLM_SV_NULL, date = PLM_SV_NULL;
    size_t column = 0, row = 0, cve_column = SIZE_MAX, date_column = SIZE_MAX;
    bool is_last;
    while (csv_field(&rest, &field, &is_last)) {
        if (row == 0 && plm_sv_is(field, "cveID"))
            cve_column = column;
        else if (row == 0 && plm_sv_is(field, "dateAdded"))
            date_column = column;
        if (column == cve_column)
            cve = field;
        else if (column == date_column)
            date = field;
        column++;
        if (!is_last)
            continue;
        if (row == 0 && (cve_column == SIZE_MAX || date_column == SIZE_MAX)) {
            s->bad(s, f->name, "no header with cveID and dateAdded");
            return 0;
        }
        bool is_blank = column == 1 && !field.n;
        if (row > 0 && !is_blank && take(s, f->name, cve, date, err) < 0)
            return -1;
        cve = date = PLM_SV_NULL;
        column = 0;
        row++;
    }
    return 0;
}

static int kev_file(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    struct plm_feed_file in = *f;
    if (plm_sv_starts(in.data, PLM_SV("\xef\xbb\xbf"))) /* byte order mark */
        in.data = plm_sv_from_off(in.data, 3);
    plm_sv head = plm_sv_trim(in.data);
    return head.n && head.p[0] == '{' ? take_json(s, &in, err) : take_csv(s, &in, err);
}

static const struct plm_feed_format kev = {
    .id = "kev",
    .summary = "CISA KEV: vulnerabilities known to be exploited (JSON or CSV)",
    .upstream = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
    .tested = "real data",
    .globs = (const char *const[]){"**/known_exploited_vulnerabilities.json",
                                   "**/known_exploited_vulnerabilities.csv", NULL},
    .file = kev_file,
    .finish = plm_feed_finish_newest,
};
PLM_REGISTER(plm_feeds, struct plm_feed_format, kev);
