/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks the whole tree; what aliases share is walked again, so the limit on events is needed.
 */
#include "codec/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct plm_yaml_node *n)
{
    size_t sum = plm_yaml_text(n).n;
    for (size_t i = 0; i < n->n; i++)
        sum += walk(n->items[i]) + (n->keys ? walk(n->keys[i]) : 0);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_limits l = plm_limits_default;
    l.yaml_events = 100000;
    plm_auto(plm_yaml_free) struct plm_yaml *y =
        plm_yaml_parse(plm_sv_n((const char *)data, size), "fuzz", &l, NULL);
    if (y && walk(plm_yaml_root(y)) == SIZE_MAX)
        abort();
    return 0;
}
