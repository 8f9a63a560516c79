/* SPDX-License-Identifier: Apache-2.0
 *
 * What loading said, in the two shapes of `falco -V` (falco-rules.md part 10): text with location chains and
 * snippets, and one JSON object. There, `codedesc` of an error is the short text and that of a warning the
 * long one, as in Falco.
 */
#include "base/text.h"
#include "watch/rules_int.h"

static void put_place(const struct plm_load_place *p, bool is_first, struct plm_buf *out)
{
    plm_buf_printf(out, "%s%.*s", is_first ? "In " : "    ", PLM_SV_ARG(p->item_type));
    if (p->item_name.n) {
        plm_buf_str(out, " '");
        plm_text_escape(out, p->item_name);
        plm_buf_byte(out, '\'');
    }
    plm_buf_str(out, ": (");
    plm_text_escape(out, p->file);
    plm_buf_printf(out, ":%u:%u)\n", p->line, p->column);
}

static void put_snippet(plm_sv text, struct plm_buf *out)
{
    plm_sv line;
    plm_buf_str(out, "------\n");
    while (plm_sv_line(&text, &line)) {
        plm_text_escape(out, line);
        plm_buf_byte(out, '\n');
    }
    plm_buf_str(out, "------\n");
}

void plm_load_message_text(const struct plm_load_message *m, struct plm_buf *out)
{
    for (size_t i = 0; i < m->n_places; i++)
        put_place(&m->places[i], i == 0, out);
    if (m->snippet.n)
        put_snippet(m->snippet, out);
    plm_buf_printf(out, "%s (%s): ", plm_load_code_name(m->code), plm_load_code_short(m->code));
    plm_text_escape(out, m->message);
    plm_buf_byte(out, '\n');
}

void plm_load_file_text(const struct plm_load_file *f, struct plm_buf *out, struct plm_buf *details)
{
    const char *verdict = f->errors.n ? "Invalid" : f->warnings.n ? "Ok, with warnings" : "Ok";
    plm_text_escape(out, f->name);
    plm_buf_printf(out, ": %s\n", verdict);
    if (f->errors.n)
        plm_buf_printf(out, "%zu Errors:\n", f->errors.n);
    for (size_t i = 0; i < f->errors.n; i++)
        plm_load_message_text(&f->errors.v[i], out);
    if (!f->warnings.n)
        return;
    plm_text_escape(details, f->name);
    plm_buf_printf(details, ": %s\n%zu Warnings:\n", verdict, f->warnings.n);
    for (size_t i = 0; i < f->warnings.n; i++)
        plm_load_message_text(&f->warnings.v[i], details);
}

/* ---- JSON ------------------------------------------------------------------------------------------------
 */

static void put_key(struct plm_buf *out, const char *key, plm_sv text)
{
    plm_buf_printf(out, "\"%s\":", key);
    plm_text_json(out, text);
}

static void place_json(const struct plm_load_place *p, struct plm_buf *out)
{
    plm_buf_byte(out, '{');
    put_key(out, "item_name", p->item_name);
    plm_buf_byte(out, ',');
    put_key(out, "item_type", p->item_type);
    plm_buf_str(out, ",\"position\":{");
    plm_buf_printf(out, "\"column\":%u,\"line\":%u,", p->column, p->line);
    put_key(out, "name", p->file);
    plm_buf_printf(out, ",\"offset\":%u}}", p->offset);
}

static void message_json(const struct plm_load_message *m, struct plm_buf *out)
{
    plm_buf_byte(out, '{');
    put_key(out, "code", plm_sv_from(plm_load_code_name(m->code)));
    plm_buf_byte(out, ',');
    put_key(
        out, "codedesc",
        plm_sv_from(plm_load_is_error(m->code) ? plm_load_code_short(m->code) : plm_load_code_long(m->code)));
    plm_buf_str(out, ",\"context\":{\"locations\":[");
    for (size_t i = 0; i < m->n_places; i++) {
        plm_buf_str(out, i ? "," : "");
        place_json(&m->places[i], out);
    }
    plm_buf_str(out, "],");
    put_key(out, "snippet", m->snippet);
    plm_buf_str(out, "},");
    if (m->deprecated_field.n) {
        put_key(out, "deprecated_field", m->deprecated_field);
        plm_buf_byte(out, ',');
    }
    put_key(out, "message", m->message);
    plm_buf_byte(out, '}');
}

/* Whether the file has the shape of a rules file, and what in it has no meaning. */
static void schema_json(const struct plm_load_file *f, struct plm_buf *out)
{
    bool is_valid = true, is_first = true;
    for (size_t i = 0; i < f->errors.n; i++)
        is_valid = is_valid && f->errors.v[i].code != PLM_LOAD_ERR_YAML_PARSE &&
                   f->errors.v[i].code != PLM_LOAD_ERR_YAML_VALIDATE &&
                   f->errors.v[i].code != PLM_LOAD_ERR_FILE_READ;
    plm_buf_printf(out, ",\"schema_valid\":%s,\"schema_warnings\":[", is_valid ? "true" : "false");
    for (size_t i = 0; i < f->warnings.n; i++) {
        if (f->warnings.v[i].code != PLM_LOAD_UNKNOWN_KEY && f->warnings.v[i].code != PLM_LOAD_UNKNOWN_ITEM)
            continue;
        plm_buf_str(out, is_first ? "" : ",");
        plm_text_json(out, f->warnings.v[i].message);
        is_first = false;
    }
    plm_buf_byte(out, ']');
}

void plm_load_report_json(const struct plm_load_report *r, struct plm_buf *out)
{
    plm_buf_str(out, "{\"falco_load_results\":[");
    for (size_t i = 0; i < r->files.n; i++) {
        const struct plm_load_file *f = &r->files.v[i];
        plm_buf_str(out, i ? ",{\"errors\":[" : "{\"errors\":[");
        for (size_t k = 0; k < f->errors.n; k++) {
            plm_buf_str(out, k ? "," : "");
            message_json(&f->errors.v[k], out);
        }
        plm_buf_str(out, "],");
        put_key(out, "name", f->name);
        schema_json(f, out);
        plm_buf_printf(out, ",\"successful\":%s,\"warnings\":[", f->errors.n ? "false" : "true");
        for (size_t k = 0; k < f->warnings.n; k++) {
            plm_buf_str(out, k ? "," : "");
            message_json(&f->warnings.v[k], out);
        }
        plm_buf_str(out, "]}");
    }
    plm_buf_byte(out, ']');
}
