/* SPDX-License-Identifier: Apache-2.0
 *
 * Build steps of an image: its history and, where a Dockerfile is given, that file's instructions of the
 * stages that end in the image. A RUN that stands in both is one step: the Dockerfile's, with the history's
 * layer.
 */
#pragma once

#include "inspect/dockerfile.h"
#include "inspect/inspect_int.h"
#include "inspect/shell.h"

struct plm_step {
    const struct plm_df_instr *in;
    const char *from; /* "history" or "dockerfile" */
    uint32_t number;  /* line of the Dockerfile; number of the history entry */
    uint32_t layer;   /* or PLM_NONE */
    bool is_first;    /* no earlier step made a layer: the base's own root */
    plm_sv text;      /* RUN: what the shell gets, or the words of the exec form; null: another instruction */
    struct plm_shell shell;
};
struct plm_steps {
    PLM_VEC(struct plm_step) v;
    const char *missing; /* why there are none; NULL: there is a history or a Dockerfile */
};

/* Views live in the arena, the config and the Dockerfile's text. Errors: OOM. */
int plm_steps_read(const struct plm_inspection *in, struct plm_arena *a, struct plm_steps *out,
                   plm_err **err);
/* A finding about a step: its text (cut), and where it stands. */
void plm_step_fail(struct plm_judging *j, const struct plm_step *s, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
