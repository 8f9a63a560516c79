/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands behind a Dockerfile's keyword: flags, words, pairs, the JSON form. Each instruction has one of
 * few grammars, and they differ in details that decide: COPY is cut at blanks alone (quotes do not hold a
 * blank together; JSON does), ENV and LABEL as a shell would, USER is one word up to the line's end, and a
 * CMD that begins like JSON but is none is shell text. (BuildKit: frontend/dockerfile/parser/line_parsers.go)
 */
#include "inspect/dockerfile_int.h"

#include "codec/json.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == '\n';
}

void plm_df_word_add(struct plm_df_parser *p, plm_sv_vec *words, plm_sv word)
{
    if (++p->words > PLM_DF_WORDS_MAX) {
        p->is_over = true;
        return;
    }
    plm_sv *w = plm_vec_push(p->a, words);
    if (w)
        *w = word;
}

bool plm_df_word_next(plm_sv *rest, char escape, plm_sv *out)
{
    size_t i = 0, n = rest->n;
    const char *s = rest->p;
    while (i < n && is_blank(s[i]))
        i++;
    size_t from = i;
    char quote = 0;
    for (; i < n; i++) {
        if (s[i] == escape && quote != '\'' && i + 1 < n)
            i++;
        else if (quote)
            quote = s[i] == quote ? 0 : quote;
        else if (s[i] == '"' || s[i] == '\'')
            quote = s[i];
        else if (is_blank(s[i]))
            break;
    }
    *out = plm_sv_sub(*rest, from, i - from);
    *rest = plm_sv_from_off(*rest, i);
    return i > from;
}

plm_sv plm_df_unquote(plm_sv word, char escape, struct plm_arena *a)
{
    bool has_any = false;
    for (size_t i = 0; i < word.n && !has_any; i++)
        has_any = word.p[i] == '"' || word.p[i] == '\'' || word.p[i] == escape;
    if (!has_any)
        return word;
    char *to = plm_arena_alloc(a, word.n + 1);
    if (!to)
        return PLM_SV_NULL;
    size_t n = 0;
    char quote = 0;
    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i];
        bool has_next = i + 1 < word.n;
        if (c == escape && quote != '\'' && has_next) {
            char next = word.p[i + 1];
            /* inside double quotes only what would be special loses its escape */
            if (quote && next != '"' && next != '$' && next != escape)
                to[n++] = c;
            to[n++] = next;
            i++;
        } else if (quote) {
            if (c == quote)
                quote = 0;
            else
                to[n++] = c;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else {
            to[n++] = c;
        }
    }
    return plm_sv_n(to, n);
}

bool plm_df_json(struct plm_df_parser *p, plm_sv text, plm_sv_vec *words)
{
    text = plm_sv_trim(text);
    if (!text.n || text.p[0] != '[')
        return false;
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_json_parse(text, "exec form", &plm_limits_default, NULL);
    yyjson_val *root = doc ? plm_json_root(doc) : NULL, *v;
    if (!yyjson_is_arr(root))
        return false;
    size_t i, n;
    yyjson_arr_foreach(root, i, n, v)
    {
        if (!yyjson_is_str(v))
            return false;
    }
    yyjson_arr_foreach(root, i, n, v)
    {
        plm_df_word_add(p, words, plm_arena_sv(p->a, plm_json_sv(v)));
    }
    return true;
}

void plm_df_flags(struct plm_df_parser *p, struct plm_df_instr *in)
{
    for (;;) {
        in->args = plm_sv_trim(in->args);
        plm_sv rest = in->args, word;
        if (!plm_sv_starts(rest, PLM_SV("--")) || !plm_df_word_next(&rest, p->df->escape, &word))
            return;
        in->args = rest;
        if (word.n == 2)
            break; /* "--" ends them */
        if (++p->words > PLM_DF_WORDS_MAX) {
            p->is_over = true;
            return;
        }
        struct plm_df_flag *f = plm_vec_push(p->a, &in->flags);
        if (!f)
            return;
        bool has_value = plm_sv_cut(plm_sv_from_off(word, 2), '=', &f->name, &f->value);
        f->value = has_value ? plm_df_unquote(f->value, p->df->escape, p->a) : PLM_SV_NULL;
    }
    in->args = plm_sv_trim(in->args);
}

static void blank_words(struct plm_df_parser *p, struct plm_df_instr *in)
{
    plm_sv rest = in->args, word;
    while (plm_sv_word(&rest, &word) && !p->is_over)
        plm_df_word_add(p, &in->words, plm_df_unquote(word, p->df->escape, p->a));
}

static struct plm_df_pair *pair_add(struct plm_df_parser *p, struct plm_df_instr *in)
{
    if (++p->words > PLM_DF_WORDS_MAX) {
        p->is_over = true;
        return NULL;
    }
    return plm_vec_push(p->a, &in->pairs);
}

static void pair_set(struct plm_df_parser *p, struct plm_df_pair *pair, plm_sv key, plm_sv raw)
{
    pair->key = plm_df_unquote(key, p->df->escape, p->a);
    pair->raw_value = raw;
    pair->value = plm_df_unquote(raw, p->df->escape, p->a);
}

/* "ENV key value with blanks": one pair, quotes of the value stay outside of words. */
static void old_pair(struct plm_df_parser *p, struct plm_df_instr *in)
{
    plm_sv rest = in->args, key;
    plm_df_word_next(&rest, p->df->escape, &key);
    plm_sv value = plm_sv_trim(rest);
    struct plm_df_pair *pair = pair_add(p, in);
    if (!pair)
        return;
    pair_set(p, pair, key, value);
    pair->is_bare_text = true;
    if (!value.n)
        plm_df_fault(p, in->line, 0, "%s needs a value for %.*s", plm_df_kind_name(in->kind),
                     PLM_SV_ARG(key));
}

static void pairs(struct plm_df_parser *p, struct plm_df_instr *in)
{
    plm_sv rest = in->args, word, key, value;
    bool is_first = true, is_arg = in->kind == PLM_DF_ARG;
    while (plm_df_word_next(&rest, p->df->escape, &word) && !p->is_over) {
        bool has_value = plm_sv_cut(word, '=', &key, &value);
        if (!has_value && !is_arg && is_first) {
            old_pair(p, in);
            return;
        }
        is_first = false;
        if (!has_value && !is_arg) {
            plm_df_fault(p, in->line, 0, "%s: no '=' in %.*s", plm_df_kind_name(in->kind), PLM_SV_ARG(word));
            continue;
        }
        struct plm_df_pair *pair = pair_add(p, in);
        if (!pair)
            return;
        pair_set(p, pair, key, has_value ? value : PLM_SV_NULL);
        if (!has_value)
            pair->value = pair->raw_value = PLM_SV_NULL;
        if (!pair->key.n)
            plm_df_fault(p, in->line, 0, "%s: a name is empty", plm_df_kind_name(in->kind));
    }
}

/* HEALTHCHECK NONE, or CMD with a command in either form. */
static void healthcheck(struct plm_df_parser *p, struct plm_df_instr *in)
{
    plm_sv rest = in->args, word;
    if (!plm_sv_word(&rest, &word))
        return;
    rest = plm_sv_trim(rest);
    if (plm_sv_ieq(word, PLM_SV("NONE"))) {
        in->is_none = true;
        if (rest.n)
            plm_df_fault(p, in->line, 0, "HEALTHCHECK NONE takes no arguments");
        return;
    }
    if (!plm_sv_ieq(word, PLM_SV("CMD"))) {
        plm_df_fault(p, in->line, 0, "HEALTHCHECK knows CMD and NONE, not %.*s", PLM_SV_ARG(word));
        return;
    }
    in->args = rest;
    in->is_json = plm_df_json(p, rest, &in->words);
    if (!in->is_json && rest.n)
        plm_df_word_add(p, &in->words, rest);
    if (!rest.n)
        plm_df_fault(p, in->line, 0, "HEALTHCHECK CMD needs a command");
}

static void from(struct plm_df_parser *p, struct plm_df_instr *in)
{
    blank_words(p, in);
    size_t n = in->words.n;
    if (n && n != 1 && (n != 3 || !plm_sv_ieq(in->words.v[1], PLM_SV("AS"))))
        plm_df_fault(p, in->line, 0, "FROM takes an image, or an image AS a name");
}

static void text_or_json(struct plm_df_parser *p, struct plm_df_instr *in)
{
    in->is_json = plm_df_json(p, in->args, &in->words);
    if (!in->is_json && in->args.n)
        plm_df_word_add(p, &in->words, in->args);
    if (in->kind == PLM_DF_SHELL && !in->is_json && in->args.n)
        plm_df_fault(p, in->line, 0, "SHELL takes a JSON array");
}

static void words_or_json(struct plm_df_parser *p, struct plm_df_instr *in)
{
    in->is_json = plm_df_json(p, in->args, &in->words);
    if (!in->is_json)
        blank_words(p, in);
    if (in->kind != PLM_DF_VOLUME && in->words.n == 1)
        plm_df_fault(p, in->line, 0, "%s needs a source and a destination", plm_df_kind_name(in->kind));
}

static void one_word(struct plm_df_parser *p, struct plm_df_instr *in)
{
    if (in->args.n)
        plm_df_word_add(p, &in->words, plm_df_unquote(in->args, p->df->escape, p->a));
}

void plm_df_operands(struct plm_df_parser *p, struct plm_df_instr *in)
{
    bool may_be_empty = in->kind == PLM_DF_CMD || in->kind == PLM_DF_ENTRYPOINT || in->kind == PLM_DF_UNKNOWN;
    if (!in->args.n && !may_be_empty)
        plm_df_fault(p, in->line, 0, "%s needs an argument", plm_df_kind_name(in->kind));
    switch (in->kind) {
    case PLM_DF_ADD:
    case PLM_DF_COPY:
    case PLM_DF_VOLUME:
        words_or_json(p, in);
        break;
    case PLM_DF_CMD:
    case PLM_DF_ENTRYPOINT:
    case PLM_DF_RUN:
    case PLM_DF_SHELL:
        text_or_json(p, in);
        break;
    case PLM_DF_ARG:
    case PLM_DF_ENV:
    case PLM_DF_LABEL:
        pairs(p, in);
        break;
    case PLM_DF_EXPOSE:
        blank_words(p, in);
        break;
    case PLM_DF_FROM:
        from(p, in);
        break;
    case PLM_DF_HEALTHCHECK:
        healthcheck(p, in);
        break;
    case PLM_DF_MAINTAINER:
    case PLM_DF_STOPSIGNAL:
    case PLM_DF_USER:
    case PLM_DF_WORKDIR:
        one_word(p, in);
        break;
    case PLM_DF_ONBUILD:
    case PLM_DF_UNKNOWN:
    case PLM_DF_KINDS_:
        break;
    }
}
