/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll exception import: ignore files of other tools into ours, once, with what they do not
 * have: an owner and an end. Rows that are there already are left out; rows that say more than an exception
 * can are named.
 */
#include "base/fs.h"
#include "base/text.h"
#include "cli/exception_common.h"

#include <limits.h>

static int read_foreign(struct plm_cli *cli, struct plm_exceptions *e, const char *path, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    if (plm_fs_read(path, b.max, &b, err) < 0)
        return -1;
    const char *format = plm_exceptions_format(&cli->ctx, path, plm_buf_sv(&b));
    if (format)
        return plm_exceptions_parse_foreign(&cli->ctx, e, format, plm_buf_sv(&b), path, err);
    int rc = plm_fail(err, PLM_E_USAGE, "%s: not known as an ignore file of another tool", path);
    plm_err_hint(err, "known by name: .trivyignore, .trivyignore.yaml, .grype.yaml, osv-scanner.toml, "
                      ".gitleaksignore, .gitleaks.toml, .hadolint.yaml");
    return rc;
}

static bool is_there(const struct plm_exceptions *e, size_t n, const struct plm_exception *x)
{
    for (size_t i = 0; i < n; i++)
        if (plm_exception_same(&e->rows.v[i], x))
            return true;
    return false;
}

/* Options fill what a row does not say itself. */
static void complete(struct plm_exception *x, const struct plm_exception *model)
{
    if (model->reason.n)
        x->reason = model->reason;
    if (!x->owner.n)
        x->owner = model->owner;
    if (!x->ticket.n)
        x->ticket = model->ticket;
    if (!x->until) {
        x->until = model->until;
        x->until_text = model->until_text;
    }
}

static int read_model(struct plm_cli *cli, struct plm_exception *model, plm_err **err)
{
    plm_sv until = plm_config_text(cli->config, "until");
    model->reason = plm_config_text(cli->config, "reason");
    model->owner = plm_config_text(cli->config, "owner");
    model->ticket = plm_config_text(cli->config, "ticket");
    return until.n ? plm_exception_until(cli, until, model, err) : 0;
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words), doubled = 0;
    struct plm_exception model = {0};
    const char *path = plm_exception_file(cli, err);
    plm_auto_done(plm_buf_done) struct plm_buf old = PLM_BUF(PLM_MIB(8)), out = PLM_BUF(PLM_MIB(8));
    plm_auto(plm_exceptions_free) struct plm_exceptions *there = path ? plm_exceptions_new(err) : NULL;
    plm_auto(plm_exceptions_free) struct plm_exceptions *e = there ? plm_exceptions_new(err) : NULL;
    PLM_VEC(struct plm_exception) rows = {0};
    if (!e || read_model(cli, &model, err) < 0 || plm_exception_text(path, &old, err) < 0 ||
        plm_exceptions_parse(&cli->ctx, there, plm_buf_sv(&old), path, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (read_foreign(cli, e, words[i], err) < 0)
            return -1;
    for (size_t i = 0; i < e->rows.n; i++) {
        struct plm_exception *x = &e->rows.v[i];
        if (is_there(there, there->rows.n, x) || is_there(e, i, x)) {
            doubled++;
            continue;
        }
        complete(x, &model);
        struct plm_exception *slot = plm_vec_push(e->arena, &rows);
        if (slot)
            *slot = *x;
    }
    if (plm_arena_check(e->arena, err) < 0)
        return -1;
    if (rows.n && plm_exception_write(cli, path, rows.v, rows.n, err) < 0)
        return -1;
    plm_buf_printf(&out, "%zu exception%s written to %s", rows.n, rows.n == 1 ? "" : "s", path);
    if (doubled)
        plm_buf_printf(&out, ", %zu there already", doubled);
    plm_buf_printf(&out, ", %zu row%s not carried over\n", e->skipped.n, e->skipped.n == 1 ? "" : "s");
    for (size_t i = 0; i < e->skipped.n; i++) {
        plm_buf_str(&out, "  ");
        plm_text_escape(&out, e->skipped.v[i].file);
        plm_buf_printf(&out, ":%u: ", e->skipped.v[i].line);
        plm_text_escape(&out, e->skipped.v[i].what);
        plm_buf_byte(&out, '\n');
    }
    if (plm_buf_check(&out, err) < 0 || plm_cli_print(plm_buf_sv(&out), err) < 0)
        return -1;
    return PLM_EXIT_PASSED;
}

static const struct plm_command exception_import = {
    .name = "exception import",
    .arguments = "FILE...",
    .summary = "take over ignore files of trivy, grype, osv-scanner, gitleaks and hadolint",
    .help =
        "Reads .trivyignore, .trivyignore.yaml, .grype.yaml, osv-scanner.toml, .gitleaksignore, "
        ".gitleaks.toml and .hadolint.yaml and adds their rows to our file (--exceptions FILE, else "
        "exceptions.yaml). Remarks above a row become its reason. --owner, --until, --ticket and --reason "
        "fill what the rows do not say.\n\n"
        "A row with a condition that an exception does not have (grype's fix-state, a gitleaks stop "
        "word) is named and left out: without the condition it would suppress more.\n\n"
        "--exceptions reads these files without an import too.",
    .examples =
        "plimsoll exception import .trivyignore --owner web --until 90d\tonce, with an owner and an end\n",
    .min_words = 1,
    .max_words = UINT_MAX,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, exception_import);
