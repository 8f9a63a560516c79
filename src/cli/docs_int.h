/* SPDX-License-Identifier: Apache-2.0
 *
 * What the makers of the reference pages share (cmd_docs.c, docs_checks.c).
 */
#pragma once

#include "cli/cli.h"

/* Title, the line that says where the page comes from, and an opening text. */
void plm_docs_page_start(struct plm_buf *b, const char *title, const char *text);
void plm_docs_page_checks(struct plm_buf *b, struct plm_arena *a);
