/* SPDX-License-Identifier: Apache-2.0
 *
 * Which suites of which mirrors stand for a release.
 *
 * Debian: CODENAME, CODENAME-updates, CODENAME-security ("CODENAME/updates" up to buster);
 * Ubuntu: the same names, all on one archive. Bases are asked in this order: configured ones
 * (repo.mirrors), this machine's apt sources of the same release, those of another release of
 * the same distribution (the archive holds every suite), and with from_image the sources that
 * the image names. Where a security suite lies is taken from the machine's own security
 * entries, never guessed from a main mirror's address. A machine's entry counts only if it
 * carries "main", names a suite of this distribution, and its Release says so itself (Origin).
 */
#include "repo/repo_int.h"

#include <dirent.h>
#include <fcntl.h>

enum suite_kind { KIND_NONE, KIND_MAIN, KIND_UPDATES, KIND_SECURITY };

static const char *const debian_aliases[] = {"stable", "oldstable", "oldoldstable", "testing", "unstable"};

static bool is_release_of(plm_sv distro, plm_sv name, plm_sv codename)
{
    if (plm_sv_eq(name, codename) || plm_release_version(distro, name).n)
        return true;
    for (size_t i = 0; plm_sv_is(distro, "debian") && i < sizeof(debian_aliases) / sizeof(debian_aliases[0]);
         i++)
        if (plm_sv_is(name, debian_aliases[i]))
            return true;
    return false;
}

/* "bookworm-security" is KIND_SECURITY of "bookworm". */
static enum suite_kind kind_of(plm_sv distro, plm_sv suite, plm_sv codename, plm_sv *out_release)
{
    static const struct {
        const char *suffix;
        enum suite_kind kind;
    } suffixes[] = {{"-security", KIND_SECURITY},
                    {"/updates", KIND_SECURITY},
                    {"-updates", KIND_UPDATES},
                    {"", KIND_MAIN}};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        plm_sv suffix = plm_sv_from(suffixes[i].suffix);
        if (!plm_sv_ends(suite, suffix))
            continue;
        *out_release = plm_sv_sub(suite, 0, suite.n - suffix.n);
        return is_release_of(distro, *out_release, codename) ? suffixes[i].kind : KIND_NONE;
    }
    return KIND_NONE;
}

/* ---- keys --------------------------------------------------------------------------------- */

static void add_key_file(const struct repo_run *run, struct plm_arena *a, struct repo_keyring *k, plm_sv path)
{
    plm_sv full = plm_arena_printf(a, "%s%s%.*s", run->root, plm_sv_starts(path, PLM_SV("/")) ? "" : "/",
                                   PLM_SV_ARG(path));
    if (full.p && access(full.p, R_OK) == 0)
        (void)plm_sv_vec_add(a, &k->files, full);
}

/* The keyring package of the distribution. */
static void distro_keys(const struct repo_run *run, struct plm_arena *a, plm_sv distro,
                        struct repo_keyring *k)
{
    static const char *const endings[] = {"gpg", "pgp"};
    for (size_t i = 0, had = k->files.n; i < 2 && k->files.n == had; i++)
        add_key_file(run, a, k,
                     plm_arena_printf(a, "usr/share/keyrings/%.*s-archive-keyring.%s", PLM_SV_ARG(distro),
                                      endings[i]));
}

/* What apt trusts where no Signed-By is given. */
static void apt_keys(const struct repo_run *run, struct plm_arena *a, struct repo_keyring *k)
{
    plm_sv folder = plm_arena_printf(a, "%s/etc/apt/trusted.gpg.d", run->root);
    plm_sv_vec names = {0};
    add_key_file(run, a, k, PLM_SV("etc/apt/trusted.gpg"));
    DIR *dir = folder.p ? opendir(folder.p) : NULL;
    for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
        plm_sv n = plm_sv_from(e->d_name);
        if (e->d_name[0] != '.' && (plm_sv_ends(n, PLM_SV(".gpg")) || plm_sv_ends(n, PLM_SV(".asc"))))
            (void)plm_sv_vec_add(a, &names, n);
    }
    if (dir)
        closedir(dir);
    plm_sv_vec_sort_unique(&names);
    for (size_t i = 0; i < names.n; i++)
        add_key_file(run, a, k, plm_arena_printf(a, "etc/apt/trusted.gpg.d/%s", names.v[i].p));
}

static bool is_fingerprint(plm_sv s)
{
    if (plm_sv_ends(s, PLM_SV("!")))
        s.n--;
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("0123456789abcdefABCDEF", s.p[i]))
            return false;
    return s.n == 40;
}

static void source_keys(const struct repo_run *run, struct plm_arena *a, plm_sv distro,
                        const struct repo_source *src, bool is_same_release, struct repo_keyring *k)
{
    for (size_t i = 0; i < src->signed_by.n; i++)
        if (is_fingerprint(src->signed_by.v[i]))
            (void)plm_sv_vec_add(a, &k->fingerprints, src->signed_by.v[i]);
        else
            add_key_file(run, a, k, src->signed_by.v[i]);
    k->key_block = src->signed_by_key;
    bool is_named = src->signed_by.n > k->fingerprints.n || src->signed_by_key.p;
    if (!is_named) {
        distro_keys(run, a, distro, k);
        apt_keys(run, a, k);
    } else if (!is_same_release && !k->fingerprints.n) {
        distro_keys(run, a, distro, k); /* another release is signed with other keys of the distribution */
    }
}

/* ---- bases ---------------------------------------------------------------------------------- */

struct plan {
    const struct repo_run *run;
    struct plm_arena *a;
    plm_sv distro, codename;
    struct repo_notes *notes;
    struct repo_suite *suites;
    size_t n;
    bool is_own; /* the target is this machine */
};

static struct repo_base *add_base(struct plan *p, struct repo_suite *s, plm_sv url, bool *out_is_new)
{
    *out_is_new = false;
    for (size_t i = 0; i < s->bases.n; i++)
        if (plm_sv_eq(s->bases.v[i].url, url))
            return &s->bases.v[i];
    *out_is_new = true;
    struct repo_base *b = plm_vec_push(p->a, &s->bases);
    if (b)
        b->url = plm_arena_sv(p->a, url);
    return b;
}

static bool suits(const struct repo_suite *s, plm_sv kind)
{
    return !kind.p || (plm_sv_is(kind, "security") ? s->is_security : !s->is_security);
}

static void add_configured(struct plan *p)
{
    for (size_t m = 0; m < p->run->opt->mirrors.n; m++) {
        const struct plm_repo_mirror *mirror = &p->run->opt->mirrors.v[m];
        plm_sv url = mirror->url;
        while (plm_sv_ends(url, PLM_SV("/")))
            url.n--;
        for (size_t i = 0; i < p->n && plm_sv_ieq(mirror->distro, p->distro); i++) {
            bool is_new;
            struct repo_base *b =
                suits(&p->suites[i], mirror->kind) ? add_base(p, &p->suites[i], url, &is_new) : NULL;
            if (!b || !is_new)
                continue;
            b->is_configured = b->has_lists = true;
            if (mirror->keyring.p) {
                (void)plm_sv_vec_add(p->a, &b->keyring.files, mirror->keyring);
            } else {
                distro_keys(p->run, p->a, p->distro, &b->keyring);
                if (!b->keyring.files.n)
                    apt_keys(p->run, p->a, &b->keyring);
            }
        }
    }
}

static bool has_main(const struct repo_source *s)
{
    for (size_t i = 0; i < s->components.n; i++)
        if (plm_sv_is(s->components.v[i], "main"))
            return true;
    return false;
}

static void use_source(struct plan *p, const struct repo_source *src, bool want_same, bool is_image)
{
    plm_sv release;
    enum suite_kind kind = kind_of(p->distro, src->suite, p->codename, &release);
    bool is_same = plm_sv_eq(release, p->codename);
    if (kind == KIND_NONE || is_same != want_same || !has_main(src))
        return;
    for (size_t i = 0; i < p->n; i++) {
        struct repo_suite *s = &p->suites[i];
        if (s->is_security != (kind == KIND_SECURITY))
            continue;
        bool is_new;
        struct repo_base *b = add_base(p, s, src->uri, &is_new);
        if (!b)
            return;
        if (p->is_own && is_same && !is_image)
            for (size_t c = 0; c < src->components.n; c++)
                (void)plm_sv_vec_add(p->a, &s->components, src->components.v[c]);
        if (!is_new)
            continue;
        b->has_lists = !is_image;
        b->public_only = is_image;
        if (is_image) { /* the image's own keys prove nothing */
            distro_keys(p->run, p->a, p->distro, &b->keyring);
            if (!b->keyring.files.n)
                apt_keys(p->run, p->a, &b->keyring);
        } else {
            source_keys(p->run, p->a, p->distro, src, is_same, &b->keyring);
        }
    }
}

static int add_sources(struct plan *p, const char *root, bool is_image, plm_err **err)
{
    repo_source_vec sources = {0};
    plm_auto(plm_err_free) plm_err *why = NULL;
    if (plm_sources_read(root, p->a, &sources, &why) < 0) {
        if (plm_err_code(why) == PLM_E_OOM)
            return plm_err_move(err, &why);
        plm_repo_note_err(p->notes, "repo.skipped-source", PLM_SEV_NEGLIGIBLE, plm_sv_from(root), &why);
        return 0;
    }
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < sources.n; i++)
            if (!sources.v[i].skipped)
                use_source(p, &sources.v[i], pass == 0, is_image);
    for (size_t i = 0; i < sources.n; i++) {
        const struct repo_source *s = &sources.v[i];
        plm_sv release;
        if (s->skipped &&
            (kind_of(p->distro, s->suite, p->codename, &release) != KIND_NONE || plm_sv_is(s->suite, "?")))
            plm_repo_note(p->notes, "repo.skipped-source", PLM_SEV_NEGLIGIBLE,
                          plm_arena_printf(p->a, "%.*s:%u", PLM_SV_ARG(s->file), s->line), "%.*s %.*s: %s",
                          PLM_SV_ARG(s->uri), PLM_SV_ARG(s->suite), s->skipped);
    }
    return 0;
}

static void add_suite(struct plan *p, bool is_security, const char *fmt)
{
    struct repo_suite *s = &p->suites[p->n++];
    *s = (struct repo_suite){.is_security = is_security, .codename = p->codename};
    plm_sv suffix = plm_sv_from(fmt);
    s->name = plm_arena_printf(p->a, "%.*s%.*s", PLM_SV_ARG(p->codename), PLM_SV_ARG(suffix));
    s->origin = plm_sv_is(p->distro, "ubuntu") ? PLM_SV("Ubuntu") : PLM_SV("Debian");
    (void)plm_sv_vec_add(p->a, &s->components, PLM_SV("main"));
    if (plm_sv_is(p->distro, "ubuntu"))
        (void)plm_sv_vec_add(p->a, &s->components, PLM_SV("universe"));
    for (size_t i = 0; i < p->run->opt->components.n; i++)
        (void)plm_sv_vec_add(p->a, &s->components, p->run->opt->components.v[i]);
}

int plm_mirrors_plan(const struct repo_run *run, struct plm_arena *a, plm_sv distro, plm_sv codename,
                     bool is_own_release, struct repo_notes *notes, struct repo_suite **out, size_t *out_n,
                     plm_err **err)
{
    struct plan p = {.run = run,
                     .a = a,
                     .distro = distro,
                     .codename = codename,
                     .notes = notes,
                     .is_own = is_own_release,
                     .suites = plm_arena_array(a, 3, sizeof(struct repo_suite))};
    if (!p.suites)
        return plm_arena_check(a, err);
    bool is_old =
        plm_sv_is(codename, "buster") || plm_sv_is(codename, "stretch") || plm_sv_is(codename, "jessie");
    bool is_rolling = plm_sv_is(codename, "sid");
    if (!is_rolling)
        add_suite(&p, true, plm_sv_is(distro, "debian") && is_old ? "/updates" : "-security");
    add_suite(&p, false, "");
    if (!is_rolling)
        add_suite(&p, false, "-updates");
    add_configured(&p);
    if (add_sources(&p, run->root, false, err) < 0)
        return -1;
    if (run->opt->from_image && run->opt->root.p && !run->opt->is_host &&
        add_sources(&p, plm_arena_cstr(a, run->opt->root), true, err) < 0)
        return -1;
    for (size_t i = 0; i < p.n; i++)
        plm_sv_vec_sort_unique(&p.suites[i].components);
    *out = p.suites;
    *out_n = p.n;
    return plm_arena_check(a, err);
}
