/* SPDX-License-Identifier: Apache-2.0
 *
 * The ring: eight slots of 128 KiB in a memfd. The parent maps it writable, then seals it
 * (F_SEAL_FUTURE_WRITE), so the worker can only map it for reading and cannot change bytes
 * that were hashed. One socket pair carries the turns: a 32-bit length per filled slot one way
 * (0: the end), a byte per emptied slot the other way. The death of either side is an end of
 * file for the other, so nobody waits for ever and nobody spins.
 */
#include "image/worker.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define RING_BYTES ((size_t)PLM_RING_SLOTS * PLM_RING_SLOT_BYTES)

int plm_ring_open(struct plm_ring *out, plm_err **err)
{
    plm_auto_done(plm_ring_done) struct plm_ring r = PLM_RING_NONE;
    int pair[2];
    r.memfd = memfd_create("plimsoll-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (r.memfd < 0 || ftruncate(r.memfd, RING_BYTES) < 0)
        return plm_fail_sys(err, "memory for a ring");
    void *map = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, r.memfd, 0);
    if (map == MAP_FAILED)
        return plm_fail_sys(err, "map of a ring");
    r.map = map;
    if (fcntl(r.memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0)
        return plm_fail_sys(err, "seal of a ring");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return plm_fail_sys(err, "socket of a ring");
    r.ours = pair[0];
    r.theirs = pair[1];
    r.free = PLM_RING_SLOTS;
    *out = r;
    r = PLM_RING_NONE;
    return 0;
}

void plm_ring_started(struct plm_ring *r)
{
    if (r->memfd >= 0)
        close(r->memfd);
    if (r->theirs >= 0)
        close(r->theirs);
    r->memfd = r->theirs = -1;
}

bool plm_ring_wait(struct plm_ring *r)
{
    char turns[PLM_RING_SLOTS];
    ssize_t n;
    do
        n = recv(r->ours, turns, sizeof(turns), 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        r->is_closed = true;
    else
        r->free += (unsigned)n;
    if (r->free > PLM_RING_SLOTS) /* a worker that lies about its turns only hurts its own view */
        r->free = PLM_RING_SLOTS;
    return !r->is_closed;
}

char *plm_ring_slot(struct plm_ring *r)
{
    while (r->free == 0 && !r->is_closed)
        plm_ring_wait(r);
    return r->is_closed ? NULL : r->map + (size_t)r->next * PLM_RING_SLOT_BYTES;
}

static void send_length(struct plm_ring *r, uint32_t n)
{
    ssize_t sent;
    do
        sent = send(r->ours, &n, sizeof(n), MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent != (ssize_t)sizeof(n))
        r->is_closed = true;
}

void plm_ring_push(struct plm_ring *r, size_t n)
{
    if (r->is_closed || n == 0)
        return;
    send_length(r, (uint32_t)n);
    r->next = (r->next + 1) % PLM_RING_SLOTS;
    r->free--;
}

void plm_ring_end(struct plm_ring *r)
{
    if (!r->is_closed)
        send_length(r, 0);
}

void plm_ring_done(struct plm_ring *r)
{
    if (r->map)
        munmap(r->map, RING_BYTES);
    plm_ring_started(r);
    if (r->ours >= 0)
        close(r->ours);
    *r = PLM_RING_NONE;
}

/* ---- the worker's side ---------------------------------------------------------------------- */

struct reader {
    const char *map;
    int sock;
    unsigned slot;
    size_t at, n; /* of the current slot */
    uint32_t lengths[PLM_RING_SLOTS];
    unsigned n_lengths, next_length;
    bool is_end;
};

/* Lengths that wait in the socket, several in one call. */
static int fill_lengths(struct reader *r, plm_err **err)
{
    r->n_lengths = r->next_length = 0;
    size_t have = 0;
    while (have < sizeof(uint32_t) || have % sizeof(uint32_t)) {
        ssize_t got = recv(r->sock, (char *)r->lengths + have, sizeof(r->lengths) - have, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return plm_fail_sys(err, "ring");
        if (got == 0)
            return plm_fail_id(err, PLM_E_IO, "layer.read",
                               "the bytes stop here: their source could not be read");
        have += (size_t)got;
    }
    r->n_lengths = (unsigned)(have / sizeof(uint32_t));
    return 0;
}

static ssize_t reader_read(void *impl, void *p, size_t n, plm_err **err)
{
    struct reader *r = impl;
    if (r->at == r->n) {
        if (r->n) { /* give the slot back; who gave the end away already may be gone */
            (void)!send(r->sock, "", 1, MSG_NOSIGNAL);
            r->slot = (r->slot + 1) % PLM_RING_SLOTS;
            r->n = r->at = 0;
        }
        if (r->is_end)
            return 0;
        if (r->next_length == r->n_lengths && fill_lengths(r, err) < 0)
            return -1;
        r->n = r->lengths[r->next_length++];
        if (r->n > PLM_RING_SLOT_BYTES)
            return plm_fail(err, PLM_E_INTERNAL, "ring slot of %zu bytes", r->n);
        if (r->n == 0) {
            r->is_end = true;
            return 0;
        }
    }
    size_t take = r->n - r->at < n ? r->n - r->at : n;
    memcpy(p, r->map + (size_t)r->slot * PLM_RING_SLOT_BYTES + r->at, take);
    r->at += take;
    return (ssize_t)take;
}

static void reader_free(void *impl)
{
    struct reader *r = impl;
    munmap((void *)(uintptr_t)r->map, RING_BYTES);
    free(r);
}

struct plm_stream *plm_ring_stream(int memfd, int sock, const char *name, plm_err **err)
{
    static const struct plm_stream_ops ops = {.read = reader_read, .free = reader_free};
    struct reader *r = calloc(1, sizeof(*r));
    if (!r)
        return PLM_NULL(plm_fail_oom(err));
    void *map = mmap(NULL, RING_BYTES, PROT_READ, MAP_SHARED, memfd, 0);
    if (map == MAP_FAILED) {
        free(r);
        return PLM_NULL(plm_fail_sys(err, "map of the ring"));
    }
    r->map = map;
    r->sock = sock;
    struct plm_stream *s = plm_stream_new(&ops, r, name, err);
    if (!s)
        reader_free(r);
    return s;
}
