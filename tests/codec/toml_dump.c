/* SPDX-License-Identifier: Apache-2.0
 *
 * What the TOML reader makes of standard input, as JSON with a type beside each value, or "error: ..." and
 * exit 1: for tests/e2e/test_toml.py.
 */
#include "codec/toml.h"

#include "base/buf.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void dump(struct plm_buf *b, const struct plm_toml_node *n)
{
    static const char *const names[] = {"string", "integer", "float", "bool", "time"};
    if (n->kind == PLM_TOML_TABLE || n->kind == PLM_TOML_ARRAY) {
        plm_buf_byte(b, n->kind == PLM_TOML_TABLE ? '{' : '[');
        for (size_t i = 0; i < n->n; i++) {
            plm_buf_str(b, i ? ", " : "");
            if (n->kind == PLM_TOML_TABLE) {
                plm_text_json(b, n->items[i]->key);
                plm_buf_str(b, ": ");
            }
            dump(b, n->items[i]);
        }
        plm_buf_byte(b, n->kind == PLM_TOML_TABLE ? '}' : ']');
        return;
    }
    plm_buf_printf(b, "[\"%s\", ", names[n->kind]);
    if (n->kind == PLM_TOML_INTEGER)
        plm_buf_printf(b, "%" PRId64, n->integer);
    else if (n->kind == PLM_TOML_BOOL)
        plm_buf_str(b, n->boolean ? "true" : "false");
    else if (n->kind == PLM_TOML_FLOAT)
        plm_buf_printf(b, "\"%.17g\"", n->number);
    else
        plm_text_json(b, n->text);
    plm_buf_byte(b, ']');
}

int main(void)
{
    plm_auto_done(plm_buf_done) struct plm_buf in = PLM_BUF(PLM_MIB(64)), out = PLM_BUF(PLM_MIB(256));
    plm_auto(plm_err_free) plm_err *err = NULL;
    for (char *at; (at = plm_buf_reserve(&in, 65536)) != NULL;) {
        ssize_t got = read(0, at, 65536);
        if (got <= 0)
            break;
        in.n += (size_t)got;
    }
    plm_auto(plm_toml_free) struct plm_toml *t =
        plm_toml_parse(plm_buf_sv(&in), "stdin", &plm_limits_default, &err);
    if (!t) {
        char *text = plm_err_text(err);
        printf("error: %s\n", text ? text : "");
        free(text);
        return 1;
    }
    dump(&out, plm_toml_root(t));
    printf("%.*s\n", (int)out.n, out.p);
    return 0;
}
