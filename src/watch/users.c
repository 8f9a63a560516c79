/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of users and groups: passwd(5) and group(5) of a container's own root, read through /proc/PID/root,
 * or of the host. What a container writes there is its own affair: at most USERS_MAX rows of FILE_BYTES of
 * text are kept, sorted by number; of one number the first row counts, as for getpwuid(3).
 *
 * The files are looked at again when a number is missing or a minute has gone by, at most once a second, and
 * read only if they have changed.
 */
#include "watch/meta_int.h"

#include "base/fs.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>

enum { USERS_MAX = 4096, AGE_MISSING = 1, AGE_KNOWN = 60 };
#define FILE_BYTES PLM_KIB(256)
#define KEPT_BYTES PLM_MIB(1)

struct row {
    uint32_t number;
    uint32_t order;
    struct plm_user user;
};

struct table {
    PLM_VEC(struct row) rows;
};

struct stamp {
    uint64_t ino, size, mtime, mtime_ns;
};

struct plm_users {
    struct plm_arena *read, *put; /* of what was read, of what was put by hand */
    struct table users, groups, put_users, put_groups;
    struct stamp stamps[2];
    int64_t looked; /* monotonic seconds; 0: never */
};

struct plm_users *plm_users_new(void)
{
    struct plm_users *u = calloc(1, sizeof(*u));
    if (!u)
        return NULL;
    u->read = plm_arena_new(KEPT_BYTES);
    u->put = plm_arena_new(KEPT_BYTES);
    if (!u->read || !u->put) {
        plm_users_free(u);
        return NULL;
    }
    return u;
}

void plm_users_free(struct plm_users *u)
{
    if (!u)
        return;
    plm_arena_free(u->read);
    plm_arena_free(u->put);
    free(u);
}

size_t plm_users_bytes(const struct plm_users *u)
{
    return plm_arena_used(u->read) + plm_arena_used(u->put);
}

/* ---- text ------------------------------------------------------------------------------------------ */

static int by_number(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

/* name:password:number[:gid:gecos:home:shell]. Rows that are none are passed over; a full arena ends it. */
static void parse(struct plm_arena *a, struct table *t, plm_sv text, bool is_passwd)
{
    plm_sv line;
    while (plm_sv_line(&text, &line) && t->rows.n < USERS_MAX) {
        plm_sv f[7] = {PLM_SV_NULL};
        size_t n = 0;
        while (n < 7 && plm_sv_field(&line, ':', &f[n]))
            n++;
        uint64_t number;
        if (n < 3 || !f[0].n || f[0].p[0] == '#' || !plm_sv_u64(f[2], &number) || number > UINT32_MAX)
            continue;
        struct row r = {.number = (uint32_t)number, .order = (uint32_t)t->rows.n};
        r.user.name = plm_arena_sv(a, f[0]);
        if (is_passwd) {
            r.user.home = plm_arena_sv(a, f[5]);
            r.user.shell = plm_arena_sv(a, f[6]);
        }
        if (plm_arena_failed(a))
            return;
        struct row *slot = plm_vec_push(a, &t->rows);
        if (!slot)
            return;
        *slot = r;
    }
    if (t->rows.n)
        qsort(t->rows.v, t->rows.n, sizeof(struct row), by_number);
}

int plm_users_parse(struct plm_users *u, plm_sv passwd, plm_sv group, plm_err **err)
{
    (void)err; /* what does not fit is unknown, not an error */
    plm_arena_reset(u->read);
    u->users = u->groups = (struct table){0};
    parse(u->read, &u->users, passwd, true);
    parse(u->read, &u->groups, group, false);
    return 0;
}

static const struct row *find(const struct table *t, uint32_t number)
{
    size_t lo = 0, hi = t->rows.n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (t->rows.v[mid].number < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < t->rows.n && t->rows.v[lo].number == number ? &t->rows.v[lo] : NULL;
}

bool plm_users_find(const struct plm_users *u, uint32_t uid, struct plm_user *out)
{
    const struct row *r = find(&u->put_users, uid);
    r = r ? r : find(&u->users, uid);
    *out = r ? r->user : (struct plm_user){PLM_SV_NULL, PLM_SV_NULL, PLM_SV_NULL};
    return r != NULL;
}

plm_sv plm_users_find_group(const struct plm_users *u, uint32_t gid)
{
    const struct row *r = find(&u->put_groups, gid);
    r = r ? r : find(&u->groups, gid);
    return r ? r->user.name : PLM_SV_NULL;
}

/* The newest of one number stands first: recordings may say it anew. */
static int put(struct plm_users *u, struct table *t, uint32_t number, const struct plm_user *user,
               plm_err **err)
{
    struct plm_user copy = {plm_arena_sv(u->put, user->name), plm_arena_sv(u->put, user->home),
                            plm_arena_sv(u->put, user->shell)};
    struct row *r = plm_arena_failed(u->put) ? NULL : (struct row *)(uintptr_t)find(t, number);
    if (!r && !plm_arena_failed(u->put)) {
        r = plm_vec_push(u->put, &t->rows);
        if (r) {
            *r = (struct row){.number = number, .order = (uint32_t)t->rows.n, .user = copy};
            qsort(t->rows.v, t->rows.n, sizeof(struct row), by_number);
            return 0;
        }
    }
    if (!r)
        return plm_arena_check(u->put, err);
    r->user = copy;
    return 0;
}

int plm_users_put(struct plm_users *u, uint32_t uid, const struct plm_user *user, plm_err **err)
{
    return put(u, &u->put_users, uid, user, err);
}

int plm_users_put_group(struct plm_users *u, uint32_t gid, plm_sv name, plm_err **err)
{
    struct plm_user g = {.name = name};
    return put(u, &u->put_groups, gid, &g, err);
}

/* ---- files ------------------------------------------------------------------------------------------- */

static int64_t seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
    return ts.tv_sec + 1;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
    return a->ino == b->ino && a->size == b->size && a->mtime == b->mtime && a->mtime_ns == b->mtime_ns;
}

static struct stamp stamp_of(int root, const char *path)
{
    struct stat st;
    plm_auto_fd int fd = plm_fs_open_in(root, path, O_PATH, NULL);
    if (fd < 0 || fstat(fd, &st) < 0)
        return (struct stamp){0};
    return (struct stamp){st.st_ino, (uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec,
                          (uint64_t)st.st_mtim.tv_nsec};
}

void plm_users_refresh(struct plm_users *u, int32_t pid, bool is_missing)
{
    int64_t now = seconds();
    if (u->looked && now - u->looked < (is_missing ? AGE_MISSING : AGE_KNOWN))
        return;
    char path[32] = "/";
    if (pid > 0)
        (void)snprintf(path, sizeof(path), "/proc/%d/root", pid);
    plm_auto_fd int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return; /* the process has gone, or we may not: the next one is asked */
    u->looked = now;
    struct stamp fresh[2] = {stamp_of(root, "/etc/passwd"), stamp_of(root, "/etc/group")};
    if (same_stamp(&fresh[0], &u->stamps[0]) && same_stamp(&fresh[1], &u->stamps[1]))
        return;
    plm_auto_done(plm_buf_done) struct plm_buf passwd = PLM_BUF(FILE_BYTES), group = PLM_BUF(FILE_BYTES);
    if (plm_fs_read_in(root, "/etc/passwd", FILE_BYTES, &passwd, NULL) < 0)
        plm_buf_clear(&passwd); /* none, a pipe, too large: no names */
    if (plm_fs_read_in(root, "/etc/group", FILE_BYTES, &group, NULL) < 0)
        plm_buf_clear(&group);
    if (plm_users_parse(u, plm_buf_sv(&passwd), plm_buf_sv(&group), NULL) == 0)
        memcpy(u->stamps, fresh, sizeof(fresh));
}
