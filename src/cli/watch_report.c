/* SPDX-License-Identifier: Apache-2.0
 *
 * Alerts as a report. A rule that fires a thousand times in one container is one finding: its key (rule and
 * container) is stable, the first messages and the number stand in the evidence. Bounded: FINDINGS_MAX pairs,
 * what comes beyond is counted in a diagnostic.
 */
#include "cli/watch_setup.h"

#include "base/fs.h"
#include "base/map.h"
#include "base/text.h"
#include "base/time.h"

enum { FINDINGS_MAX = 10000, EVIDENCE_MAX = 10 };

struct row {
    plm_sv rule, object, image;
    enum plm_priority priority;
    bool is_internal;
    plm_sv_vec tags, evidence;
    uint64_t n;
};

struct plm_watch_findings {
    struct plm_report *report;
    struct plm_map *rows;
    uint64_t n_beyond;
};

struct plm_watch_findings *plm_watch_findings_new(struct plm_report *r, plm_err **err)
{
    struct plm_watch_findings *f = calloc(1, sizeof(*f));
    if (f)
        f->rows = plm_map_new();
    if (!f || !f->rows) {
        free(f);
        return PLM_NULL(plm_fail_oom(err));
    }
    f->report = r;
    return f;
}

void plm_watch_findings_free(struct plm_watch_findings *f)
{
    if (!f)
        return;
    plm_map_free(f->rows);
    free(f);
}

static struct row *row_of(struct plm_watch_findings *f, const struct plm_alert *a)
{
    struct plm_arena *arena = f->report->arena;
    plm_auto_done(plm_buf_done) struct plm_buf key = PLM_BUF(PLM_KIB(64));
    plm_sv object = a->container_name.n ? a->container_name
                    : a->container_id.n ? a->container_id
                                        : PLM_SV("host");
    plm_buf_sv_put(&key, a->rule);
    plm_buf_byte(&key, 0x1f);
    plm_buf_sv_put(&key, object);
    struct row *r = plm_map_get(f->rows, plm_buf_sv(&key));
    if (r)
        return r;
    if (plm_map_count(f->rows) >= FINDINGS_MAX)
        return NULL;
    plm_sv kept = plm_arena_sv(arena, plm_buf_sv(&key));
    r = plm_arena_make(arena, struct row);
    void **slot = r && kept.p ? plm_map_put(f->rows, kept) : NULL;
    if (!slot)
        return NULL;
    *slot = r;
    *r = (struct row){.rule = plm_arena_sv(arena, a->rule),
                      .object = plm_arena_sv(arena, object),
                      .image = plm_arena_sv(arena, a->image),
                      .priority = a->priority,
                      .is_internal = plm_sv_is(a->source, "internal")};
    for (size_t i = 0; i < a->n_tags; i++)
        plm_sv_vec_add(arena, &r->tags, a->tags[i]);
    return r;
}

void plm_watch_findings_add(struct plm_watch_findings *f, const struct plm_alert *a)
{
    struct row *r = row_of(f, a);
    if (!r) {
        f->n_beyond++;
        return;
    }
    r->n++;
    if (a->priority < r->priority)
        r->priority = a->priority;
    if (r->evidence.n >= EVIDENCE_MAX)
        return;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_buf_str(&b, "");
    plm_time_put(&b, (int64_t)(a->ts / 1000000000));
    plm_buf_printf(&b, " %.*s", PLM_SV_ARG(a->message));
    if (a->action.n)
        plm_buf_printf(&b, " (%.*s)", PLM_SV_ARG(a->action));
    plm_sv_vec_add(f->report->arena, &r->evidence, plm_buf_sv(&b));
}

static enum plm_severity severity_of(enum plm_priority p)
{
    switch (p) {
    case PLM_PRIO_EMERGENCY:
    case PLM_PRIO_ALERT:
    case PLM_PRIO_CRITICAL:
        return PLM_SEV_CRITICAL;
    case PLM_PRIO_ERROR:
        return PLM_SEV_HIGH;
    case PLM_PRIO_WARNING:
        return PLM_SEV_MEDIUM;
    case PLM_PRIO_NOTICE:
        return PLM_SEV_LOW;
    case PLM_PRIO_INFORMATIONAL:
    case PLM_PRIO_DEBUG:
        return PLM_SEV_NEGLIGIBLE;
    }
    return PLM_SEV_UNKNOWN;
}

/* mitre_… and T… of the tags are what reports group by. */
static void add_controls(struct plm_arena *a, const struct row *row, struct plm_finding *f)
{
    for (size_t i = 0; i < row->tags.n; i++) {
        plm_sv tag = row->tags.v[i];
        if (tag.n < 5 || tag.p[0] != 'T' || tag.p[1] < '0' || tag.p[1] > '9')
            continue;
        struct plm_control *c = plm_vec_push(a, &f->controls);
        if (c)
            *c = (struct plm_control){.framework = PLM_SV("attack"), .id = tag};
    }
}

static void make_findings(struct plm_watch_findings *fs, const struct plm_watch *w)
{
    struct plm_report *r = fs->report;
    for (size_t i = 0; i < plm_map_count(fs->rows); i++) {
        const struct row *row = plm_map_value(fs->rows, i);
        if (row->is_internal)
            continue; /* losses and refusals are diagnostics */
        struct plm_finding *f = plm_report_finding(r, 0, PLM_KIND_RUNTIME);
        if (!f)
            return;
        const struct plm_rule *rule = plm_rules_find(plm_watch_rules(w), row->rule);
        f->id = row->rule;
        f->severity = severity_of(row->priority);
        f->native_severity = plm_sv_from(plm_priority_name(row->priority));
        f->title = rule ? plm_arena_sv(r->arena, plm_sv_trim(rule->desc)) : row->rule;
        f->object = row->object;
        f->evidence = row->evidence;
        if (row->n > row->evidence.n)
            plm_sv_vec_add(r->arena, &f->evidence,
                           plm_arena_printf(r->arena, "%llu alerts in all", (unsigned long long)row->n));
        add_controls(r->arena, row, f);
    }
}

/* ---- what was not seen ----------------------------------------------------------------------------- */

static void say_losses(struct plm_watch_findings *fs, const struct plm_watch_stats *st, bool is_gated)
{
    struct plm_report *r = fs->report;
    enum plm_severity severity = is_gated ? PLM_SEV_HIGH : PLM_SEV_MEDIUM;
    for (unsigned i = 0; i < PLM_LOSS_COUNT_; i++)
        if (st->source.n_lost[i])
            plm_diag(r, "watch.lost", severity, 0, plm_sv_from(plm_loss_name((enum plm_loss_class)i)),
                     "%llu events of this class were lost between kernel and rules",
                     (unsigned long long)st->source.n_lost[i]);
    if (st->procs.n_refused)
        plm_diag(r, "watch.table-full", PLM_SEV_MEDIUM, 0, PLM_SV("process table"),
                 "%llu threads did not fit into the process table", (unsigned long long)st->procs.n_refused);
    if (st->outputs.n_dropped)
        plm_diag(r, "watch.outputs-dropped", PLM_SEV_MEDIUM, 0, PLM_SV("outputs"),
                 "%llu alerts were taken by no output: they are in this report only",
                 (unsigned long long)st->outputs.n_dropped);
    if (fs->n_beyond)
        plm_diag(r, "watch.many", PLM_SEV_MEDIUM, 0, PLM_SV("findings"),
                 "%llu alerts of further pairs of rule and container are not listed",
                 (unsigned long long)fs->n_beyond);
}

static void say_parts(struct plm_report *r, const struct plm_watch *w)
{
    const struct plm_sensor_part *parts;
    size_t n = plm_watch_parts(w, &parts);
    for (size_t i = 0; i < n; i++)
        if (!parts[i].is_attached)
            plm_diag(r, "watch.kernel", PLM_SEV_MEDIUM, 0, plm_sv_from(parts[i].name), "not seen: %s (%.*s)",
                     parts[i].what, PLM_SV_ARG(parts[i].why));
}

/* ---- the end --------------------------------------------------------------------------------------- */

static void put_statistics(const struct plm_watch *w, const struct plm_watch_stats *st, struct plm_buf *b)
{
    plm_sv rule;
    uint64_t n;
    plm_buf_printf(b, "Events detected: %llu\nRule counts by severity:\n", (unsigned long long)st->n_alerts);
    for (unsigned p = 0; p < 8; p++) {
        if (!st->n_by_priority[p])
            continue;
        plm_buf_str(b, "   ");
        for (const char *c = plm_priority_name((enum plm_priority)p); *c; c++)
            plm_buf_byte(b, (unsigned char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c));
        plm_buf_printf(b, ": %llu\n", (unsigned long long)st->n_by_priority[p]);
    }
    plm_buf_str(b, "Triggered rules by rule name:\n");
    for (size_t i = 0; plm_watch_triggered(w, i, &rule, &n); i++) {
        plm_buf_str(b, "   ");
        plm_text_escape(b, rule);
        plm_buf_printf(b, ": %llu\n", (unsigned long long)n);
    }
    uint64_t lost = 0;
    for (unsigned i = 0; i < PLM_LOSS_COUNT_; i++)
        lost += st->source.n_lost[i];
    plm_buf_printf(b, "%llu events evaluated", (unsigned long long)st->n_events);
    if (st->source.n_seen)
        plm_buf_printf(b, " of %llu system calls, %llu irrelevant to the rules",
                       (unsigned long long)st->source.n_seen, (unsigned long long)st->source.n_irrelevant);
    plm_buf_printf(b, ", %llu lost, %.1f s\n", (unsigned long long)lost, st->seconds);
}

static void print_statistics(const struct plm_cli *cli, const struct plm_watch *w,
                             const struct plm_watch_stats *st)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    if (cli->quiet)
        return;
    put_statistics(w, st, &b);
    if (plm_fs_write_all(STDERR_FILENO, b.p, b.n, NULL) < 0)
        return; /* nobody is left to be told */
}

int plm_watch_conclude(struct plm_cli *cli, struct plm_watch_setup *s, struct plm_watch *w,
                       struct plm_watch_findings *f, struct plm_report *r, plm_err **err)
{
    struct plm_watch_stats st;
    plm_watch_stats_get(w, &st);
    make_findings(f, w);
    say_losses(f, &st, s->n_gates > 0);
    say_parts(r, w);
    if (plm_watch_judge(cli, r, s->gates, s->n_gates, s->exceptions, err) < 0)
        return -1;
    print_statistics(cli, w, &st);
    return plm_cli_finish(cli, r, err);
}

void plm_watch_print_load(const struct plm_cli *cli, const struct plm_load_report *report)
{
    for (size_t i = 0; i < report->files.n; i++) {
        const struct plm_load_file *file = &report->files.v[i];
        for (size_t k = 0; k < file->errors.n; k++) {
            const struct plm_load_message *m = &file->errors.v[k];
            uint32_t line = m->n_places ? m->places[m->n_places - 1].line + 1 : 0;
            plm_cli_note(cli, "%.*s:%u: %s: %.*s", PLM_SV_ARG(file->name), line, plm_load_code_name(m->code),
                         PLM_SV_ARG(m->message));
        }
    }
}
