/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said on standard error.
 */
#include "base/fs.h"
#include "base/text.h"
#include "cli/cli.h"

#include <stdarg.h>

static void write_error(const struct plm_buf *b)
{
    /* Where standard error is gone, there is nobody left to tell. */
    plm_err *ignored = NULL;
    plm_sv text = plm_buf_sv(b);
    if (plm_fs_write_all(STDERR_FILENO, text.p, text.n, &ignored) < 0)
        plm_err_free(ignored);
}

void plm_cli_error(const struct plm_cli *cli, const plm_err *e)
{
    (void)cli;
    plm_auto_free char *text = plm_err_text(e);
    const char *id = plm_err_id(e), *hint = plm_err_hint_get(e);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_buf_str(&b, "plimsoll: ");
    plm_text_escape(&b, plm_sv_from(text ? text : "out of memory"));
    if (id)
        plm_buf_printf(&b, " [%s]", id);
    if (hint) {
        plm_buf_str(&b, "; try: ");
        plm_text_escape(&b, plm_sv_from(hint));
    }
    plm_buf_byte(&b, '\n');
    write_error(&b);
}

void plm_cli_note(const struct plm_cli *cli, const char *fmt, ...)
{
    if (cli->quiet)
        return;
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_text_escape(&b, plm_sv_from(text));
    plm_buf_byte(&b, '\n');
    write_error(&b);
    free(text);
}
