/* SPDX-License-Identifier: Apache-2.0
 *
 * systemd unit files with their drop-ins, as systemd.unit(5) and systemd.syntax(7) say: the first folder of
 * the search path that has the unit decides, then NAME.d/x.conf of all folders in the order of their file
 * names, the first folder winning among equal names; also the folders of a template, of each prefix that ends
 * in a dash and of the type ("service.d"). An empty file or a link to /dev/null masks. Compared with
 * `systemd-analyze cat-config` in tests/audit/test_units.c.
 *
 * Quirks: a line that ends in a backslash goes on in the next, comment lines in between are skipped; an
 * assignment of nothing empties the list (plm_unit_values honours it); a unit may be known by a second name
 * through a symbolic link, and then the drop-ins of both names hold.
 */
#include "audit/settings.h"

#include "base/fs.h"

#include <dirent.h>
#include <fcntl.h>

enum { UNIT_BYTES = 1 << 20, DROP_INS_MAX = 1000, UNIT_SETTINGS_MAX = 100000 };

static const char *const folders[] = {
    "/etc/systemd/system.control",  "/run/systemd/system.control",   "/run/systemd/transient",
    "/run/systemd/generator.early", "/etc/systemd/system",           "/run/systemd/system",
    "/run/systemd/generator",       "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
    "/lib/systemd/system",          "/run/systemd/generator.late"};
enum { N_FOLDERS = sizeof(folders) / sizeof(folders[0]) };

/* ---- the file format -------------------------------------------------------------------------------- */

/* The next logical line, continuations joined by a blank. */
static bool next_line(plm_sv *rest, struct plm_buf *joined, uint32_t *line, uint32_t *first)
{
    plm_sv l;
    bool goes_on = false;
    plm_buf_clear(joined);
    while (plm_sv_line(rest, &l)) {
        ++*line;
        plm_sv trimmed = plm_sv_trim(l);
        bool is_comment = trimmed.n && (trimmed.p[0] == '#' || trimmed.p[0] == ';');
        if (goes_on && is_comment)
            continue;
        if (!goes_on)
            *first = *line;
        goes_on = !is_comment && l.n && l.p[l.n - 1] == '\\';
        plm_buf_sv_put(joined, goes_on ? plm_sv_sub(l, 0, l.n - 1) : l);
        if (!goes_on)
            return true;
        plm_buf_byte(joined, ' ');
    }
    return goes_on; /* a continuation at the end of the file */
}

int plm_unit_parse(plm_sv text, plm_sv path, struct plm_arena *a, struct plm_unit *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf joined = PLM_BUF(UNIT_BYTES + 16);
    plm_sv section = PLM_SV("");
    uint32_t line = 0, first = 0;
    path = plm_arena_sv(a, path);
    if (plm_sv_starts(text, PLM_SV("\xef\xbb\xbf")))
        text = plm_sv_from_off(text, 3);
    while (next_line(&text, &joined, &line, &first)) {
        plm_sv key, value, l = plm_sv_trim(plm_buf_sv(&joined));
        if (plm_buf_check(&joined, err) < 0)
            return plm_wrap(err, "%.*s:%u", PLM_SV_ARG(path), first);
        if (!l.n || l.p[0] == '#' || l.p[0] == ';')
            continue;
        if (l.p[0] == '[' && l.p[l.n - 1] == ']') {
            section = plm_arena_sv(a, plm_sv_sub(l, 1, l.n - 2));
            continue;
        }
        if (!plm_sv_cut(l, '=', &key, &value))
            continue; /* systemd warns and goes on */
        if (out->settings.n >= UNIT_SETTINGS_MAX)
            return plm_fail(err, PLM_E_LIMIT, "%.*s: more than %d settings", PLM_SV_ARG(path),
                            UNIT_SETTINGS_MAX);
        struct plm_unit_setting *s = plm_vec_push(a, &out->settings);
        if (!s)
            break;
        *s = (struct plm_unit_setting){section, plm_arena_sv(a, plm_sv_trim(key)),
                                       plm_arena_sv(a, plm_sv_trim(value)), path, first};
    }
    return plm_arena_check(a, err);
}

int plm_unit_values(const struct plm_unit *u, const char *section, const char *key, struct plm_arena *a,
                    plm_sv_vec *out, plm_err **err)
{
    for (size_t i = 0; i < u->settings.n; i++) {
        const struct plm_unit_setting *s = &u->settings.v[i];
        if (!plm_sv_is(s->section, section) || !plm_sv_is(s->key, key))
            continue;
        if (!s->value.n)
            out->n = 0;
        else
            plm_sv_vec_add(a, out, s->value);
    }
    return plm_arena_check(a, err);
}

/* ---- where the files lie ------------------------------------------------------------------------------ */

struct search {
    int root;
    struct plm_arena *a;
    struct plm_unit *out;
    plm_sv_vec names;       /* of the unit: its own, and those it is a link to */
    plm_sv_vec conf, paths; /* drop-ins found so far: file name, whole path; pairs */
};

/* A link to /dev/null masks, also below a root that has no such device. */
static bool is_null_link(const struct search *s, const char *path)
{
    char target[sizeof("/dev/null")];
    plm_sv dir = plm_sv_sub(plm_sv_from(path), 0, plm_sv_rfind(plm_sv_from(path), '/'));
    const char *cdir = plm_arena_cstr(s->a, dir);
    plm_auto_fd int fd = cdir ? plm_fs_open_in(s->root, cdir, O_PATH | O_DIRECTORY, NULL) : -1;
    ssize_t n = fd < 0 ? -1 : readlinkat(fd, path + dir.n + 1, target, sizeof(target));
    return n == (ssize_t)sizeof(target) - 1 && memcmp(target, "/dev/null", sizeof(target) - 1) == 0;
}

/* Reads a file into the unit. *out_is_there: an empty file or /dev/null counts as there. */
static int read_one(struct search *s, const char *path, bool *out_is_there, bool *out_is_masked,
                    plm_err **err)
{
    plm_err *why = NULL;
    struct stat st;
    *out_is_there = *out_is_masked = false;
    plm_auto_fd int fd = plm_fs_open_in(s->root, path, O_RDONLY, &why);
    if (fd < 0) {
        bool is_absent = why->code == PLM_E_NOTFOUND || why->sys == ENOTDIR;
        if (!is_absent)
            return plm_err_move(err, &why);
        plm_err_free(why);
        *out_is_there = *out_is_masked = is_null_link(s, path);
        return 0;
    }
    if (fstat(fd, &st) < 0)
        return plm_fail_sys(err, "%s", path);
    *out_is_there = true;
    *out_is_masked = S_ISCHR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0);
    if (*out_is_masked)
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(UNIT_BYTES);
    if (plm_fs_read_fd(fd, path, UNIT_BYTES, &b, err) < 0)
        return -1;
    return plm_unit_parse(plm_buf_sv(&b), plm_sv_from(path), s->a, s->out, err);
}

static bool has_name(const struct search *s, plm_sv name)
{
    for (size_t i = 0; i < s->names.n; i++)
        if (plm_sv_eq(s->names.v[i], name))
            return true;
    return false;
}

/* The name that a link of the search path stands for. */
static void add_link_name(struct search *s, const char *path)
{
    char target[PATH_MAX];
    plm_sv dir = plm_sv_sub(plm_sv_from(path), 0, plm_sv_rfind(plm_sv_from(path), '/'));
    const char *cdir = plm_arena_cstr(s->a, dir);
    plm_auto_fd int fd = cdir ? plm_fs_open_in(s->root, cdir, O_PATH | O_DIRECTORY, NULL) : -1;
    ssize_t n = fd < 0 ? -1 : readlinkat(fd, path + dir.n + 1, target, sizeof(target));
    if (n <= 0)
        return;
    plm_sv t = plm_sv_n(target, (size_t)n);
    size_t slash = plm_sv_rfind(t, '/');
    plm_sv name = slash == SIZE_MAX ? t : plm_sv_from_off(t, slash + 1);
    if (name.n && !plm_sv_is(name, "null") && !has_name(s, name))
        plm_sv_vec_add(s->a, &s->names, name);
}

static int read_main(struct search *s, const char *name, plm_err **err)
{
    for (size_t i = 0; i < N_FOLDERS; i++) {
        plm_sv path = plm_arena_printf(s->a, "%s/%s", folders[i], name);
        bool is_there, is_masked;
        if (!path.p)
            return plm_fail_oom(err);
        if (read_one(s, path.p, &is_there, &is_masked, err) < 0)
            return -1;
        if (!is_there)
            continue;
        s->out->path = path;
        s->out->is_masked = is_masked;
        add_link_name(s, path.p);
        return 0;
    }
    return 0;
}

static int add_folder(struct search *s, const char *folder, plm_sv name, plm_err **err)
{
    plm_sv path = plm_arena_printf(s->a, "%s/%.*s.d", folder, PLM_SV_ARG(name));
    if (!path.p)
        return plm_fail_oom(err);
    plm_err *why = NULL;
    plm_auto_fd int fd = plm_fs_open_in(s->root, path.p, O_RDONLY | O_DIRECTORY, &why);
    if (fd < 0) {
        bool is_absent = why->code == PLM_E_NOTFOUND || why->sys == ENOTDIR;
        if (!is_absent)
            return plm_err_move(err, &why);
        plm_err_free(why);
        return 0;
    }
    DIR *dir = fdopendir(fd);
    if (!dir)
        return plm_fail_sys(err, "%s", path.p);
    (void)plm_take_fd(fd);
    for (struct dirent *e; (e = readdir(dir)) && s->conf.n < DROP_INS_MAX;) {
        plm_sv file = plm_sv_from(e->d_name);
        bool is_known = false;
        for (size_t i = 0; i < s->conf.n; i++)
            is_known |= plm_sv_eq(s->conf.v[i], file);
        if (is_known || file.p[0] == '.' || !plm_sv_ends(file, PLM_SV(".conf")))
            continue;
        plm_sv_vec_add(s->a, &s->conf, file);
        plm_sv_vec_add(s->a, &s->paths, plm_arena_printf(s->a, "%.*s/%s", PLM_SV_ARG(path), e->d_name));
    }
    closedir(dir);
    return plm_arena_check(s->a, err);
}

/* NAME.d, the template's, and one for each prefix that ends in a dash. */
static int add_folders_of(struct search *s, const char *folder, plm_sv name, plm_err **err)
{
    size_t dot = plm_sv_rfind(name, '.'), at = plm_sv_find(name, '@');
    if (add_folder(s, folder, name, err) < 0)
        return -1;
    if (dot == SIZE_MAX)
        return 0;
    plm_sv stem = plm_sv_sub(name, 0, dot), type = plm_sv_from_off(name, dot);
    if (at != SIZE_MAX && at + 1 < dot) {
        plm_sv template = plm_arena_printf(s->a, "%.*s@%.*s", (int)at, name.p, PLM_SV_ARG(type));
        if (!template.p || add_folder(s, folder, template, err) < 0)
            return -1;
    }
    for (size_t i = stem.n; i-- > 1;) {
        if (stem.p[i] != '-' || i + 1 == stem.n)
            continue;
        plm_sv prefix = plm_arena_printf(s->a, "%.*s%.*s", (int)(i + 1), stem.p, PLM_SV_ARG(type));
        if (!prefix.p || add_folder(s, folder, prefix, err) < 0)
            return -1;
    }
    return 0;
}

static int read_drop_ins(struct search *s, plm_err **err)
{
    for (size_t i = 0; i < s->names.n; i++)
        for (size_t k = 0; k < N_FOLDERS; k++)
            if (add_folders_of(s, folders[k], s->names.v[i], err) < 0)
                return -1;
    size_t dot = plm_sv_rfind(s->names.v[0], '.');
    for (size_t k = 0; dot != SIZE_MAX && k < N_FOLDERS; k++)
        if (add_folder(s, folders[k], plm_sv_from_off(s->names.v[0], dot + 1), err) < 0)
            return -1;
    for (size_t done = 0; done < s->conf.n; done++) { /* few: by selection */
        size_t least = SIZE_MAX;
        for (size_t i = 0; i < s->conf.n; i++)
            if (s->conf.v[i].p && (least == SIZE_MAX || plm_sv_cmp(s->conf.v[i], s->conf.v[least]) < 0))
                least = i;
        bool is_there, is_masked;
        s->conf.v[least] = PLM_SV_NULL;
        if (read_one(s, s->paths.v[least].p, &is_there, &is_masked, err) < 0)
            return -1;
        if (is_there && !is_masked)
            plm_sv_vec_add(s->a, &s->out->drop_ins, s->paths.v[least]);
    }
    return 0;
}

int plm_unit_read(struct plm_facts *f, const char *name, struct plm_unit *out, plm_err **err)
{
    struct plm_unit u = {.name = plm_arena_sv(f->arena, plm_sv_from(name))};
    struct search s = {.root = f->root_fd, .a = f->arena, .out = &u};
    plm_sv_vec_add(s.a, &s.names, u.name);
    if (plm_arena_check(s.a, err) < 0 || read_main(&s, name, err) < 0)
        return plm_wrap(err, "unit %s", name);
    if (u.path.p && !u.is_masked && read_drop_ins(&s, err) < 0)
        return plm_wrap(err, "unit %s", name);
    if (plm_arena_check(s.a, err) < 0)
        return -1;
    *out = u;
    return 0;
}
