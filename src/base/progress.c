/* SPDX-License-Identifier: Apache-2.0 */
#include "base/progress.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "base/time.h"

#include <pthread.h>

enum { FIRST_MS = 500, REDRAW_MS = 100, LABEL_MAX = 60 };

struct plm_progress {
    pthread_mutex_t lock; /* guards what follows */
    uint64_t started, drawn;
    int fd, tty, visible;
};

struct plm_progress *plm_progress_new(int fd, int tty)
{
    struct plm_progress *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    pthread_mutex_init(&p->lock, NULL);
    p->fd = fd;
    p->tty = tty;
    p->started = plm_clock_ms();
    return p;
}

static void draw(const struct plm_progress *p, plm_sv text)
{
    plm_err *ignored = NULL;
    if (plm_fs_write_all(p->fd, text.p, text.n, &ignored) < 0)
        plm_err_free(ignored);
}

void plm_progress_free(struct plm_progress *p)
{
    if (!p)
        return;
    if (p->visible)
        draw(p, PLM_SV("\r\033[K"));
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void plm_progress_step(struct plm_progress *p, const char *label, uint64_t done, uint64_t total)
{
    if (!p || !p->tty)
        return;
    pthread_mutex_lock(&p->lock);
    uint64_t now = plm_clock_ms();
    if (now - p->started >= FIRST_MS && now - p->drawn >= REDRAW_MS) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
        plm_buf_str(&b, "\r\033[K");
        plm_text_escape(&b, plm_sv_sub(plm_sv_from(label), 0, LABEL_MAX));
        if (total)
            plm_buf_printf(&b, " %llu/%llu", (unsigned long long)done, (unsigned long long)total);
        else if (done)
            plm_buf_printf(&b, " %llu", (unsigned long long)done);
        draw(p, plm_buf_sv(&b));
        p->drawn = now;
        p->visible = 1;
    }
    pthread_mutex_unlock(&p->lock);
}
