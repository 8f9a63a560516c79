/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing exceptions: rows behind those of a file. People keep remarks and an order of their own in it, so
 * the old bytes stay and new rows are text at the end, at the indent of the first row. Where that cannot be
 * right (a flow sequence, several documents, a last row whose text would swallow it), reading the result back
 * shows it and nothing is written.
 */
#include "codec/yaml.h"
#include "match/match.h"

static void put_key(struct plm_buf *b, unsigned indent, const char *key, plm_sv value, bool is_date)
{
    if (!value.n)
        return;
    plm_buf_printf(b, "%*s%s: ", (int)indent, "", key);
    if (is_date)
        plm_buf_sv_put(b, value);
    else
        plm_yaml_put(b, value, false);
    plm_buf_byte(b, '\n');
}

static void put_where(struct plm_buf *b, const struct plm_exception *x, unsigned indent)
{
    const struct {
        const char *key;
        plm_sv value;
    } rows[] = {{"purl", x->purl},   {"image", x->image}, {"path", x->path},
                {"layer", x->layer}, {"check", x->check}, {"object", x->object}};
    plm_sv kind = x->kind >= 0 ? plm_sv_from(plm_kind_name((enum plm_kind)x->kind)) : PLM_SV_NULL;
    plm_auto_done(plm_buf_done) struct plm_buf w = PLM_BUF(PLM_MIB(1));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!rows[i].value.n)
            continue;
        plm_buf_printf(&w, "%s%s: ", w.n ? ", " : "", rows[i].key);
        plm_yaml_put(&w, rows[i].value, true);
    }
    if (kind.n)
        plm_buf_printf(&w, "%skind: %.*s", w.n ? ", " : "", PLM_SV_ARG(kind));
    if (x->at_line)
        plm_buf_printf(&w, "%sline: %u", w.n ? ", " : "", x->at_line);
    if (x->base >= 0)
        plm_buf_printf(&w, "%sbase: %s", w.n ? ", " : "", x->base ? "true" : "false");
    if (!w.n)
        return;
    plm_buf_printf(b, "%*swhere: {", (int)indent, "");
    plm_buf_sv_put(b, plm_buf_sv(&w));
    plm_buf_str(b, "}\n");
}

void plm_exception_put(struct plm_buf *out, const struct plm_exception *x, unsigned indent)
{
    plm_buf_printf(out, "%*s- ", (int)indent, "");
    put_key(out, 0, "id", x->id, false);
    indent += 2;
    put_where(out, x, indent);
    put_key(out, indent, "reason", x->reason, false);
    put_key(out, indent, "owner", x->owner, false);
    put_key(out, indent, "until", x->until_text, true);
    put_key(out, indent, "ticket", x->ticket, false);
}

/* ---- behind what is there --------------------------------------------------------------------- */

/* Position of a node's first byte. */
static size_t offset_of(plm_sv text, const struct plm_yaml_node *n)
{
    plm_sv rest = text, line;
    for (uint32_t i = 1; i < n->line && plm_sv_line(&rest, &line); i++)
        continue;
    size_t at = text.n - rest.n + n->column - 1;
    return at < text.n ? at : text.n;
}

static int refuse(const char *name, plm_err **err)
{
    int rc = plm_fail_id(err, PLM_E_CONFIG, "exceptions.invalid",
                         "%s: nothing can be added to a list that is written like this", name);
    plm_err_hint(err, "write one exception a `- id:` line, below `exceptions:`");
    return rc;
}

/* The old text into out, ready for rows at *out_indent. */
static int put_old(plm_sv old, const char *name, const struct plm_yaml_node *root, struct plm_buf *out,
                   unsigned *out_indent, plm_err **err)
{
    const struct plm_yaml_node *list =
        root->kind == PLM_YAML_MAPPING ? plm_yaml_get(root, "exceptions", NULL) : root;
    *out_indent = root->kind == PLM_YAML_SEQUENCE ? 0 : 2;
    if (list && list->kind == PLM_YAML_SEQUENCE) {
        size_t at = offset_of(old, list);
        if (list->n == 0 && plm_sv_starts(plm_sv_from_off(old, at), PLM_SV("[]"))) {
            plm_buf_sv_put(out, plm_sv_sub(old, 0, at));
            plm_buf_sv_put(out, plm_sv_from_off(old, at + 2));
        } else if (list->n && at < old.n && old.p[at] == '-') {
            *out_indent = list->column - 1;
            plm_buf_sv_put(out, old);
        } else {
            return refuse(name, err);
        }
    } else {
        plm_buf_sv_put(out, old);
    }
    if (out->n && out->p[out->n - 1] != '\n')
        plm_buf_byte(out, '\n');
    if (root->kind == PLM_YAML_NULL)
        plm_buf_str(out, "exceptions:\n");
    return plm_buf_check(out, err);
}

/* The old rows must read as before, the new ones as meant. */
static bool is_as_meant(const struct plm_exceptions *before, const struct plm_exceptions *after,
                        const struct plm_exception *rows, size_t n)
{
    if (after->rows.n != before->rows.n + n)
        return false;
    for (size_t i = 0; i < after->rows.n; i++) {
        const struct plm_exception *x = i < before->rows.n ? &before->rows.v[i] : &rows[i - before->rows.n];
        const struct plm_exception *y = &after->rows.v[i];
        if (!plm_exception_same(x, y) || !plm_sv_eq(x->reason, y->reason) || !plm_sv_eq(x->owner, y->owner) ||
            !plm_sv_eq(x->ticket, y->ticket) || x->until != y->until)
            return false;
    }
    return true;
}

int plm_exceptions_append(const struct plm_ctx *ctx, plm_sv old, const char *name,
                          const struct plm_exception *rows, size_t n, struct plm_buf *out, plm_err **err)
{
    unsigned indent;
    plm_auto(plm_exceptions_free) struct plm_exceptions *before = plm_exceptions_new(err);
    plm_auto(plm_exceptions_free) struct plm_exceptions *after = plm_exceptions_new(before ? err : NULL);
    if (!before || !after || plm_exceptions_parse(ctx, before, old, name, err) < 0)
        return -1;
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(old, name, ctx->limits, err);
    if (!doc)
        return -1;
    if (!old.n)
        plm_buf_str(out,
                    "# Accepted findings: what, why, who decided, until when. Read with --exceptions.\n");
    if (put_old(old, name, plm_yaml_root(doc), out, &indent, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        plm_exception_put(out, &rows[i], indent);
    if (plm_buf_check(out, err) < 0)
        return -1;
    plm_err *unread = NULL;
    bool is_read = plm_exceptions_parse(ctx, after, plm_buf_sv(out), name, &unread) == 0;
    plm_err_free(unread);
    return is_read && is_as_meant(before, after, rows, n) ? 0 : refuse(name, err);
}
