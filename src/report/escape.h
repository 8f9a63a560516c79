/* SPDX-License-Identifier: Apache-2.0
 *
 * Untrusted text into markup, in one place: names, evidence and messages come out of images,
 * containers and files of strangers. Everything here first makes hidden characters visible
 * (plm_text_escape: control bytes, invalid UTF-8, bidirectional overrides), then escapes what the
 * markup gives a meaning to. `max` characters are kept; how many were cut is said behind them.
 */
#pragma once

#include "base/buf.h"
#include "base/sv.h"

#define PLM_ESC_LINE 300  /* titles, objects, names */
#define PLM_ESC_LONG 2000 /* evidence, messages, commands */

/* The first `max` characters (an invalid byte is one), never a part of one; how many were left out. */
plm_sv plm_esc_clip(plm_sv s, size_t max, size_t *out_cut);
/* Cut, hidden characters made visible, nothing else: for values inside JSON. */
void plm_esc_plain(struct plm_buf *b, plm_sv s, size_t max);
/* HTML and XML, between tags and inside quoted attribute values. */
void plm_esc_html(struct plm_buf *b, plm_sv s, size_t max);
/* Commands keep their line breaks, for <pre>. */
void plm_esc_html_lines(struct plm_buf *b, plm_sv s, size_t max);
/* Markdown as code hosts render it: no markup, link, mention, issue reference or table cell comes of it. */
void plm_esc_markdown(struct plm_buf *b, plm_sv s, size_t max);
/* The same as a code span; also inside a table cell. Nothing for an empty text. */
void plm_esc_markdown_code(struct plm_buf *b, plm_sv s, size_t max);
/* One path segment or path of a relative URI reference: everything but unreserved characters and (if
 * keep_slash) slashes is percent-encoded; "." and ".." do not come through as segments. Cut without a word
 * after PLM_ESC_LINE characters. */
void plm_esc_uri(struct plm_buf *b, plm_sv s, bool keep_slash);
