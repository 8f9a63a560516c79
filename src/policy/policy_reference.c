/* SPDX-License-Identifier: Apache-2.0
 *
 * Image references as Anchore takes them apart for mappings: its own rules, not the registry client's. No
 * library/ is put in front, and what stands before the first '/' is a host only where it looks like one. Each
 * pattern is tried on what the reference has; where it has no tag (a digest), the original raises.
 */
#include "policy/policy_int.h"

static bool is_hex64(plm_sv s)
{
    if (s.n != 64)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
    }
    return true;
}

static bool is_host(plm_sv s)
{
    return plm_sv_find(s, ':') != SIZE_MAX || plm_sv_find(s, '.') != SIZE_MAX || plm_sv_is(s, "localhost") ||
           plm_sv_is(s, "localbuild");
}

void plm_policy_reference_parse(plm_sv text, struct plm_arena *a, struct plm_policy_reference *out)
{
    *out = (struct plm_policy_reference){0};
    if (!text.n)
        text = PLM_SV("*/*:*");
    if (plm_sv_starts(text, PLM_SV("dockerhub/"))) {
        plm_sv rest = plm_sv_from_off(text, 10);
        text = plm_arena_printf(a, "docker.io/%.*s", PLM_SV_ARG(rest));
    }
    out->registry = PLM_SV("docker.io");
    if (plm_sv_starts(text, PLM_SV("sha256:"))) {
        out->digest = text;
        return;
    }
    if (is_hex64(text)) {
        out->registry = PLM_SV_NULL;
        out->image_id = text;
        return;
    }
    plm_sv head, rest, tag;
    if (plm_sv_cut(text, '/', &head, &rest) && is_host(head))
        out->registry = head;
    else
        rest = text;
    size_t at = plm_sv_rfind(rest, '@'), colon = plm_sv_rfind(rest, ':');
    if (at != SIZE_MAX) {
        out->repository = plm_sv_sub(rest, 0, at);
        out->digest = plm_sv_from_off(rest, at + 1);
        return;
    }
    out->repository = plm_sv_sub(rest, 0, colon);
    tag = colon != SIZE_MAX ? plm_sv_from_off(rest, colon + 1) : PLM_SV_NULL;
    out->tag = tag.n ? tag : PLM_SV("latest");
}

/* Ours carry "sha256:" in front of ids, Anchore's do not. */
static bool same_digest(plm_sv a, plm_sv b)
{
    const plm_sv prefix = PLM_SV("sha256:");
    if (plm_sv_starts(a, prefix))
        a = plm_sv_from_off(a, prefix.n);
    if (plm_sv_starts(b, prefix))
        b = plm_sv_from_off(b, prefix.n);
    return a.n > 0 && plm_sv_eq(a, b);
}

/* A subject that is not there: no match, or what the original raises. */
static int try_pattern(struct plm_policy_eval *ev, plm_sv pattern, plm_sv subject, const char **out_type,
                       plm_err **err)
{
    if (!subject.p) {
        if (ev->mode == PLM_POLICY_FIXED)
            return 0;
        *out_type = "TypeError";
        return plm_fail(err, PLM_E_POLICY, "the reference lacks what the pattern '%.*s' is tried on",
                        PLM_SV_ARG(pattern));
    }
    *out_type = "error";
    return plm_policy_pattern(ev, pattern, subject, err);
}

int plm_policy_selector_match(struct plm_policy_eval *ev, const struct plm_policy_selector *s,
                              const struct plm_policy_reference *ref, bool has_image, const char **out_type,
                              plm_err **err)
{
    int m = try_pattern(ev, s->registry, ref->registry, out_type, err);
    if (m == 1)
        m = try_pattern(ev, s->repository, ref->repository, out_type, err);
    if (m != 1)
        return m;
    if (plm_sv_is(s->type, "tag"))
        return try_pattern(ev, s->value, ref->tag, out_type, err);
    bool is_id = plm_sv_is(s->type, "id");
    if (!is_id && !plm_sv_is(s->type, "digest"))
        return 0;
    /* The original chooses the mapping before it knows the image. */
    if (!has_image && ev->mode == PLM_POLICY_COMPAT) {
        *out_type = "AttributeError";
        return plm_fail(err, PLM_E_POLICY, "a mapping by %s cannot be chosen where a tag is given",
                        is_id ? "id" : "digest");
    }
    return same_digest(s->value, is_id ? ev->facts->image_id : ev->facts->digest);
}
