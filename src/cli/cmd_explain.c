/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll explain: why a flaw does or does not touch a source's packages, range by range, and
 * an exception ready to paste. The answer is for people, so it has no machine format.
 */
#include "cli/scan_options.h"

#include "base/time.h"

static const struct plm_finding *find_finding(const struct plm_report *r, plm_sv id, uint32_t package)
{
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        if (f->package != package)
            continue;
        bool is_it = plm_sv_ieq(f->id, id) || plm_sv_eq(f->key, id);
        for (size_t k = 0; k < f->aliases.n && !is_it; k++)
            is_it = plm_sv_ieq(f->aliases.v[k], id);
        if (is_it)
            return f;
    }
    return NULL;
}

static void print_package(struct plm_buf *b, const struct plm_package *p)
{
    plm_text_escape(b, p->name);
    plm_buf_byte(b, ' ');
    plm_text_escape(b, p->version);
    if (p->source_name.n && !plm_sv_eq(p->source_name, p->name)) {
        plm_buf_str(b, " (source ");
        plm_text_escape(b, p->source_name);
        plm_buf_byte(b, ' ');
        plm_text_escape(b, p->source_version);
        plm_buf_byte(b, ')');
    }
    if (p->locations.n) {
        plm_buf_str(b, ", from ");
        plm_text_escape(b, p->locations.v[0].path);
    }
    plm_buf_byte(b, '\n');
}

static void print_finding(struct plm_buf *b, const struct plm_finding *f)
{
    plm_buf_printf(b, "  a finding: %s", plm_severity_name(f->severity));
    if (f->native_severity.n) {
        plm_buf_str(b, " (the source says ");
        plm_text_escape(b, f->native_severity);
        plm_buf_byte(b, ')');
    }
    plm_buf_printf(b, ", %s", plm_fix_state_name(f->fix));
    for (size_t i = 0; i < f->fix_versions.n; i++) {
        plm_buf_str(b, i ? ", " : " in ");
        plm_text_escape(b, f->fix_versions.v[i]);
    }
    plm_buf_byte(b, '\n');
    for (size_t i = 0; i < f->matched.n; i++) {
        const struct plm_matched *m = &f->matched.v[i];
        plm_buf_str(b, "    by ");
        plm_text_escape(b, m->feed);
        plm_buf_byte(b, ' ');
        plm_text_escape(b, m->record);
        plm_buf_str(b, ": ");
        plm_text_escape(b, m->range);
        plm_buf_byte(b, '\n');
    }
    for (size_t i = 0; i < f->evidence.n; i++) {
        plm_buf_str(b, "    evidence: ");
        plm_text_escape(b, f->evidence.v[i]);
        plm_buf_byte(b, '\n');
    }
    if (f->suppressed) {
        plm_buf_str(b, "    suppressed by ");
        plm_text_escape(b, f->suppressed->by);
        plm_buf_str(b, ": ");
        plm_text_escape(b, f->suppressed->reason);
        plm_buf_byte(b, '\n');
    }
}

static void print_exception(const struct plm_cli *cli, struct plm_buf *b, const struct plm_finding *f,
                            const struct plm_package *p)
{
    plm_sv head, tail;
    plm_sv_cut(p->purl, '@', &head, &tail);
    plm_buf_str(b, "\nan exception, for a file named with --exceptions:\n\n  - id: ");
    plm_text_json(b, f->id);
    plm_buf_str(b, "\n    where: {purl: ");
    plm_text_json(b, head);
    plm_buf_str(b, "}\n    reason: \"why this is acceptable\"\n    owner: \"who decided\"\n    until: ");
    plm_time_put_date(b, plm_now(&cli->ctx) + 90 * 86400);
    plm_buf_byte(b, '\n');
}

struct answer {
    size_t looked, spoken;
    const struct plm_finding *finding;
    uint32_t package;
};

static int explain_package(struct plm_cli *cli, struct plm_scan_setup *s, const struct plm_report *r,
                           uint32_t i, plm_sv id, struct plm_buf *b, struct answer *out, plm_err **err)
{
    const struct plm_package *p = &r->packages.v[i];
    const struct plm_finding *f = find_finding(r, id, i);
    plm_sv_vec lines = {0};
    plm_sv flaw = f ? f->id : id;
    if (s->db && plm_match_explain(&cli->ctx, s->db, r, i, flaw, &s->scan.match, s->arena, &lines, err) < 0)
        return -1;
    out->looked++;
    if (!f && lines.n == 0)
        return 0;
    out->spoken++;
    print_package(b, p);
    for (size_t k = 0; k < lines.n; k++) {
        plm_buf_str(b, "  ");
        plm_text_escape(b, lines.v[k]);
        plm_buf_byte(b, '\n');
    }
    if (f) {
        print_finding(b, f);
        out->finding = f;
        out->package = i;
    }
    return 0;
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    plm_auto_done(plm_scan_setup_done) struct plm_scan_setup s = {0};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(16));
    plm_config_words(cli->config, &words);
    if (plm_scan_setup(cli, PLM_SETUP_VULNERABILITIES | PLM_SETUP_NO_WORDS, &s, err) < 0)
        return -1;
    plm_auto(plm_report_free) struct plm_report *r = plm_scan_report_of(cli, &s, words[1], err);
    if (!r)
        return -1;
    plm_sv id = plm_sv_from(words[0]), only = plm_config_text(cli->config, "package");
    struct answer a = {0};
    for (uint32_t i = 0; i < r->packages.n; i++) {
        const struct plm_package *p = &r->packages.v[i];
        if (only.n && !plm_sv_eq(only, p->name) && !plm_sv_eq(only, p->source_name))
            continue;
        if (explain_package(cli, &s, r, i, id, &b, &a, err) < 0)
            return -1;
    }
    if (a.spoken == 0) {
        plm_text_escape(&b, id);
        if (a.looked == 0)
            plm_buf_str(&b, only.n ? ": no such package in the source\n" : ": the source has no packages\n");
        else
            plm_buf_printf(&b,
                           ": no record of the data speaks about it and any of the %zu package%s looked at, "
                           "so it is no finding\n",
                           a.looked, a.looked == 1 ? "" : "s");
    }
    if (a.finding)
        print_exception(cli, &b, a.finding, &r->packages.v[a.package]);
    if (plm_buf_check(&b, err) < 0 || plm_cli_print(plm_buf_sv(&b), err) < 0)
        return -1;
    return a.looked == 0 ? PLM_EXIT_EMPTY : PLM_EXIT_PASSED;
}

static const struct plm_command explain = {
    .name = "explain",
    .arguments = "ID|KEY SOURCE|REPORT",
    .summary = "why a vulnerability does or does not touch a source",
    .help = "Every record of the data that speaks about the flaw and a package of the source is listed with "
            "the comparison that was "
            "made. ID is a CVE, an advisory or an alias; KEY is a finding's key from a report. --package "
            "looks at one package only.",
    .examples = "plimsoll explain CVE-2023-0464 host:\twhy it is or is not a finding on this machine\n"
                "plimsoll explain CVE-2023-0464 app.json --package openssl\tfrom a saved report\n",
    .min_words = 2,
    .max_words = 2,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, explain);
