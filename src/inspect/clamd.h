/* SPDX-License-Identifier: Apache-2.0
 *
 * A ClamAV daemon over its socket (clamd(8)): VERSION and INSTREAM. One connection for each question.
 *
 *     fd = plm_clamd_begin(address, timeout_ms, err);
 *     plm_clamd_chunk(fd, p, n);                       // -1: it reads no more; the answer says why
 *     plm_clamd_end(fd, &answer, err);
 *     verdict = plm_clamd_verdict(answer, &text);
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { PLM_CLAMD_TIMEOUT_MS = 120000, PLM_CLAMD_ANSWER_MAX = 4096, PLM_CLAMD_CHUNK = 64 * 1024 };

/* "/run/clamav/clamd.ctl", "unix:PATH"; "HOST:PORT", "tcp://HOST:PORT", "[::1]:3310". */
bool plm_clamd_is_tcp(plm_sv address);

/* Connected, INSTREAM said. Waits of a connection, a chunk and an answer are bounded by timeout_ms. */
int plm_clamd_begin(plm_sv address, uint64_t timeout_ms, plm_err **err);
int plm_clamd_chunk(int fd, const void *p, size_t n);
/* Closes fd. *out is the answer without "stream: ". */
int plm_clamd_end(int fd, struct plm_buf *out, plm_err **err);
/* "ClamAV 1.0.7/27445/Mon ...": program, signatures, their date. */
int plm_clamd_version(plm_sv address, uint64_t timeout_ms, struct plm_buf *out, plm_err **err);

enum plm_clamd_verdict {
    PLM_CLAMD_CLEAN,
    PLM_CLAMD_FOUND,     /* *out_text: the signature */
    PLM_CLAMD_TOO_LARGE, /* over its StreamMaxLength */
    PLM_CLAMD_FAILED,
};
enum plm_clamd_verdict plm_clamd_verdict(plm_sv answer, plm_sv *out_text);
