/* SPDX-License-Identifier: Apache-2.0
 *
 * What apt reads: sources.list(5), one line a source or deb822 ".sources" files.
 *
 *     deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://mirror/debian bookworm main
 *
 * Quirks: options may be spread over blanks ("[ arch=amd64  trusted=yes ]"), with several
 * values by comma; a suite that ends in '/' is an exact path without components; deb822
 * fields hold lists and make the product URIs x Suites; "Enabled: no" switches a stanza off;
 * Signed-By may carry the key itself, each line indented, empty lines as " .". apt's
 * other methods (cdrom:, file:, mirror+file:, tor+http: ...) are listed with the reason why
 * they are not used. Linear in the text.
 */
#include "base/fs.h"
#include "repo/repo_int.h"

#include <dirent.h>
#include <fcntl.h>

static const char *why_skipped(plm_sv uri, plm_sv suite)
{
    if (plm_sv_ends(suite, PLM_SV("/")))
        return "a flat repository has no suites";
    if (plm_sv_has(suite, PLM_SV("$(ARCH)")) || plm_sv_has(uri, PLM_SV("$(ARCH)")))
        return "$(ARCH) in an address is not understood";
    if (plm_sv_starts(uri, PLM_SV("http://")) || plm_sv_starts(uri, PLM_SV("https://")))
        return NULL;
    if (plm_sv_starts(uri, PLM_SV("mirror")))
        return "mirror lists are not followed";
    if (plm_sv_starts(uri, PLM_SV("cdrom:")) || plm_sv_starts(uri, PLM_SV("file:")) ||
        plm_sv_starts(uri, PLM_SV("copy:")))
        return "no network address";
    return "only http and https addresses are used";
}

static plm_sv no_slash(plm_sv uri)
{
    while (uri.n && uri.p[uri.n - 1] == '/')
        uri.n--;
    return uri;
}

/* "a,b" or "a b" into a list. */
static bool add_list(struct plm_arena *a, plm_sv_vec *out, plm_sv text)
{
    plm_sv word, part;
    while (plm_sv_word(&text, &word))
        while (plm_sv_field(&word, ',', &part))
            if (part.n && !plm_sv_vec_add(a, out, part))
                return false;
    return true;
}

static struct repo_source *add_source(struct plm_arena *a, repo_source_vec *out,
                                      const struct repo_source *like, plm_sv uri, plm_sv suite)
{
    if (out->n >= REPO_ENTRIES_MAX)
        return NULL;
    struct repo_source *s = plm_vec_push(a, out);
    if (!s)
        return NULL;
    *s = *like;
    s->uri = plm_arena_sv(a, no_slash(uri));
    s->suite = plm_arena_sv(a, suite);
    s->skipped = why_skipped(uri, suite);
    return s;
}

/* "[ arch=amd64 signed-by=/x ]" off the front of *rest. */
static void line_options(struct plm_arena *a, plm_sv *rest, struct repo_source *s)
{
    *rest = plm_sv_trim(*rest);
    if (!plm_sv_starts(*rest, PLM_SV("[")))
        return;
    size_t end = plm_sv_find(*rest, ']');
    plm_sv inside = end == SIZE_MAX ? PLM_SV_NULL : plm_sv_sub(*rest, 1, end - 1), word, key, value;
    *rest = end == SIZE_MAX ? PLM_SV_NULL : plm_sv_from_off(*rest, end + 1);
    while (plm_sv_word(&inside, &word)) {
        if (!plm_sv_cut(word, '=', &key, &value))
            continue;
        if (plm_sv_ieq(key, PLM_SV("signed-by")))
            (void)add_list(a, &s->signed_by, value);
        else if (plm_sv_ieq(key, PLM_SV("arch")))
            (void)add_list(a, &s->archs, value);
    }
}

static void parse_line(plm_sv line, plm_sv file, uint32_t number, struct plm_arena *a, repo_source_vec *out)
{
    size_t hash = plm_sv_find(line, '#');
    plm_sv rest = plm_sv_trim(hash == SIZE_MAX ? line : plm_sv_sub(line, 0, hash)), word, uri, suite;
    if (!plm_sv_word(&rest, &word) || !plm_sv_is(word, "deb"))
        return;
    struct repo_source s = {.file = file, .line = number};
    line_options(a, &rest, &s);
    if (!plm_sv_word(&rest, &uri) || !plm_sv_word(&rest, &suite)) {
        struct repo_source *bad = add_source(a, out, &s, line, PLM_SV("?"));
        if (bad)
            bad->skipped = "malformed line";
        return;
    }
    if (!add_list(a, &s.components, rest))
        return;
    (void)add_source(a, out, &s, uri, suite);
}

/* The key block of a Signed-By field: the blank in front of each line and the lone dots go. */
static plm_sv key_block(struct plm_arena *a, plm_sv value)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(REPO_SOURCES_MAX);
    plm_sv line;
    while (plm_deb822_line(&value, &line)) {
        plm_buf_sv_put(&b, line);
        plm_buf_byte(&b, '\n');
    }
    return plm_arena_sv(a, plm_buf_sv(&b));
}

static void parse_stanza(plm_sv st, plm_sv file, uint32_t number, struct plm_arena *a, repo_source_vec *out)
{
    struct plm_deb822_field f;
    plm_sv rest = st, uris = PLM_SV_NULL, suites = PLM_SV_NULL, types = PLM_SV_NULL, word, uri, suite;
    struct repo_source s = {.file = file, .line = number};
    bool is_on = true, has_deb = false;
    while (plm_deb822_field(&rest, &f)) {
        plm_sv name = f.name, value = f.value;
        if (plm_sv_ieq(name, PLM_SV("types")))
            types = value;
        else if (plm_sv_ieq(name, PLM_SV("uris")))
            uris = value;
        else if (plm_sv_ieq(name, PLM_SV("suites")))
            suites = value;
        else if (plm_sv_ieq(name, PLM_SV("components")))
            (void)add_list(a, &s.components, value);
        else if (plm_sv_ieq(name, PLM_SV("architectures")))
            (void)add_list(a, &s.archs, value);
        else if (plm_sv_ieq(name, PLM_SV("enabled")))
            is_on = !(plm_sv_ieq(value, PLM_SV("no")) || plm_sv_ieq(value, PLM_SV("false")) ||
                      plm_sv_ieq(value, PLM_SV("0")) || plm_sv_ieq(value, PLM_SV("off")) ||
                      plm_sv_ieq(value, PLM_SV("without")) || plm_sv_ieq(value, PLM_SV("disable")));
        else if (plm_sv_ieq(name, PLM_SV("signed-by")) && plm_sv_has(value, PLM_SV("-----BEGIN")))
            s.signed_by_key = key_block(a, value);
        else if (plm_sv_ieq(name, PLM_SV("signed-by")))
            (void)add_list(a, &s.signed_by, value);
    }
    while (plm_sv_word(&types, &word))
        has_deb |= plm_sv_is(word, "deb");
    if (!has_deb || !is_on)
        return;
    while (plm_sv_word(&uris, &uri))
        for (plm_sv left = suites; plm_sv_word(&left, &suite);)
            if (!add_source(a, out, &s, uri, suite))
                return;
}

int plm_sources_parse(plm_sv text, plm_sv file, struct plm_arena *a, repo_source_vec *out, plm_err **err)
{
    if (text.n > REPO_SOURCES_MAX)
        return plm_fail(err, PLM_E_LIMIT, "%.*s: over the limit of %zu bytes", PLM_SV_ARG(file),
                        REPO_SOURCES_MAX);
    file = plm_arena_sv(a, file);
    if (plm_sv_ends(file, PLM_SV(".sources"))) {
        struct plm_deb822 it = PLM_DEB822(text);
        while (plm_deb822_next(&it))
            parse_stanza(it.stanza, file, (uint32_t)it.line, a, out);
    } else {
        plm_sv rest = text, line;
        for (uint32_t n = 1; plm_sv_line(&rest, &line); n++)
            parse_line(line, file, n, a, out);
    }
    return plm_arena_check(a, err);
}

static int read_one(int root, const char *path, struct plm_arena *a, repo_source_vec *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(REPO_SOURCES_MAX);
    plm_auto(plm_err_free) plm_err *why = NULL;
    if (plm_fs_read_in(root, path, REPO_SOURCES_MAX, &b, &why) == 0)
        return plm_sources_parse(plm_buf_sv(&b), plm_sv_from(path), a, out, err);
    if (plm_err_code(why) == PLM_E_NOTFOUND)
        return 0;
    struct repo_source *s = plm_vec_push(a, out);
    if (!s)
        return plm_arena_check(a, err);
    s->file = s->uri = plm_arena_sv(a, plm_sv_from(path));
    s->suite = PLM_SV("?");
    s->skipped = "cannot be read";
    return plm_arena_check(a, err);
}

int plm_sources_read(const char *root, struct plm_arena *a, repo_source_vec *out, plm_err **err)
{
    plm_auto_fd int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return plm_fail_sys(err, "%s", root);
    if (read_one(fd, "etc/apt/sources.list", a, out, err) < 0)
        return -1;
    plm_auto_fd int dir_fd = plm_fs_open_in(fd, "etc/apt/sources.list.d", O_RDONLY | O_DIRECTORY, NULL);
    if (dir_fd < 0)
        return 0;
    DIR *dir = fdopendir(dir_fd);
    if (!dir)
        return plm_fail_sys(err, "etc/apt/sources.list.d");
    (void)plm_take_fd(dir_fd);
    plm_sv_vec names = {0};
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        plm_sv name = plm_sv_from(e->d_name);
        bool is_list = plm_sv_ends(name, PLM_SV(".list")) || plm_sv_ends(name, PLM_SV(".sources"));
        if (is_list && e->d_name[0] != '.' && names.n < REPO_ENTRIES_MAX)
            (void)plm_sv_vec_add(a, &names, plm_arena_printf(a, "etc/apt/sources.list.d/%s", e->d_name));
    }
    closedir(dir);
    plm_sv_vec_sort_unique(&names);
    for (size_t i = 0; i < names.n; i++)
        if (read_one(fd, names.v[i].p, a, out, err) < 0)
            return -1;
    return plm_arena_check(a, err);
}
