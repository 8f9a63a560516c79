/* SPDX-License-Identifier: Apache-2.0
 *
 * notify test: one message to each target, without the queue, and what became of it. A target that is
 * configured wrongly ends with 2, one that could not be reached with 3.
 */
#include "base/text.h"
#include "cli/notify_setup.h"

#include <limits.h>

struct outcome {
    const struct plm_notify_target *target;
    const char *result; /* "delivered", "failed", "misconfigured" */
    char *message;      /* heap; NULL: none */
    const char *hint;
};

static void try_target(struct plm_cli *cli, const struct plm_notify_target *t, plm_sv host,
                       struct outcome *out)
{
    plm_err *e = NULL;
    plm_auto(plm_notifier_close) struct plm_notifier *n = plm_notifier_open(&cli->ctx, t, PLM_SV_NULL, 0, &e);
    const struct plm_notice notice = {
        .title = PLM_SV("plimsoll: a test message"),
        .text = plm_arena_printf(cli->arena,
                                 "Sent by \"plimsoll notify test %.*s\" on %.*s: messages arrive here.",
                                 PLM_SV_ARG(t->name), PLM_SV_ARG(host)),
        .severity = PLM_SEV_LOW,
        .object = host,
        .source = PLM_SV("test"),
        .key = PLM_SV("plimsoll-test"),
        .time = plm_now(&cli->ctx),
    };
    int r = n ? plm_notifier_try(n, &notice, &e) : -1;
    out->target = t;
    out->result = r == 0 ? "delivered" : plm_err_code(e) == PLM_E_CONFIG ? "misconfigured" : "failed";
    out->message = r == 0 ? NULL : plm_err_text(e);
    const char *hint = r == 0 ? NULL : plm_err_hint_get(e);
    out->hint = hint ? plm_arena_cstr(cli->arena, plm_sv_from(hint)) : NULL;
    plm_err_free(e);
}

static void put_text(struct plm_buf *b, const struct outcome *o)
{
    size_t start = b->n;
    plm_text_escape(b, o->target->name);
    plm_buf_printf(b, "%*s ", (int)(b->n - start < 16 ? 16 - (b->n - start) : 0), "");
    start = b->n;
    plm_text_escape(b, o->target->kind);
    plm_buf_printf(b, "%*s %s", (int)(b->n - start < 12 ? 12 - (b->n - start) : 0), "", o->result);
    if (o->message) {
        plm_buf_str(b, ": ");
        plm_text_escape(b, plm_sv_from(o->message));
    }
    if (o->hint) {
        plm_buf_str(b, "; try: ");
        plm_text_escape(b, plm_sv_from(o->hint));
    }
    plm_buf_byte(b, '\n');
}

static void put_json(struct plm_buf *b, const struct outcome *o, bool is_first)
{
    plm_buf_str(b, is_first ? "\n{\"name\": " : ",\n{\"name\": ");
    plm_text_json(b, o->target->name);
    plm_buf_str(b, ", \"kind\": ");
    plm_text_json(b, o->target->kind);
    plm_buf_printf(b, ", \"result\": \"%s\", \"message\": ", o->result);
    if (o->message)
        plm_text_json(b, plm_sv_from(o->message));
    else
        plm_buf_str(b, "null");
    plm_buf_byte(b, '}');
}

/* The targets that were named, or all. */
static int choose(struct plm_cli *cli, const struct plm_notify_target ***out, size_t *out_n, plm_err **err)
{
    const char *const *words;
    size_t n_words = plm_config_words(cli->config, &words), n_all;
    struct plm_notify_target *all;
    if (plm_cli_notify_targets(cli, &all, &n_all, err) < 0)
        return -1;
    size_t n = n_words ? n_words : n_all;
    const struct plm_notify_target **v = plm_arena_array(cli->arena, n + 1, sizeof(*v));
    if (!v)
        return plm_fail_oom(err);
    for (size_t i = 0; i < n; i++) {
        v[i] = n_words ? plm_cli_notify_find(all, n_all, plm_sv_from(words[i]), err) : &all[i];
        if (!v[i])
            return -1;
    }
    if (!n) {
        int rc = plm_fail_id(err, PLM_E_CONFIG, "notify.unknown", "notify: no target is configured");
        plm_err_hint(err, "name one below notify: in plimsoll.yaml");
        return rc;
    }
    *out = v;
    *out_n = n;
    return 0;
}

static int run(struct plm_cli *cli, plm_err **err)
{
    bool json;
    const struct plm_notify_target **targets;
    size_t n;
    if (plm_cli_wants_json(cli, &json, err) < 0 || choose(cli, &targets, &n, err) < 0)
        return -1;
    char name[HOST_NAME_MAX + 1] = "localhost";
    (void)gethostname(name, sizeof(name) - 1);
    plm_sv host = plm_arena_sv(cli->arena, plm_sv_from(name));
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_buf_str(&b, json ? "[" : "");
    int code = PLM_EXIT_PASSED;
    for (size_t i = 0; i < n; i++) {
        struct outcome o = {0};
        try_target(cli, targets[i], host, &o);
        if (json)
            put_json(&b, &o, i == 0);
        else
            put_text(&b, &o);
        if (strcmp(o.result, "misconfigured") == 0)
            code = PLM_EXIT_USAGE;
        else if (strcmp(o.result, "failed") == 0 && code == PLM_EXIT_PASSED)
            code = PLM_EXIT_INCOMPLETE;
        free(o.message);
    }
    plm_buf_str(&b, json ? "\n]\n" : "");
    if (plm_buf_check(&b, err) < 0 || plm_cli_print(plm_buf_sv(&b), err) < 0)
        return -1;
    return code;
}

static const struct plm_command notify_test = {
    .name = "notify test",
    .arguments = "[NAME...]",
    .summary = "send a test message to the targets of notify: and say what became of it",
    .help =
        "Sends one message to each target that is named, or to all, at once and without the queue on disk. "
        "Ends with 0 when every one was delivered, with 2 when a target is configured wrongly (a missing "
        "key, "
        "a secret that is not there), with 3 when one could not be reached or refused the message.",
    .examples = "plimsoll notify test\tall targets\n"
                "plimsoll notify test ops\tone of them\n"
                "plimsoll notify test -o json\tfor scripts\n",
    .max_words = UINT_MAX,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, notify_test);
