/* SPDX-License-Identifier: Apache-2.0
 *
 * Workflow commands of GitHub Actions, one line each: "::error file=F,line=N,title=T::message". The service
 * shows ten of each level for a step and drops the rest without a word, so the worst ten stay and the last
 * line, a notice of its own, says the verdict and how many were left out.
 *
 * Commands are lines, so everything of strangers is escaped: "%", CR and LF everywhere, ":" and "," in
 * properties (docs.github.com, "Workflow commands"; actions/toolkit, command.ts). Suppressed findings are
 * left out.
 */
#include "escape.h"
#include "report_int.h"

enum { SHOWN_MAX = 10, MESSAGE_MAX = 1000, TITLE_MAX = 120 };
enum level { ERROR, WARNING, NOTICE, LEVELS };

struct annotations {
    const struct plm_report *r;
    struct plm_buf *out;
    size_t shown[LEVELS], left_out;
};

static const char *const names[LEVELS] = {"error", "warning", "notice"};
/* The last notice is the verdict. */
static const size_t rooms[LEVELS] = {SHOWN_MAX, SHOWN_MAX, SHOWN_MAX - 1};

static void escaped(struct plm_buf *b, plm_sv s, size_t max, bool is_property)
{
    plm_auto_done(plm_buf_done) struct plm_buf plain = PLM_BUF(PLM_MIB(1));
    plm_esc_plain(&plain, s, max);
    for (size_t i = 0; i < plain.n; i++) {
        char c = plain.p[i];
        if (c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ',')))
            plm_buf_printf(b, "%%%02X", (unsigned char)c);
        else
            plm_buf_byte(b, (unsigned char)c);
    }
}

static bool has_room(struct annotations *a, enum level level)
{
    bool has = a->shown[level] < rooms[level];
    a->shown[level] += has;
    a->left_out += !has;
    return has;
}

static void put_finding(struct annotations *a, const struct plm_finding *f)
{
    enum level level = f->severity >= PLM_SEV_HIGH ? ERROR : f->severity == PLM_SEV_MEDIUM ? WARNING : NOTICE;
    if (!has_room(a, level))
        return;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_report_place(a->r, f, false, &b);
    plm_buf_printf(a->out, "::%s file=", names[level]);
    escaped(a->out, plm_buf_sv(&b), PLM_ESC_LINE, true);
    plm_buf_printf(a->out, ",line=%u,title=", f->line ? f->line : 1);
    plm_buf_clear(&b);
    plm_buf_printf(&b, "%s %.*s (%s)", plm_kind_name(f->kind), PLM_SV_ARG(f->id),
                   plm_severity_name(f->severity));
    escaped(a->out, plm_buf_sv(&b), TITLE_MAX, true);
    plm_buf_str(a->out, "::");
    plm_buf_clear(&b);
    plm_report_sentence(a->r, f, &b);
    escaped(a->out, plm_buf_sv(&b), MESSAGE_MAX, false);
    plm_buf_byte(a->out, '\n');
}

/* What could not be looked at and makes the result incomplete. */
static void put_diagnostics(struct annotations *a)
{
    for (size_t i = 0; i < a->r->diagnostics.n; i++) {
        const struct plm_diagnostic *d = &a->r->diagnostics.v[i];
        if (d->severity < PLM_SEV_HIGH || !has_room(a, WARNING))
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
        plm_buf_printf(&b, "%.*s%s%.*s", PLM_SV_ARG(d->object), d->object.n ? ": " : "",
                       PLM_SV_ARG(d->message));
        plm_buf_str(a->out, "::warning title=could not look");
        escaped(a->out, PLM_SV(": "), TITLE_MAX, true);
        escaped(a->out, d->code, TITLE_MAX, true);
        plm_buf_str(a->out, "::");
        escaped(a->out, plm_buf_sv(&b), MESSAGE_MAX, false);
        plm_buf_byte(a->out, '\n');
    }
}

static void put_verdict(struct annotations *a, const struct plm_report_options *opt)
{
    const struct plm_verdict *v = &a->r->verdict;
    plm_buf_printf(a->out, "::notice title=plimsoll::verdict %s", plm_result_name(v->result));
    for (size_t i = 0; i < v->reasons.n && i < 3; i++) {
        plm_buf_str(a->out, i ? "; " : ": ");
        escaped(a->out, v->reasons.v[i], PLM_ESC_LINE, false);
    }
    if (a->left_out) {
        plm_buf_printf(a->out, " (%zu more are not annotated)", a->left_out);
        plm_report_note(
            opt,
            "github-annotations: the service shows %d of each level; %zu more are left out, -o json "
            "has all of them",
            SHOWN_MAX, a->left_out);
    }
    plm_buf_byte(a->out, '\n');
}

static int write_annotations(const struct plm_report *r, const struct plm_report_options *opt,
                             struct plm_buf *out, plm_err **err)
{
    struct annotations a = {.r = r, .out = out};
    plm_auto_free const struct plm_finding **list = NULL;
    size_t n;
    if (plm_report_worst_first(r, opt, &list, &n, err) < 0)
        return -1;
    put_diagnostics(&a);
    for (size_t i = 0; i < n && !list[i]->suppressed; i++)
        put_finding(&a, list[i]);
    put_verdict(&a, opt);
    return plm_buf_check(out, err);
}

static const struct plm_format github_annotations = {
    .id = "github-annotations",
    .summary = "workflow commands of GitHub Actions: the worst findings beside the lines of a pull request",
    .extension = "txt",
    .write = write_annotations,
};
PLM_REGISTER(plm_formats, struct plm_format, github_annotations);
