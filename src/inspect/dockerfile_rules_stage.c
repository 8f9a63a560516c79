/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about instructions and stages: FROM, COPY, USER, CMD and so on.
 */
#include "inspect/dockerfile_rules_int.h"

static const struct plm_df_stage *stage_of(const struct plm_df_rules *r, const struct plm_df_instr *in)
{
    return in->stage == PLM_NONE ? NULL : &r->df->stages.v[in->stage];
}

/* With the variables that the instruction sees; *is_known: all of them have a value. */
static plm_sv expanded(const struct plm_df_rules *r, const struct plm_df_instr *in, plm_sv text,
                       bool *is_known)
{
    bool is_unset;
    plm_sv v = plm_df_expand(text, in->vars, r->df->escape, r->a, &is_unset);
    *is_known = !is_unset;
    return v;
}

/* ---- FROM -------------------------------------------------------------------------------------------- */

/* NAME[:TAG][@DIGEST] with the registry in front. */
static void cut_image(plm_sv image, plm_sv *name, plm_sv *tag, plm_sv *digest)
{
    plm_sv_cut(image, '@', name, digest);
    size_t colon = plm_sv_rfind(*name, ':'), slash = plm_sv_rfind(*name, '/');
    bool has_tag = colon != SIZE_MAX && (slash == SIZE_MAX || colon > slash);
    *tag = has_tag ? plm_sv_from_off(*name, colon + 1) : PLM_SV_NULL;
    if (has_tag)
        name->n = colon;
}

/* The stage's base is an image that must be pulled, and known. */
static bool is_external(const struct plm_df_stage *s)
{
    return s->parent == PLM_NONE && !s->is_unset && s->image.n && !plm_sv_is(s->resolved, "scratch");
}

static void judge_tags(struct plm_df_judging *j)
{
    bool wants_latest = j->rule->arg != NULL;
    PLM_DF_EACH(j->r, it)
    {
        const struct plm_df_stage *s = stage_of(j->r, it->in);
        plm_sv name, tag, digest;
        if (it->in->kind != PLM_DF_FROM || !s || it->is_trigger || !is_external(s))
            continue;
        cut_image(s->resolved, &name, &tag, &digest);
        if (digest.p)
            continue;
        if (wants_latest && plm_sv_is(tag, "latest"))
            plm_df_fail(j, it->in, "%.*s moves: pin a version or a digest", PLM_SV_ARG(s->resolved));
        if (!wants_latest && !tag.p)
            plm_df_fail(j, it->in, "%.*s has no tag", PLM_SV_ARG(s->resolved));
    }
}

static bool registry_matches(plm_sv pattern, plm_sv registry)
{
    if (plm_sv_is(pattern, "*"))
        return true;
    if (plm_sv_starts(pattern, PLM_SV("*")))
        return plm_sv_ends(registry, plm_sv_from_off(pattern, 1));
    if (plm_sv_ends(pattern, PLM_SV("*")))
        return plm_sv_starts(registry, plm_sv_sub(pattern, 0, pattern.n - 1));
    return plm_sv_ieq(pattern, registry);
}

static bool is_trusted(const plm_sv_vec *trusted, plm_sv image)
{
    plm_sv head, rest;
    bool has_path = plm_sv_cut(image, '/', &head, &rest);
    bool is_host = has_path && (plm_sv_find(head, '.') != SIZE_MAX || plm_sv_find(head, ':') != SIZE_MAX ||
                                plm_sv_is(head, "localhost"));
    plm_sv registry = is_host ? head : PLM_SV("docker.io");
    for (size_t i = 0; i < trusted->n; i++) {
        plm_sv t = trusted->v[i], thost, tpath;
        if (plm_sv_cut(t, '/', &thost, &tpath)) { /* HOST/PATH */
            bool is_below = plm_sv_starts(image, t) && (image.n == t.n || strchr("/:@", image.p[t.n]));
            if (is_below)
                return true;
        } else if (registry_matches(t, registry)) {
            return true;
        } else if (!is_host && plm_sv_is(t, "hub.docker.com")) {
            return true;
        }
    }
    return false;
}

static void judge_registry(struct plm_df_judging *j)
{
    const plm_sv_vec *trusted = &j->r->opt->trusted_registries;
    PLM_DF_EACH(j->r, it)
    {
        const struct plm_df_stage *s = stage_of(j->r, it->in);
        if (it->in->kind != PLM_DF_FROM || !s || it->is_trigger || !trusted->n || !is_external(s))
            continue;
        if (!is_trusted(trusted, s->resolved))
            plm_df_fail(j, it->in, "%.*s comes from no trusted registry", PLM_SV_ARG(s->resolved));
    }
}

static bool is_variable(plm_sv s, const char *name)
{
    plm_sv n = plm_sv_from(name);
    if (plm_sv_starts(s, PLM_SV("${")))
        return s.n == n.n + 3 && plm_sv_eq(plm_sv_sub(s, 2, n.n), n);
    return s.n == n.n + 1 && s.p[0] == '$' && plm_sv_eq(plm_sv_from_off(s, 1), n);
}

static void judge_platform(struct plm_df_judging *j)
{
    bool is_redundant = j->rule->arg != NULL;
    PLM_DF_EACH(j->r, it)
    {
        plm_sv p = it->in->kind == PLM_DF_FROM ? plm_df_flag(it->in, "platform") : PLM_SV_NULL;
        if (!p.p)
            continue;
        bool is_target = is_variable(p, "TARGETPLATFORM"), is_build = is_variable(p, "BUILDPLATFORM");
        if (is_redundant ? is_target : !is_target && !is_build)
            plm_df_fail(j, it->in, "--platform=%.*s", PLM_SV_ARG(p));
    }
}

static void judge_stage_names(struct plm_df_judging *j)
{
    bool wants_reserved = j->rule->arg != NULL;
    const struct plm_dockerfile *df = j->r->df;
    for (size_t i = 0; i < df->stages.n; i++) {
        const struct plm_df_stage *s = &df->stages.v[i];
        if (!s->alias.p)
            continue;
        const struct plm_df_instr *in = &df->instrs.v[s->first];
        bool is_reserved = plm_sv_ieq(s->alias, PLM_SV("scratch")) || plm_sv_ieq(s->alias, PLM_SV("context"));
        if (wants_reserved && is_reserved)
            plm_df_fail(j, in, "a stage is named %.*s", PLM_SV_ARG(s->alias));
        uint32_t earlier = wants_reserved ? PLM_NONE : plm_df_stage_find(df, s->alias, (uint32_t)i);
        if (earlier != PLM_NONE)
            plm_df_fail(j, in, "%.*s names the stage of line %u already", PLM_SV_ARG(s->alias),
                        df->stages.v[earlier].line);
    }
}

static void judge_order(struct plm_df_judging *j)
{
    const struct plm_dockerfile *df = j->r->df;
    for (size_t i = 0; i < df->instrs.n; i++) {
        enum plm_df_kind k = df->instrs.v[i].kind;
        if (k == PLM_DF_FROM)
            return;
        if (k != PLM_DF_ARG) {
            plm_df_fail(j, &df->instrs.v[i], "%s stands before the first FROM", plm_df_kind_name(k));
            return;
        }
    }
}

/* ---- COPY and ADD ------------------------------------------------------------------------------------ */

static bool is_archive(plm_sv path)
{
    static const char *const ends[] = {".tar", ".Z",    ".bz2", ".gz",  ".lz",  ".lzma", ".tZ", ".tb2",
                                       ".tbz", ".tbz2", ".tgz", ".tlz", ".tpz", ".txz",  ".xz", ".zst"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
        if (plm_sv_ends(path, plm_sv_from(ends[i])))
            return true;
    return false;
}

static bool is_remote(plm_sv s)
{
    return plm_sv_starts(s, PLM_SV("http://")) || plm_sv_starts(s, PLM_SV("https://")) ||
           plm_sv_starts(s, PLM_SV("git@")) || plm_sv_starts(s, PLM_SV("git://")) ||
           plm_sv_starts(s, PLM_SV("ssh://"));
}

static void judge_add(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        if (it->in->kind != PLM_DF_ADD || it->in->words.n < 2)
            continue;
        for (size_t i = 0; i + 1 < it->in->words.n; i++) {
            bool is_known;
            plm_sv source = expanded(j->r, it->in, it->in->words.v[i], &is_known);
            if (is_archive(source) || is_remote(source))
                continue;
            plm_df_fail(j, it->in, "ADD of %.*s: COPY does it", PLM_SV_ARG(source));
            break;
        }
    }
}

static void judge_many_sources(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        size_t n = it->in->kind == PLM_DF_COPY ? it->in->words.n : 0;
        plm_sv to = n > 2 ? it->in->words.v[n - 1] : PLM_SV_NULL;
        bool is_known;
        to = n > 2 ? expanded(j->r, it->in, to, &is_known) : to;
        bool is_dir = plm_sv_ends(to, PLM_SV("/")) || plm_sv_is(to, ".") || plm_sv_is(to, "..");
        if (n > 2 && is_known && !is_dir)
            plm_df_fail(j, it->in, "%zu sources go to %.*s, which does not end in a slash", n - 1,
                        PLM_SV_ARG(to));
    }
}

enum { FROM_UNKNOWN, FROM_ITSELF, FROM_WHOLE };

static void judge_copy_from(struct plm_df_judging *j)
{
    int what = *(const int *)j->rule->arg;
    const struct plm_dockerfile *df = j->r->df;
    PLM_DF_EACH(j->r, it)
    {
        const struct plm_df_instr *in = it->in;
        plm_sv from = in->kind == PLM_DF_COPY ? plm_df_flag(in, "from") : PLM_SV_NULL;
        const struct plm_df_stage *s = stage_of(j->r, in);
        if (!from.p || !s || plm_sv_find(from, '$') != SIZE_MAX)
            continue;
        bool is_itself = s->alias.p && plm_sv_ieq(s->alias, from);
        bool is_image = plm_sv_find(from, ':') != SIZE_MAX;
        if (what == FROM_ITSELF && is_itself)
            plm_df_fail(j, in, "--from=%.*s is the stage itself", PLM_SV_ARG(from));
        if (what == FROM_UNKNOWN && !is_image && !is_itself &&
            plm_df_stage_find(df, from, in->stage) == PLM_NONE)
            plm_df_fail(j, in, "--from=%.*s names no earlier stage", PLM_SV_ARG(from));
        if (what != FROM_WHOLE || in->words.n < 2 || !plm_sv_is(in->words.v[in->words.n - 1], "/"))
            continue;
        for (size_t i = 0; i + 1 < in->words.n; i++)
            if (plm_sv_is(in->words.v[i], "/"))
                plm_df_fail(j, in, "copies all of %.*s", PLM_SV_ARG(from));
    }
}

static bool is_absolute(plm_sv p)
{
    bool is_windows = p.n > 2 && p.p[1] == ':' && (p.p[2] == '\\' || p.p[2] == '/');
    return is_windows || (p.n && (p.p[0] == '/' || p.p[0] == '\\'));
}

static void judge_relative_copy(struct plm_df_judging *j)
{
    const struct plm_dockerfile *df = j->r->df;
    bool *has_workdir = plm_arena_array(j->r->a, df->stages.n + 1, sizeof(bool));
    if (!has_workdir)
        return;
    PLM_DF_EACH(j->r, it)
    {
        const struct plm_df_instr *in = it->in;
        const struct plm_df_stage *s = stage_of(j->r, in);
        if (!s)
            continue;
        if (in->kind == PLM_DF_FROM && s->parent != PLM_NONE)
            has_workdir[in->stage] = has_workdir[s->parent];
        if (in->kind == PLM_DF_WORKDIR && !it->is_trigger)
            has_workdir[in->stage] = true;
        if (in->kind != PLM_DF_COPY || in->words.n < 2 || has_workdir[in->stage])
            continue;
        plm_sv to = in->words.v[in->words.n - 1];
        if (!is_absolute(to) && !plm_sv_starts(to, PLM_SV("$")))
            plm_df_fail(j, in, "COPY to %.*s, and no WORKDIR is set", PLM_SV_ARG(to));
    }
}

struct copied {
    const struct plm_df_instr *in;
    plm_sv name;
    bool is_told;
};

static plm_sv base_name(plm_sv path)
{
    size_t slash = plm_sv_rfind(path, '/');
    return slash == SIZE_MAX ? path : plm_sv_from_off(path, slash + 1);
}

static bool unpacks(const struct plm_sh_command *c)
{
    plm_sv name = plm_sh_base(c);
    if (plm_sv_is(name, "tar"))
        return plm_df_cmd_flag(c, PLM_DF_WORDS("x", "extract", "get")) ||
               (c->words.n > 1 && c->words.v[1].text.n && c->words.v[1].text.p[0] != '-' &&
                plm_sv_find(c->words.v[1].text, 'x') != SIZE_MAX && !is_archive(c->words.v[1].text));
    return plm_df_in(name, PLM_DF_WORDS("unzip", "gunzip", "bunzip2", "unlzma", "unxz", "zgz", "uncompress",
                                        "zcat", "gzcat"));
}

static void judge_unpack(struct plm_df_judging *j)
{
    enum { COPIED_MAX = 1000 };
    PLM_VEC(struct copied) copied = {0};
    PLM_DF_EACH(j->r, it)
    {
        const struct plm_df_instr *in = it->in;
        size_t n = in->words.n;
        if (in->kind == PLM_DF_FROM)
            copied.n = 0;
        bool is_target = n > 1 && is_archive(in->words.v[n - 1]);
        bool is_copy = in->kind == PLM_DF_COPY && !plm_df_flag(in, "from").p && n > 1;
        for (size_t i = is_target ? n - 1 : 0; is_copy && i < n - !is_target && copied.n < COPIED_MAX; i++) {
            struct copied *c = is_archive(in->words.v[i]) ? plm_vec_push(j->r->a, &copied) : NULL;
            if (c)
                *c = (struct copied){.in = in, .name = base_name(in->words.v[i])};
        }
        PLM_DF_EACH_COMMAND(it, c)
        {
            plm_sv_vec ops = {0};
            if (copied.n && unpacks(c))
                plm_sh_operands(c, j->r->a, &ops);
            for (size_t i = 0; i < copied.n; i++)
                for (size_t k = 0; k < ops.n && !copied.v[i].is_told; k++)
                    if (plm_sv_eq(base_name(ops.v[k]), copied.v[i].name)) {
                        copied.v[i].is_told = true;
                        plm_df_fail(j, copied.v[i].in, "%.*s is unpacked on line %u: ADD does both",
                                    PLM_SV_ARG(copied.v[i].name), in->line);
                    }
        }
    }
}

/* ---- the rest ---------------------------------------------------------------------------------------- */

static void judge_workdir(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        if (it->in->kind != PLM_DF_WORKDIR || !it->in->words.n)
            continue;
        plm_sv dir = it->in->words.v[0];
        if (!is_absolute(dir) && !plm_sv_starts(dir, PLM_SV("$")))
            plm_df_fail(j, it->in, "WORKDIR %.*s is relative", PLM_SV_ARG(dir));
    }
}

static plm_sv user_part(plm_sv user)
{
    plm_sv head, tail;
    plm_sv_cut(user, ':', &head, &tail);
    return head;
}

static void judge_root(struct plm_df_judging *j)
{
    const struct plm_df_instr *last = NULL;
    PLM_DF_EACH(j->r, it)
    {
        if (it->in->kind == PLM_DF_FROM)
            last = NULL;
        if (it->in->kind == PLM_DF_USER && it->in->words.n && !it->is_trigger)
            last = it->in;
    }
    bool is_known = false;
    plm_sv user = last ? user_part(expanded(j->r, last, last->words.v[0], &is_known)) : PLM_SV_NULL;
    if (last && is_known && (plm_sv_is(user, "root") || plm_sv_is(user, "0")))
        plm_df_fail(j, last, "the last USER is %.*s", PLM_SV_ARG(user));
}

static void judge_user_name(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        if (it->in->kind != PLM_DF_USER || !it->in->words.n)
            continue;
        bool is_known;
        plm_sv user = user_part(expanded(j->r, it->in, it->in->words.v[0], &is_known));
        uint64_t uid;
        if (is_known && !plm_sv_u64(user, &uid))
            plm_df_fail(j, it->in, "USER %.*s is no number", PLM_SV_ARG(user));
    }
}

static void judge_ports(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        for (size_t i = 0; it->in->kind == PLM_DF_EXPOSE && i < it->in->words.n; i++) {
            bool is_known;
            plm_sv word = expanded(j->r, it->in, it->in->words.v[i], &is_known), range, protocol, low, high;
            uint64_t number;
            plm_sv_cut(word, '/', &range, &protocol);
            bool is_range = plm_sv_cut(range, '-', &low, &high);
            if (!is_known || !range.n)
                continue;
            bool is_bad = !plm_sv_u64(low, &number) || number > 65535 ||
                          (is_range && (!plm_sv_u64(high, &number) || number > 65535));
            if (is_bad)
                plm_df_fail(j, it->in, "%.*s is no port", PLM_SV_ARG(word));
        }
    }
}

/* More than one of a kind in a stage: all but the first. */
static void judge_single(struct plm_df_judging *j)
{
    enum plm_df_kind kind = *(const enum plm_df_kind *)j->rule->arg;
    uint32_t first = 0;
    PLM_DF_EACH(j->r, it)
    {
        if (it->in->kind == PLM_DF_FROM)
            first = 0;
        if (it->in->kind != kind || it->is_trigger)
            continue;
        if (first)
            plm_df_fail(j, it->in, "%s stands on line %u already; only the last one counts",
                        plm_df_kind_name(kind), first);
        first = first ? first : it->in->line;
    }
}

static void judge_exec_form(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        bool is_kind = it->in->kind == PLM_DF_CMD || it->in->kind == PLM_DF_ENTRYPOINT;
        if (is_kind && !it->in->is_json && it->in->args.n)
            plm_df_fail(j, it->in, "%s in shell form: the shell is process 1 and passes on no signal",
                        plm_df_kind_name(it->in->kind));
    }
}

static void judge_onbuild(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        enum plm_df_kind k = it->in->kind;
        if (it->is_trigger && (k == PLM_DF_ONBUILD || k == PLM_DF_FROM || k == PLM_DF_MAINTAINER))
            plm_df_fail(j, it->in, "ONBUILD %s", plm_df_kind_name(k));
    }
}

static void judge_maintainer(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    if (it->in->kind == PLM_DF_MAINTAINER)
        plm_df_fail(j, it->in, "MAINTAINER is deprecated");
}

/* $NAME or ${NAME... in a text. */
static bool refers(plm_sv text, plm_sv name)
{
    for (size_t i = 0; i + name.n < text.n; i++) {
        if (text.p[i] != '$' || (i && text.p[i - 1] == '\\'))
            continue;
        size_t at = i + 1 + (text.p[i + 1] == '{'), end = at + name.n;
        if (end > text.n || !plm_sv_eq(plm_sv_sub(text, at, name.n), name))
            continue;
        char c = end < text.n ? text.p[end] : ' ';
        bool goes_on = c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!goes_on)
            return true;
    }
    return false;
}

static bool refers_within(const struct plm_df_instr *in, size_t k)
{
    const struct plm_df_pair *p = &in->pairs.v[k];
    if (!p->key.n || plm_df_var_find(in->vars, p->key))
        return false;
    for (size_t i = 0; i < in->pairs.n; i++)
        if (i != k && in->pairs.v[i].raw_value.p && in->pairs.v[i].raw_value.n &&
            in->pairs.v[i].raw_value.p[0] != '\'' && refers(in->pairs.v[i].raw_value, p->key))
            return true;
    return false;
}

static void judge_env_self(struct plm_df_judging *j)
{
    enum { PAIRS_MAX = 1000 }; /* the comparison is quadratic */
    PLM_DF_EACH(j->r, it)
    {
        size_t n = it->in->kind == PLM_DF_ENV ? it->in->pairs.n : 0;
        for (size_t k = 0; k < n && n <= PAIRS_MAX; k++) {
            if (!refers_within(it->in, k))
                continue;
            plm_df_fail(j, it->in, "$%.*s is used in the statement that sets it",
                        PLM_SV_ARG(it->in->pairs.v[k].key));
            break;
        }
    }
}

static bool is_secret_name(plm_sv name)
{
    static const char *const parts[] = {"password",   "passwd",          "secret",   "token",
                                        "api_key",    "apikey",          "private",  "client_key",
                                        "access_key", "application_key", "username", "credential"};
    char lower[128];
    size_t n = name.n < sizeof(lower) ? name.n : sizeof(lower);
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        if (plm_sv_has(plm_sv_n(lower, n), plm_sv_from(parts[i])))
            return true;
    return false;
}

static void judge_secret_names(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        bool is_kind = it->in->kind == PLM_DF_ARG || it->in->kind == PLM_DF_ENV;
        for (size_t i = 0; is_kind && i < it->in->pairs.n; i++)
            if (is_secret_name(it->in->pairs.v[i].key))
                plm_df_fail(j, it->in, "%s %.*s stays in the image or its history",
                            plm_df_kind_name(it->in->kind), PLM_SV_ARG(it->in->pairs.v[i].key));
    }
}

static void judge_health(struct plm_df_judging *j)
{
    const struct plm_dockerfile *df = j->r->df;
    PLM_DF_EACH(j->r, it)
    if (it->in->kind == PLM_DF_HEALTHCHECK && it->in->stage != PLM_NONE && j->r->is_used[it->in->stage])
        return;
    if (df->stages.n)
        plm_df_fail(j, &df->instrs.v[df->stages.v[df->stages.n - 1].first], "no HEALTHCHECK");
}

static void judge_inline_ignores(struct plm_df_judging *j)
{
    uint32_t last = 0;
    for (size_t i = 0; i < j->r->df->ignores.n; i++) {
        const struct plm_df_ignore *ig = &j->r->df->ignores.v[i];
        struct plm_df_instr at = {.line = ig->at, .layer = PLM_NONE};
        if (ig->at != last)
            plm_df_fail(j, &at, "an ignore in a comment");
        last = ig->at;
    }
}

static const int from_unknown = FROM_UNKNOWN, from_itself = FROM_ITSELF, from_whole = FROM_WHOLE;
static const enum plm_df_kind kind_health = PLM_DF_HEALTHCHECK, kind_cmd = PLM_DF_CMD,
                              kind_entrypoint = PLM_DF_ENTRYPOINT;

const struct plm_df_rule plm_df_rules_stage[] = {
    {"DL1001", "info", true, judge_inline_ignores, NULL},
    {"DL3000", "error", false, judge_workdir, NULL},
    {"DL3002", "warning", false, judge_root, NULL},
    {"DL3006", "warning", false, judge_tags, NULL},
    {"DL3007", "warning", false, judge_tags, ""},
    {"DL3010", "info", false, judge_unpack, NULL},
    {"DL3011", "error", false, judge_ports, NULL},
    {"DL3012", "error", false, judge_single, &kind_health},
    {"DL3020", "error", false, judge_add, NULL},
    {"DL3021", "error", false, judge_many_sources, NULL},
    {"DL3022", "warning", false, judge_copy_from, &from_unknown},
    {"DL3023", "error", false, judge_copy_from, &from_itself},
    {"DL3024", "error", false, judge_stage_names, NULL},
    {"DL3025", "warning", false, judge_exec_form, NULL},
    {"DL3026", "error", false, judge_registry, NULL},
    {"DL3029", "warning", false, judge_platform, NULL},
    {"DL3043", "error", false, judge_onbuild, NULL},
    {"DL3044", "error", false, judge_env_self, NULL},
    {"DL3045", "warning", false, judge_relative_copy, NULL},
    {"DL3057", "info", true, judge_health, NULL},
    {"DL3061", "error", false, judge_order, NULL},
    {"DL3063", "warning", false, judge_stage_names, ""},
    {"DL3064", "warning", false, judge_secret_names, NULL},
    {"DL3065", "warning", false, judge_platform, ""},
    {"DL3066", "info", false, judge_user_name, NULL},
    {"DL3067", "warning", false, judge_copy_from, &from_whole},
    {"DL4000", "error", false, judge_maintainer, NULL},
    {"DL4003", "warning", false, judge_single, &kind_cmd},
    {"DL4004", "error", false, judge_single, &kind_entrypoint},
    {NULL, NULL, false, NULL, NULL},
};
