/* SPDX-License-Identifier: Apache-2.0
 *
 * The grammar of sources (design.md part 4): SCHEME:REST by the table below, else a path (by how it starts,
 * or because such a regular file exists), else an image reference for each engine in turn.
 *
 * Sniffing reads the first bytes only: whether an archive is of the docker or the OCI kind is decided by
 * whoever reads it.
 */
#include "image/image_int.h"

#include "base/fs.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum rest { REST_NONE, REST_PATH, REST_PATH_TAG, REST_REFERENCE };

struct scheme {
    const char *name;
    enum plm_scheme_kind kind;
    enum rest rest;
    bool is_alias;
};

/* clang-format off */
static const struct scheme schemes[] = {
    {"docker-archive", PLM_SRC_DOCKER_ARCHIVE, REST_PATH_TAG,  false},
    {"oci-archive",    PLM_SRC_OCI_ARCHIVE,    REST_PATH_TAG,  false},
    {"oci-dir",        PLM_SRC_OCI_DIR,        REST_PATH_TAG,  false},
    {"oci",            PLM_SRC_OCI_DIR,        REST_PATH_TAG,  true},
    {"docker",         PLM_SRC_DOCKER,         REST_REFERENCE, false},
    {"docker-daemon",  PLM_SRC_DOCKER,         REST_REFERENCE, true},
    {"podman",         PLM_SRC_PODMAN,         REST_REFERENCE, false},
    {"containerd",     PLM_SRC_CONTAINERD,     REST_REFERENCE, false},
    {"dir",            PLM_SRC_DIR,            REST_PATH,      false},
    {"file",           PLM_SRC_FILE,           REST_PATH,      false},
    {"host",           PLM_SRC_HOST,           REST_NONE,      false},
    {"container",      PLM_SRC_CONTAINER,      REST_REFERENCE, false},
    {"images",         PLM_SRC_IMAGES,         REST_NONE,      false},
    {"running",        PLM_SRC_RUNNING,        REST_NONE,      false},
    {"report",         PLM_SRC_REPORT,         REST_PATH,      false},
    {"compose",        PLM_SRC_COMPOSE,        REST_PATH,      false},
    {"dockerfile",     PLM_SRC_DOCKERFILE,     REST_PATH,      false},
    {"-",              PLM_SRC_STDIN,          REST_NONE,      false},
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *plm_scheme_name(enum plm_scheme_kind kind)
{
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (schemes[i].kind == kind && !schemes[i].is_alias)
            return schemes[i].name;
    return "";
}

static void add(struct plm_sources *out, struct plm_arena *a, enum plm_scheme_kind kind, plm_sv reference,
                plm_sv tag, const char *how)
{
    out->v[out->n++] = (struct plm_source){.kind = kind,
                                           .scheme = plm_sv_from(plm_scheme_name(kind)),
                                           .reference = plm_arena_sv(a, reference),
                                           .tag = plm_arena_sv(a, tag),
                                           .how = plm_sv_from(how)};
}

/* ---- paths ------------------------------------------------------------------------------------------ */

static bool exists(struct plm_arena *a, plm_sv path)
{
    const char *z = plm_arena_cstr(a, path);
    struct stat st;
    return z && path.n && stat(z, &st) == 0;
}

/* PATH[:TAG]: the whole, if there is such a file, else the shortest beginning before a colon that is one. */
static void split_tag(struct plm_arena *a, plm_sv *path, plm_sv *tag)
{
    *tag = PLM_SV_NULL;
    if (exists(a, *path))
        return;
    for (size_t i = 1; i < path->n; i++)
        if (path->p[i] == ':' && exists(a, plm_sv_sub(*path, 0, i))) {
            *tag = plm_sv_from_off(*path, i + 1);
            *path = plm_sv_sub(*path, 0, i);
            return;
        }
}

static plm_sv expand_home(struct plm_arena *a, plm_sv path)
{
    const char *home = getenv("HOME");
    if (path.n && path.p[0] == '~' && (path.n == 1 || path.p[1] == '/') && home)
        return plm_arena_printf(a, "%s%.*s", home, PLM_SV_ARG(plm_sv_from_off(path, 1)));
    return path;
}

/* docker-compose.yml, compose.prod.yaml ... */
static bool is_compose_name(plm_sv name)
{
    bool is_yaml = plm_sv_ends(name, PLM_SV(".yml")) || plm_sv_ends(name, PLM_SV(".yaml"));
    return is_yaml &&
           (plm_sv_starts(name, PLM_SV("docker-compose")) || plm_sv_starts(name, PLM_SV("compose.")) ||
            plm_sv_starts(name, PLM_SV("compose-")) || plm_sv_starts(name, PLM_SV("podman-compose")));
}

/* Dockerfile, Containerfile, Dockerfile.dev, app.dockerfile */
static bool is_dockerfile_name(plm_sv name)
{
    static const char *const names[] = {"Dockerfile", "Containerfile"};
    for (size_t i = 0; i < COUNT(names); i++) {
        plm_sv n = plm_sv_from(names[i]);
        bool is_start =
            name.n >= n.n && plm_sv_ieq(plm_sv_sub(name, 0, n.n), n) && (name.n == n.n || name.p[n.n] == '.');
        bool is_end = name.n > n.n && plm_sv_ieq(plm_sv_from_off(name, name.n - n.n), n) &&
                      name.p[name.n - n.n - 1] == '.';
        if (is_start || is_end)
            return true;
    }
    return false;
}

/* A regular file, by its first bytes and, for what is plain text, its name. */
static void sniff_file(struct plm_sources *out, struct plm_arena *a, plm_sv path, plm_sv head)
{
    plm_sv text = plm_sv_trim(head);
    size_t slash = plm_sv_rfind(path, '/');
    plm_sv name = plm_sv_from_off(path, slash == SIZE_MAX ? 0 : slash + 1);
    if (plm_compression_sniff(head) != PLM_COMPRESSION_NONE)
        add(out, a, PLM_SRC_DOCKER_ARCHIVE, path, PLM_SV_NULL, "regular file, compressed archive");
    else if (head.n >= 262 && memcmp(head.p + 257, "ustar", 5) == 0)
        add(out, a, PLM_SRC_DOCKER_ARCHIVE, path, PLM_SV_NULL, "regular file, tar archive");
    else if (text.n && text.p[0] == '{' && plm_sv_has(text, PLM_SV("\"plimsoll/report/")))
        add(out, a, PLM_SRC_REPORT, path, PLM_SV_NULL, "regular file, plimsoll report");
    else if (is_compose_name(name))
        add(out, a, PLM_SRC_COMPOSE, path, PLM_SV_NULL, "regular file, Compose file by its name");
    else if (is_dockerfile_name(name))
        add(out, a, PLM_SRC_DOCKERFILE, path, PLM_SV_NULL, "regular file, Dockerfile by its name");
    else
        add(out, a, PLM_SRC_FILE, path, PLM_SV_NULL, "regular file");
}

static int sniff_path(struct plm_arena *a, plm_sv path, const struct stat *st, struct plm_sources *out,
                      plm_err **err)
{
    const char *z = plm_arena_cstr(a, path);
    if (!z)
        return plm_fail_oom(err);
    if (S_ISDIR(st->st_mode)) {
        bool is_oci = exists(a, plm_arena_printf(a, "%s/oci-layout", z)) ||
                      exists(a, plm_arena_printf(a, "%s/index.json", z));
        add(out, a, is_oci ? PLM_SRC_OCI_DIR : PLM_SRC_DIR, path, PLM_SV_NULL,
            is_oci ? "directory, OCI layout" : "directory");
        return plm_arena_check(a, err);
    }
    if (!S_ISREG(st->st_mode))
        return plm_fail(err, PLM_E_USAGE, "%s: neither a file nor a directory", z);
    plm_auto_fd int fd = open(z, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    char head[1024];
    ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
    if (n < 0)
        return plm_fail_sys(err, "%s", z);
    sniff_file(out, a, path, plm_sv_n(head, (size_t)n));
    return plm_arena_check(a, err);
}

static bool looks_like_path(plm_sv word)
{
    return plm_sv_starts(word, PLM_SV("/")) || plm_sv_starts(word, PLM_SV("./")) ||
           plm_sv_starts(word, PLM_SV("../")) || plm_sv_starts(word, PLM_SV("~")) || plm_sv_is(word, ".") ||
           plm_sv_is(word, "..");
}

/* ---- references ---------------------------------------------------------------------------------------- */

static bool is_reference(plm_sv s)
{
    bool has_letter = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        has_letter = has_letter || is_alnum;
        if (!is_alnum && !memchr("._-/:@[]+", c, 9))
            return false;
    }
    return has_letter && s.p[0] != '-' && s.p[0] != ':' && s.p[0] != '@';
}

static int parse_scheme(const struct scheme *s, plm_sv rest, struct plm_arena *a, struct plm_sources *out,
                        plm_err **err)
{
    plm_sv tag = PLM_SV_NULL;
    switch (s->rest) {
    case REST_NONE:
        if (rest.n)
            return plm_fail(err, PLM_E_USAGE, "%s: takes nothing after the colon, but \"%.*s\" follows",
                            s->name, PLM_SV_ARG(rest));
        break;
    case REST_REFERENCE:
        if (plm_sv_starts(rest, PLM_SV("//")))
            rest = plm_sv_from_off(rest, 2);
        if (!rest.n || !is_reference(rest))
            return plm_fail(err, PLM_E_USAGE, "%s:%.*s: no image reference follows the colon", s->name,
                            PLM_SV_ARG(rest));
        break;
    case REST_PATH:
    case REST_PATH_TAG:
        if (!rest.n)
            return plm_fail(err, PLM_E_USAGE, "%s: needs a path after the colon", s->name);
        rest = expand_home(a, rest);
        if (s->rest == REST_PATH_TAG)
            split_tag(a, &rest, &tag);
        break;
    }
    add(out, a, s->kind, rest, tag, NULL);
    return plm_arena_check(a, err);
}

int plm_source_parse(const struct plm_ctx *ctx, const char *word, struct plm_arena *a,
                     struct plm_sources *out, plm_err **err)
{
    (void)ctx;
    struct plm_sources found = {0};
    plm_sv w = plm_sv_from(word), scheme, rest;
    int r = 0;
    if (w.n == 0)
        return plm_fail(err, PLM_E_USAGE, "an empty source");
    if (plm_sv_is(w, "-")) {
        add(&found, a, PLM_SRC_STDIN, PLM_SV(""), PLM_SV_NULL, "standard input");
        *out = found;
        return 0;
    }
    if (plm_sv_cut(w, ':', &scheme, &rest))
        for (size_t i = 0; i < COUNT(schemes); i++)
            if (plm_sv_is(scheme, schemes[i].name)) {
                r = parse_scheme(&schemes[i], rest, a, &found, err);
                if (r == 0)
                    *out = found;
                return r;
            }
    plm_sv path = expand_home(a, w);
    const char *z = plm_arena_cstr(a, path);
    struct stat st;
    bool is_there = z && stat(z, &st) == 0;
    if (looks_like_path(w) || (is_there && S_ISREG(st.st_mode))) {
        if (!is_there)
            return plm_fail_sys(err, "%s", word);
        r = sniff_path(a, path, &st, &found, err);
    } else if (plm_sv_has(w, PLM_SV("://"))) {
        r = plm_fail(err, PLM_E_USAGE, "%s: \"%.*s\" is no kind of source", word, PLM_SV_ARG(scheme));
        plm_err_hint(err, "plimsoll list sources");
    } else if (!is_reference(w)) {
        r = plm_fail(err, PLM_E_USAGE, "%s: neither an image reference nor an existing file", word);
        plm_err_hint(err, "a path starts with / or ./");
    } else {
        add(&found, a, PLM_SRC_DOCKER, w, PLM_SV_NULL, "image reference");
        add(&found, a, PLM_SRC_PODMAN, w, PLM_SV_NULL, "image reference");
        r = plm_arena_check(a, err);
    }
    if (r == 0)
        *out = found;
    return r;
}

/* ---- dispatch --------------------------------------------------------------------------------------------
 */

static const struct plm_source_handler *handler_of(enum plm_scheme_kind kind)
{
    PLM_SET_FOREACH (plm_source_handlers, struct plm_source_handler, h)
        if (h->kind == kind)
            return h;
    return NULL;
}

struct plm_analysis *plm_image_analyze(const struct plm_ctx *ctx, const struct plm_source *src,
                                       const struct plm_image_options *opt, plm_err **err)
{
    const struct plm_source_handler *h = handler_of(src->kind);
    if (!h || !h->analyze)
        return PLM_NULL(plm_fail(err, PLM_E_UNSUPPORTED, "%s: cannot be analysed as one target",
                                 plm_scheme_name(src->kind)));
    return h->analyze(ctx, src, opt, err);
}

int plm_source_expand(const struct plm_ctx *ctx, const struct plm_source *src,
                      const struct plm_image_options *opt, struct plm_arena *a, struct plm_source **out,
                      size_t *out_n, plm_err **err)
{
    const struct plm_source_handler *h = handler_of(src->kind);
    if (h && h->expand)
        return h->expand(ctx, src, opt, a, out, out_n, err);
    struct plm_source *one = plm_arena_make(a, struct plm_source);
    if (!one)
        return plm_fail_oom(err);
    *one = *src;
    *out = one;
    *out_n = 1;
    return 0;
}
