/* SPDX-License-Identifier: Apache-2.0
 *
 * Why a flaw does or does not touch a package: every range of the store that speaks about
 * the package and the flaw, the comparison that was made, and its answer, in feed order.
 */
#include "match/match_int.h"

#include "version/version.h"

struct work {
    struct plm_match_ask q; /* first: callbacks get its address */
    const plm_sv_vec *names;
    struct plm_arena *out_arena;
    plm_sv_vec *out;
    plm_err **err;
};

static bool is_named(const plm_sv_vec *names, plm_sv id)
{
    for (size_t i = 0; i < names->n; i++)
        if (plm_sv_ieq(names->v[i], id))
            return true;
    return false;
}

static bool speaks_about(const struct work *w, const struct plm_advisory *adv)
{
    if (is_named(w->names, adv->id))
        return true;
    for (size_t i = 0; i < adv->aliases.n; i++)
        if (is_named(w->names, adv->aliases.v[i]))
            return true;
    for (size_t i = 0; i < adv->covers.n; i++)
        if (is_named(w->names, adv->covers.v[i]))
            return true;
    return false;
}

static plm_sv answer_text(const struct work *w, const struct plm_db_hit *h)
{
    struct plm_arena *a = w->q.scratch;
    plm_sv v = w->q.version;
    switch (plm_match_judge(&w->q, h)) {
    case PLM_MATCH_AFFECTED:
        if (h->fixed.p)
            return plm_arena_printf(a, "affected: %.*s is older than the fix %.*s", PLM_SV_ARG(v),
                                    PLM_SV_ARG(h->fixed));
        if (h->last_affected.p)
            return plm_arena_printf(a, "affected: %.*s is not newer than %.*s, the last affected version",
                                    PLM_SV_ARG(v), PLM_SV_ARG(h->last_affected));
        return plm_arena_printf(a, "affected: no fix is recorded (%s)", plm_fix_state_name(h->state));
    case PLM_MATCH_BEFORE:
        return plm_arena_printf(a, "not affected: %.*s is older than %.*s, where the flaw came in",
                                PLM_SV_ARG(v), PLM_SV_ARG(h->introduced));
    case PLM_MATCH_FIXED:
        return plm_arena_printf(a, "not affected: %.*s is not older than the fix %.*s", PLM_SV_ARG(v),
                                PLM_SV_ARG(h->fixed));
    case PLM_MATCH_AFTER:
        return plm_arena_printf(a, "not affected: %.*s is newer than %.*s, the last affected version",
                                PLM_SV_ARG(v), PLM_SV_ARG(h->last_affected));
    case PLM_MATCH_NOT_AFFECTED:
        return PLM_SV("not affected: the feed says so for this release");
    case PLM_MATCH_WITHDRAWN:
        return PLM_SV("not used: the record was withdrawn");
    case PLM_MATCH_CHANNEL_OFF:
        return plm_arena_printf(a, "not used: it belongs to the channel %.*s, which is off (--channels %.*s)",
                                PLM_SV_ARG(h->channel), PLM_SV_ARG(h->channel));
    case PLM_MATCH_OTHER_ARCH:
        return plm_arena_printf(a, "not used: it is about the architecture %.*s", PLM_SV_ARG(h->arch));
    case PLM_MATCH_OTHER_MODULE:
        return plm_arena_printf(a, "not used: it is about the module %.*s", PLM_SV_ARG(h->modularity));
    }
    return PLM_SV("");
}

static int on_hit(struct plm_match_ask *q, const struct plm_db_hit *h)
{
    struct work *w = (struct work *)q;
    struct plm_advisory adv = {0};
    struct plm_db_feed_info feed;
    if (plm_db_advisory(q->db, h->feed, h->advisory, q->scratch, &adv, w->err) < 0)
        return -1;
    if (!speaks_about(w, &adv))
        return 0;
    plm_db_feed(q->db, h->feed, &feed);
    plm_sv text = answer_text(w, h);
    plm_sv note = h->note.n ? plm_arena_printf(q->scratch, " (%.*s)", PLM_SV_ARG(h->note)) : PLM_SV("");
    plm_sv line = plm_arena_printf(
        q->scratch, "%.*s %.*s, %s package %.*s of %.*s, scheme %s: %.*s%.*s", PLM_SV_ARG(feed.name),
        PLM_SV_ARG(h->id), q->is_source ? "source" : "binary", PLM_SV_ARG(h->package),
        PLM_SV_ARG(h->ecosystem), q->scheme->id, PLM_SV_ARG(text), PLM_SV_ARG(note));
    return plm_sv_vec_add(w->out_arena, w->out, line) ? 0 : plm_arena_check(w->out_arena, w->err);
}

int plm_match_explain(const struct plm_ctx *ctx, const struct plm_db *db, const struct plm_report *r,
                      uint32_t package, plm_sv id, const struct plm_match_options *opt, struct plm_arena *a,
                      plm_sv_vec *out, plm_err **err)
{
    (void)ctx;
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_MIB(256));
    plm_auto_done(plm_buf_done) struct plm_buf key = PLM_BUF(PLM_KIB(64));
    if (!scratch)
        return plm_fail_oom(err);
    plm_sv_vec names = {0};
    if (plm_db_aliases(db, id, scratch, &names, err) < 0)
        return -1;
    plm_sv_vec_add(scratch, &names, id);
    struct work w = {.q = {.db = db, .opt = opt, .scratch = scratch, .key_buf = &key, .each = on_hit},
                     .names = &names,
                     .out_arena = a,
                     .out = out,
                     .err = err};
    const struct plm_package *p = &r->packages.v[package];
    if (!plm_match_prepare(&w.q, &r->targets.v[p->target]))
        return 0;
    if (plm_match_ask(&w.q, p, err) < 0)
        return -1;
    return plm_arena_check(scratch, err);
}
