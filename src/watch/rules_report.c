/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of the loader: the chain of places (file, item, key, place inside a condition) and the line of
 * text with a marker below, at most 160 columns wide, as Falco prints them.
 */
#include "watch/rules_int.h"

#include "base/buf.h"

#include <stdarg.h>

enum { SNIPPET = 160 };

const struct plm_rules_place *plm_rules_place(struct plm_rules_loader *l,
                                              const struct plm_rules_place *parent, const char *type,
                                              plm_sv name, const struct plm_yaml_node *at)
{
    struct plm_rules_place *p = plm_arena_make(l->arena, struct plm_rules_place);
    if (p)
        *p = (struct plm_rules_place){.parent = parent,
                                      .type = type,
                                      .name = name,
                                      .file = l->file,
                                      .content = l->content,
                                      .line = at && at->line ? at->line - 1 : 0,
                                      .column = at && at->column ? at->column - 1 : 0,
                                      .offset = at ? at->offset : 0};
    return p;
}

/* The place's "file" is the beginning of the text, in quotes. */
const struct plm_rules_place *plm_rules_place_in(struct plm_rules_loader *l,
                                                 const struct plm_rules_place *parent, const char *type,
                                                 plm_sv text, size_t offset)
{
    struct plm_rules_place *p = plm_arena_make(l->arena, struct plm_rules_place);
    char start[21];
    size_t n = text.n < sizeof(start) - 1 ? text.n : sizeof(start) - 1;
    if (!p)
        return NULL;
    for (size_t i = 0; i < n; i++)
        start[i] = text.p[i] == '\n' || text.p[i] == '\r' ? ' ' : text.p[i];
    *p = (struct plm_rules_place){
        .parent = parent,
        .type = type,
        .file = plm_arena_printf(l->arena, "\"%.*s%s\"", (int)n, start, text.n > n ? "..." : ""),
        .content = text,
        .offset = (uint32_t)offset};
    for (size_t i = 0; i < offset && i < text.n; i++) {
        p->column = text.p[i] == '\n' ? 0 : p->column + 1;
        p->line += text.p[i] == '\n';
    }
    return p;
}

/* The line of the place, cut at both sides, and a marker below it. */
static plm_sv snippet(struct plm_arena *a, plm_sv text, size_t at)
{
    if (!text.n)
        return PLM_SV("<No context available>\n");
    while (at > 0 && (at >= text.n || text.p[at] == '\n'))
        at--;
    size_t from = at, to = at;
    while (from > 0 && at - from < SNIPPET / 2 && text.p[from - 1] != '\n')
        from--;
    while (to < text.n && to - at < SNIPPET / 2 && text.p[to] != '\n')
        to++;
    bool cut_left = from > 0 && text.p[from - 1] != '\n', cut_right = to < text.n && text.p[to] != '\n';
    if (from == to)
        return PLM_SV("<No context available>\n");
    plm_sv line = plm_sv_sub(text, from, to - from);
    size_t left = cut_left && line.n > 6 ? 3 : 0, right = cut_right && line.n > 6 ? 3 : 0;
    return plm_arena_printf(a, "%s%.*s%s\n%*s^\n", left ? "..." : "", (int)(line.n - left - right),
                            line.p + left, right ? "..." : "", (int)(at - from), "");
}

static struct plm_load_message *add(struct plm_rules_loader *l, enum plm_load_code code,
                                    const struct plm_rules_place *at, plm_sv text)
{
    struct plm_load_file *f = &l->report->files.v[l->report->files.n - 1];
    bool is_error = plm_load_is_error(code);
    if ((is_error ? f->errors.n : f->warnings.n) >= PLM_RULES_MESSAGE_MAX)
        return NULL;
    struct plm_load_message *m =
        is_error ? plm_vec_push(l->messages, &f->errors) : plm_vec_push(l->messages, &f->warnings);
    size_t n = 0;
    for (const struct plm_rules_place *p = at; p; p = p->parent)
        n++;
    if (!m)
        return NULL;
    *m = (struct plm_load_message){.code = code, .message = text};
    m->places = plm_arena_array(l->messages, n, sizeof(*m->places));
    m->n_places = m->places ? n : 0;
    for (const struct plm_rules_place *p = at; p && m->places; p = p->parent)
        m->places[--n] = (struct plm_load_place){.item_type = plm_sv_from(p->type),
                                                 .item_name = plm_arena_sv(l->messages, p->name),
                                                 .line = p->line,
                                                 .column = p->column,
                                                 .offset = p->offset,
                                                 .file = plm_arena_sv(l->messages, p->file)};
    if (at)
        m->snippet = snippet(l->messages, at->content, at->offset);
    return m;
}

int plm_rules_error(struct plm_rules_loader *l, enum plm_load_code code, const struct plm_rules_place *at,
                    const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(l, code, at, plm_arena_vprintf(l->messages, fmt, ap));
    va_end(ap);
    l->n_errors++;
    return -1;
}

void plm_rules_warn(struct plm_rules_loader *l, enum plm_load_code code, const struct plm_rules_place *at,
                    plm_sv deprecated_field, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_sv text = plm_arena_vprintf(l->messages, fmt, ap);
    va_end(ap);
    plm_sv key = plm_arena_printf(l->messages, "%d:%.*s:%u:%u:%.*s", (int)code, PLM_SV_ARG(at->file),
                                  at->offset, at->parent ? at->parent->offset : 0, PLM_SV_ARG(text));
    void **slot = key.p ? plm_map_put(l->said, key) : NULL;
    if (!slot || *slot)
        return;
    *slot = l;
    struct plm_load_message *m = add(l, code, at, text);
    if (m)
        m->deprecated_field = plm_arena_sv(l->messages, deprecated_field);
}
