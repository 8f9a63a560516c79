/* SPDX-License-Identifier: Apache-2.0
 *
 * XML as a stream of elements over expat: updateinfo.xml, OVAL, pom.xml. Memory is bounded by
 * the nesting, not by the document.
 *
 *     static int start(void *arg, const struct plm_xml *x, plm_err **err)
 *     {
 *         if (plm_xml_is(x, "updates/update/references/reference"))
 *             add_reference(arg, plm_xml_attr(x, "href"));
 *         return 0;
 *     }
 *     static int end(void *arg, const struct plm_xml *x, plm_sv text, plm_err **err) ...
 *     plm_xml_parse(stream, limits, &(struct plm_xml_ops){start, end}, &state, err)
 *
 * Names are without their namespace prefix. Entity declarations are refused, external ones
 * are never opened. Views handed to a callback are valid until it returns.
 */
#pragma once

#include "codec/stream.h"

struct plm_xml;

struct plm_xml_ops {
    /* Both may be NULL. A negative result (with *err) ends the parse and becomes its result. */
    int (*start)(void *arg, const struct plm_xml *x, plm_err **err);
    /* text: the element's own character data in document order, trimmed; that of its children is not in it.
     */
    int (*end)(void *arg, const struct plm_xml *x, plm_sv text, plm_err **err);
};

/* PARSE as NAME:LINE:COLUMN; LIMIT for depth (limits->depth), text of one element (limits->file_bytes) and
 * single tags over 1 MiB. Reads s to its end. */
int plm_xml_parse(struct plm_stream *s, const struct plm_limits *limits, const struct plm_xml_ops *ops,
                  void *arg, plm_err **err);
int plm_xml_parse_view(plm_sv text, const char *name, const struct plm_limits *limits,
                       const struct plm_xml_ops *ops, void *arg, plm_err **err);

/* Inside a callback: the current element, its attributes (in start only; null view if absent), its depth
 * (1: the root), its ancestors (0: itself, 1: the parent; null view above the root) and its place. */
plm_sv plm_xml_name(const struct plm_xml *x);
plm_sv plm_xml_attr(const struct plm_xml *x, const char *name);
size_t plm_xml_depth(const struct plm_xml *x);
plm_sv plm_xml_ancestor(const struct plm_xml *x, size_t up);
uint64_t plm_xml_line(const struct plm_xml *x);
uint64_t plm_xml_column(const struct plm_xml *x);
const char *plm_xml_source(const struct plm_xml *x);
/* Is the current element's path from the root exactly this, such as "a/b/c"; with a leading "//", does it end
 * so? */
bool plm_xml_is(const struct plm_xml *x, const char *path);
/* PARSE with NAME:LINE:COLUMN in front; for callbacks that meet contents they cannot use. */
int plm_xml_fail(const struct plm_xml *x, plm_err **err, const char *what)
    __attribute__((warn_unused_result));
