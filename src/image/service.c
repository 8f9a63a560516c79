/* SPDX-License-Identifier: Apache-2.0
 *
 * What extractors have beyond their fence: modules that are loaded before it goes up, and content services,
 * the sockets between workers and whoever judges contents for them (image.h).
 */
#include "image/build.h"
#include "image/worker.h"

void plm_session_open(const struct plm_content_service *s, struct plm_session *out)
{
    *out = PLM_SESSION_NONE;
    if (!s)
        return;
    out->session = s->open(s, &out->fd);
    out->service = out->session ? s : NULL;
    if (!out->session)
        out->fd = -1;
}

void plm_session_started(struct plm_session *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

void plm_session_done(struct plm_session *s)
{
    plm_session_started(s);
    if (s->session)
        s->service->close(s->session);
    *s = PLM_SESSION_NONE;
}

void plm_job_service(const struct plm_job_input *in, struct plm_wanted *w)
{
    if (w->service > in->n_fds)
        w->service = 0;
    w->service_fd = w->service ? in->fds[w->service - 1] : -1;
}

void plm_job_load(struct plm_job_input *in)
{
    struct plm_rd rd = in->rd; /* the job reads it again */
    struct plm_wanted wanted;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    (void)plm_rd_view(&rd);
    if (!a || plm_wanted_decode(&rd, a, &wanted, NULL) < 0)
        return; /* the job will say so */
    for (size_t i = 0; i < wanted.n_extractors; i++)
        if (wanted.extractors[i]->load)
            wanted.extractors[i]->load(wanted.params[i]);
}

/* What a service did not answer is no property of the layer: the next run asks again. */
bool plm_record_is_passing(const struct plm_record *r)
{
    for (size_t i = 0; i < r->n_diags; i++)
        if (plm_sv_is(r->diags[i].code, "service.unanswered"))
            return true;
    return false;
}
