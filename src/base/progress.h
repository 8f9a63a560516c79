/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress on standard error: nothing in the first half second, then one line that is
 * redrawn (a terminal) or a line every ten seconds (--progress auto off a terminal: none).
 *
 * Thread-safe. A NULL progress is silent, so callers need not check.
 */
#pragma once

#include <stdint.h>

struct plm_progress;

/* fd: where to draw; tty: redraw in place. NULL when out of memory. */
struct plm_progress *plm_progress_new(int fd, int tty);
void plm_progress_free(struct plm_progress *p); /* clears the line */
/* "reading layers 3/14": total 0 = unknown. The label is copied. */
void plm_progress_step(struct plm_progress *p, const char *label, uint64_t done, uint64_t total);
