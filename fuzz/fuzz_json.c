/* SPDX-License-Identifier: Apache-2.0
 *
 * What is accepted must be writable again and mean the same.
 */
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_json_free) struct plm_json *j =
        plm_json_parse(plm_sv_n((const char *)data, size), "fuzz", &plm_limits_default, NULL);
    if (!j)
        return 0;
    size_t n;
    plm_auto_free char *text = yyjson_val_write(plm_json_root(j), 0, &n);
    if (!text)
        return 0;
    plm_auto(plm_json_free) struct plm_json *again =
        plm_json_parse(plm_sv_n(text, n), "again", &plm_limits_default, NULL);
    if (!again)
        abort();
    (void)plm_json_str(plm_json_root(j), "config", "digest", NULL);
    return 0;
}
