/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll watch fields: the fields that conditions and outputs may name, or the events.
 */
#include "base/text.h"
#include "cli/cli.h"
#include "watch/field.h"

#include <limits.h>
#include <stdlib.h>

enum style { TEXT, NAMES, MARKDOWN, JSON };

/* One line of a listing. */
struct row {
    plm_sv class, name, type, notes;
    const char *help;
};
typedef PLM_VEC(struct row) row_vec;

/* ---- fields ------------------------------------------------------------------------------------- */

static plm_sv field_notes(const struct plm_field *f, struct plm_arena *a)
{
    static const struct {
        uint32_t flag;
        const char *text;
    } words[] = {
        {PLM_F_ARG_INDEX, "[N]"},    {PLM_F_ARG_KEY, "[KEY]"}, {PLM_F_NAME_SUFFIX, ".KEY"},
        {PLM_F_LIST, "list"},        {PLM_F_ANY, "any"},       {PLM_F_FILTER_ONLY, "conditions only"},
        {PLM_F_NO_RHS, "left only"}, {PLM_F_PLUGIN, "plugin"}, {PLM_F_DEPRECATED, "deprecated"},
    };
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(1));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (f->flags & words[i].flag)
            plm_buf_printf(&b, "%s%s", b.n ? ", " : "", words[i].text);
    return plm_arena_sv(a, plm_buf_sv(&b));
}

static bool is_wanted(plm_sv class, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (plm_sv_is(class, words[i]))
            return true;
    return n == 0;
}

static int cmp_row(const void *a, const void *b)
{
    return plm_sv_cmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static int list_fields(struct plm_arena *a, const char *const *words, size_t n, row_vec *out, plm_err **err)
{
    PLM_SET_FOREACH (plm_field_classes, struct plm_field_class, c) {
        if (!is_wanted(plm_sv_from(c->name), words, n))
            continue;
        for (const struct plm_field *f = c->fields; f->name; f++) {
            struct row *r = plm_vec_push(a, out);
            if (!r)
                return plm_arena_check(a, err);
            *r = (struct row){plm_sv_from(c->name), plm_sv_from(f->name),
                              plm_sv_from(plm_vtype_name(f->type)), field_notes(f, a), f->help};
        }
    }
    if (!out->n)
        return plm_fail(err, PLM_E_USAGE, "there is no class of fields %s", words[0]);
    qsort(out->v, out->n, sizeof(*out->v), cmp_row);
    return plm_arena_check(a, err);
}

/* ---- events ------------------------------------------------------------------------------------- */

static int list_events(struct plm_arena *a, const char *const *words, size_t n, row_vec *out, plm_err **err)
{
    for (unsigned i = 0; i < plm_evtype_count(); i++) {
        const struct plm_evtype *t = plm_evtype_get(i);
        if (!is_wanted(plm_sv_from(t->name), words, n))
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf params = PLM_BUF(PLM_KIB(4));
        for (unsigned k = 0; k < t->n_params; k++)
            plm_buf_printf(&params, "%s%s", k ? ", " : "", t->params[k].name);
        struct row *r = plm_vec_push(a, out);
        if (!r)
            return plm_arena_check(a, err);
        *r = (struct row){.class = PLM_SV("event"),
                          .name = plm_sv_from(t->name),
                          .type = t->syscall >= 0 ? PLM_SV("syscall") : PLM_SV("event"),
                          .notes = plm_arena_sv(a, plm_buf_sv(&params)),
                          .help = ""};
    }
    if (!out->n)
        return plm_fail(err, PLM_E_USAGE, "there is no event %s", words[0]);
    return plm_arena_check(a, err);
}

/* ---- printing ----------------------------------------------------------------------------------- */

static void print_json(const row_vec *rows, bool are_events, struct plm_buf *out)
{
    plm_buf_byte(out, '[');
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *r = &rows->v[i];
        plm_buf_str(out, i ? ",\n {\"name\":" : "{\"name\":");
        plm_text_json(out, r->name);
        plm_buf_str(out, ",\"type\":");
        plm_text_json(out, r->type);
        plm_buf_str(out, are_events ? ",\"parameters\":" : ",\"notes\":");
        plm_text_json(out, r->notes);
        if (!are_events) {
            plm_buf_str(out, ",\"class\":");
            plm_text_json(out, r->class);
            plm_buf_str(out, ",\"help\":");
            plm_text_json(out, plm_sv_from(r->help));
        }
        plm_buf_byte(out, '}');
    }
    plm_buf_str(out, "]\n");
}

static void print_row(const struct row *r, enum style style, bool are_events, struct plm_buf *out)
{
    if (style == NAMES)
        plm_buf_printf(out, "%.*s\n", PLM_SV_ARG(r->name));
    else if (style == MARKDOWN)
        plm_buf_printf(out, "| `%.*s` | %.*s | %.*s | %s |\n", PLM_SV_ARG(r->name), PLM_SV_ARG(r->type),
                       PLM_SV_ARG(r->notes), r->help);
    else if (are_events)
        plm_buf_printf(out, "%-28.*s %-8.*s %.*s\n", PLM_SV_ARG(r->name), PLM_SV_ARG(r->type),
                       PLM_SV_ARG(r->notes));
    else
        plm_buf_printf(out, "%-42.*s %-8.*s %s%s%.*s%s\n", PLM_SV_ARG(r->name), PLM_SV_ARG(r->type), r->help,
                       r->notes.n ? " (" : "", PLM_SV_ARG(r->notes), r->notes.n ? ")" : "");
}

static int print(const row_vec *rows, enum style style, bool are_events, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(8));
    if (style == JSON)
        print_json(rows, are_events, &out);
    if (style == MARKDOWN)
        plm_buf_str(&out, are_events ? "| event | kind | parameters | |\n|---|---|---|---|\n"
                                     : "| field | type | notes | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < rows->n && style != JSON; i++)
        print_row(&rows->v[i], style, are_events, &out);
    return plm_buf_check(&out, err) < 0 ? -1 : plm_cli_print(plm_buf_sv(&out), err);
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    bool as_json, are_events = plm_config_flag(cli->config, "events");
    row_vec rows = {0};
    if (plm_cli_wants_json(cli, &as_json, err) < 0)
        return -1;
    enum style style = as_json                                      ? JSON
                       : plm_config_flag(cli->config, "markdown")   ? MARKDOWN
                       : plm_config_flag(cli->config, "names-only") ? NAMES
                                                                    : TEXT;
    if ((are_events ? list_events : list_fields)(cli->arena, words, n, &rows, err) < 0 ||
        print(&rows, style, are_events, err) < 0)
        return -1;
    return PLM_EXIT_PASSED;
}

static const struct plm_command watch_fields = {
    .name = "watch fields",
    .arguments = "[CLASS...]",
    .summary = "List the fields of conditions and outputs",
    .help = "Every field that rules may name, with its type and what it means; with CLASS (proc, fd, evt, "
            "container ...) "
            "those of these classes. Fields marked plugin are filled by plugins of Falco only and have no "
            "value here. "
            "--events lists the events instead, with their parameters (evt.arg.NAME).",
    .examples = "watch fields proc\tfields of processes\n"
                "watch fields --events openat\tthe parameters of openat\n"
                "watch fields --names-only\tnames for an editor\n",
    .max_words = UINT_MAX,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, watch_fields);
