/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll policy diff: the same images judged twice, by two policies or by one in both modes; what differs.
 *
 * Rows are the same where gate and trigger id are; a changed action, or being accepted by one side only, is a
 * difference.
 */
#include "base/text.h"
#include "cli/policy_common.h"

#include <limits.h>

struct side {
    plm_sv label;
    struct plm_policy *policy;
    struct plm_policy_result result;
    plm_sv failure; /* no evaluation came out of it */
};

struct diff {
    struct plm_cli *cli;
    struct plm_scan_setup *setup;
    struct side sides[2];
    struct plm_buf out;
    bool as_json, has_rows;
    size_t differences;
};

static int open_sides(struct diff *d, plm_sv a, plm_sv b, plm_err **err)
{
    struct plm_arena *arena = d->cli->arena;
    bool is_one = plm_sv_eq(a, b);
    for (int i = 0; i < 2; i++) {
        enum plm_policy_mode mode = plm_cli_policy_mode(d->cli);
        plm_sv name = i ? b : a;
        if (is_one)
            mode = i ? PLM_POLICY_FIXED : PLM_POLICY_COMPAT;
        d->sides[i].policy = plm_cli_policy_open(d->cli, name, mode, err);
        if (!d->sides[i].policy)
            return -1;
        d->sides[i].label =
            is_one ? plm_arena_printf(arena, "%.*s (%s)", PLM_SV_ARG(name), i ? "fixed" : "compat")
                   : plm_arena_sv(arena, name);
    }
    return plm_arena_check(arena, err);
}

/* What both sides' rules read is looked at once. */
static int look_for(struct diff *d, plm_err **err)
{
    for (int i = 0; i < 2; i++) {
        struct plm_policy_wants wants;
        plm_policy_wants(d->sides[i].policy, &wants);
        if (plm_cli_policy_look_for(&wants, d->setup, err) < 0)
            return -1;
    }
    return 0;
}

static int evaluate(struct diff *d, struct side *s, const struct plm_image_facts *facts, plm_err **err)
{
    const struct plm_policy_options opt = {.exceptions = d->setup->exceptions};
    plm_sv tag = plm_config_text(d->cli->config, "tag");
    plm_err *e = NULL;
    s->result = (struct plm_policy_result){0};
    s->failure = PLM_SV_NULL;
    if (plm_policy_evaluate(&d->cli->ctx, s->policy, facts, tag.n ? tag : facts->tag, &opt, d->cli->arena,
                            &s->result, &e) == 0)
        return 0;
    if (plm_err_code(e) != PLM_E_POLICY)
        return plm_err_move(err, &e);
    plm_auto_free char *text = plm_err_text(e);
    s->failure = plm_arena_sv(d->cli->arena, plm_sv_from(text ? text : "no evaluation"));
    plm_err_free(e);
    return plm_arena_check(d->cli->arena, err);
}

static plm_sv outcome(const struct side *s)
{
    return s->failure.p ? PLM_SV("no evaluation") : plm_sv_from(plm_action_name(s->result.action));
}

static plm_sv state(const struct plm_policy_row *r)
{
    if (!r)
        return PLM_SV("-");
    return r->is_allowlisted ? PLM_SV("accepted") : plm_sv_from(plm_action_name(r->action));
}

/* The n-th row of the same id, so that doubled rows meet each other. */
static const struct plm_policy_row *find(const struct plm_policy_result *r, const struct plm_policy_row *like,
                                         size_t n)
{
    for (size_t i = 0; i < r->rows.n; i++)
        if (plm_sv_eq(r->rows.v[i].trigger_id, like->trigger_id) &&
            plm_sv_ieq(r->rows.v[i].gate, like->gate) && n-- == 0)
            return &r->rows.v[i];
    return NULL;
}

static size_t rank(const struct plm_policy_result *r, size_t at)
{
    size_t n = 0;
    for (size_t i = 0; i < at; i++)
        n += plm_sv_eq(r->rows.v[i].trigger_id, r->rows.v[at].trigger_id) &&
             plm_sv_ieq(r->rows.v[i].gate, r->rows.v[at].gate);
    return n;
}

static void put_field(struct plm_buf *b, const char *comma, const char *key, plm_sv value)
{
    plm_buf_printf(b, "%s\"%s\": ", comma, key);
    plm_text_json(b, value);
}

static void put_row(struct diff *d, const struct plm_policy_row *a, const struct plm_policy_row *b)
{
    const struct plm_policy_row *r = a ? a : b;
    d->differences++;
    if (d->as_json) {
        put_field(&d->out, d->has_rows ? ",\n    {" : "\n    {", "gate", r->gate);
        put_field(&d->out, ", ", "trigger", r->trigger);
        put_field(&d->out, ", ", "trigger_id", r->trigger_id);
        put_field(&d->out, ", ", "message", r->message);
        put_field(&d->out, ", ", "a", state(a));
        put_field(&d->out, ", ", "b", state(b));
        plm_buf_byte(&d->out, '}');
        d->has_rows = true;
        return;
    }
    plm_sv before = state(a), after = state(b);
    plm_buf_printf(&d->out, "  %-8.*s %-8.*s ", PLM_SV_ARG(before), PLM_SV_ARG(after));
    plm_text_escape(&d->out, r->gate);
    plm_buf_byte(&d->out, '.');
    plm_text_escape(&d->out, r->trigger);
    plm_buf_str(&d->out, ": ");
    plm_text_escape(&d->out, r->message);
    plm_buf_str(&d->out, " [");
    plm_text_escape(&d->out, r->trigger_id);
    plm_buf_str(&d->out, "]\n");
}

static void compare(struct diff *d)
{
    const struct plm_policy_result *a = &d->sides[0].result, *b = &d->sides[1].result;
    for (size_t i = 0; i < a->rows.n; i++) {
        const struct plm_policy_row *other = find(b, &a->rows.v[i], rank(a, i));
        if (!other || !plm_sv_eq(state(&a->rows.v[i]), state(other)))
            put_row(d, &a->rows.v[i], other);
    }
    for (size_t i = 0; i < b->rows.n; i++)
        if (!find(a, &b->rows.v[i], rank(b, i)))
            put_row(d, NULL, &b->rows.v[i]);
}

static int one_image(struct diff *d, const char *word, bool is_first, plm_err **err)
{
    plm_auto(plm_report_free) struct plm_report *r = plm_cli_policy_facts(d->cli, d->setup, word, err);
    if (!r)
        return -1;
    for (int i = 0; i < 2; i++)
        if (evaluate(d, &d->sides[i], r->facts.v[0], err) < 0)
            return -1;
    plm_sv a = outcome(&d->sides[0]), b = outcome(&d->sides[1]);
    if (d->as_json) {
        put_field(&d->out, is_first ? "\n  {" : ",\n  {", "source", plm_sv_from(word));
        put_field(&d->out, ", ", "a", a);
        put_field(&d->out, ", ", "b", b);
        plm_buf_str(&d->out, ", \"rows\": [");
        d->has_rows = false;
    } else {
        plm_text_escape(&d->out, plm_sv_from(word));
        plm_buf_printf(&d->out, ": %.*s, %.*s%s\n", PLM_SV_ARG(a), PLM_SV_ARG(b),
                       plm_sv_eq(a, b) ? "" : "  (differs)");
    }
    d->differences += !plm_sv_eq(a, b);
    for (int i = 0; i < 2 && !d->as_json; i++)
        if (d->sides[i].failure.p) {
            plm_buf_str(&d->out, "  ");
            plm_text_escape(&d->out, d->sides[i].failure);
            plm_buf_byte(&d->out, '\n');
        }
    compare(d);
    if (d->as_json)
        plm_buf_str(&d->out, d->has_rows ? "\n  ]}" : "]}");
    return 0;
}

static int all(struct diff *d, const char *const *words, size_t n, plm_err **err)
{
    /* One policy, then images: it is compared with itself in the other mode. */
    bool is_one = n == 2 || plm_config_flag(d->cli->config, "modes");
    plm_sv a = plm_sv_from(words[0]), b = is_one ? a : plm_sv_from(words[1]);
    size_t first = is_one ? 1 : 2;
    unsigned flags = PLM_SETUP_NO_WORDS;
    if (plm_cli_wants_json(d->cli, &d->as_json, err) < 0 || open_sides(d, a, b, err) < 0)
        return -1;
    for (size_t i = first; i < n; i++)
        if (!plm_cli_is_facts(words[i]))
            flags |= PLM_SETUP_VULNERABILITIES | PLM_SETUP_INSPECT;
    if (plm_scan_setup(d->cli, flags, d->setup, err) < 0 || look_for(d, err) < 0)
        return -1;
    if (d->as_json) {
        put_field(&d->out, "{", "a", d->sides[0].label);
        put_field(&d->out, ", ", "b", d->sides[1].label);
        plm_buf_str(&d->out, ", \"images\": [");
    } else {
        plm_buf_printf(&d->out, "a: %.*s\nb: %.*s\n\n", PLM_SV_ARG(d->sides[0].label),
                       PLM_SV_ARG(d->sides[1].label));
    }
    for (size_t i = first; i < n; i++)
        if (one_image(d, words[i], i == first, err) < 0)
            return -1;
    if (d->as_json)
        plm_buf_printf(&d->out, "\n], \"differences\": %zu}\n", d->differences);
    else
        plm_buf_printf(&d->out, "%zu difference%s\n", d->differences, d->differences == 1 ? "" : "s");
    return plm_buf_check(&d->out, err) < 0 ? -1 : plm_cli_print(plm_buf_sv(&d->out), err);
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    plm_auto_done(plm_scan_setup_done) struct plm_scan_setup s = {0};
    struct diff d = {.cli = cli, .setup = &s, .out = PLM_BUF(PLM_MIB(256))};
    int rc = all(&d, words, n, err);
    plm_buf_done(&d.out);
    plm_policy_free(d.sides[0].policy);
    plm_policy_free(d.sides[1].policy);
    return rc < 0 ? -1 : d.differences ? PLM_EXIT_FAILED : PLM_EXIT_PASSED;
}

static const struct plm_command policy_diff = {
    .name = "policy diff",
    .arguments = "POLICY [POLICY] SOURCE|FACTS.json...",
    .summary = "where two policies, or the two modes of one, judge images differently",
    .help =
        "Each source is looked at once and judged by both. With one policy and one source (or --modes and "
        "any "
        "number) it is compared with itself: compat, as the original evaluates it, against fixed, as it is "
        "documented. Rows are the same where gate and trigger id are. Ends with 1 where anything differs.",
    .examples =
        "plimsoll policy diff old.json new.yaml app.json\ttwo policies on saved facts\n"
        "plimsoll policy diff --modes bundle.json app:1 db:2\twhat the defects of the original change\n",
    .min_words = 2,
    .max_words = UINT_MAX,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, policy_diff);
