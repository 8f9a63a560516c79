/* SPDX-License-Identifier: Apache-2.0
 *
 * Where rpm and apk repositories lie: configured ones (repo.mirrors), else this machine's own
 * where it runs the same distribution.
 *
 * yum and dnf: /etc/yum.repos.d/ *.repo, INI files (dnf.conf(5)): baseurl (several, by blanks or
 * lines), enabled, gpgkey; $releasever and $basearch are filled in for the target. mirrorlist
 * and metalink are not followed: they are services of other hosts.
 * apk: /etc/apk/repositories, an address a line, "@tag" in front allowed; its "/v3.18/" is
 * replaced by the target's branch.
 */
#include "repo/repo_int.h"

#include <dirent.h>
#include <fcntl.h>

bool plm_repo_same_distro(const struct repo_run *run, plm_sv id)
{
    plm_auto_fd int root = open(run->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    if (root < 0 || (plm_fs_read_in(root, "etc/os-release", PLM_KIB(64), &b, NULL) < 0 &&
                     plm_fs_read_in(root, "usr/lib/os-release", PLM_KIB(64), &b, NULL) < 0))
        return false;
    plm_sv rest = plm_buf_sv(&b), line, key, value;
    while (plm_sv_line(&rest, &line))
        if (plm_sv_cut(line, '=', &key, &value) && plm_sv_is(key, "ID")) {
            value = plm_sv_trim(value);
            if (value.n >= 2 && (value.p[0] == '"' || value.p[0] == '\''))
                value = plm_sv_sub(value, 1, value.n - 2);
            return plm_sv_eq(value, id);
        }
    return false;
}

/* $releasever, ${basearch}, ... */
static plm_sv fill_in(struct plm_arena *a, plm_sv text, plm_sv releasever, plm_sv basearch)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    const struct {
        plm_sv name, value;
    } vars[] = {{PLM_SV("${releasever}"), releasever},
                {PLM_SV("$releasever"), releasever},
                {PLM_SV("${basearch}"), basearch},
                {PLM_SV("$basearch"), basearch},
                {PLM_SV("$arch"), basearch}};
    for (size_t i = 0; i < text.n;) {
        size_t v = 0, n = sizeof(vars) / sizeof(vars[0]);
        while (v < n && !plm_sv_starts(plm_sv_from_off(text, i), vars[v].name))
            v++;
        if (v < n)
            plm_buf_sv_put(&b, vars[v].value);
        else
            plm_buf_byte(&b, (unsigned char)text.p[i]);
        i += v < n ? vars[v].name.n : 1;
    }
    plm_sv s = plm_buf_sv(&b);
    while (plm_sv_ends(s, PLM_SV("/")))
        s.n--;
    return plm_arena_sv(a, s);
}

static bool is_http(plm_sv url)
{
    return plm_sv_starts(url, PLM_SV("http://")) || plm_sv_starts(url, PLM_SV("https://"));
}

/* ---- yum ------------------------------------------------------------------------------------------- */

struct section {
    plm_sv id, baseurl, gpgkey;
    bool is_on, has_list;
};

struct yum {
    plm_sv file, releasever, basearch;
    struct plm_arena *a;
    repo_place_vec *out;
    struct repo_notes *notes;
};

static void close_section(struct yum *y, const struct section *s)
{
    plm_sv urls = s->baseurl, keys = s->gpgkey, url, key;
    if (!s->id.n || plm_sv_is(s->id, "main") || !s->is_on)
        return;
    struct repo_place place = {0};
    while (plm_sv_word(&keys, &key))
        if (plm_sv_starts(key, PLM_SV("file://")))
            (void)plm_sv_vec_add(y->a, &place.keys,
                                 fill_in(y->a, plm_sv_from_off(key, 7), y->releasever, y->basearch));
    bool used = false;
    while (
        !used &&
        plm_sv_word(&urls, &url)) { /* several addresses are mirrors of one repository: the first will do */
        place.url = fill_in(y->a, url, y->releasever, y->basearch);
        used = is_http(place.url) && plm_sv_find(place.url, '$') == SIZE_MAX;
    }
    struct repo_place *p = used && y->out->n < REPO_ENTRIES_MAX ? plm_vec_push(y->a, y->out) : NULL;
    if (p)
        *p = place;
    else
        plm_repo_note(y->notes, "repo.skipped-source", PLM_SEV_NEGLIGIBLE,
                      plm_arena_printf(y->a, "%.*s [%.*s]", PLM_SV_ARG(y->file), PLM_SV_ARG(s->id)), "%s",
                      s->baseurl.n ? "no http or https address without unknown variables"
                                   : (s->has_list ? "mirror lists are not followed" : "no baseurl"));
}

/* A value with its continuation lines, which begin with a blank. */
static plm_sv whole_value(plm_sv value, plm_sv *rest)
{
    const char *end = value.p + value.n;
    plm_sv more;
    while (rest->n && (rest->p[0] == ' ' || rest->p[0] == '\t') && plm_sv_line(rest, &more))
        end = more.p + more.n;
    return plm_sv_trim(plm_sv_n(value.p, (size_t)(end - value.p)));
}

int plm_yum_parse(plm_sv text, plm_sv file, plm_sv releasever, plm_sv basearch, struct plm_arena *a,
                  repo_place_vec *out, struct repo_notes *notes, plm_err **err)
{
    struct yum y = {
        .file = file, .releasever = releasever, .basearch = basearch, .a = a, .out = out, .notes = notes};
    struct section s = {.is_on = true};
    plm_sv line, key, value;
    while (plm_sv_line(&text, &line)) {
        if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
            continue;
        if (line.p[0] == '[') {
            close_section(&y, &s);
            size_t end = plm_sv_find(line, ']');
            s = (struct section){.is_on = true,
                                 .id = plm_sv_sub(line, 1, end == SIZE_MAX ? line.n : end - 1)};
            continue;
        }
        if (!plm_sv_cut(line, '=', &key, &value))
            continue;
        key = plm_sv_trim(key);
        value = whole_value(value, &text);
        if (plm_sv_is(key, "baseurl"))
            s.baseurl = value;
        else if (plm_sv_is(key, "gpgkey"))
            s.gpgkey = value;
        else if (plm_sv_is(key, "mirrorlist") || plm_sv_is(key, "metalink"))
            s.has_list = true;
        else if (plm_sv_is(key, "enabled"))
            s.is_on = !(plm_sv_is(value, "0") || plm_sv_ieq(value, PLM_SV("no")) ||
                        plm_sv_ieq(value, PLM_SV("false")));
    }
    close_section(&y, &s);
    return plm_arena_check(a, err);
}

static int machine_yum(const struct repo_run *run, struct repo_worker *w, plm_sv releasever, plm_sv arch,
                       repo_place_vec *out, plm_err **err)
{
    plm_auto_free char *folder = plm_fs_join(run->root, "etc/yum.repos.d");
    DIR *dir = folder ? opendir(folder) : NULL;
    plm_sv_vec names = {0};
    for (struct dirent *e; dir && (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.' && plm_sv_ends(plm_sv_from(e->d_name), PLM_SV(".repo")) &&
            names.n < REPO_ENTRIES_MAX)
            (void)plm_sv_vec_add(w->arena, &names, plm_sv_from(e->d_name));
    if (dir)
        closedir(dir);
    plm_sv_vec_sort_unique(&names);
    for (size_t i = 0; i < names.n; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(REPO_SOURCES_MAX);
        plm_auto_free char *path = plm_fs_join(folder, names.v[i].p);
        if (!path || plm_fs_read(path, REPO_SOURCES_MAX, &b, NULL) < 0)
            continue;
        plm_sv text = plm_arena_sv(w->arena, plm_buf_sv(&b));
        if (plm_yum_parse(text, names.v[i], releasever, arch, w->arena, out, &w->notes, err) < 0)
            return -1;
    }
    return plm_arena_check(w->arena, err);
}

/* ---- apk ---------------------------------------------------------------------------------------------- */

/* "https://host/alpine/v3.18/main" for branch "v3.16". */
static plm_sv with_branch(struct plm_arena *a, plm_sv url, plm_sv branch)
{
    for (size_t at = 0; at < url.n; at++) {
        plm_sv rest = plm_sv_from_off(url, at);
        bool is_stable =
            rest.n > 2 && plm_sv_starts(rest, PLM_SV("/v")) && rest.p[2] >= '0' && rest.p[2] <= '9';
        if (!is_stable && !plm_sv_starts(rest, PLM_SV("/edge/")))
            continue;
        size_t end = plm_sv_find(plm_sv_from_off(rest, 1), '/');
        return plm_arena_printf(a, "%.*s/%.*s%.*s", PLM_SV_ARG(plm_sv_sub(url, 0, at)), PLM_SV_ARG(branch),
                                PLM_SV_ARG(end == SIZE_MAX ? PLM_SV("") : plm_sv_from_off(rest, end + 1)));
    }
    return url;
}

static plm_sv branch_of(struct plm_arena *a, plm_sv version)
{
    size_t dot = plm_sv_find(version, '.'),
           second = dot == SIZE_MAX ? SIZE_MAX : plm_sv_find(plm_sv_from_off(version, dot + 1), '.');
    if (dot == SIZE_MAX)
        return PLM_SV("edge");
    return plm_arena_printf(
        a, "v%.*s", PLM_SV_ARG(second == SIZE_MAX ? version : plm_sv_sub(version, 0, dot + 1 + second)));
}

static int machine_apk(const struct repo_run *run, struct repo_worker *w, plm_sv version, repo_place_vec *out,
                       plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(REPO_SOURCES_MAX);
    plm_auto_free char *path = plm_fs_join(run->root, "etc/apk/repositories");
    if (!path || plm_fs_read(path, REPO_SOURCES_MAX, &b, NULL) < 0)
        return 0;
    plm_sv rest = plm_buf_sv(&b), line, word;
    while (plm_sv_line(&rest, &line) && out->n < REPO_ENTRIES_MAX) {
        if (!plm_sv_word(&line, &word) || plm_sv_starts(word, PLM_SV("#")))
            continue;
        if (plm_sv_starts(word, PLM_SV("@")) && !plm_sv_word(&line, &word))
            continue;
        if (!is_http(word)) {
            plm_repo_note(&w->notes, "repo.skipped-source", PLM_SEV_NEGLIGIBLE, word,
                          "only http and https addresses are used");
            continue;
        }
        struct repo_place *p = plm_vec_push(w->arena, out);
        if (p)
            p->url =
                plm_arena_sv(w->arena, with_branch(w->arena, fill_in(w->arena, word, version, PLM_SV("")),
                                                   branch_of(w->arena, version)));
    }
    return plm_arena_check(w->arena, err);
}

/* ---- both ------------------------------------------------------------------------------------------------
 */

/* Clones of RHEL call their release by its major number. */
static plm_sv releasever_of(const struct plm_distro *d)
{
    static const char *const majors[] = {"rhel", "centos", "almalinux", "rocky", "ol", "eurolinux"};
    for (size_t i = 0; i < sizeof(majors) / sizeof(majors[0]); i++)
        if (plm_sv_is(d->id, majors[i])) {
            plm_sv major, minor;
            return plm_sv_cut(d->version, '.', &major, &minor) ? major : d->version;
        }
    return d->version;
}

int plm_places_find(const struct repo_run *run, struct repo_worker *w, const struct plm_distro *distro,
                    plm_sv type, plm_sv arch, repo_place_vec *out, plm_err **err)
{
    plm_sv release = releasever_of(distro);
    for (size_t i = 0; i < run->opt->mirrors.n; i++) {
        const struct plm_repo_mirror *m = &run->opt->mirrors.v[i];
        struct repo_place *p = plm_sv_ieq(m->distro, distro->id) ? plm_vec_push(w->arena, out) : NULL;
        if (!p)
            continue;
        p->url = fill_in(w->arena, m->url, release, arch);
        if (m->keyring.p)
            (void)plm_sv_vec_add(w->arena, &p->keys, m->keyring);
    }
    if (!out->n && plm_repo_same_distro(run, distro->id) &&
        (plm_sv_is(type, "rpm") ? machine_yum(run, w, release, arch, out, err)
                                : machine_apk(run, w, distro->version, out, err)) < 0)
        return -1;
    if (!out->n) {
        struct repo_note *n = plm_repo_note(&w->notes, "repo.no-mirror", PLM_SEV_MEDIUM, distro->id,
                                            "no mirror of %.*s %.*s is known", PLM_SV_ARG(distro->id),
                                            PLM_SV_ARG(distro->version));
        if (n)
            n->hint = plm_arena_printf(w->arena, "name one with the key repo.mirrors (distro: %.*s)",
                                       PLM_SV_ARG(distro->id));
    }
    return plm_arena_check(w->arena, err);
}
