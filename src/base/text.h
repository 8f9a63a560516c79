/* SPDX-License-Identifier: Apache-2.0
 *
 * Escaping of untrusted text, UTF-8 checks, and the display forms of numbers.
 * All text that came from an image passes through one of these before it is shown.
 */
#pragma once

#include "base/buf.h"
#include "base/sv.h"

/* For terminals and logs: control bytes, invalid UTF-8, bidirectional overrides and other
 * invisible characters become \n, \t, \xNN or \u{NNNN}; a backslash stays. */
void plm_text_escape(struct plm_buf *b, plm_sv s);
/* A JSON string with its quotes. Invalid UTF-8 bytes become U+FFFD; what plm_text_escape hides is written as
 * \uNNNN. */
void plm_text_json(struct plm_buf *b, plm_sv s);
/* For HTML text and attribute values. Control bytes become U+FFFD. */
void plm_text_html(struct plm_buf *b, plm_sv s);
/* Length of the valid UTF-8 character at the start of s (1 to 4) and its code point; 0 if invalid. */
size_t plm_utf8_next(plm_sv s, uint32_t *out_cp);
bool plm_utf8_valid(plm_sv s);
/* Columns that s takes on a terminal (wide characters 2, combining 0). */
size_t plm_text_width(plm_sv s);
/* Lower-case hexadecimal. */
void plm_text_hex(struct plm_buf *b, const unsigned char *p, size_t n);
/* Base64 (RFC 4648), without line ends. */
void plm_text_base64(struct plm_buf *b, plm_sv s);
/* "4.2 MiB"; "3 h", "2 d" (largest unit, for ages in seconds). */
void plm_text_bytes(struct plm_buf *b, uint64_t bytes);
void plm_text_age(struct plm_buf *b, int64_t seconds);
