/* SPDX-License-Identifier: Apache-2.0
 *
 * Worker: a directory tree (`dir:`, `host:`, a container's root). Not a walk of it: the extractors' patterns
 * say where to look. A literal path is opened directly, following links inside the root as the system in it
 * would; patterns with wildcards share one walk for each literal beginning, which lists only directories that
 * a pattern can match.
 *
 * Everything is opened component by component with openat and O_NOFOLLOW (the fence does not allow openat2):
 * links are resolved here, so none can lead out of the root, and none that changes meanwhile either. File
 * systems that the kernel makes up (proc, sysfs ...) and other roots (overlay) are not entered by walks.
 */
#include "image/build.h"
#include "image/worker.h"

#include "base/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { LINKS_MAX = 40, DEPTH_MAX = 256 };

struct glob {
    plm_sv text;
    size_t prefix; /* bytes of the literal beginning, with its slash */
    bool is_deep;  /* has a component ** */
};

struct tree {
    struct plm_builder *b;
    const struct plm_limits *limits;
    struct plm_arena *arena;
    int root;
    plm_sv only;          /* file: the one name in the directory that is meant, else null */
    struct plm_map *done; /* files given to all who want them, by real path */
    bool all_entries;     /* whatever a walk comes by is entered */
    uint64_t listed;
    struct plm_buf scratch; /* contents of one file */
};

/* ---- opening inside the root -------------------------------------------------------------------- */

static int open_component(int dir, plm_sv name)
{
    plm_auto_free char *z = strndup(name.p, name.n);
    return z ? openat(dir, z, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
}

static bool link_text(int fd, struct plm_buf *out)
{
    char *to = plm_buf_reserve(out, PATH_MAX);
    ssize_t n = to ? readlinkat(fd, "", to, PATH_MAX) : -1;
    if (n > 0)
        out->n += (size_t)n;
    return n > 0;
}

/* Lexically, which is right here: `base` holds no link. */
static void push_part(struct plm_buf *base, plm_sv part)
{
    if (part.n == 0 || plm_sv_is(part, "."))
        return;
    if (plm_sv_is(part, "..")) {
        size_t slash = plm_sv_rfind(plm_buf_sv(base), '/');
        base->n = slash == SIZE_MAX ? 0 : slash;
        return;
    }
    if (base->n)
        plm_buf_byte(base, '/');
    plm_buf_sv_put(base, part);
}

/* Opens a path as if root were "/" (O_PATH); *real gets where that is. -1 with errno. */
static int open_in(int root, plm_sv path, struct plm_buf *real)
{
    plm_auto_done(plm_buf_done) struct plm_buf todo = PLM_BUF(PLM_KIB(64));
    plm_buf_sv_put(&todo, path);
    for (unsigned links = 0; links <= LINKS_MAX; links++) {
        plm_auto_fd int at = fcntl(root, F_DUPFD_CLOEXEC, 0);
        plm_sv rest = plm_buf_sv(&todo), part;
        plm_buf_clear(real);
        bool is_spliced = false;
        while (!is_spliced && plm_sv_field(&rest, '/', &part)) {
            if (part.n == 0)
                continue;
            int next = at < 0 ? -1 : open_component(at, part);
            if (next < 0)
                return -1;
            close(at);
            at = next;
            struct stat st;
            if (fstat(at, &st) < 0)
                return -1;
            if (!S_ISLNK(st.st_mode)) {
                push_part(real, part);
                continue;
            }
            plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_KIB(64)),
                                                       next_todo = PLM_BUF(PLM_KIB(64));
            if (!link_text(at, &text))
                return -1;
            if (text.p[0] != '/')
                plm_buf_sv_put(&next_todo, plm_buf_sv(real));
            plm_sv target = plm_buf_sv(&text);
            while (plm_sv_field(&target, '/', &part))
                push_part(&next_todo, part);
            while (plm_sv_field(&rest, '/', &part))
                push_part(&next_todo, part);
            struct plm_buf swap = todo;
            todo = next_todo;
            next_todo = swap;
            plm_buf_done(&next_todo);
            is_spliced = true;
        }
        if (!is_spliced && real->failed == 0)
            return plm_take_fd(at);
    }
    errno = ELOOP;
    return -1;
}

/* ---- files ---------------------------------------------------------------------------------------- */

/* The contents: mapped would break under a file that shrinks (SIGBUS), so they are read. */
static int open_contents(int dir, const char *name, const struct stat *st, plm_err **err)
{
    plm_auto_fd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat now;
    if (fd < 0 || fstat(fd, &now) < 0)
        return plm_fail_sys(err, "open");
    if (now.st_ino != st->st_ino || now.st_dev != st->st_dev || !S_ISREG(now.st_mode))
        return plm_fail(err, PLM_E_IO, "changed while it was read");
    return plm_take_fd(fd);
}

static void file_failed(struct tree *t, plm_sv path, const char *code, const plm_err *e)
{
    plm_auto_done(plm_buf_done) struct plm_buf object = PLM_BUF(PLM_KIB(64));
    plm_buf_byte(&object, '/');
    plm_buf_sv_put(&object, path);
    plm_builder_cut(t->b, code, plm_buf_sv(&object), e);
}

/* By errno. */
static void open_failed(struct tree *t, plm_sv path)
{
    plm_err *bad = NULL;
    if (plm_fail_sys(&bad, "open") < 0)
        file_failed(t, path, "file.unreadable", bad);
    plm_err_free(bad);
}

/* A regular file `name` of the open directory, whose real path is `path`, for these matches. */
static int take_file(struct tree *t, int dir, const char *name, plm_sv path, const struct stat *st,
                     const struct plm_match *m, size_t n, plm_err **err)
{
    struct plm_record_entry e = {.path = path,
                                 .type = PLM_ENTRY_FILE,
                                 .mode = st->st_mode & 07777,
                                 .uid = st->st_uid,
                                 .gid = st->st_gid,
                                 .size = (uint64_t)st->st_size};
    uint32_t node = plm_builder_find(t->b, path);
    if (node == PLM_NONE && plm_builder_add_plain(t->b, &e, &node, err) < 0)
        return -1;
    if (node == PLM_NONE || n == 0)
        return 0;
    if (!plm_builder_fits(t->b, node, m, n, path))
        return 0;
    plm_err *bad = NULL;
    plm_auto_fd int fd = open_contents(dir, name, st, &bad);
    int r = fd < 0 ? -1 : plm_builder_take_fd(t->b, node, m, n, fd, &t->scratch, &bad, err);
    if (!bad)
        return r;
    file_failed(t, path, "file.unreadable", bad);
    plm_err_free(bad);
    return 0;
}

/* A file under its real path, for all who want it by that; once. */
static int take_real(struct tree *t, int dir, const char *name, plm_sv path, const struct stat *st,
                     plm_err **err)
{
    if (plm_map_get(t->done, path))
        return 0;
    plm_sv kept = plm_arena_sv(t->arena, path);
    void **slot = kept.p ? plm_map_put(t->done, kept) : NULL;
    if (!slot)
        return plm_fail_oom(err);
    *slot = t;
    size_t n;
    const struct plm_match *m = plm_builder_wants(t->b, kept, &n);
    return take_file(t, dir, name, kept, st, m, n, err);
}

static bool matches_elsewhere(const struct plm_extractor *ex, plm_sv path)
{
    for (const char *const *g = ex->globs; *g; g++)
        if (plm_sv_glob(plm_sv_from(*g), path))
            return true;
    return false;
}

/* A path without wildcards. What a link leads to is left to the pattern that names it directly, if there is
 * one. */
static int take_literal(struct tree *t, const struct plm_extractor *ex, uint32_t index, plm_sv path,
                        plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf real = PLM_BUF(PLM_KIB(64));
    plm_auto_fd int fd = open_in(t->root, path, &real);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            open_failed(t, path);
        }
        return 0;
    }
    if (!S_ISREG(st.st_mode) ||
        (!plm_sv_eq(path, plm_buf_sv(&real)) && matches_elsewhere(ex, plm_buf_sv(&real))))
        return 0;
    size_t slash = plm_sv_rfind(plm_buf_sv(&real), '/');
    plm_sv dir_path = plm_sv_sub(plm_buf_sv(&real), 0, slash == SIZE_MAX ? 0 : slash);
    plm_auto_done(plm_buf_done) struct plm_buf ignored = PLM_BUF(PLM_KIB(64));
    plm_auto_fd int dir = open_in(t->root, dir_path, &ignored);
    plm_auto_free char *name =
        plm_buf_cstr(&real) ? strdup(real.p + (slash == SIZE_MAX ? 0 : slash + 1)) : NULL;
    if (!name)
        return plm_fail_oom(err);
    if (plm_sv_eq(path, plm_buf_sv(&real)))
        return take_real(t, dir, name, path, &st, err);
    struct plm_match m = {index, path};
    return take_file(t, dir, name, plm_buf_sv(&real), &st, &m, 1, err);
}

/* ---- walks ------------------------------------------------------------------------------------------ */

struct walk {
    const struct glob *globs; /* with the same literal beginning */
    size_t n;
    plm_sv prefix; /* as the patterns write it, with its slash */
};

/* File systems that hold no files of this system. */
static bool is_made_up(int fd)
{
    static const long types[] = {
        0x9fa0 /* proc */,        0x62656572 /* sysfs */,     0x1cd1 /* devpts */,
        0x64626720 /* debugfs */, 0x74726163 /* tracefs */,   0x27e0eb /* cgroup */,
        0x63677270 /* cgroup2 */, 0xcafe4a11 /* bpf */,       0x73636673 /* securityfs */,
        0x6165676c /* pstore */,  0xde5e81e4 /* efivarfs */,  0x62656570 /* configfs */,
        0x19800202 /* mqueue */,  0x958458f6 /* hugetlbfs */, 0x42494e4d /* binfmt_misc */,
        0x794c7630 /* overlay */, 0x6e736673 /* nsfs */,
    };
    struct statfs fs;
    if (fstatfs(fd, &fs) < 0)
        return true;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if ((long)fs.f_type == types[i])
            return true;
    return false;
}

/* Can a pattern match something below the directory `rel` (path after the prefix)? */
static bool can_hold(const struct walk *w, plm_sv rel)
{
    for (size_t i = 0; i < w->n; i++) {
        plm_sv pattern = plm_sv_from_off(w->globs[i].text, w->globs[i].prefix), rest = rel, part, want;
        bool fits = true;
        while (fits && plm_sv_field(&rest, '/', &part)) {
            if (!plm_sv_field(&pattern, '/', &want))
                fits = false;
            else if (plm_sv_is(want, "**"))
                return true;
            else
                fits = plm_sv_glob(want, part);
        }
        if (fits && pattern.p)
            return true;
    }
    return false;
}

static bool matches_walk(const struct walk *w, plm_sv path)
{
    for (size_t i = 0; i < w->n; i++)
        if (plm_sv_glob(w->globs[i].text, path))
            return true;
    return false;
}

/* The entry alone, for the list of files; once. */
static int enter(struct tree *t, int dir, const char *name, plm_sv path, const struct stat *st, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf link = PLM_BUF(PLM_KIB(64));
    struct plm_record_entry e = {.path = path,
                                 .type = plm_entry_type_of(st->st_mode),
                                 .mode = st->st_mode & 07777,
                                 .uid = st->st_uid,
                                 .gid = st->st_gid,
                                 .size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0};
    if (plm_builder_find(t->b, path) != PLM_NONE)
        return 0;
    if (e.type == PLM_ENTRY_SYMLINK) {
        char *to = plm_buf_reserve(&link, PATH_MAX);
        ssize_t n = to ? readlinkat(dir, name, to, PATH_MAX) : -1;
        link.n = n > 0 ? (size_t)n : 0;
        e.link = plm_buf_sv(&link);
    }
    uint32_t node;
    return plm_builder_add_plain(t->b, &e, &node, err);
}

static int walk_dir(struct tree *t, const struct walk *w, int fd, plm_sv real, plm_sv logical, dev_t dev,
                    unsigned depth, plm_err **err);

static int visit(struct tree *t, const struct walk *w, int dir, const char *name, plm_sv real, plm_sv logical,
                 dev_t dev, unsigned depth, plm_err **err)
{
    struct stat st;
    if (++t->listed > t->limits->layer_entries)
        return plm_fail(err, PLM_E_LIMIT, "more than limits.layer_entries (%llu) files",
                        (unsigned long long)t->limits->layer_entries);
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0; /* gone since it was listed */
    if (t->all_entries && enter(t, dir, name, real, &st, err) < 0)
        return -1;
    if (S_ISREG(st.st_mode)) {
        if (!matches_walk(w, logical))
            return 0;
        return take_real(t, dir, name, real, &st, err);
    }
    if (!S_ISDIR(st.st_mode) || depth >= DEPTH_MAX || !can_hold(w, plm_sv_from_off(logical, w->prefix.n)))
        return 0;
    plm_auto_fd int sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (sub < 0) {
        open_failed(t, real);
        return 0;
    }
    if (st.st_dev != dev && is_made_up(sub))
        return 0;
    return walk_dir(t, w, sub, real, logical, st.st_dev, depth + 1, err);
}

struct names {
    PLM_VEC(char *) v;
    struct plm_arena *arena;
};

static int name_cmp(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list(int fd, struct names *out, plm_err **err)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *d = copy < 0 ? NULL : fdopendir(copy);
    if (!d)
        return plm_fail_sys(err, "list");
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        char **slot = plm_vec_push(out->arena, &out->v);
        if (slot)
            *slot = plm_arena_cstr(out->arena, plm_sv_from(e->d_name));
    }
    closedir(d);
    if (plm_arena_check(out->arena, err) < 0)
        return -1;
    if (out->v.n)
        qsort(out->v.v, out->v.n, sizeof(*out->v.v), name_cmp);
    return 0;
}

static int walk_dir(struct tree *t, const struct walk *w, int fd, plm_sv real, plm_sv logical, dev_t dev,
                    unsigned depth, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    struct names names = {.arena = a};
    plm_err *bad = NULL;
    if (list(fd, &names, &bad) < 0) {
        file_failed(t, real, "file.unreadable", bad);
        plm_err_free(bad);
        return 0;
    }
    plm_auto_done(plm_buf_done) struct plm_buf rp = PLM_BUF(PLM_KIB(64)), lp = PLM_BUF(PLM_KIB(64));
    for (size_t i = 0; i < names.v.n; i++) {
        plm_buf_clear(&rp);
        plm_buf_clear(&lp);
        plm_buf_sv_put(&rp, real);
        plm_buf_sv_put(&lp, logical);
        push_part(&rp, plm_sv_from(names.v.v[i]));
        push_part(&lp, plm_sv_from(names.v.v[i]));
        if (rp.failed || lp.failed) /* deeper than any path that the kernel would open at once */
            continue;
        if (visit(t, w, fd, names.v.v[i], plm_buf_sv(&rp), plm_buf_sv(&lp), dev, depth, err) < 0)
            return -1;
    }
    return 0;
}

static int run_walk(struct tree *t, const struct walk *w, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf real = PLM_BUF(PLM_KIB(64));
    plm_sv base = plm_sv_sub(w->prefix, 0, w->prefix.n ? w->prefix.n - 1 : 0);
    plm_auto_fd int at = open_in(t->root, base, &real);
    plm_auto_fd int fd = at < 0 ? -1 : openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            open_failed(t, base);
        }
        return 0;
    }
    return walk_dir(t, w, fd, plm_buf_sv(&real), base, st.st_dev, 0, err);
}

static int glob_order(const void *pa, const void *pb)
{
    const struct glob *a = pa, *b = pb;
    int c = plm_sv_cmp(plm_sv_sub(a->text, 0, a->prefix), plm_sv_sub(b->text, 0, b->prefix));
    return c ? c : plm_sv_cmp(a->text, b->text);
}

static int take_globs(struct tree *t, const struct plm_wanted *w, plm_err **err)
{
    PLM_VEC(struct glob) globs = {0};
    for (size_t i = 0; i < w->n_extractors; i++)
        for (const char *const *g = w->extractors[i]->globs; *g; g++) {
            plm_sv text = plm_sv_from(*g);
            size_t literal = plm_glob_literal(text);
            if (literal == text.n) {
                if (take_literal(t, w->extractors[i], (uint32_t)i, text, err) < 0)
                    return -1;
                continue;
            }
            struct glob *slot = plm_vec_push(t->arena, &globs);
            if (slot)
                *slot = (struct glob){.text = text, .prefix = literal};
        }
    struct glob *all = t->all_entries ? plm_vec_push(t->arena, &globs) : NULL;
    if (all)
        *all = (struct glob){.text = PLM_SV("**")};
    if (plm_arena_check(t->arena, err) < 0)
        return -1;
    if (globs.n)
        qsort(globs.v, globs.n, sizeof(*globs.v), glob_order);
    for (size_t i = 0, end; i < globs.n; i = end) {
        plm_sv prefix = plm_sv_sub(globs.v[i].text, 0, globs.v[i].prefix);
        for (end = i + 1;
             end < globs.n && plm_sv_eq(prefix, plm_sv_sub(globs.v[end].text, 0, globs.v[end].prefix));)
            end++;
        struct walk walk = {.globs = globs.v + i, .n = end - i, .prefix = prefix};
        if (run_walk(t, &walk, err) < 0)
            return -1;
    }
    return 0;
}

/* file: the file is wanted by every extractor of which a pattern ends in its name. */
static int take_only(struct tree *t, const struct plm_wanted *w, plm_err **err)
{
    PLM_VEC(struct plm_match) m = {0};
    for (size_t i = 0; i < w->n_extractors; i++)
        for (const char *const *g = w->extractors[i]->globs; *g; g++) {
            plm_sv text = plm_sv_from(*g);
            size_t slash = plm_sv_rfind(text, '/');
            if (!plm_sv_glob(plm_sv_from_off(text, slash == SIZE_MAX ? 0 : slash + 1), t->only))
                continue;
            struct plm_match *slot = plm_vec_push(t->arena, &m);
            if (slot)
                *slot = (struct plm_match){(uint32_t)i, t->only};
            break;
        }
    plm_auto_free char *name = strndup(t->only.p, t->only.n);
    struct stat st;
    if (!name || plm_arena_failed(t->arena))
        return plm_fail_oom(err);
    if (fstatat(t->root, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return plm_fail_sys(err, "%s", name);
    return take_file(t, t->root, name, t->only, &st, m.v, m.n, err);
}

/* Job: view of the one file's name (empty: the whole tree), what is wanted. Descriptor 0: the directory. */
int plm_job_tree(struct plm_job_input *in, struct plm_buf *out, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    plm_sv only = plm_rd_view(&in->rd);
    struct plm_wanted wanted;
    if (plm_wanted_decode(&in->rd, a, &wanted, err) < 0)
        return -1;
    plm_job_service(in, &wanted);
    plm_auto(plm_builder_free) struct plm_builder *b = plm_builder_new(in->limits, &wanted, err);
    if (!b)
        return -1;
    plm_auto(plm_map_free) struct plm_map *done = plm_map_new();
    if (!done)
        return plm_fail_oom(err);
    struct tree t = {.b = b,
                     .limits = in->limits,
                     .arena = a,
                     .root = in->fds[0],
                     .done = done,
                     .scratch = PLM_BUF((size_t)in->limits->file_bytes),
                     .all_entries = wanted.all_entries,
                     .only = only.n ? only : PLM_SV_NULL};
    plm_err *bad = NULL;
    if ((t.only.p ? take_only(&t, &wanted, &bad) : take_globs(&t, &wanted, &bad)) < 0) {
        plm_builder_cut(b, NULL, PLM_SV("/"), bad);
        plm_err_free(bad);
    }
    plm_buf_done(&t.scratch);
    return plm_builder_write(b, out, err);
}
