/* SPDX-License-Identifier: Apache-2.0
 *
 * sshd_config(5), read as OpenSSH's servconf.c reads it.
 *
 * - A line is KEYWORD, blanks or one "=", arguments; keywords in any case; '#' begins a comment at the start
 * of an argument; arguments may be quoted by '"'.
 * - The first value of a keyword wins, in the order of reading with includes in their place. Port,
 * ListenAddress, HostKey, AcceptEnv and the Allow and Deny lists add up.
 * - Match opens a block that lasts to the next Match or the end of its file; what an included file
 *   opens ends with that file. A block overrides what stands outside of it: first matching block wins.
 * - Include takes several patterns; relative ones are below /etc/ssh. Inside of a block, it is read for that
 * block only. Depth and number of includes are limited as in sshd (16). O(bytes).
 */
#include "audit/sshd_config.h"

#include <ctype.h>

enum { INCLUDE_DEPTH = 16, SETTINGS_MAX = 20000, FILE_MAX = 1 << 20 };

static plm_sv lower(struct plm_arena *a, plm_sv s)
{
    char *p = plm_arena_cstr(a, s);
    for (size_t i = 0; p && i < s.n; i++)
        p[i] = (char)tolower((unsigned char)p[i]);
    return p ? plm_sv_n(p, s.n) : PLM_SV_NULL;
}

/* Takes an argument off *rest; false at the end or at a comment. */
static bool next_argument(plm_sv *rest, plm_sv *out)
{
    *rest = plm_sv_trim(*rest);
    if (!rest->n || rest->p[0] == '#')
        return false;
    if (rest->p[0] == '"') {
        size_t end = plm_sv_find(plm_sv_from_off(*rest, 1), '"');
        if (end == SIZE_MAX)
            end = rest->n - 1; /* sshd refuses the file; what is there is judged */
        *out = plm_sv_sub(*rest, 1, end);
        *rest = plm_sv_from_off(*rest, end + 2);
        return true;
    }
    return plm_sv_word(rest, out);
}

/* The value without its comment, quotes and double blanks. */
static plm_sv join_arguments(struct plm_arena *a, plm_sv rest)
{
    plm_sv all = PLM_SV_NULL, arg;
    while (next_argument(&rest, &arg))
        all =
            all.p ? plm_arena_printf(a, "%.*s %.*s", PLM_SV_ARG(all), PLM_SV_ARG(arg)) : plm_arena_sv(a, arg);
    return all.p ? all : PLM_SV("");
}

static plm_sv cut_keyword(plm_sv line, plm_sv *rest)
{
    size_t n = 0;
    while (n < line.n && !isspace((unsigned char)line.p[n]) && line.p[n] != '=')
        n++;
    *rest = plm_sv_trim(plm_sv_from_off(line, n));
    if (rest->n && rest->p[0] == '=')
        *rest = plm_sv_trim(plm_sv_from_off(*rest, 1));
    return plm_sv_sub(line, 0, n);
}

void plm_sshd_config_parse(struct plm_arena *a, plm_sv text, plm_sv path, uint32_t match, unsigned depth,
                           plm_sshd_include include, void *arg, struct plm_sshd_config *out)
{
    plm_sv line, rest;
    for (uint32_t number = 1; plm_sv_line(&text, &line); number++) {
        line = plm_sv_trim(line);
        if (!line.n || line.p[0] == '#' || out->settings.n >= SETTINGS_MAX)
            continue;
        plm_sv key = lower(a, cut_keyword(line, &rest));
        if (plm_sv_is(key, "match")) {
            struct plm_sshd_match *m = plm_vec_push(a, &out->matches);
            if (!m)
                return;
            *m = (struct plm_sshd_match){join_arguments(a, rest), path, number};
            match = plm_sv_ieq(m->criteria, PLM_SV("all")) ? 0 : (uint32_t)out->matches.n;
        } else if (plm_sv_is(key, "include")) {
            for (plm_sv pattern; include && next_argument(&rest, &pattern);)
                include(arg, pattern, match, depth + 1);
        } else if (key.n) {
            struct plm_sshd_setting *s = plm_vec_push(a, &out->settings);
            if (!s)
                return;
            *s = (struct plm_sshd_setting){key, join_arguments(a, rest), path, number, match};
        }
    }
}

struct reading {
    const struct plm_facts *f;
    struct plm_sshd_config *out;
    size_t files;
};

static void include_pattern(void *arg, plm_sv pattern, uint32_t match, unsigned depth);

static int read_file(struct reading *r, const char *path, uint32_t match, unsigned depth)
{
    int sys;
    if (depth > INCLUDE_DEPTH || r->files++ > 1000)
        return ELOOP;
    plm_sv text = plm_host_text(r->f, path, FILE_MAX, &sys);
    if (!text.p)
        return sys;
    plm_sshd_config_parse(r->f->arena, text, plm_arena_sv(r->f->arena, plm_sv_from(path)), match, depth,
                          include_pattern, r, r->out);
    return 0;
}

static void include_pattern(void *arg, plm_sv pattern, uint32_t match, unsigned depth)
{
    struct reading *r = arg;
    struct plm_arena *a = r->f->arena;
    plm_sv full = pattern.n && pattern.p[0] == '/'
                      ? plm_arena_sv(a, pattern)
                      : plm_arena_printf(a, "/etc/ssh/%.*s", PLM_SV_ARG(pattern));
    size_t slash = plm_sv_rfind(full, '/');
    if (!full.p || slash == SIZE_MAX)
        return;
    char *dir = plm_arena_cstr(a, plm_sv_sub(full, 0, slash ? slash : 1));
    plm_sv_vec names = {0};
    int sys = dir ? plm_host_names(r->f, dir, &names) : ENOMEM;
    if (sys && sys != ENOENT)
        (void)plm_sv_vec_add(a, &r->out->unreadable,
                             plm_arena_printf(a, "%.*s: %s", PLM_SV_ARG(full), strerror(sys)));
    for (size_t i = 0; i < names.n; i++) {
        plm_sv path = plm_arena_printf(a, "%s/%.*s", dir, PLM_SV_ARG(names.v[i]));
        if (!path.p || names.v[i].p[0] == '.' || !plm_sv_glob(plm_sv_from_off(full, slash + 1), names.v[i]))
            continue;
        sys = read_file(r, path.p, match, depth);
        if (sys)
            (void)plm_sv_vec_add(a, &r->out->unreadable,
                                 plm_arena_printf(a, "%.*s: %s", PLM_SV_ARG(path), strerror(sys)));
    }
}

int plm_sshd_config_read(const struct plm_facts *f, const char *path, struct plm_sshd_config *out)
{
    *out = (struct plm_sshd_config){0};
    struct reading r = {.f = f, .out = out};
    return read_file(&r, path, 0, 0);
}

const struct plm_sshd_setting *plm_sshd_config_get(const struct plm_sshd_config *c, const char *key)
{
    for (size_t i = 0; i < c->settings.n; i++)
        if (c->settings.v[i].match == 0 && plm_sv_is(c->settings.v[i].key, key))
            return &c->settings.v[i];
    return NULL;
}
