/* SPDX-License-Identifier: Apache-2.0
 *
 * getopt(list, "optstring"): the arguments of a process read as getopt(3) reads them. Without a key the
 * values are the letters of the options that are there, in their order; with [c] it is the argument of the
 * last option c, an empty text for one that takes none, and no value where it is missing.
 *
 * Operands between options are passed over, `--` ends the options, long options are no options here. A list
 * of one text is split at blanks, as proc.args gives it.
 */
#include "watch/transform_int.h"

/* 0: no such option, 1: without, 2: with an argument. */
static int option_kind(plm_sv optstring, char c)
{
    if (c == ':')
        return 0;
    size_t at = plm_sv_find(optstring, c);
    if (at == SIZE_MAX)
        return 0;
    return at + 1 < optstring.n && optstring.p[at + 1] == ':' ? 2 : 1;
}

struct scan {
    const struct plm_view *view;
    plm_sv optstring, key;
    plm_sv found; /* argument of the option asked for */
    struct plm_values *out;
};

static int hit(struct scan *s, plm_sv letter, plm_sv argument)
{
    if (s->key.p) {
        if (plm_sv_eq(s->key, letter))
            s->found = argument;
        return 0;
    }
    struct plm_value *v = plm_values_add(s->view, s->out);
    if (!v)
        return -1;
    v->s = letter;
    return 0;
}

/* One argument `-abc`; *i goes on where an option takes the next one. */
static int cluster(struct scan *s, const plm_sv_vec *args, size_t *i)
{
    plm_sv a = args->v[*i];
    for (size_t k = 1; k < a.n; k++) {
        int kind = option_kind(s->optstring, a.p[k]);
        plm_sv value = PLM_SV("");
        if (!kind)
            continue;
        if (kind == 2 && k + 1 < a.n)
            value = plm_sv_from_off(a, k + 1);
        else if (kind == 2 && *i + 1 < args->n)
            value = args->v[++*i];
        else if (kind == 2)
            return 0; /* its argument is missing */
        if (hit(s, plm_sv_sub(a, k, 1), value) < 0)
            return -1;
        if (kind == 2)
            return 0;
    }
    return 0;
}

int plm_transform_getopt(const struct plm_operand *o, const struct plm_view *view, struct plm_values *out)
{
    plm_sv_vec args = {0}, opts = {0};
    if (!plm_transform_texts(&o->args[0], view, &args) || !plm_transform_texts(&o->args[1], view, &opts))
        return 0;
    if (args.n == 1) {
        plm_sv rest = args.v[0], word;
        args = (plm_sv_vec){0};
        while (plm_sv_word(&rest, &word)) {
            plm_sv *p = plm_vec_push(view->arena, &args);
            if (!p)
                return -1;
            *p = word;
        }
    }
    struct scan s = {.view = view, .optstring = opts.v[0], .key = o->key, .out = out};
    for (size_t i = 0; i < args.n && !plm_sv_is(args.v[i], "--"); i++)
        if (args.v[i].n > 1 && args.v[i].p[0] == '-' && args.v[i].p[1] != '-' && cluster(&s, &args, &i) < 0)
            return -1;
    if (!s.found.p)
        return 0;
    struct plm_value *v = plm_values_add(view, out);
    if (!v)
        return -1;
    v->s = s.found;
    return 0;
}
