/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks the whole tree of whatever the TOML reader accepts.
 */
#include "codec/toml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct plm_toml_node *n)
{
    size_t sum = n->text.n + n->key.n;
    if (n->line == 0)
        abort();
    for (size_t i = 0; i < n->n; i++)
        sum += walk(n->items[i]);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_limits l = plm_limits_default;
    l.yaml_events = 100000;
    plm_auto(plm_toml_free) struct plm_toml *t =
        plm_toml_parse(plm_sv_n((const char *)data, size), "fuzz", &l, NULL);
    if (t && walk(plm_toml_root(t)) == SIZE_MAX)
        abort();
    return 0;
}
