/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of the kernel's audit system: the text of audit.rules(7), the kernel's own structure
 * (struct audit_rule_data of linux/audit.h, as AUDIT_LIST_RULES sends it), and whether they record what
 * happens to a path.
 *
 * A line is one auditctl(8) command: -w PATH -p PERM -k KEY (a watch: of a directory with all below it),
 * -a/-A LIST,ACTION (in either order) with -F FIELD=VALUE, -S CALLS, -C; -D and -d/-W delete; -e is the
 * state of the whole (2: locked until the next boot). The first rule that matches an event decides, so a
 * `never` before an `always` takes it away; a `never` on the task list turns everything off.
 * Without -p or perm= a rule means every access. Linear in the text; a question is linear in the rules.
 */
#include "audit/access_int.h"

#include "base/rd.h"

#include <linux/audit.h>

#define RULES_MAX 20000u

/* ---- text ---------------------------------------------------------------------------------------- */

static bool next_word(struct plm_arena *a, plm_sv *rest, plm_sv *out)
{
    plm_sv word;
    if (!plm_sv_word(rest, &word))
        return false;
    char quote = word.p[0];
    if ((quote == '"' || quote == '\'') && (word.n == 1 || word.p[word.n - 1] != quote)) {
        size_t end = plm_sv_find(plm_sv_n(word.p + word.n, rest->n), quote);
        if (end != SIZE_MAX) {
            *out = plm_arena_sv(a, plm_sv_n(word.p + 1, word.n - 1 + end));
            *rest = plm_sv_from_off(*rest, end + 1);
            return true;
        }
    }
    *out = (quote == '"' || quote == '\'') && word.n > 1 ? plm_sv_sub(word, 1, word.n - 2) : word;
    return true;
}

static plm_sv without_slash(plm_sv path)
{
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    return path;
}

static unsigned parse_perm(plm_sv s)
{
    unsigned perm = 0;
    for (size_t i = 0; i < s.n; i++)
        perm |= s.p[i] == 'r'   ? PLM_AUDIT_R
                : s.p[i] == 'w' ? PLM_AUDIT_W
                : s.p[i] == 'x' ? PLM_AUDIT_X
                : s.p[i] == 'a' ? PLM_AUDIT_A
                                : 0;
    return perm;
}

static void set_list(struct plm_audit_rule *r, plm_sv text)
{
    static const struct {
        const char *name;
        enum plm_rule_list list;
    } lists[] = {{"exit", PLM_RULE_EXIT},
                 {"user", PLM_RULE_USER},
                 {"task", PLM_RULE_TASK},
                 {"exclude", PLM_RULE_EXCLUDE},
                 {"filesystem", PLM_RULE_FILESYSTEM}};
    plm_sv word;
    r->list = PLM_RULE_OTHER;
    while (plm_sv_field(&text, ',', &word)) {
        r->is_never |= plm_sv_is(word, "never");
        r->is_always |= plm_sv_is(word, "always");
        for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
            if (plm_sv_is(word, lists[i].name))
                r->list = lists[i].list;
    }
}

static void narrow(struct plm_arena *a, struct plm_audit_rule *r, plm_sv what)
{
    r->narrowed =
        r->narrowed.n ? plm_arena_printf(a, "%.*s, %.*s", PLM_SV_ARG(r->narrowed), PLM_SV_ARG(what)) : what;
}

static void set_field(struct plm_arena *a, struct plm_audit_rule *r, plm_sv text)
{
    size_t n = 0;
    while (n < text.n && !strchr("=!<>&", text.p[n]))
        n++;
    plm_sv name = plm_sv_sub(text, 0, n), value = plm_sv_from_off(text, n + 1);
    bool is_equal = n < text.n && text.p[n] == '=';
    if (plm_sv_is(name, "path") && is_equal) {
        r->path = without_slash(value);
    } else if (plm_sv_is(name, "dir") && is_equal) {
        r->path = without_slash(value);
        r->is_tree = true;
    } else if (plm_sv_is(name, "perm") && is_equal) {
        r->perm = parse_perm(value);
        if (!r->perm)
            narrow(a, r, text);
    } else if (!plm_sv_is(name, "key") && !plm_sv_is(name, "arch")) {
        narrow(a, r, text);
    }
}

/* Options that a rule is made of, -w and -a first; what else there is on the line: `other`. */
struct line {
    struct plm_audit_rule rule;
    bool is_rule, is_prepended, deletes, deletes_all, is_bad;
    int enabled; /* -e; -1: not there */
};

static void read_option(struct plm_arena *a, struct line *l, char option, plm_sv value)
{
    uint64_t state;
    struct plm_audit_rule *r = &l->rule;
    switch (option) {
    case 'w':
    case 'W':
        l->is_rule = option == 'w';
        l->deletes = option == 'W';
        *r = (struct plm_audit_rule){
            .list = PLM_RULE_EXIT, .is_always = true, .path = without_slash(value), .is_tree = true};
        break;
    case 'p':
        r->perm = parse_perm(value);
        l->is_bad |= !r->perm;
        break;
    case 'a':
    case 'A':
    case 'd':
        l->is_rule = option != 'd';
        l->deletes = option == 'd';
        l->is_prepended = option == 'A';
        set_list(r, value);
        break;
    case 'F':
        set_field(a, r, value);
        break;
    case 'C':
        narrow(a, r, value);
        break;
    case 'S':
        r->has_syscalls |= !plm_sv_is(value, "all");
        break;
    case 'e':
        l->enabled = plm_sv_u64(value, &state) && state <= 2 ? (int)state : -1;
        l->is_bad |= l->enabled < 0;
        break;
    default: /* k, b, f, r, q ...: say nothing about what is recorded */
        break;
    }
}

static void read_line(struct plm_arena *a, plm_sv text, struct line *l)
{
    plm_sv rest = text, word, value;
    *l = (struct line){.enabled = -1};
    while (next_word(a, &rest, &word)) {
        if (word.n < 2 || word.p[0] != '-') {
            l->is_bad = true;
        } else if (word.p[1] == '-') {
            if (plm_sv_is(word, "--backlog_wait_time") && !next_word(a, &rest, &value))
                l->is_bad = true;
        } else if (plm_sv_is(word, "-D")) {
            l->deletes_all = true;
        } else if (strchr("icslvmht", word.p[1])) {
            continue; /* no value, or no rule */
        } else {
            value = plm_sv_from_off(word, 2);
            if (!value.n && !next_word(a, &rest, &value))
                l->is_bad = true;
            else
                read_option(a, l, word.p[1], value);
        }
    }
    l->rule.text = plm_arena_sv(a, plm_sv_trim(text));
    if (l->is_rule && (!l->rule.is_never && !l->rule.is_always))
        l->is_bad = true;
}

static void remove_like(struct plm_audit_rules *rules, const struct plm_audit_rule *like)
{
    size_t n = 0;
    for (size_t i = 0; i < rules->rules.n; i++)
        if (!(plm_sv_eq(rules->rules.v[i].path, like->path) && rules->rules.v[i].list == like->list &&
              rules->rules.v[i].is_never == like->is_never))
            rules->rules.v[n++] = rules->rules.v[i];
    rules->rules.n = n;
}

static int add_rule(struct plm_arena *a, struct plm_audit_rules *out, const struct plm_audit_rule *rule,
                    bool is_prepended, plm_err **err)
{
    if (out->rules.n >= RULES_MAX)
        return plm_fail(err, PLM_E_LIMIT, "more than %u audit rules", RULES_MAX);
    if (!plm_vec_push(a, &out->rules))
        return plm_arena_check(a, err);
    size_t at = is_prepended ? 0 : out->rules.n - 1;
    memmove(&out->rules.v[at + 1], &out->rules.v[at], (out->rules.n - 1 - at) * sizeof(*rule));
    out->rules.v[at] = *rule;
    return 0;
}

static void apply_state(struct plm_audit_rules *out, int enabled)
{
    if (enabled < 0)
        return;
    out->is_immutable = enabled == 2;
    out->is_disabled = enabled == 0;
}

int plm_audit_rules_parse(plm_sv text, plm_sv name, struct plm_arena *a, struct plm_audit_rules *out,
                          plm_err **err)
{
    plm_sv line;
    uint32_t number = 0;
    text = plm_arena_sv(a, text); /* rules keep views of it */
    name = plm_arena_sv(a, name);
    while (plm_sv_line(&text, &line)) {
        struct line l;
        number++;
        line = plm_sv_trim(line);
        if (!line.n || line.p[0] == '#')
            continue;
        read_line(a, line, &l);
        if (l.is_bad) {
            struct plm_sudoers_note *n = plm_vec_push(a, &out->notes);
            if (n)
                *n = (struct plm_sudoers_note){.file = name, .line = number, .text = l.rule.text};
            continue;
        }
        if (l.deletes_all)
            out->rules.n = 0;
        apply_state(out, l.enabled);
        l.rule.file = name;
        l.rule.line = number;
        if (l.deletes)
            remove_like(out, &l.rule);
        else if (l.is_rule && add_rule(a, out, &l.rule, l.is_prepended, err) < 0)
            return -1;
    }
    return plm_arena_check(a, err);
}

/* ---- the kernel's structure ----------------------------------------------------------------------- */

/* Fields whose value is the length of a string behind the structure. */
static bool is_string_field(uint32_t field)
{
    return field == AUDIT_WATCH || field == AUDIT_DIR || field == AUDIT_FILTERKEY || field == AUDIT_EXE ||
           (field >= AUDIT_SUBJ_USER && field <= AUDIT_SUBJ_CLR) ||
           (field >= AUDIT_OBJ_USER && field <= AUDIT_OBJ_LEV_HIGH);
}

static const char *operator_text(uint32_t op)
{
    switch (op) {
    case AUDIT_LESS_THAN:
        return "<";
    case AUDIT_GREATER_THAN:
        return ">";
    case AUDIT_NOT_EQUAL:
        return "!=";
    case AUDIT_LESS_THAN_OR_EQUAL:
        return "<=";
    case AUDIT_GREATER_THAN_OR_EQUAL:
        return ">=";
    default:
        return "=";
    }
}

/* "auid>=1000": a field that limits the rule, as auditctl writes it. */
static plm_sv condition(struct plm_arena *a, uint32_t field, uint32_t op, uint32_t value)
{
    static const struct {
        uint32_t field;
        const char *name;
    } names[] = {{AUDIT_PID, "pid"},   {AUDIT_UID, "uid"},        {AUDIT_EUID, "euid"},
                 {AUDIT_GID, "gid"},   {AUDIT_EGID, "egid"},      {AUDIT_LOGINUID, "auid"},
                 {AUDIT_EXIT, "exit"}, {AUDIT_SUCCESS, "success"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].field == field)
            return plm_arena_printf(a, "%s%s%d", names[i].name, operator_text(op), (int)value);
    return plm_arena_printf(a, "field %u%s%u", field, operator_text(op), value);
}

static void take_field(struct plm_arena *a, struct plm_audit_rule *r, uint32_t field, uint32_t op,
                       uint32_t value, plm_sv string)
{
    if (field == AUDIT_WATCH || field == AUDIT_DIR) {
        r->path = without_slash(plm_arena_sv(a, string));
        r->is_tree = field == AUDIT_DIR;
    } else if (field == AUDIT_PERM) {
        r->perm = value & (PLM_AUDIT_X | PLM_AUDIT_W | PLM_AUDIT_R | PLM_AUDIT_A);
    } else if (field == AUDIT_EXE) {
        narrow(a, r, plm_arena_printf(a, "exe=%.*s", PLM_SV_ARG(string)));
    } else if (field != AUDIT_FILTERKEY && field != AUDIT_ARCH) {
        narrow(a, r, condition(a, field, op, value));
    }
}

static enum plm_rule_list list_of(uint32_t flags)
{
    switch (flags & 0x0f) {
    case AUDIT_FILTER_EXIT:
        return PLM_RULE_EXIT;
    case AUDIT_FILTER_USER:
        return PLM_RULE_USER;
    case AUDIT_FILTER_TASK:
        return PLM_RULE_TASK;
    case AUDIT_FILTER_EXCLUDE:
        return PLM_RULE_EXCLUDE;
    case AUDIT_FILTER_FS:
        return PLM_RULE_FILESYSTEM;
    default:
        return PLM_RULE_OTHER;
    }
}

static plm_sv rebuilt(struct plm_arena *a, const struct plm_audit_rule *r, plm_sv key)
{
    static const char *const lists[] = {"exit", "user", "task", "exclude", "filesystem", "other"};
    static const struct {
        unsigned bit;
        char letter;
    } bits[] = {{PLM_AUDIT_R, 'r'}, {PLM_AUDIT_W, 'w'}, {PLM_AUDIT_X, 'x'}, {PLM_AUDIT_A, 'a'}};
    char perm[5] = {0};
    size_t n = 0;
    for (unsigned i = 0; i < 4; i++)
        if (r->perm & bits[i].bit)
            perm[n++] = bits[i].letter;
    return plm_arena_printf(
        a, "-a %s,%s%s%.*s%s%s%s%.*s%s%s", r->is_never ? "never" : "always", lists[r->list],
        r->path.n == 0 ? ""
        : r->is_tree   ? " -F dir="
                       : " -F path=",
        PLM_SV_ARG(r->path), n ? " -F perm=" : "", perm, r->narrowed.n ? " (" : "", PLM_SV_ARG(r->narrowed),
        r->narrowed.n ? ")" : "", key.n ? plm_arena_printf(a, " -k %.*s", PLM_SV_ARG(key)).p : "");
}

int plm_audit_rule_decode(plm_sv bytes, struct plm_arena *a, struct plm_audit_rules *out, plm_err **err)
{
    struct plm_rd r = PLM_RD(bytes);
    uint32_t flags = plm_rd_u32le(&r), action = plm_rd_u32le(&r), n = plm_rd_u32le(&r);
    uint32_t fields[AUDIT_MAX_FIELDS], values[AUDIT_MAX_FIELDS], ops[AUDIT_MAX_FIELDS];
    bool is_every_call = true;
    for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++) {
        uint32_t word = plm_rd_u32le(&r);
        is_every_call &= i == AUDIT_BITMASK_SIZE - 1 || word == UINT32_MAX; /* the last word has no calls */
    }
    for (size_t i = 0; i < AUDIT_MAX_FIELDS; i++)
        fields[i] = plm_rd_u32le(&r);
    for (size_t i = 0; i < AUDIT_MAX_FIELDS; i++)
        values[i] = plm_rd_u32le(&r);
    for (size_t i = 0; i < AUDIT_MAX_FIELDS; i++)
        ops[i] = plm_rd_u32le(&r);
    plm_sv strings = plm_rd_bytes(&r, plm_rd_u32le(&r)), key = PLM_SV_NULL;
    if (r.failed || n > AUDIT_MAX_FIELDS)
        return plm_fail(err, PLM_E_PARSE, "audit rule of %zu bytes with %u fields", bytes.n, n);
    struct plm_audit_rule rule = {.list = list_of(flags),
                                  .is_never = action == AUDIT_NEVER,
                                  .is_always = action == AUDIT_ALWAYS,
                                  .has_syscalls = !is_every_call,
                                  .file = PLM_SV("kernel")};
    for (uint32_t i = 0; i < n; i++) {
        plm_sv string = PLM_SV_NULL;
        if (is_string_field(fields[i])) {
            if (values[i] > strings.n)
                return plm_fail(err, PLM_E_PARSE, "audit rule: a string field beyond its end");
            string = plm_sv_sub(strings, 0, values[i]);
            strings = plm_sv_from_off(strings, values[i]);
        }
        if (fields[i] == AUDIT_FILTERKEY)
            key = string;
        take_field(a, &rule, fields[i], ops[i], values[i], string);
    }
    rule.text = rebuilt(a, &rule, key);
    return add_rule(a, out, &rule, false, err) < 0 ? -1 : plm_arena_check(a, err);
}

/* ---- questions ------------------------------------------------------------------------------------ */

static bool is_at_or_below(plm_sv dir, plm_sv path, bool is_tree)
{
    if (plm_sv_eq(dir, path))
        return true;
    return is_tree && dir.n && plm_sv_starts(path, dir) && (plm_sv_is(dir, "/") || path.p[dir.n] == '/');
}

bool plm_audit_rule_names(const struct plm_audit_rule *rule, plm_sv path)
{
    return (rule->path.n && is_at_or_below(rule->path, path, rule->is_tree)) ||
           (rule->resolved.n && is_at_or_below(rule->resolved, path, rule->is_tree));
}

static bool takes_away(const struct plm_audit_rule *r, plm_sv path)
{
    bool is_of_list = r->list == PLM_RULE_EXIT || r->list == PLM_RULE_TASK;
    bool is_of_access = r->perm == 0 || (r->perm & (PLM_AUDIT_W | PLM_AUDIT_A));
    if (!r->is_never || !is_of_list || !is_of_access)
        return false;
    return r->path.n ? plm_audit_rule_names(r, path) : !r->narrowed.n && !r->has_syscalls;
}

enum plm_audit_cover plm_audit_rules_cover(const struct plm_audit_rules *rules, plm_sv path,
                                           struct plm_arena *a, const struct plm_audit_rule **out_rule,
                                           plm_sv *out_why)
{
    enum plm_audit_cover cover = PLM_COVER_NONE;
    const struct plm_audit_rule *shadow = NULL;
    *out_rule = NULL;
    *out_why = PLM_SV_NULL;
    for (size_t i = 0; i < rules->rules.n; i++) {
        const struct plm_audit_rule *r = &rules->rules.v[i];
        if (takes_away(r, path) && (!shadow || r->list == PLM_RULE_TASK))
            shadow = r;
        if (!r->is_always || r->list != PLM_RULE_EXIT || !plm_audit_rule_names(r, path))
            continue;
        unsigned missing = r->perm ? (PLM_AUDIT_W | PLM_AUDIT_A) & ~r->perm : 0;
        bool is_whole = !missing && !r->narrowed.n && !(r->has_syscalls && !r->perm);
        if (cover == PLM_COVER_PARTIAL && !is_whole)
            continue;
        *out_rule = shadow ? shadow : r;
        cover = shadow ? PLM_COVER_SHADOWED : is_whole ? PLM_COVER_WHOLE : PLM_COVER_PARTIAL;
        if (is_whole)
            break;
        *out_why = r->narrowed.n ? plm_arena_printf(a, "only where %.*s", PLM_SV_ARG(r->narrowed))
                   : r->has_syscalls && !missing ? PLM_SV("only some system calls")
                   : missing == PLM_AUDIT_W      ? PLM_SV("writes are not recorded")
                   : missing == PLM_AUDIT_A      ? PLM_SV("attribute changes are not recorded")
                                            : PLM_SV("neither writes nor attribute changes are recorded");
    }
    /* a task rule later in the list still turns everything off: the lists are separate */
    for (size_t i = 0; cover == PLM_COVER_WHOLE && i < rules->rules.n; i++)
        if (rules->rules.v[i].list == PLM_RULE_TASK && takes_away(&rules->rules.v[i], path)) {
            *out_rule = &rules->rules.v[i];
            cover = PLM_COVER_SHADOWED;
        }
    return cover;
}
