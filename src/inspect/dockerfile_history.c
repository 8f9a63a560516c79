/* SPDX-License-Identifier: Apache-2.0
 *
 * The history of an image (config.history[].created_by) read as the instructions that it was built from.
 * Nothing specifies the texts; these are the builders' habits:
 *   classic, buildah   /bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon off;"]
 *                      /bin/sh -c #(nop) COPY file:2f41... in /app
 *                      /bin/sh -c apt-get update            |1 A=b /bin/sh -c apt-get update
 *   BuildKit           RUN |1 A=b /bin/sh -c apt-get update # buildkit     COPY a /b # buildkit
 *                      ENV A=b c      EXPOSE map[80/tcp:{}]      VOLUME [/data]      SHELL [/bin/bash -c]
 *                      HEALTHCHECK &{["CMD-SHELL" "curl x"] "30s" "3s" "0s" '\x03'}
 *   kaniko             RUN apt-get update
 * Quotes of ENV and LABEL are lost: a word without '=' goes on with the value before it. What none of them
 * wrote (a file's name, "bazel build", a container's command) is PLM_DF_UNKNOWN with the text as args.
 */
#include "inspect/dockerfile_int.h"

static bool is_shell_path(plm_sv path)
{
    static const char *const names[] = {"sh",  "bash", "dash",       "ash", "ksh",
                                        "zsh", "cmd",  "powershell", "pwsh"};
    size_t slash = plm_sv_rfind(path, '/');
    plm_sv base = slash == SIZE_MAX ? path : plm_sv_from_off(path, slash + 1);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (plm_sv_is(base, names[i]))
            return true;
    return false;
}

/* -c, -ec, -euxo ... c; /C and -Command of Windows */
static bool is_command_flag(plm_sv w)
{
    bool is_short = w.n > 1 && w.p[0] == '-' && w.p[1] != '-' && w.p[w.n - 1] == 'c';
    return is_short || plm_sv_ieq(w, PLM_SV("/c")) || plm_sv_ieq(w, PLM_SV("-command"));
}

/* "/bin/bash -o pipefail -c TEXT": the words before TEXT, and TEXT. */
static bool cut_shell(struct plm_df_parser *p, plm_sv text, plm_sv_vec *shell, plm_sv *command)
{
    enum { SHELL_WORDS_MAX = 12 };
    plm_sv rest = text, word, words[SHELL_WORDS_MAX];
    size_t n = 0;
    if (!plm_sv_word(&rest, &word) || !is_shell_path(word))
        return false;
    words[n++] = word;
    while (n < SHELL_WORDS_MAX && plm_sv_word(&rest, &word)) {
        words[n++] = word;
        if (!is_command_flag(word))
            continue;
        for (size_t i = 0; i < n; i++)
            plm_df_word_add(p, shell, words[i]);
        *command = plm_sv_trim(rest);
        return true;
    }
    return false;
}

/* "|2 A=b C=d e /bin/sh -c TEXT": at least two words, then on to a shell. */
static bool cut_build_args(struct plm_df_parser *p, plm_sv text, struct plm_df_instr *out)
{
    plm_sv rest = plm_sv_from_off(text, 1), word, count, value = PLM_SV_NULL;
    uint64_t n;
    if (!plm_sv_word(&rest, &count) || !plm_sv_u64(count, &n))
        return false;
    for (;;) {
        rest = plm_sv_trim(rest);
        if (out->build_args.n >= n && cut_shell(p, rest, &out->shell, &out->args))
            return true;
        if (!plm_sv_word(&rest, &word) || p->is_over)
            return false;
        bool is_new = out->build_args.n < n && plm_sv_find(word, '=') != SIZE_MAX;
        if (is_new) {
            plm_df_word_add(p, &out->build_args, word);
        } else if (out->build_args.n) { /* a value with blanks */
            value = out->build_args.v[out->build_args.n - 1];
            out->build_args.v[out->build_args.n - 1] = plm_sv_n(value.p, (size_t)(word.p + word.n - value.p));
        }
    }
}

static void run(struct plm_df_parser *p, plm_sv text, struct plm_df_instr *out)
{
    out->kind = PLM_DF_RUN;
    out->keyword = PLM_SV("RUN");
    out->args = text;
    bool has_args = text.n && text.p[0] == '|' && cut_build_args(p, text, out);
    if (!has_args && !cut_shell(p, text, &out->shell, &out->args))
        out->args = text;
    plm_df_word_add(p, &out->words, out->args);
}

/* `["a" "b"]` as Go prints it with %q, or JSON. */
static bool quoted_array(struct plm_df_parser *p, plm_sv text, plm_sv_vec *words)
{
    if (plm_df_json(p, text, words))
        return true;
    if (text.n < 2 || text.p[0] != '[')
        return false;
    for (size_t i = 1; i < text.n && text.p[i] != ']'; i++) {
        if (text.p[i] == ' ')
            continue;
        if (text.p[i] != '"')
            return false;
        size_t from = i;
        for (i++; i < text.n && text.p[i] != '"'; i++)
            i += text.p[i] == '\\';
        if (i >= text.n)
            return false;
        plm_sv_vec one = {0};
        plm_sv literal = plm_arena_printf(p->a, "[%.*s]", (int)(i + 1 - from), text.p + from);
        if (!plm_df_json(p, literal, &one) || one.n != 1) /* \x03: no JSON escape */
            plm_df_word_add(p, words, plm_sv_sub(text, from + 1, i - from - 1));
        else
            plm_df_word_add(p, words, one.v[0]);
    }
    return true;
}

/* "[a b]", "map[80/tcp:{} 90/tcp:{}]", or words. */
static void bracketed(struct plm_df_parser *p, plm_sv text, plm_sv_vec *words)
{
    if (plm_df_json(p, text, words))
        return;
    if (plm_sv_starts(text, PLM_SV("map[")))
        text = plm_sv_from_off(text, 3);
    if (text.n > 1 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        text = plm_sv_sub(text, 1, text.n - 2);
    plm_sv word;
    while (plm_sv_word(&text, &word)) {
        if (plm_sv_ends(word, PLM_SV(":{}")))
            word.n -= 3;
        plm_df_word_add(p, words, word);
    }
}

static bool is_key(plm_sv s, bool is_label)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_letter = c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_other = (c >= '0' && c <= '9') || (is_label && strchr("./-", c));
        if (!is_letter && (!is_other || i == 0))
            return false;
    }
    return s.n != 0;
}

static void history_pairs(struct plm_df_parser *p, struct plm_df_instr *out)
{
    plm_sv rest = out->args, word, key, value;
    while (plm_sv_word(&rest, &word) && !p->is_over) {
        bool is_pair = plm_sv_cut(word, '=', &key, &value) && is_key(key, out->kind == PLM_DF_LABEL);
        struct plm_df_pair *last = out->pairs.n ? &out->pairs.v[out->pairs.n - 1] : NULL;
        if (!is_pair && last && last->value.p) {
            last->value = plm_sv_n(last->value.p, (size_t)(word.p + word.n - last->value.p));
            last->raw_value = last->value;
            continue;
        }
        if (++p->words > PLM_DF_WORDS_MAX) {
            p->is_over = true;
            return;
        }
        struct plm_df_pair *pair = plm_vec_push(p->a, &out->pairs);
        if (!pair)
            return;
        pair->key = is_pair ? key : word;
        pair->value = pair->raw_value = is_pair ? value : PLM_SV_NULL;
    }
}

/* `&{["CMD-SHELL" "curl x"] "30s" ...}`, or the instruction itself. */
static void history_healthcheck(struct plm_df_parser *p, struct plm_df_instr *out)
{
    size_t at = plm_sv_find(out->args, '[');
    plm_sv_vec test = {0};
    if (!plm_sv_starts(out->args, PLM_SV("&{")) || at == SIZE_MAX) {
        plm_df_flags(p, out);
        plm_df_operands(p, out);
        return;
    }
    if (!quoted_array(p, plm_sv_from_off(out->args, at), &test) || !test.n)
        return;
    out->is_none = plm_sv_is(test.v[0], "NONE");
    out->is_json = plm_sv_is(test.v[0], "CMD");
    out->args = test.n > 1 ? test.v[1] : PLM_SV("");
    for (size_t i = 1; i < test.n; i++)
        plm_df_word_add(p, &out->words, test.v[i]);
}

/* "COPY file:2f41... in /app" of the classic builder; else the instruction's own words. */
static void history_copy(struct plm_df_parser *p, struct plm_df_instr *out)
{
    plm_df_flags(p, out);
    plm_sv_vec all = {0};
    if (plm_df_json(p, out->args, &out->words))
        return;
    bracketed(p, out->args, &all);
    bool is_classic = false;
    for (size_t i = 0; i < all.n; i++) {
        plm_sv w = all.v[i];
        bool is_in = is_classic && plm_sv_is(w, "in") && i + 2 >= all.n;
        is_classic = is_classic || plm_sv_starts(w, PLM_SV("file:")) || plm_sv_starts(w, PLM_SV("dir:")) ||
                     plm_sv_starts(w, PLM_SV("multi:"));
        if (!is_in)
            plm_df_word_add(p, &out->words, w);
    }
}

static void history_operands(struct plm_df_parser *p, struct plm_df_instr *out)
{
    switch (out->kind) {
    case PLM_DF_ADD:
    case PLM_DF_COPY:
        history_copy(p, out);
        break;
    case PLM_DF_CMD:
    case PLM_DF_ENTRYPOINT:
        out->is_json = quoted_array(p, out->args, &out->words);
        if (!out->is_json && out->args.n)
            plm_df_word_add(p, &out->words, out->args);
        break;
    case PLM_DF_ENV:
    case PLM_DF_LABEL:
    case PLM_DF_ARG:
        history_pairs(p, out);
        break;
    case PLM_DF_EXPOSE:
    case PLM_DF_VOLUME:
    case PLM_DF_SHELL:
        bracketed(p, out->args, &out->words);
        break;
    case PLM_DF_HEALTHCHECK:
        history_healthcheck(p, out);
        break;
    case PLM_DF_FROM:
    case PLM_DF_MAINTAINER:
    case PLM_DF_ONBUILD:
    case PLM_DF_STOPSIGNAL:
    case PLM_DF_USER:
    case PLM_DF_WORKDIR:
        plm_df_word_add(p, &out->words, out->args);
        break;
    case PLM_DF_RUN:
        run(p, out->args, out);
        break;
    case PLM_DF_UNKNOWN:
    case PLM_DF_KINDS_:
        break;
    }
}

static void history_line(struct plm_df_parser *p, plm_sv text, struct plm_df_instr *out)
{
    out->raw = out->args = text = plm_sv_trim(text);
    out->layer = out->stage = PLM_NONE;
    if (plm_sv_ends(text, PLM_SV("# buildkit")))
        text = plm_sv_trim(plm_sv_sub(text, 0, text.n - 10));
    size_t nop = plm_sv_find_sv(text, PLM_SV("#(nop)"));
    plm_sv rest = nop == SIZE_MAX ? text : plm_sv_from_off(text, nop + 6), word;
    rest = plm_sv_trim(rest);
    plm_sv after = rest;
    if (!plm_sv_word(&after, &word))
        return;
    enum plm_df_kind kind = plm_df_kind_of(word);
    if (kind != PLM_DF_UNKNOWN && plm_sv_is(word, plm_df_kind_name(kind))) {
        out->kind = kind;
        out->keyword = word;
        out->args = plm_sv_trim(after);
        history_operands(p, out);
    } else if (is_shell_path(word) || rest.p[0] == '|') {
        run(p, rest, out);
        if (!out->shell.n)
            out->kind = PLM_DF_UNKNOWN; /* a container's command that was committed */
    }
}

static int finish(const struct plm_df_parser *p, plm_err **err)
{
    if (p->is_over)
        return plm_fail(err, PLM_E_LIMIT, "the history has more than %d instructions or %d words",
                        PLM_DF_INSTRS_MAX, PLM_DF_WORDS_MAX);
    return plm_arena_check(p->a, err);
}

int plm_df_history_line(plm_sv created_by, struct plm_arena *a, struct plm_df_instr *out, plm_err **err)
{
    struct plm_dockerfile df = {.is_history = true, .escape = '\\'};
    struct plm_df_parser p = {.a = a, .df = &df};
    *out = (struct plm_df_instr){.line = 1, .end_line = 1};
    history_line(&p, created_by, out);
    return finish(&p, err);
}

struct plm_dockerfile *plm_dockerfile_of_history(const struct plm_image_config *c, struct plm_arena *a,
                                                 plm_err **err)
{
    struct plm_dockerfile *df = plm_arena_make(a, struct plm_dockerfile);
    if (!df)
        return PLM_NULL(plm_arena_check(a, err));
    df->is_history = true;
    df->escape = '\\';
    struct plm_df_parser p = {.a = a, .df = df};
    for (size_t i = 0; i < c->history.n && !p.is_over; i++) {
        struct plm_df_instr *in = i < PLM_DF_INSTRS_MAX ? plm_vec_push(a, &df->instrs) : NULL;
        if (!in) {
            p.is_over = !plm_arena_failed(a);
            break;
        }
        history_line(&p, c->history.v[i].created_by, in);
        in->line = in->end_line = (uint32_t)i + 1;
        in->layer = c->history.v[i].layer;
    }
    return finish(&p, err) < 0 ? NULL : df;
}
