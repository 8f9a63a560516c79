/* SPDX-License-Identifier: Apache-2.0
 *
 * Group `image-content`: the image checks that read what an image contains (4.8, 4.10, I4). A scan of this
 * run looked at it (src/inspect): its findings and rows of checks stand in facts->report, under Dockle's ids
 * or ours, and are summed up here per image.
 */
#include "audit/host.h"
#include "audit/image_int.h"

enum { SHOWN = 20 };

static bool was_judged(const struct plm_checking *k, uint32_t target, const char *id)
{
    const struct plm_report *r = k->facts->report;
    for (size_t i = 0; i < r->checks.n; i++)
        if (r->checks.v[i].target == target && plm_sv_is(r->checks.v[i].id, id))
            return true;
    return false;
}

static bool is_usual_setuid(const struct plm_checking *k, plm_sv path)
{
    const plm_sv_vec *own = &k->facts->opt->expect.allowed_setuid;
    for (size_t i = 0; plm_host_allowed_setuid[i]; i++)
        if (plm_sv_glob(plm_sv_from(plm_host_allowed_setuid[i]), path))
            return true;
    for (size_t i = 0; i < own->n; i++)
        if (plm_sv_glob(own->v[i], path))
            return true;
    return false;
}

struct tally {
    size_t failed, usual;
};

static void say_finding(struct plm_checking *k, const struct plm_finding *f, struct tally *t)
{
    plm_sv text = f->evidence.n ? f->evidence.v[0] : f->title;
    if (plm_sv_is(f->id, "4.8") && is_usual_setuid(k, f->path)) {
        t->usual++;
        return;
    }
    if (t->failed++ < SHOWN)
        plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s", PLM_SV_ARG(f->id), PLM_SV_ARG(text));
}

/* Findings of these ids, and of a whole kind (PLM_KIND_COUNT_: none). */
static void judge(struct plm_checking *k, const char *const *ids, enum plm_kind kind)
{
    uint32_t target;
    struct tally t = {0};
    const struct plm_target *scan = plm_image_scan(k, &target);
    if (!scan || !was_judged(k, target, ids[0])) {
        if (!scan)
            plm_image_say_no_scan(k);
        else
            plm_say(k, PLM_OUT_UNKNOWN, "the image's contents were not inspected in this run");
        return;
    }
    const struct plm_report *r = k->facts->report;
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        bool is_ours = f->kind == kind;
        for (size_t n = 0; ids[n] && f->kind == PLM_KIND_MISCONFIGURATION; n++)
            is_ours = is_ours || plm_sv_is(f->id, ids[n]);
        if (f->target == target && is_ours && !f->suppressed)
            say_finding(k, f, &t);
    }
    if (t.failed > SHOWN)
        plm_say(k, PLM_OUT_FAIL, "and %zu more", t.failed - SHOWN);
    if (t.usual)
        plm_say(k, PLM_OUT_PASS, "of the distribution or allowed: %zu", t.usual);
    if (!t.failed)
        plm_say(k, PLM_OUT_PASS, "contents of the image: nothing found");
    if (scan->is_incomplete)
        plm_say(k, PLM_OUT_UNKNOWN, "a part of the image could not be read, see the diagnostics of %.*s",
                PLM_SV_ARG(scan->id));
}

static void check_setuid(struct plm_checking *k)
{
    static const char *const ids[] = {"4.8", NULL};
    judge(k, ids, PLM_KIND_COUNT_);
}

static void check_secrets(struct plm_checking *k)
{
    static const char *const ids[] = {"4.10", NULL};
    judge(k, ids, PLM_KIND_SECRET);
}

static void check_contents(struct plm_checking *k)
{
    static const char *const ids[] = {"I6", "DKL-DI-0002", "DKL-LI-0001", "DKL-LI-0002", "DKL-LI-0003", NULL};
    judge(k, ids, PLM_KIND_COUNT_);
}

#define IMAGE .stage = PLM_STAGE_IMAGES, .subject = PLM_PER_IMAGE

static const struct plm_check checks[] = {
    {.id = "4.8",
     .title = "the image holds no set-uid or set-gid program beyond its distribution's",
     .level = 2,
     .is_manual = true,
     .severity = PLM_SEV_LOW,
     IMAGE,
     .reads = "modes of the image's files, from its scan; audit.allowed-setuid",
     .rationale = "A flaw in such a program gives whoever may start it the rights of its owner.",
     .fix = "`RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +` at the end of the build",
     .impact = PLM_IMPACT_MAY_BREAK,
     .aliases = "check_4_8 CIS-DI-0008",
     .run = check_setuid},
    {.id = "4.10",
     .title = "no credential lies in the image",
     .level = 1,
     .is_manual = true,
     .severity = PLM_SEV_HIGH,
     IMAGE,
     .reads = "environment, labels, history and files of all layers, from the image's scan",
     .rationale = "Whoever can pull the image has the credential; a later layer does not remove it.",
     .fix = "hand it over at run time, or to a build step alone (`RUN --mount=type=secret`), and revoke the "
            "one that "
            "leaked",
     .impact = PLM_IMPACT_RESTART,
     .aliases = "check_4_10 CIS-DI-0010",
     .run = check_secrets},
    {.id = "I4",
     .title = "nothing in the image's files invites misuse",
     .severity = PLM_SEV_MEDIUM,
     IMAGE,
     .reads = "volumes, modes of files, passwd, shadow and group, left-overs, from the image's scan",
     .rationale =
         "Open directories, accounts without passwords or with another's id, repositories and caches are "
         "what an intruder builds on.",
     .fix = "see each finding: plimsoll scan IMAGE --only misconfiguration",
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_contents},
};
static const struct plm_check_group group = {
    .id = "image-content",
    .summary = "image checks that read what an image contains",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, group);
