/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks through the process table (falco-rules.md part 6). A chain of ancestors starts at the leader of the
 * group, ends at what is unknown, and may be a loop (recordings, records that crossed): Brent's rule finds
 * it.
 */
#include "watch/proc_int.h"

struct walk {
    const struct plm_thread *at, *mark;
    unsigned steps, limit;
};

static struct walk walk_from(const struct plm_thread *t)
{
    const struct plm_thread *leader = t && t->leader ? t->leader : t;
    return (struct walk){.at = leader, .mark = leader, .limit = 2};
}

/* To the parent; NULL at the end and where the chain bites its tail. */
static const struct plm_thread *step(struct walk *w)
{
    const struct plm_thread *next = w->at ? w->at->parent : NULL;
    w->at = next && next->is_known && next != w->mark ? next : NULL;
    if (++w->steps == w->limit) {
        w->mark = w->at;
        w->steps = 0;
        w->limit *= 2;
    }
    return w->at;
}

/* Callers hold threads of a table that is theirs to change; the walks only promise not to. */
static struct plm_thread *mutable(const struct plm_thread *t)
{
    return (struct plm_thread *)(uintptr_t)t;
}

struct plm_thread *plm_thread_ancestor(const struct plm_thread *t, unsigned n)
{
    struct walk w = walk_from(t);
    while (n-- && w.at)
        (void)step(&w);
    return mutable(w.at);
}

typedef bool (*same_fn)(const struct plm_thread *a, const struct plm_thread *b);

/* The oldest of the unbroken chain of ancestors that are the same in this respect, itself included. */
static struct plm_thread *oldest_same(const struct plm_thread *t, same_fn is_same)
{
    struct walk w = walk_from(t);
    const struct plm_thread *found = w.at;
    while (step(&w) && is_same(w.at, found))
        found = w.at;
    return mutable(found);
}

static bool same_sid(const struct plm_thread *a, const struct plm_thread *b)
{
    return a->info.sid == b->info.sid;
}

static bool same_pgid(const struct plm_thread *a, const struct plm_thread *b)
{
    return a->info.pgid == b->info.pgid;
}

static bool same_vpgid(const struct plm_thread *a, const struct plm_thread *b)
{
    return a->info.vpgid == b->info.vpgid && a->info.pid_ns == b->info.pid_ns;
}

struct plm_thread *plm_thread_session_leader(struct plm_procs *p, const struct plm_thread *t)
{
    struct plm_thread *leader = t->info.sid > 0 ? plm_procs_find(p, t->info.sid) : NULL;
    if (leader && leader->is_known && leader->info.sid == t->info.sid)
        return leader;
    return t->is_known && t->info.sid >= 0 ? oldest_same(t, same_sid) : NULL;
}

struct plm_thread *plm_thread_group_leader(struct plm_procs *p, const struct plm_thread *t)
{
    struct plm_thread *leader = t->info.pgid > 0 ? plm_procs_find(p, t->info.pgid) : NULL;
    if (leader && leader->is_known && leader->info.pgid == t->info.pgid)
        return leader;
    return t->is_known && t->info.pgid >= 0 ? oldest_same(t, same_pgid) : NULL;
}

struct plm_thread *plm_thread_vgroup_leader(struct plm_procs *p, const struct plm_thread *t)
{
    /* The group of the initial namespace is the same group under another number. */
    struct plm_thread *leader = t->info.pgid > 0 ? plm_procs_find(p, t->info.pgid) : NULL;
    if (leader && leader->is_known && leader->info.vpid == t->info.vpgid)
        return leader;
    return t->is_known && t->info.vpgid >= 0 ? oldest_same(t, same_vpgid) : NULL;
}

plm_sv plm_strings_get(plm_sv strings, size_t i)
{
    plm_sv one, rest = strings;
    if (plm_sv_ends(rest, plm_sv_n("", 1)))
        rest.n--; /* every string may be ended by its NUL, or only separated */
    else if (!rest.n)
        return PLM_SV_NULL;
    while (plm_sv_field(&rest, '\0', &one))
        if (i-- == 0)
            return one;
    return PLM_SV_NULL;
}
