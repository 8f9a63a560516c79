/* SPDX-License-Identifier: Apache-2.0
 *
 * OVAL 5 definitions (https://oval.mitre.org/language/version5.11/) in the two dialects that Linux vendors
 * write:
 *
 * - Red Hat (and AlmaLinux, Oracle Linux): class "patch", an erratum with its CVEs; criteria
 *   "npm is earlier than 1:6.13" per binary package, below "Module nodejs:12 is enabled"; the release
 *   stands in <platform>. Class "vulnerability": unfixed ones, <resolution state="Will not fix"> with
 * components.
 * - Azure Linux and CBL-Mariner: class "vulnerability", one CVE and one source package each; <platform>
 *   has no release, the build tag has (".azl3", ".cm2").
 *
 * A criterion names a test, the test an object (package name) and a state (version, architecture), all of
 * them behind the definitions. So the text is read twice: first tests, objects and states into maps, then
 * definitions. Only tests whose state compares a version count; signatures, running kernels and "is
 * installed" say nothing about versions. What is negated would say "not older than": no vendor writes
 * that today, it is counted as not understood and left out. "less than" is a fix, "less than or equal" an
 * inclusive end without one. Linear; memory is the three maps.
 */
#include "base/map.h"
#include "codec/xml.h"
#include "vulndb/feed_int.h"

enum { NESTING = 64, INDEX_MAX = 512 << 20 };

struct test {
    plm_sv object, state;
};

struct state {
    plm_sv evr, arch;
    bool is_inclusive, is_usable;
};

struct index {
    struct plm_arena *arena; /* of the maps' contents: one file */
    struct plm_map *tests, *objects, *states;
    struct test *test; /* the element that is open */
    struct state *state;
    plm_sv *name;
};

struct parser {
    struct plm_feed_sink *s;
    plm_sv file;
    const struct index *index;
    struct plm_advisory adv;
    plm_sv_vec platforms, cves;
    /* of the open criteria, by nesting, inherited downwards: the module, and the platform where there are
     * several */
    struct {
        plm_sv module, platform;
        bool is_negated; /* what stands below is not what the definition asks for */
    } scope[NESTING];
    size_t nesting;
    bool is_open;                  /* inside a definition */
    enum plm_fix_state resolution; /* of the open <resolution> */
    bool has_resolution;
};

/* ---- first reading: tests, objects, states -------------------------------------------------- */

static void *index_new(struct plm_map *map, struct index *ix, plm_sv id, size_t size, plm_err **err)
{
    plm_sv key = plm_arena_sv(ix->arena, id);
    void *value = plm_arena_alloc(ix->arena, size);
    if (!key.p || !value) {
        if (plm_arena_check(ix->arena, err) == 0)
            return PLM_NULL(plm_fail(err, PLM_E_PARSE, "an element without id"));
        return NULL;
    }
    void **slot = plm_map_put(map, key);
    if (!slot)
        return PLM_NULL(plm_fail_oom(err));
    *slot = value;
    return value;
}

static int index_start(void *arg, const struct plm_xml *x, plm_err **err)
{
    struct index *ix = arg;
    plm_sv name = plm_xml_name(x);
    if (plm_sv_is(name, "rpminfo_test")) {
        ix->test = index_new(ix->tests, ix, plm_xml_attr(x, "id"), sizeof(*ix->test), err);
        return ix->test ? 0 : -1;
    }
    if (plm_sv_is(name, "rpminfo_object")) {
        ix->name = index_new(ix->objects, ix, plm_xml_attr(x, "id"), sizeof(*ix->name), err);
        return ix->name ? 0 : -1;
    }
    if (plm_sv_is(name, "rpminfo_state")) {
        ix->state = index_new(ix->states, ix, plm_xml_attr(x, "id"), sizeof(*ix->state), err);
        return ix->state ? 0 : -1;
    }
    if (ix->test && plm_sv_is(name, "object"))
        ix->test->object = plm_arena_sv(ix->arena, plm_xml_attr(x, "object_ref"));
    else if (ix->test && plm_sv_is(name, "state"))
        ix->test->state = plm_arena_sv(ix->arena, plm_xml_attr(x, "state_ref"));
    else if (ix->state && plm_sv_is(name, "evr")) {
        plm_sv operation = plm_xml_attr(x, "operation");
        ix->state->is_inclusive = plm_sv_is(operation, "less than or equal");
        ix->state->is_usable = ix->state->is_inclusive || plm_sv_is(operation, "less than");
    }
    return 0;
}

static int index_end(void *arg, const struct plm_xml *x, plm_sv text, plm_err **err)
{
    struct index *ix = arg;
    plm_sv name = plm_xml_name(x);
    (void)err;
    if (plm_sv_is(name, "rpminfo_test"))
        ix->test = NULL;
    else if (plm_sv_is(name, "rpminfo_object"))
        ix->name = NULL;
    else if (plm_sv_is(name, "rpminfo_state"))
        ix->state = NULL;
    else if (ix->name && plm_sv_is(name, "name"))
        *ix->name = plm_arena_sv(ix->arena, text);
    else if (ix->state && plm_sv_is(name, "evr"))
        ix->state->evr = plm_arena_sv(ix->arena, text);
    else if (ix->state && plm_sv_is(name, "arch"))
        ix->state->arch = plm_arena_sv(ix->arena, text);
    return 0;
}

/* ---- second reading: definitions -------------------------------------------------------------- */

static const struct {
    const char *platform, *ecosystem;
} platforms[] = {
    {"Red Hat Enterprise Linux ", "Red Hat"}, {"CentOS Linux ", "Red Hat"},      {"AlmaLinux ", "AlmaLinux"},
    {"Rocky Linux ", "Rocky Linux"},          {"Oracle Linux ", "Oracle Linux"},
};

static plm_sv leading_digits(plm_sv s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return plm_sv_sub(s, 0, n);
}

/* Microsoft's: the release is the number behind ".azl" or ".cm" in the build. */
static plm_sv azure_release(plm_sv evr)
{
    static const char *const tags[] = {".azl", ".cm"};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        size_t at = plm_sv_find_sv(evr, plm_sv_from(tags[i]));
        plm_sv digits =
            at == SIZE_MAX ? PLM_SV_NULL : leading_digits(plm_sv_from_off(evr, at + strlen(tags[i])));
        if (digits.n)
            return digits;
    }
    return PLM_SV_NULL;
}

/* Ecosystem of a platform; null if it is not known. *out_source: packages are source packages. */
static plm_sv ecosystem_of(struct parser *p, plm_sv platform, plm_sv evr, bool *out_source)
{
    *out_source = false;
    for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++) {
        plm_sv prefix = plm_sv_from(platforms[i].platform);
        plm_sv major = plm_sv_starts(platform, prefix) ? leading_digits(plm_sv_from_off(platform, prefix.n))
                                                       : PLM_SV_NULL;
        if (major.n)
            return plm_arena_printf(p->s->arena, "%s:%.*s", platforms[i].ecosystem, PLM_SV_ARG(major));
    }
    if (plm_sv_starts(platform, PLM_SV("Azure Linux")) || plm_sv_starts(platform, PLM_SV("CBL-Mariner"))) {
        plm_sv release = azure_release(evr);
        *out_source = true;
        if (release.n)
            return plm_arena_printf(p->s->arena, "Azure Linux:%.*s", PLM_SV_ARG(release));
    }
    return PLM_SV_NULL;
}

static struct plm_affected *add_row(struct parser *p, const struct plm_xml *x, plm_sv platform,
                                    plm_sv package, plm_sv evr)
{
    bool is_source;
    plm_sv ecosystem = ecosystem_of(p, platform, evr, &is_source);
    if (!ecosystem.p) {
        plm_feed_bad_line(p->s, p->file, plm_xml_line(x), "platform \"%.*s\" (%.*s) is not known",
                          PLM_SV_ARG(platform), PLM_SV_ARG(evr));
        return NULL;
    }
    struct plm_affected *a = plm_feed_affected(p->s, &p->adv, ecosystem, package);
    if (a)
        a->is_binary = !is_source;
    return a;
}

static void take_test(struct parser *p, const struct plm_xml *x, plm_sv ref)
{
    const struct test *t = plm_map_get(p->index->tests, ref);
    const plm_sv *package = t ? plm_map_get(p->index->objects, t->object) : NULL;
    const struct state *st = t ? plm_map_get(p->index->states, t->state) : NULL;
    if (!package || !package->n || !st || !st->is_usable || !st->evr.n)
        return;
    plm_sv only = p->scope[p->nesting].platform;
    for (size_t i = 0; i < p->platforms.n; i++) {
        bool is_other = only.n && !plm_sv_eq(only, p->platforms.v[i]);
        struct plm_affected *a = is_other ? NULL : add_row(p, x, p->platforms.v[i], *package, st->evr);
        if (!a)
            continue;
        /* a list of alternatives is "all that exist" */
        a->arch = plm_sv_find(st->arch, '|') == SIZE_MAX && st->arch.n ? st->arch : PLM_SV_NULL;
        a->modularity = p->scope[p->nesting].module;
        a->state = st->is_inclusive ? PLM_FIX_NOT_FIXED : PLM_FIX_FIXED;
        struct plm_range range = {0};
        *(st->is_inclusive ? &range.last_affected : &range.fixed) = st->evr;
        plm_feed_range(p->s, a, range);
    }
}

/* "Module nodejs:12 is enabled" */
static plm_sv module_of(struct parser *p, plm_sv comment)
{
    plm_sv rest = comment, word, module;
    if (!plm_sv_word(&rest, &word) || !plm_sv_is(word, "Module") || !plm_sv_word(&rest, &module) ||
        !plm_sv_is(plm_sv_trim(rest), "is enabled"))
        return PLM_SV_NULL;
    return plm_arena_sv(p->s->arena, module);
}

static const struct {
    const char *word;
    enum plm_fix_state state;
} resolutions[] = {
    {"Will not fix", PLM_FIX_WONT_FIX},         {"Affected", PLM_FIX_NOT_FIXED},
    {"Fix deferred", PLM_FIX_DEFERRED},         {"Out of support scope", PLM_FIX_END_OF_LIFE},
    {"Under investigation", PLM_FIX_NOT_FIXED}, {"Not affected", PLM_FIX_NOT_AFFECTED},
};

/* "nodejs:12/npm" or "bash" */
static void take_component(struct parser *p, const struct plm_xml *x, plm_sv component)
{
    plm_sv module = PLM_SV_NULL, package = component, head, tail;
    if (plm_sv_cut(component, '/', &head, &tail)) {
        module = plm_arena_sv(p->s->arena, head);
        package = tail;
    }
    for (size_t i = 0; package.n && i < p->platforms.n; i++) {
        struct plm_affected *a =
            add_row(p, x, p->platforms.v[i], plm_arena_sv(p->s->arena, package), PLM_SV_NULL);
        if (!a)
            continue;
        a->modularity = module;
        if (p->resolution == PLM_FIX_NOT_AFFECTED) {
            plm_feed_not_affected(p->s, a, PLM_SV_NULL);
        } else {
            a->state = p->resolution;
            plm_feed_range(p->s, a, (struct plm_range){0});
        }
    }
}

static void start_reference(struct parser *p, const struct plm_xml *x)
{
    plm_sv id = plm_arena_sv(p->s->arena, plm_xml_attr(x, "ref_id")), url = plm_xml_attr(x, "ref_url");
    if (plm_feed_is_cve(id))
        plm_feed_id(p->s, &p->cves, id);
    else if (id.n && !p->adv.id.n)
        p->adv.id = id;
    if (url.n)
        plm_feed_id(p->s, &p->adv.references, plm_arena_sv(p->s->arena, url));
}

/* <cve cvss3="4.8/CVSS:3.1/AV:N/…">: kept where the definition is about one flaw only (finish_definition). */
static void start_cve(struct parser *p, const struct plm_xml *x)
{
    plm_sv value = plm_xml_attr(x, "cvss3"), score, vector;
    if (value.n && plm_sv_cut(value, '/', &score, &vector) &&
        !plm_feed_cvss(p->s, &p->adv, plm_arena_sv(p->s->arena, vector), PLM_SV("vendor")))
        plm_feed_bad_line(p->s, p->file, plm_xml_line(x), "not a CVSS vector: %.*s", PLM_SV_ARG(vector));
}

/* Is this element, or what it stands in, negated? Counted where it begins. */
static bool is_negated(struct parser *p, const struct plm_xml *x)
{
    plm_sv word = plm_xml_attr(x, "negate");
    bool is_own = plm_sv_is(word, "true") || plm_sv_is(word, "1"); /* both spellings of xsd:boolean */
    bool is_below = p->scope[p->nesting].is_negated;
    if (is_own && !is_below)
        plm_feed_bad_line(p->s, p->file, plm_xml_line(x), "negated criteria are not understood");
    return is_own || is_below;
}

/* What was read of a definition lives in the arena of the sink, which is reset with every record: nothing of
 * it may outlive the record, also not for a definition that (wrongly) stands around another one. */
static void forget(struct parser *p)
{
    p->adv = (struct plm_advisory){0};
    p->platforms = p->cves = (plm_sv_vec){0};
    memset(p->scope, 0, sizeof(p->scope));
    p->nesting = 0;
    p->is_open = false;
}

static int start_criteria(struct parser *p, const struct plm_xml *x, plm_err **err)
{
    if (p->nesting + 1 >= NESTING)
        return plm_xml_fail(x, err, "criteria nested too deep");
    bool negated = is_negated(p, x);
    p->nesting++;
    p->scope[p->nesting] = p->scope[p->nesting - 1];
    p->scope[p->nesting].is_negated = negated;
    return 0;
}

static void start_criterion(struct parser *p, const struct plm_xml *x)
{
    if (is_negated(p, x))
        return;
    plm_sv comment = plm_xml_attr(x, "comment"), module = module_of(p, comment);
    if (module.n)
        p->scope[p->nesting].module = module;
    /* "Red Hat Enterprise Linux 8 is installed", in errata of several releases */
    for (size_t i = 0; i < p->platforms.n; i++)
        if (plm_sv_starts(comment, p->platforms.v[i]) &&
            plm_sv_is(plm_sv_from_off(comment, p->platforms.v[i].n), " is installed"))
            p->scope[p->nesting].platform = p->platforms.v[i];
    take_test(p, x, plm_xml_attr(x, "test_ref"));
}

static int start(void *arg, const struct plm_xml *x, plm_err **err)
{
    struct parser *p = arg;
    plm_sv name = plm_xml_name(x);
    if (plm_sv_is(name, "definition")) {
        forget(p);
        p->is_open = true;
    } else if (plm_sv_is(name, "criteria")) {
        return start_criteria(p, x, err);
    } else if (plm_sv_is(name, "criterion")) {
        start_criterion(p, x);
    } else if (plm_sv_is(name, "reference")) {
        start_reference(p, x);
    } else if (plm_sv_is(name, "cve")) {
        start_cve(p, x);
    } else if (plm_sv_is(name, "issued")) {
        p->adv.published = plm_feed_time(plm_xml_attr(x, "date"));
    } else if (plm_sv_is(name, "updated")) {
        p->adv.modified = plm_feed_time(plm_xml_attr(x, "date"));
    } else if (plm_sv_is(name, "resolution")) {
        p->has_resolution = false;
        for (size_t i = 0; i < sizeof(resolutions) / sizeof(resolutions[0]); i++) {
            if (plm_sv_is(plm_xml_attr(x, "state"), resolutions[i].word)) {
                p->resolution = resolutions[i].state;
                p->has_resolution = true;
            }
        }
        if (!p->has_resolution) {
            plm_sv state = plm_xml_attr(x, "state");
            plm_feed_bad_line(p->s, p->file, plm_xml_line(x), "unknown resolution \"%.*s\"",
                              PLM_SV_ARG(state));
        }
    }
    return 0;
}

static int finish_definition(struct parser *p, const struct plm_xml *x, plm_err **err)
{
    if (plm_arena_check(p->s->arena, err) < 0) /* a lost id must not look like a bad definition */
        return -1;
    bool is_erratum = p->adv.id.n > 0;
    if (!is_erratum && p->cves.n == 1)
        p->adv.id = p->cves.v[0];
    if (!p->adv.id.n || (!p->adv.affected.n && !p->cves.n)) {
        plm_feed_bad_line(p->s, p->file, plm_xml_line(x), "a definition without a usable reference");
        plm_arena_reset(p->s->arena);
        return 0;
    }
    if (is_erratum)
        p->adv.covers = p->cves;
    if (p->cves.n != 1)
        p->adv.cvss.n = 0; /* which flaw of an erratum a vector is about cannot be said */
    plm_feed_newest(p->s, p->adv.modified > p->adv.published ? p->adv.modified : p->adv.published);
    return plm_feed_push(p->s, &p->adv, err);
}

static int end(void *arg, const struct plm_xml *x, plm_sv text, plm_err **err)
{
    struct parser *p = arg;
    plm_sv name = plm_xml_name(x);
    if (plm_sv_is(name, "definition")) {
        int r = p->is_open ? finish_definition(p, x, err) : 0;
        forget(p);
        return r;
    }
    if (plm_sv_is(name, "criteria"))
        p->nesting -= p->nesting > 0;
    else if (plm_xml_is(x, "//metadata/title"))
        p->adv.title = plm_arena_sv(p->s->arena, text);
    else if (plm_xml_is(x, "//metadata/description"))
        p->adv.details = plm_arena_sv(p->s->arena, text);
    else if (plm_sv_is(name, "platform"))
        plm_feed_id(p->s, &p->platforms, plm_arena_sv(p->s->arena, text));
    else if (plm_sv_is(name, "severity") && text.n && !plm_sv_is(text, "None"))
        p->adv.severity = plm_arena_sv(p->s->arena, text);
    else if (plm_sv_is(name, "advisory_date"))
        p->adv.published = plm_feed_time(text);
    else if (plm_xml_is(x, "//resolution/component") && p->has_resolution)
        take_component(p, x, text);
    else if (plm_xml_is(x, "//generator/timestamp")) /* without a zone in Red Hat's: then the day */
        plm_feed_newest(p->s,
                        plm_feed_time(text) ? plm_feed_time(text) : plm_feed_time(plm_sv_sub(text, 0, 10)));
    return 0;
}

/* ---- files ---------------------------------------------------------------------------------------- */

static int read_twice(struct parser *p, struct index *ix, plm_sv data, plm_err **err)
{
    const struct plm_limits *limits = p->s->ctx->limits;
    if (!ix->arena || !ix->tests || !ix->objects || !ix->states)
        return plm_fail_oom(err);
    if (plm_xml_parse_view(data, "text", limits, &(struct plm_xml_ops){index_start, index_end}, ix, err) <
            0 ||
        plm_arena_check(ix->arena, err) < 0)
        return -1;
    return plm_xml_parse_view(data, "text", limits, &(struct plm_xml_ops){start, end}, p, err);
}

static int oval_file(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    struct index ix = {
        plm_arena_new(INDEX_MAX), plm_map_new(), plm_map_new(), plm_map_new(), NULL, NULL, NULL};
    struct parser p = {.s = s, .file = f->name, .index = &ix};
    plm_err *e = NULL;
    int rc = read_twice(&p, &ix, f->data, &e);
    plm_map_free(ix.tests);
    plm_map_free(ix.objects);
    plm_map_free(ix.states);
    plm_arena_free(ix.arena);
    return rc == 0 ? 0 : plm_feed_xml_failed(s, f->name, &e, err);
}

static const struct plm_feed_format oval = {
    .id = "oval",
    .summary = "OVAL definitions of Red Hat, AlmaLinux, Oracle Linux, Azure Linux and CBL-Mariner",
    .upstream = "https://security.access.redhat.com/data/oval/, "
                "https://github.com/microsoft/AzureLinuxVulnerabilityData",
    .tested = "real data (Red Hat patches, Azure Linux), shape from documentation (Red Hat unfixed)",
    .globs = (const char *const[]){"**/*.xml", NULL},
    .file = oval_file,
    .finish = plm_feed_finish_newest,
};
PLM_REGISTER(plm_feeds, struct plm_feed_format, oval);
