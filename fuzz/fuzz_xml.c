/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts and ends must pair up, and the stack must be readable at each.
 */
#include "codec/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int start(void *arg, const struct plm_xml *x, plm_err **err)
{
    size_t *depth = arg;
    (void)err;
    if (plm_xml_depth(x) != ++*depth || !plm_xml_name(x).p)
        abort();
    (void)plm_xml_attr(x, "id");
    return 0;
}

static int end(void *arg, const struct plm_xml *x, plm_sv text, plm_err **err)
{
    size_t *depth = arg;
    (void)err;
    if (plm_xml_depth(x) != (*depth)-- || (text.n && plm_sv_trim(text).n != text.n))
        abort();
    (void)plm_xml_is(x, "//a/b");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct plm_xml_ops ops = {start, end};
    size_t depth = 0;
    if (plm_xml_parse_view(plm_sv_n((const char *)data, size), "fuzz", &plm_limits_default, &ops, &depth,
                           NULL) == 0 &&
        depth != 0)
        abort();
    return 0;
}
