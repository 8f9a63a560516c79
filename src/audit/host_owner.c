/* SPDX-License-Identifier: Apache-2.0
 *
 * Which package owns a file of the host, and which packages are installed.
 *
 * - dpkg: /var/lib/dpkg/info/NAME[:ARCH].list, a path a line; diversions are three lines each (original,
 *   where it went, by whom); /var/lib/dpkg/status are stanzas.
 * - apk: /lib/apk/db/installed: "P:" package, "V:" version, "F:" directory, "R:" file in it.
 * - rpm: its database is read by the scan of the host; owners are known only if that was asked for files.
 * On merged-/usr systems lists say /bin/x where the kernel says /usr/bin/x: both spellings count.
 * One pass over all lists, however many paths are asked: O(bytes of the lists), about 10 MB on a server.
 */
#include "audit/host.h"
#include "codec/deb822.h"

#define DPKG_INFO   "/var/lib/dpkg/info"
#define DPKG_STATUS "/var/lib/dpkg/status"
#define APK_DB      "/lib/apk/db/installed"

struct search {
    struct plm_map *wanted; /* path to its index + 1 */
    struct plm_owner *owners;
    size_t left;
};

/* "/usr/bin/x" for "/bin/x" and the other way round; null: neither. */
static plm_sv other_spelling(struct plm_arena *a, plm_sv path)
{
    static const char *const merged[] = {"/bin/", "/sbin/", "/lib/", "/lib64/", "/lib32/"};
    plm_sv tail = plm_sv_starts(path, PLM_SV("/usr/")) ? plm_sv_from_off(path, 4) : path;
    for (size_t i = 0; i < sizeof(merged) / sizeof(merged[0]); i++)
        if (plm_sv_starts(tail, plm_sv_from(merged[i])))
            return tail.n != path.n ? tail : plm_arena_printf(a, "/usr%.*s", PLM_SV_ARG(path));
    return PLM_SV_NULL;
}

static bool want(struct search *s, plm_sv path, size_t index)
{
    void **slot = path.p ? plm_map_put(s->wanted, path) : NULL;
    if (slot && !*slot)
        *slot = (char *)s + index + 1; /* a number in disguise: never followed */
    return slot || !path.p;
}

static void found(struct search *s, plm_sv path, plm_sv package)
{
    const void *slot = plm_map_get(s->wanted, path);
    if (!slot)
        return;
    size_t index = (size_t)((const char *)slot - (const char *)s) - 1;
    if (s->owners[index].state == PLM_OWNED)
        return;
    s->owners[index] = (struct plm_owner){PLM_OWNED, package};
    s->left--;
}

static void search_diversions(const struct plm_facts *f, struct search *s)
{
    int sys;
    plm_sv text = plm_host_text(f, "/var/lib/dpkg/diversions", PLM_MIB(4), &sys), from, to, by;
    while (text.p && plm_sv_line(&text, &from) && plm_sv_line(&text, &to) && plm_sv_line(&text, &by))
        found(s, to, by);
}

static bool search_dpkg(const struct plm_facts *f, struct search *s)
{
    plm_sv_vec names = {0};
    if (plm_host_names(f, DPKG_INFO, &names) != 0)
        return false;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(64));
    for (size_t i = 0; i < names.n && s->left; i++) {
        plm_sv name = names.v[i], line;
        if (!plm_sv_ends(name, PLM_SV(".list")))
            continue;
        plm_sv path = plm_host_printf(f, DPKG_INFO "/%.*s", PLM_SV_ARG(name)), package, arch;
        plm_buf_clear(&b);
        if (!path.p || plm_fs_read_in(f->root_fd, path.p, PLM_MIB(64), &b, NULL) < 0)
            return false; /* "unowned" would be a guess */
        (void)plm_sv_cut(plm_sv_sub(name, 0, name.n - strlen(".list")), ':', &package, &arch);
        plm_sv rest = plm_buf_sv(&b);
        while (plm_sv_line(&rest, &line))
            found(s, line, package);
    }
    search_diversions(f, s);
    return true;
}

static bool search_apk(const struct plm_facts *f, struct search *s)
{
    int sys;
    plm_sv text = plm_host_text(f, APK_DB, PLM_MIB(64), &sys), line, package = PLM_SV_NULL, dir = PLM_SV_NULL;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    if (!text.p)
        return false;
    while (plm_sv_line(&text, &line)) {
        if (line.n < 2 || line.p[1] != ':')
            continue;
        plm_sv value = plm_sv_from_off(line, 2);
        if (line.p[0] == 'P')
            package = value;
        else if (line.p[0] == 'F')
            dir = value;
        else if (line.p[0] == 'R') {
            plm_buf_clear(&b);
            plm_buf_printf(&b, "/%.*s%s%.*s", PLM_SV_ARG(dir), dir.n ? "/" : "", PLM_SV_ARG(value));
            found(s, plm_buf_sv(&b), package);
        }
    }
    return true;
}

static bool search_report(const struct plm_facts *f, struct search *s)
{
    bool has_files = false;
    for (size_t i = 0; i < f->report->packages.n; i++) {
        const struct plm_package *p = &f->report->packages.v[i];
        if (p->target != f->scanned_host || f->scanned_host == PLM_NONE)
            continue;
        has_files |= p->files.n != 0;
        for (size_t j = 0; j < p->files.n; j++)
            found(s, p->files.v[j], p->name);
    }
    return has_files;
}

void plm_host_owners(const struct plm_facts *f, const plm_sv_vec *paths, struct plm_owner *owners,
                     plm_sv *out_why)
{
    plm_auto(plm_map_free) struct plm_map *wanted = plm_map_new();
    struct search s = {.wanted = wanted, .owners = owners, .left = paths->n};
    bool is_complete = wanted != NULL;
    for (size_t i = 0; i < paths->n; i++) {
        owners[i] = (struct plm_owner){.state = PLM_OWNER_UNKNOWN};
        is_complete =
            is_complete && want(&s, paths->v[i], i) && want(&s, other_spelling(f->arena, paths->v[i]), i);
    }
    bool is_known = is_complete && (search_dpkg(f, &s) || search_apk(f, &s) || search_report(f, &s));
    *out_why = is_known ? PLM_SV_NULL
               : plm_host_exists(f, "/var/lib/rpm") || plm_host_exists(f, "/usr/lib/sysimage/rpm")
                   ? PLM_SV("the files of rpm packages are not read here")
                   : PLM_SV("no package database was found");
    for (size_t i = 0; is_known && i < paths->n; i++)
        if (owners[i].state == PLM_OWNER_UNKNOWN)
            owners[i].state = PLM_UNOWNED;
}

/* ---- installed packages ------------------------------------------------------------------------- */

static void add_package(const struct plm_facts *f, plm_host_packages *out, plm_sv name, plm_sv version)
{
    struct plm_host_package_row *r = plm_vec_push(f->arena, out);
    if (r)
        *r = (struct plm_host_package_row){name, version};
}

static bool list_dpkg(const struct plm_facts *f, plm_host_packages *out)
{
    static const char *const names[] = {"Package", "Status", "Version"};
    int sys;
    plm_sv text = plm_host_text(f, DPKG_STATUS, PLM_MIB(64), &sys);
    struct plm_deb822 it = PLM_DEB822(text);
    while (text.p && plm_deb822_next(&it)) {
        plm_sv v[3];
        (void)plm_deb822_pick(it.stanza, names, v, 3);
        if (v[0].n && plm_sv_ends(v[1], PLM_SV(" installed")))
            add_package(f, out, v[0], v[2]);
    }
    return text.p != NULL;
}

static bool list_apk(const struct plm_facts *f, plm_host_packages *out)
{
    int sys;
    plm_sv text = plm_host_text(f, APK_DB, PLM_MIB(64), &sys), rest = text, line, name = PLM_SV_NULL;
    while (text.p && plm_sv_line(&rest, &line)) {
        if (plm_sv_starts(line, PLM_SV("P:")))
            name = plm_sv_from_off(line, 2);
        else if (plm_sv_starts(line, PLM_SV("V:")) && name.n)
            add_package(f, out, name, plm_sv_from_off(line, 2));
    }
    return text.p != NULL;
}

bool plm_host_packages_list(const struct plm_facts *f, plm_host_packages *out)
{
    if (list_dpkg(f, out) || list_apk(f, out))
        return true;
    if (f->scanned_host == PLM_NONE)
        return false;
    for (size_t i = 0; i < f->report->packages.n; i++) {
        const struct plm_package *p = &f->report->packages.v[i];
        if (p->target == f->scanned_host && (plm_sv_is(p->type, "rpm") || plm_sv_is(p->type, "deb")))
            add_package(f, out, p->name, p->version);
    }
    return out->n > 0;
}

plm_sv plm_host_package(const struct plm_facts *f, const char *name, bool *out_is_known)
{
    plm_host_packages v = {0};
    *out_is_known = plm_host_packages_list(f, &v);
    for (size_t i = 0; i < v.n; i++)
        if (plm_sv_is(v.v[i].name, name))
            return v.v[i].version;
    return PLM_SV_NULL;
}
