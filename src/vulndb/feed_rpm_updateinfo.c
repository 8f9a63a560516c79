/* SPDX-License-Identifier: Apache-2.0
 *
 * updateinfo.xml of rpm repositories: the errata that dnf shows (written by createrepo_c and modifyrepo_c;
 * format: libdnf's and createrepo_c's updateinfo reader).
 *
 *     <updates><update type="security"><id>ALSA-2022:1</id><title>…</title><issued date="2022-05-10
 * 00:00:00"/> <severity>Important</severity><references><reference type="cve" id="CVE-2022-1"
 * href="…"/></references> <pkglist><collection><module name="nodejs" stream="12" …/> <package name="npm"
 * epoch="1" version="6.14" release="1.el8" arch="x86_64"/>…
 *
 * Packages are binary ones and carry their architecture; "src" is no installed package. The file does not
 * name its distribution in a fixed way: it follows from the id's prefix and the build's tag (".el8", ".fc40",
 * ".amzn2"). Errata of other types than "security" count only where they name a CVE. Dates are with or
 * without time, or seconds. Streamed; memory is bounded by one update.
 */
#include "codec/xml.h"
#include "vulndb/feed_int.h"

struct parser {
    struct plm_feed_sink *s;
    plm_sv file;
    struct plm_advisory adv;
    plm_sv module;
    bool is_security;
};

static const struct {
    const char *prefix, *name, *tag;
} distributions[] = {
    {"ALSA-", "AlmaLinux", ".el"},     {"ALBA-", "AlmaLinux", ".el"},    {"ALEA-", "AlmaLinux", ".el"},
    {"RLSA-", "Rocky Linux", ".el"},   {"RLBA-", "Rocky Linux", ".el"},  {"RLEA-", "Rocky Linux", ".el"},
    {"RXSA-", "Rocky Linux", ".el"},   {"RHSA-", "Red Hat", ".el"},      {"RHBA-", "Red Hat", ".el"},
    {"RHEA-", "Red Hat", ".el"},       {"CESA-", "Red Hat", ".el"},      {"ELSA-", "Oracle Linux", ".el"},
    {"ELBA-", "Oracle Linux", ".el"},  {"ELEA-", "Oracle Linux", ".el"}, {"FEDORA-20", "Fedora", ".fc"},
    {"ALAS", "Amazon Linux", ".amzn"},
};

/* Digits behind the last tag: "8" of "3.module_el8.6.0+1". */
static plm_sv digits_behind(plm_sv release, const char *tag)
{
    size_t n = strlen(tag);
    for (size_t i = release.n; i-- > 0;) {
        plm_sv rest = plm_sv_from_off(release, i + n);
        size_t end = 0;
        if (!plm_sv_starts(plm_sv_from_off(release, i), plm_sv_from(tag)))
            continue;
        while (end < rest.n && rest.p[end] >= '0' && rest.p[end] <= '9')
            end++;
        if (end)
            return plm_sv_sub(rest, 0, end);
    }
    /* modular builds: "module_el8", "module+el8" */
    size_t at = plm_sv_find_sv(release, PLM_SV(".module"));
    if (at == SIZE_MAX || release.n < at + 10 || !plm_sv_is(plm_sv_sub(release, at + 8, 2), tag + 1))
        return PLM_SV_NULL;
    plm_sv rest = plm_sv_from_off(release, at + 10);
    size_t end = 0;
    while (end < rest.n && rest.p[end] >= '0' && rest.p[end] <= '9')
        end++;
    return end ? plm_sv_sub(rest, 0, end) : PLM_SV_NULL;
}

static plm_sv ecosystem_of(struct parser *p, plm_sv release)
{
    for (size_t i = 0; i < sizeof(distributions) / sizeof(distributions[0]); i++) {
        if (!plm_sv_starts(p->adv.id, plm_sv_from(distributions[i].prefix)))
            continue;
        plm_sv version = digits_behind(release, distributions[i].tag);
        if (version.n)
            return plm_arena_printf(p->s->arena, "%s:%.*s", distributions[i].name, PLM_SV_ARG(version));
    }
    return PLM_SV_NULL;
}

static plm_sv keep(struct parser *p, plm_sv s)
{
    return plm_arena_sv(p->s->arena, s);
}

static int64_t date_of(plm_sv text)
{
    plm_sv word;
    uint64_t seconds;
    if (!plm_sv_word(&text, &word))
        return 0;
    if (plm_sv_u64(word, &seconds) && seconds <= INT64_MAX)
        return (int64_t)seconds;
    return plm_feed_time(word);
}

static void take_package(struct parser *p, const struct plm_xml *x)
{
    plm_sv name = plm_xml_attr(x, "name"), version = plm_xml_attr(x, "version"),
           release = plm_xml_attr(x, "release");
    plm_sv epoch = plm_xml_attr(x, "epoch"), arch = plm_xml_attr(x, "arch");
    if (!name.n || !version.n || !release.n) {
        plm_feed_bad_line(p->s, p->file, plm_xml_line(x), "a package without name, version or release");
        return;
    }
    if (plm_sv_is(arch, "src") || plm_sv_is(arch, "nosrc"))
        return;
    plm_sv ecosystem = ecosystem_of(p, release);
    if (!ecosystem.p) {
        plm_feed_bad_line(p->s, p->file, plm_xml_line(x), "%.*s: no known distribution (%.*s)",
                          PLM_SV_ARG(p->adv.id), PLM_SV_ARG(release));
        return;
    }
    uint64_t number = 0;
    bool has_epoch = plm_sv_u64(epoch, &number) && number > 0;
    plm_sv evr = plm_arena_printf(p->s->arena, "%.*s%s%.*s-%.*s", has_epoch ? (int)epoch.n : 0,
                                  has_epoch ? epoch.p : "", has_epoch ? ":" : "", PLM_SV_ARG(version),
                                  PLM_SV_ARG(release));
    struct plm_affected *a = plm_feed_affected(p->s, &p->adv, ecosystem, keep(p, name));
    if (!a)
        return;
    a->is_binary = true;
    a->arch = plm_sv_is(arch, "noarch") ? PLM_SV_NULL : keep(p, arch);
    a->modularity = p->module;
    a->state = PLM_FIX_FIXED;
    plm_feed_range(p->s, a, (struct plm_range){.fixed = evr});
}

static int start(void *arg, const struct plm_xml *x, plm_err **err)
{
    struct parser *p = arg;
    (void)err;
    if (plm_xml_is(x, "updates/update")) {
        p->adv = (struct plm_advisory){0};
        p->is_security = plm_sv_is(plm_xml_attr(x, "type"), "security");
    } else if (plm_xml_is(x, "updates/update/issued")) {
        p->adv.published = date_of(plm_xml_attr(x, "date"));
    } else if (plm_xml_is(x, "updates/update/updated")) {
        p->adv.modified = date_of(plm_xml_attr(x, "date"));
    } else if (plm_xml_is(x, "updates/update/references/reference")) {
        plm_sv id = plm_xml_attr(x, "id"), href = plm_xml_attr(x, "href");
        if (!plm_feed_is_cve(id))
            id = plm_xml_attr(x, "title");
        if (plm_sv_is(plm_xml_attr(x, "type"), "cve") && plm_feed_is_cve(id))
            plm_feed_id(p->s, &p->adv.covers, keep(p, id));
        if (href.n)
            plm_feed_id(p->s, &p->adv.references, keep(p, href));
    } else if (plm_xml_is(x, "updates/update/pkglist/collection")) {
        p->module = PLM_SV_NULL;
    } else if (plm_xml_is(x, "updates/update/pkglist/collection/module")) {
        p->module = plm_arena_printf(p->s->arena, "%.*s:%.*s", PLM_SV_ARG(plm_xml_attr(x, "name")),
                                     PLM_SV_ARG(plm_xml_attr(x, "stream")));
    } else if (plm_xml_is(x, "updates/update/pkglist/collection/package")) {
        take_package(p, x);
    }
    return 0;
}

static int finish_update(struct parser *p, const struct plm_xml *x, plm_err **err)
{
    if (plm_arena_check(p->s->arena, err) < 0) /* a lost id must not look like a bad update */
        return -1;
    if (!p->adv.id.n)
        plm_feed_bad_line(p->s, p->file, plm_xml_line(x), "an update without id");
    if (!p->adv.id.n || (!p->is_security && !p->adv.covers.n)) {
        plm_arena_reset(p->s->arena);
        return 0;
    }
    plm_feed_newest(p->s, p->adv.modified > p->adv.published ? p->adv.modified : p->adv.published);
    return plm_feed_push(p->s, &p->adv, err);
}

static int end(void *arg, const struct plm_xml *x, plm_sv text, plm_err **err)
{
    struct parser *p = arg;
    if (plm_xml_is(x, "updates/update/id"))
        p->adv.id = keep(p, text);
    else if (plm_xml_is(x, "updates/update/title"))
        p->adv.title = keep(p, text);
    else if (plm_xml_is(x, "updates/update/description"))
        p->adv.details = keep(p, text);
    else if (plm_xml_is(x, "updates/update/severity") && text.n && !plm_sv_is(text, "None"))
        p->adv.severity = keep(p, text);
    else if (plm_xml_is(x, "updates/update"))
        return finish_update(p, x, err);
    return 0;
}

static int updateinfo_file(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    struct parser p = {.s = s, .file = f->name};
    plm_err *e = NULL;
    if (plm_xml_parse_view(f->data, "text", s->ctx->limits, &(struct plm_xml_ops){start, end}, &p, &e) == 0)
        return 0;
    return plm_feed_xml_failed(s, f->name, &e, err);
}

static const struct plm_feed_format rpm_updateinfo = {
    .id = "rpm-updateinfo",
    .summary = "Errata of rpm repositories (updateinfo.xml)",
    .upstream = "repodata/*-updateinfo.xml.* of a repository",
    .tested = "what createrepo_c writes",
    .globs = (const char *const[]){"**/*updateinfo.xml", "**/*updateinfo.xml.gz", "**/*updateinfo.xml.xz",
                                   "**/*updateinfo.xml.zst", NULL},
    .file = updateinfo_file,
    .finish = plm_feed_finish_newest,
};
PLM_REGISTER(plm_feeds, struct plm_feed_format, rpm_updateinfo);
