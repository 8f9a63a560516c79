/* SPDX-License-Identifier: Apache-2.0
 *
 * What sites allow and add, from the configuration to the options of the image checks.
 */
#include "cli/inspect_options.h"

static void copy(const struct plm_config *c, const char *name, struct plm_arena *a, plm_sv_vec *out)
{
    const plm_sv *list;
    size_t n = plm_config_list(c, name, &list);
    for (size_t i = 0; i < n; i++)
        plm_sv_vec_add(a, out, list[i]);
}

int plm_inspect_options_read(const struct plm_config *c, struct plm_arena *a, struct plm_inspect_options *io,
                             plm_err **err)
{
    copy(c, "allowed-registries", a, &io->allowed_registries);
    copy(c, "allowed-ports", a, &io->accepted_ports);
    copy(c, "allowed-setuid", a, &io->accepted_setuid);
    copy(c, "accept-key", a, &io->accepted_keys);
    copy(c, "accept-file", a, &io->accepted_files);
    copy(c, "accept-extension", a, &io->accepted_extensions);
    copy(c, "sensitive-word", a, &io->sensitive_words);
    copy(c, "sensitive-file", a, &io->sensitive_files);
    copy(c, "sensitive-extension", a, &io->sensitive_extensions);
    io->want_owned = io->want_owned || plm_config_flag(c, "verify-packages");
    return plm_arena_check(a, err);
}
