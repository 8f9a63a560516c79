/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes are shell text: words lie in it, in the order of their offsets; cutting it twice gives the same.
 */
#include "base/buf.h"
#include "inspect/shell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_arena *a = plm_arena_new(PLM_MIB(256));
    struct plm_shell one, two;
    plm_sv text = {(const char *)data, size};
    if (!a)
        return 0;
    if (plm_shell_parse(text, a, &one, NULL) == 0 && plm_shell_parse(text, a, &two, NULL) == 0) {
        if (one.commands.n != two.commands.n || one.is_partial != two.is_partial)
            abort();
        for (size_t i = 0; i < one.commands.n; i++) {
            const struct plm_sh_command *c = &one.commands.v[i];
            for (size_t k = 0; k < c->words.n; k++)
                if (!c->words.v[k].raw.n || c->words.v[k].line < 1 ||
                    !plm_sv_eq(c->words.v[k].raw, two.commands.v[i].words.v[k].raw))
                    abort();
            (void)plm_sh_base(c);
            (void)plm_sh_has_flag(c, "x");
        }
    }
    plm_arena_free(a);
    return 0;
}
