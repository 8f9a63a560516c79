/* SPDX-License-Identifier: Apache-2.0
 *
 * sudoers(5): who may run what as whom.
 *
 * Lines are joined at a backslash before the newline; '#' begins a comment
 * unless digits follow where a user may stand (a uid) or it is the old form of
 * @include and @includedir. Aliases may be used before they are defined, so all
 * lines are gathered first, includes in place, and rules are read in a second
 * pass with the aliases at hand. Of an included directory, names with a dot or
 * a final '~' are left out and the others are read in the order of their names.
 * What does not fit the grammar becomes a note and never a silent nothing.
 * Linear in the text plus the expansion of aliases, which is bounded.
 *
 * What is not judged: netgroups, digests (the path counts), the time limits of
 * a command.
 */
#include "audit/access_int.h"

#include "base/fs.h"

#include <fnmatch.h>

#define INCLUDE_DEPTH 16
#define INCLUDES_MAX                                                                                         \
    1000u /* files in all: a file that includes itself twice would double at                                 \
             every step */
#define ALIAS_DEPTH 32
#define MEMBERS_MAX 20000u
#define LINES_MAX   50000u

struct line {
    plm_sv text, file;
    uint32_t number;
};
struct alias {
    plm_sv name, members; /* the text behind '=' */
};
struct parser {
    struct plm_arena *a;
    const struct plm_sudo_source *source;
    struct plm_sudoers *out;
    PLM_VEC(struct line) lines;
    PLM_VEC(struct alias) aliases[4];
    const struct line *at;
    unsigned includes;
    bool is_out_of_memory;
    bool is_over; /* a limit was met: said once */
};
enum { ALIAS_USER, ALIAS_RUNAS, ALIAS_HOST, ALIAS_COMMAND };

static void note(struct parser *p, plm_sv file, uint32_t line, plm_sv text)
{
    struct plm_sudoers_note *n = p->out->notes.n < LINES_MAX ? plm_vec_push(p->a, &p->out->notes) : NULL;
    if (n)
        *n = (struct plm_sudoers_note){.file = file, .line = line, .text = plm_arena_sv(p->a, text)};
}

/* What a buffer holds, in the arena. A word that was cut would say something else: never silently. */
static plm_sv kept(struct parser *p, const struct plm_buf *b, plm_sv file, uint32_t line)
{
    p->is_out_of_memory |= b->failed == PLM_E_OOM;
    if (b->failed == PLM_E_LIMIT)
        note(p, file, line, PLM_SV("a word or line that is too long"));
    return plm_arena_sv(p->a, plm_buf_sv(b));
}

static void note_here(struct parser *p, const char *what)
{
    note(p, p->at->file, p->at->number, plm_sv_from(what));
}

/* ---- lines and includes
 * ------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Cuts a comment off: '#' outside quotes, not escaped, not a uid. */
static plm_sv without_comment(plm_sv s)
{
    bool is_quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == '"') {
            is_quoted = !is_quoted;
        } else if (s.p[i] == '#' && !is_quoted) {
            bool is_id =
                i + 1 < s.n && is_digit(s.p[i + 1]) && (i == 0 || strchr(" \t,(:!%", s.p[i - 1]) != NULL);
            if (!is_id)
                return plm_sv_sub(s, 0, i);
        }
    }
    return s;
}

/* The next logical line, joined; false at the end. */
static bool next_line(struct parser *p, plm_sv *rest, plm_sv file, uint32_t *number, plm_sv *out,
                      uint32_t *out_number)
{
    plm_sv line;
    if (!plm_sv_line(rest, &line))
        return false;
    *out_number = ++*number;
    if (!plm_sv_ends(line, PLM_SV("\\"))) {
        *out = line;
        return true;
    }
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_ACCESS_FILE_MAX);
    bool is_open = true;
    while (is_open) {
        is_open = plm_sv_ends(line, PLM_SV("\\"));
        plm_buf_sv_put(&b, plm_sv_sub(line, 0, line.n - (is_open ? 1 : 0)));
        is_open = is_open && plm_sv_line(rest, &line);
        *number += is_open;
    }
    *out = kept(p, &b, file, *out_number);
    return true;
}

static bool take_keyword(plm_sv *s, const char *word)
{
    plm_sv w = plm_sv_from(word);
    if (!plm_sv_starts(*s, w) || s->n == w.n || (s->p[w.n] != ' ' && s->p[w.n] != '\t'))
        return false;
    *s = plm_sv_trim(plm_sv_from_off(*s, w.n));
    return true;
}

/* Quotes and backslashes of a path undone; relative to the including file's
 * directory. */
static plm_sv include_path(struct parser *p, plm_sv text, plm_sv file)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    bool is_quoted = text.n && text.p[0] == '"';
    for (size_t i = is_quoted; i < text.n; i++) {
        if (text.p[i] == '\\' && i + 1 < text.n)
            i++;
        else if (is_quoted ? text.p[i] == '"' : text.p[i] == ' ' || text.p[i] == '\t')
            break;
        plm_buf_byte(&b, (unsigned char)text.p[i]);
    }
    plm_sv path = kept(p, &b, file, 0);
    size_t dir = plm_sv_rfind(file, '/');
    if (path.n && path.p[0] != '/' && dir != SIZE_MAX)
        return plm_arena_printf(p->a, "%.*s/%.*s", (int)dir, file.p, PLM_SV_ARG(path));
    return path;
}

static void gather(struct parser *p, plm_sv text, plm_sv file, unsigned depth);

static void include_file(struct parser *p, plm_sv path, plm_sv from, uint32_t line, unsigned depth)
{
    plm_sv text;
    int sys = 0;
    if (depth >= INCLUDE_DEPTH || ++p->includes > INCLUDES_MAX)
        note(p, from, line, PLM_SV("includes are nested too deeply or too many"));
    else if (p->source && p->source->file(p->source->self, path, &text, &sys))
        gather(p, text, path, depth + 1);
    else
        note(p, from, line,
             plm_arena_printf(p->a, "include of %.*s: %s", PLM_SV_ARG(path),
                              sys ? strerror(sys) : "not read"));
}

static void include_directory(struct parser *p, plm_sv path, plm_sv from, uint32_t line, unsigned depth)
{
    plm_sv_vec names = {0};
    int sys = 0;
    if (!p->source || !p->source->directory(p->source->self, path, &names, &sys)) {
        if (sys != ENOENT) /* sudo passes over a directory that is not there */
            note(p, from, line,
                 plm_arena_printf(p->a, "include of %.*s: %s", PLM_SV_ARG(path),
                                  sys ? strerror(sys) : "not read"));
        return;
    }
    plm_sv_vec_sort_unique(&names);
    for (size_t i = 0; i < names.n; i++)
        if (plm_sv_find(names.v[i], '.') == SIZE_MAX && !plm_sv_ends(names.v[i], PLM_SV("~")))
            include_file(p, plm_arena_printf(p->a, "%.*s/%.*s", PLM_SV_ARG(path), PLM_SV_ARG(names.v[i])),
                         from, line, depth);
}

static void gather(struct parser *p, plm_sv text, plm_sv file, unsigned depth)
{
    plm_sv line;
    uint32_t number = 0, first;
    while (next_line(p, &text, file, &number, &line, &first)) {
        plm_sv s = plm_sv_trim(line);
        if (take_keyword(&s, "@includedir") || take_keyword(&s, "#includedir")) {
            include_directory(p, include_path(p, s, file), file, first, depth);
            continue;
        }
        if (take_keyword(&s, "@include") || take_keyword(&s, "#include")) {
            include_file(p, include_path(p, s, file), file, first, depth);
            continue;
        }
        s = plm_sv_trim(without_comment(s));
        if (!s.n)
            continue;
        if (p->lines.n >= LINES_MAX) {
            if (!p->is_over)
                note(p, file, first, PLM_SV("too many lines, the rest was not read"));
            p->is_over = true;
            return;
        }
        struct line *l = plm_vec_push(p->a, &p->lines);
        if (!l)
            return;
        *l = (struct line){.text = s, .file = file, .number = first};
    }
}

/* ---- words
 * --------------------------------------------------------------------------------------
 */

static void skip_blanks(plm_sv *s)
{
    while (s->n && (s->p[0] == ' ' || s->p[0] == '\t'))
        *s = plm_sv_from_off(*s, 1);
}

static bool take_char(plm_sv *s, char c)
{
    skip_blanks(s);
    if (!s->n || s->p[0] != c)
        return false;
    *s = plm_sv_from_off(*s, 1);
    return true;
}

/* A run of bytes up to one of `stops` outside quotes and escapes; both are
 * undone. */
static plm_sv take_word(struct parser *p, plm_sv *s, const char *stops)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    bool is_quoted = false;
    size_t i = 0;
    skip_blanks(s);
    for (; i < s->n; i++) {
        char c = s->p[i];
        if (c == '"') {
            is_quoted = !is_quoted;
            continue;
        }
        if (c == '\\' && i + 1 < s->n)
            c = s->p[++i];
        else if (!is_quoted && c && strchr(stops, c) && !(c == ':' && i == 1 && s->p[0] == '%'))
            break;
        plm_buf_byte(&b, (unsigned char)c);
    }
    *s = plm_sv_from_off(*s, i);
    return kept(p, &b, p->at->file, p->at->number);
}

static bool is_alias_name(plm_sv s)
{
    bool is_name = s.n && s.p[0] >= 'A' && s.p[0] <= 'Z';
    for (size_t i = 0; i < s.n; i++)
        is_name &= (s.p[i] >= 'A' && s.p[i] <= 'Z') || is_digit(s.p[i]) || s.p[i] == '_';
    return is_name;
}

static const struct alias *find_alias(const struct parser *p, int kind, plm_sv name)
{
    if (!is_alias_name(name) || plm_sv_is(name, "ALL"))
        return NULL;
    for (size_t i = 0; i < p->aliases[kind].n; i++)
        if (plm_sv_eq(p->aliases[kind].v[i].name, name))
            return &p->aliases[kind].v[i];
    return NULL;
}

/* ---- lists of members
 * ---------------------------------------------------------------------------
 */

static void take_list(struct parser *p, plm_sv *s, int kind, const char *stops, bool is_negated,
                      unsigned depth, plm_sudo_list *out);

static void add_member(struct parser *p, int kind, plm_sv name, bool is_negated, unsigned depth,
                       plm_sudo_list *out)
{
    const struct alias *alias = find_alias(p, kind, name);
    if (alias && depth < ALIAS_DEPTH) {
        plm_sv members = alias->members;
        take_list(p, &members, kind, kind == ALIAS_HOST ? ", \t" : ":, \t", is_negated, depth + 1, out);
        return;
    }
    if (alias || out->n >= MEMBERS_MAX) {
        if (!p->is_over)
            note_here(p, "aliases expand without end or to too many members");
        p->is_over = true;
        return;
    }
    struct plm_sudo_member *m = plm_vec_push(p->a, out);
    if (m)
        *m = (struct plm_sudo_member){.name = name, .is_negated = is_negated};
}

static void take_list(struct parser *p, plm_sv *s, int kind, const char *stops, bool is_negated,
                      unsigned depth, plm_sudo_list *out)
{
    do {
        bool flips = is_negated;
        while (take_char(s, '!'))
            flips = !flips;
        plm_sv name = take_word(p, s, stops);
        if (!name.n)
            return;
        add_member(p, kind, name, flips, depth, out);
        skip_blanks(s);
    } while (take_char(s, ',') && !p->is_over);
}

/* ---- aliases and defaults
 * ------------------------------------------------------------------------ */

/* The text up to the next ':' that separates definitions: not escaped, not in
 * quotes, not of a tag or digest.
 */
static plm_sv take_definition(plm_sv *s)
{
    bool is_quoted = false;
    for (size_t i = 0; i < s->n; i++) {
        if (s->p[i] == '\\')
            i++;
        else if (s->p[i] == '"')
            is_quoted = !is_quoted;
        else if (s->p[i] == ':' && !is_quoted) {
            /* NAME = ... : NAME2 = ...; anything else (sha256:, an IPv6 address)
             * belongs to the member */
            plm_sv rest = plm_sv_from_off(*s, i + 1), name, value;
            if (!plm_sv_cut(rest, '=', &name, &value) || !is_alias_name(plm_sv_trim(name)))
                continue;
            plm_sv head = plm_sv_sub(*s, 0, i);
            *s = rest;
            return plm_sv_trim(head);
        }
    }
    plm_sv head = *s;
    *s = PLM_SV("");
    return plm_sv_trim(head);
}

static void read_aliases(struct parser *p, int kind, plm_sv s)
{
    while (s.n) {
        plm_sv definition = take_definition(&s), name, members;
        if (!plm_sv_cut(definition, '=', &name, &members) || !is_alias_name(plm_sv_trim(name))) {
            note_here(p, "an alias without a name");
            return;
        }
        struct alias *alias = plm_vec_push(p->a, &p->aliases[kind]);
        if (alias)
            *alias = (struct alias){.name = plm_sv_trim(name), .members = plm_sv_trim(members)};
    }
}

/* Only what changes who needs a password, and as whom commands run by default;
 * only for everyone. */
static void read_defaults(struct parser *p, plm_sv s)
{
    do {
        bool is_off = false;
        while (take_char(&s, '!'))
            is_off = !is_off;
        plm_sv item = take_word(p, &s, ","), name, value;
        if (plm_sv_cut(item, '=', &name, &value)) {
            if (plm_sv_is(plm_sv_trim(name), "runas_default"))
                p->out->run_as_default = plm_sv_trim(value);
        } else if (plm_sv_is(plm_sv_trim(item), "authenticate")) {
            p->out->never_asks = is_off;
        } else if (plm_sv_is(plm_sv_trim(item), "targetpw") || plm_sv_is(plm_sv_trim(item), "rootpw")) {
            p->out->asks_target = !is_off;
        }
    } while (take_char(&s, ','));
}

static bool is_alias_line(plm_sv *s, int *out_kind)
{
    static const struct {
        const char *word;
        int kind;
    } words[] = {{"User_Alias", ALIAS_USER},
                 {"Runas_Alias", ALIAS_RUNAS},
                 {"Host_Alias", ALIAS_HOST},
                 {"Cmnd_Alias", ALIAS_COMMAND},
                 {"Cmd_Alias", ALIAS_COMMAND}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (take_keyword(s, words[i].word)) {
            *out_kind = words[i].kind;
            return true;
        }
    return false;
}

/* ---- rules
 * ---------------------------------------------------------------------------------------
 */

struct state { /* carried from one command to the next of a list */
    const plm_sudo_list *run_as, *run_group;
    bool is_nopasswd;
};

static bool take_run_as(struct parser *p, plm_sv *s, struct state *st)
{
    if (!take_char(s, '('))
        return true;
    plm_sudo_list *users = plm_arena_make(p->a, plm_sudo_list), *groups = plm_arena_make(p->a, plm_sudo_list);
    if (!users || !groups)
        return false;
    take_list(p, s, ALIAS_RUNAS, ":,() \t", false, 0, users);
    if (take_char(s, ':'))
        take_list(p, s, ALIAS_RUNAS, ":,() \t", false, 0, groups);
    st->run_as = users;
    st->run_group = groups;
    return take_char(s, ')');
}

/* "NOPASSWD:", "ROLE=x": taken off; false where a command begins. */
static bool take_tag(struct parser *p, plm_sv *s, struct state *st)
{
    skip_blanks(s);
    size_t n = 0;
    while (n < s->n && ((s->p[n] >= 'A' && s->p[n] <= 'Z') || s->p[n] == '_'))
        n++;
    plm_sv word = plm_sv_sub(*s, 0, n), rest = plm_sv_from_off(*s, n);
    if (n == 0)
        return false;
    if (rest.n && rest.p[0] == '=') {
        *s = plm_sv_from_off(rest, 1);
        (void)take_word(p, s, " \t,");
        return true;
    }
    skip_blanks(&rest);
    if (!rest.n || rest.p[0] != ':')
        return false;
    static const char *const tags[] = {
        "NOPASSWD",   "PASSWD",       "NOEXEC", "EXEC",     "SETENV", "NOSETENV", "LOG_INPUT", "NOLOG_INPUT",
        "LOG_OUTPUT", "NOLOG_OUTPUT", "FOLLOW", "NOFOLLOW", "MAIL",   "NOMAIL",   "INTERCEPT", "NOINTERCEPT"};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (!plm_sv_is(word, tags[i]))
            continue;
        if (i < 2)
            st->is_nopasswd = i == 0;
        *s = plm_sv_from_off(rest, 1);
        return true;
    }
    return false;
}

static void skip_digests(struct parser *p, plm_sv *s)
{
    static const char *const kinds[] = {"sha224:", "sha256:", "sha384:", "sha512:"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        skip_blanks(s);
        if (!plm_sv_starts(*s, plm_sv_from(kinds[i])))
            continue;
        (void)take_word(p, s, " \t,");
        (void)take_char(s, ',');
        i = (size_t)-1; /* several digests of one command stand in a list */
    }
}

/* A pattern between '^' and '$' may hold every separator. */
static plm_sv take_regex(plm_sv *s)
{
    for (size_t i = 1; i < s->n; i++)
        if (s->p[i] == '$' && (i + 1 == s->n || strchr(" \t,:", s->p[i + 1]))) {
            plm_sv out = plm_sv_sub(*s, 0, i + 1);
            *s = plm_sv_from_off(*s, i + 1);
            return out;
        }
    plm_sv out = *s;
    *s = PLM_SV("");
    return out;
}

static void take_commands(struct parser *p, plm_sv *s, struct state *st, bool is_denied, unsigned depth,
                          struct plm_sudo_rule *rule);

static void add_command(struct parser *p, plm_sv path, plm_sv args, bool is_denied, struct state *st,
                        unsigned depth, struct plm_sudo_rule *rule)
{
    const struct alias *alias = find_alias(p, ALIAS_COMMAND, path);
    if (alias && depth < ALIAS_DEPTH) {
        plm_sv members = alias->members;
        take_commands(p, &members, st, is_denied, depth + 1, rule);
        return;
    }
    if (alias || rule->commands.n >= MEMBERS_MAX) {
        if (!p->is_over)
            note_here(p, "aliases expand without end or to too many members");
        p->is_over = true;
        return;
    }
    if (path.p[0] != '/' && path.p[0] != '^' && !plm_sv_is(path, "ALL") && !plm_sv_is(path, "sudoedit") &&
        !plm_sv_is(path, "list"))
        note_here(p, "a command that is no path and no alias");
    struct plm_sudo_command *c = plm_vec_push(p->a, &rule->commands);
    if (c)
        *c = (struct plm_sudo_command){.path = path,
                                       .args = args,
                                       .is_denied = is_denied,
                                       .is_nopasswd = st->is_nopasswd,
                                       .run_as = st->run_as,
                                       .run_group = st->run_group};
}

static void take_commands(struct parser *p, plm_sv *s, struct state *st, bool is_denied, unsigned depth,
                          struct plm_sudo_rule *rule)
{
    do {
        if (!take_run_as(p, s, st)) {
            note_here(p, "\"(\" without \")\"");
            *s = PLM_SV("");
            return;
        }
        while (take_tag(p, s, st))
            ;
        bool flips = is_denied;
        while (take_char(s, '!'))
            flips = !flips;
        skip_digests(p, s);
        plm_sv path = s->n && s->p[0] == '^' ? take_regex(s) : take_word(p, s, " \t,:");
        if (!path.n) {
            note_here(p, "a command is missing");
            return;
        }
        skip_blanks(s);
        plm_sv args = PLM_SV_NULL;
        if (s->n && s->p[0] != ',' && s->p[0] != ':')
            args = s->p[0] == '^' ? take_regex(s) : plm_sv_trim(take_word(p, s, ",:"));
        else if (s->n > 1 && s->p[-1] == '"')
            args = PLM_SV("");
        add_command(p, path, args, flips, st, depth, rule);
    } while (take_char(s, ',') && !p->is_over);
}

static void read_rule(struct parser *p, plm_sv s)
{
    plm_sudo_list who = {0};
    take_list(p, &s, ALIAS_USER, ",=() \t", false, 0, &who);
    do {
        plm_sudo_list hosts = {0};
        take_list(p, &s, ALIAS_HOST, ",=() \t", false, 0, &hosts);
        if (!who.n || !hosts.n || !take_char(&s, '=')) {
            note_here(p, "neither a rule nor anything else of the grammar");
            return;
        }
        struct plm_sudo_rule *rule = p->out->rules.n < LINES_MAX ? plm_vec_push(p->a, &p->out->rules) : NULL;
        if (!rule)
            return;
        *rule =
            (struct plm_sudo_rule){.who = who, .hosts = hosts, .file = p->at->file, .line = p->at->number};
        struct state st = {0};
        take_commands(p, &s, &st, false, 0, rule);
    } while (take_char(&s, ':'));
    skip_blanks(&s);
    if (s.n)
        note_here(p, "text behind the end of a rule");
}

static bool is_defaults(plm_sv *s, bool *out_is_global)
{
    if (!plm_sv_starts(*s, PLM_SV("Defaults")) || s->n < 9)
        return false;
    char c = s->p[8];
    *out_is_global = c == ' ' || c == '\t';
    if (!*out_is_global && !strchr("@:!>", c))
        return false;
    *s = plm_sv_trim(plm_sv_from_off(*s, 8));
    return true;
}

int plm_sudoers_parse(plm_sv text, plm_sv name, const struct plm_sudo_source *source, struct plm_arena *a,
                      struct plm_sudoers *out, plm_err **err)
{
    *out = (struct plm_sudoers){0};
    struct parser p = {.a = a, .source = source, .out = out};
    bool is_global;
    int kind;
    gather(&p, plm_arena_sv(a, text), plm_arena_sv(a, name), 0);
    for (size_t i = 0; i < p.lines.n; i++) {
        plm_sv s = p.lines.v[i].text;
        p.at = &p.lines.v[i];
        if (is_alias_line(&s, &kind))
            read_aliases(&p, kind, s);
        else if (is_defaults(&s, &is_global) && is_global)
            read_defaults(&p, s);
    }
    for (size_t i = 0; i < p.lines.n; i++) {
        plm_sv s = p.lines.v[i].text;
        p.at = &p.lines.v[i];
        if (!is_alias_line(&s, &kind) && !is_defaults(&s, &is_global))
            read_rule(&p, s);
    }
    return p.is_out_of_memory ? plm_fail_oom(err) : plm_arena_check(a, err);
}

/* ---- from the disk
 * -------------------------------------------------------------------------------
 */

struct disk {
    int root_fd;
    struct plm_arena *a;
};

static bool disk_file(void *self, plm_sv path, plm_sv *out, int *out_sys)
{
    struct disk *d = self;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_ACCESS_FILE_MAX);
    plm_auto(plm_err_free) plm_err *e = NULL;
    const char *name = plm_arena_cstr(d->a, path);
    if (!name || plm_fs_read_in(d->root_fd, name, PLM_ACCESS_FILE_MAX, &b, &e) < 0) {
        *out_sys = e && e->sys ? e->sys : EIO;
        return false;
    }
    *out = plm_arena_sv(d->a, plm_buf_sv(&b));
    return out->p != NULL;
}

static bool disk_directory(void *self, plm_sv path, plm_sv_vec *out_names, int *out_sys)
{
    struct disk *d = self;
    const char *name = plm_arena_cstr(d->a, path);
    return name && plm_dir_names(d->root_fd, name, 4096, d->a, out_names, out_sys) == 0;
}

int plm_sudoers_read(int root_fd, struct plm_arena *a, struct plm_sudoers *out, int *out_sys, plm_err **err)
{
    struct disk d = {.root_fd = root_fd, .a = a};
    const struct plm_sudo_source source = {.self = &d, .file = disk_file, .directory = disk_directory};
    plm_sv text;
    *out = (struct plm_sudoers){0};
    *out_sys = 0;
    if (!disk_file(&d, PLM_SV("/etc/sudoers"), &text, out_sys))
        return plm_arena_check(a, err);
    return plm_sudoers_parse(text, PLM_SV("/etc/sudoers"), &source, a, out, err);
}

/* ---- what a rule gives
 * ---------------------------------------------------------------------------
 */

static int member_is(const struct plm_sudo_member *m, const struct plm_facts *f, const struct plm_user *u)
{
    uint64_t id;
    bool is_primary;
    plm_sv name = m->name, tail = plm_sv_from_off(name, 1);
    if (plm_sv_is(name, "ALL") || plm_sv_eq(name, u->name))
        return 1;
    if (name.p[0] == '#')
        return plm_sv_u64(tail, &id) && id == u->uid;
    if (name.p[0] == '+' || plm_sv_starts(name, PLM_SV("%:")))
        return -1;
    if (name.p[0] != '%')
        return 0;
    const struct plm_group *g =
        tail.n && tail.p[0] == '#' && plm_sv_u64(plm_sv_from_off(tail, 1), &id) && id <= UINT32_MAX
            ? plm_group_by_gid(f, (uint32_t)id)
            : plm_group_by_name(f, tail);
    return g && plm_user_in_group(u, g, &is_primary);
}

int plm_sudo_list_has(const plm_sudo_list *list, const struct plm_facts *f, const struct plm_user *u)
{
    int is_unknown = 0;
    for (size_t i = list->n; i-- > 0;) {
        int is = member_is(&list->v[i], f, u);
        if (is == 1)
            return !list->v[i].is_negated;
        is_unknown |= is < 0 && !list->v[i].is_negated;
    }
    return is_unknown ? -1 : 0;
}

/* Programs that command an engine, or are a root shell at once. */
static const char *const tools[] = {"docker",  "podman",     "nerdctl", "ctr", "crictl", "docker-compose",
                                    "dockerd", "containerd", "runc",    "sh",  "bash",   "dash",
                                    "zsh",     "ksh",        "su",      "env", "nsenter"};
static const char *const dirs[] = {"/usr/bin/",  "/bin/",    "/usr/local/bin/",
                                   "/usr/sbin/", "/sbin/",   "/usr/local/sbin/",
                                   "/snap/bin/", "/opt/bin/"};
#define N_TOOLS (sizeof(tools) / sizeof(tools[0]))
#define N_DIRS  (sizeof(dirs) / sizeof(dirs[0]))

/* Which tools a command's path may name, as a bit set. */
static uint32_t tools_of(plm_sv path)
{
    plm_auto_free char *pattern = NULL;
    uint32_t set = 0;
    if (plm_sv_is(path, "ALL") || path.p[0] == '^') /* a pattern of its own: taken as wide */
        return (1u << N_TOOLS) - 1;
    if (asprintf(&pattern, "%.*s%s", PLM_SV_ARG(path), plm_sv_ends(path, PLM_SV("/")) ? "*" : "") < 0) {
        pattern = NULL;
        return (1u << N_TOOLS) - 1;
    }
    for (size_t t = 0; t < N_TOOLS; t++) {
        size_t at = plm_sv_rfind(path, '/');
        bool is_named = at != SIZE_MAX && plm_sv_is(plm_sv_from_off(path, at + 1), tools[t]);
        for (size_t d = 0; d < N_DIRS && !is_named; d++) {
            plm_auto_free char *whole = NULL;
            if (asprintf(&whole, "%s%s", dirs[d], tools[t]) < 0) {
                whole = NULL;
                is_named = true;
            } else {
                is_named = fnmatch(pattern, whole, FNM_PATHNAME) == 0;
            }
        }
        set |= is_named ? 1u << t : 0;
    }
    return set;
}

/* Arguments that begin with a word of these only look. */
static bool only_looks(plm_sv args)
{
    static const char *const words[] = {"ps",      "images",    "info", "version", "logs",    "stats",
                                        "top",     "events",    "port", "diff",    "history", "search",
                                        "inspect", "--version", "-v",   "--help"};
    plm_sv rest = args, first;
    if (!args.p)
        return false;
    if (!plm_sv_word(&rest, &first))
        return true; /* "": no arguments at all */
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (plm_sv_is(first, words[i]))
            return true;
    return false;
}

const struct plm_sudo_command *plm_sudo_rule_reach(const struct plm_sudo_rule *rule)
{
    const struct plm_sudo_command *best = NULL;
    uint32_t denied = 0;
    bool is_all_denied = false;
    for (size_t i = rule->commands.n; i-- > 0 && !is_all_denied;) { /* the last that matches decides */
        const struct plm_sudo_command *c = &rule->commands.v[i];
        bool is_all = plm_sv_is(c->path, "ALL");
        if (c->is_denied) {
            is_all_denied |= is_all;
            denied |= c->args.p || c->path.p[0] == '^' ? 0 : tools_of(c->path);
        } else if ((is_all || (tools_of(c->path) & ~denied)) && !only_looks(c->args)) {
            bool is_worse = !best || is_all || (c->is_nopasswd && !best->is_nopasswd);
            best = is_worse ? c : best;
        }
    }
    return best;
}
