/* SPDX-License-Identifier: Apache-2.0
 *
 * Recordings: whatever is accepted is written again and must be accepted again, with as many lines.
 */
#include "watch/field.h"
#include "watch/source.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t run(const struct plm_ctx *ctx, plm_sv text, struct plm_recorder *r)
{
    plm_auto(plm_source_close) struct plm_source *s = plm_replay_text(ctx, text, "fuzz", NULL);
    struct plm_item i;
    size_t n = 0;
    while (s && s->ops->next(s, &i, NULL) == 0 && i.kind != PLM_ITEM_END) {
        struct plm_view v = {.event = i.event};
        bool is_event = i.kind == PLM_ITEM_EVENT || i.kind == PLM_ITEM_IO_URING;
        n += is_event;
        if (r && (is_event ? plm_recorder_event(r, &v, i.kind == PLM_ITEM_IO_URING, NULL)
                           : plm_recorder_item(r, &i, NULL)) < 0)
            abort();
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    struct plm_recorder *r = fd >= 0 ? plm_recorder_new(fd, false, NULL) : NULL;
    if (!r)
        abort();
    size_t n = run(&ctx, plm_sv_n((const char *)data, size), r);
    if (plm_recorder_close(r, NULL) < 0)
        abort();
    off_t length = lseek(fd, 0, SEEK_END);
    char *text = length > 0 ? mmap(NULL, (size_t)length, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (text && run(&ctx, plm_sv_n(text, (size_t)length), NULL) != n)
        abort();
    if (text)
        munmap(text, (size_t)length);
    close(fd);
    return 0;
}
