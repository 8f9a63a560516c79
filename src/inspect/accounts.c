/* SPDX-License-Identifier: Apache-2.0
 *
 * Accounts: passwd(5), group(5), shadow(5), BSD's master.passwd. What leaves the fence is the name, whether
 * the password field is empty, and the ids, one row a line; no password hash ends in a cache or a report.
 *
 * Lines of NIS ("+", "-name") and comments are no accounts. A line with too few fields, or with an id
 * that is no number, is counted and told once for each file. The facts: {kind, rows {name, is password
 * empty, has id, id, line}}. O(file).
 */
#include "inspect/accounts.h"

#include "base/map.h"
#include "base/rd.h"

#include <inttypes.h>

enum file_kind { PASSWD, GROUP, SHADOW };
enum { ROWS_MAX = 100000 };

struct account {
    plm_sv name;
    bool is_open; /* the password field is empty */
    bool has_id;
    uint64_t id;
    uint32_t line;
};

/* clang-format off */
static const struct plm_inspect_check checks[] = {
    {.id = "DKL-LI-0001", .group = "files", .severity = PLM_SEV_CRITICAL, .level = "FATAL",
     .title = "no account has an empty password",
     .rationale = "Whoever reaches a login, su or sshd in the container becomes that user without a password.",
     .fix = "lock the account: `RUN passwd -l NAME`, or `usermod -p '!' NAME`"},
    {.id = "DKL-LI-0002", .group = "files", .severity = PLM_SEV_CRITICAL, .level = "FATAL",
     .title = "names and ids of users and groups are unique",
     .rationale = "Two names of one id are one user to the kernel: a second name of uid 0 is root.",
     .fix = "give each account an id of its own (`useradd` does, unless told otherwise by -o)"},
    {.id = NULL}};
/* clang-format on */
static const struct plm_inspect_checks table = {.name = "accounts", .v = checks};
PLM_REGISTER(plm_inspect_check_tables, struct plm_inspect_checks, table);

/* ---- the extractor -------------------------------------------------------------------------------- */

static enum file_kind kind_of(plm_sv path)
{
    return plm_sv_is(path, "etc/passwd") ? PASSWD : plm_sv_is(path, "etc/group") ? GROUP : SHADOW;
}

/* False: not an account line, or a malformed one. */
static bool read_line(enum file_kind kind, plm_sv line, struct account *out)
{
    plm_sv rest = line, password, id = PLM_SV_NULL;
    if (!plm_sv_field(&rest, ':', &out->name) || !out->name.n || !plm_sv_field(&rest, ':', &password))
        return false;
    out->is_open = password.n == 0;
    out->has_id = kind != SHADOW;
    return kind == SHADOW || (plm_sv_field(&rest, ':', &id) && plm_sv_u64(id, &out->id));
}

static int extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    enum file_kind kind = kind_of(e->path);
    plm_sv rest = content, line;
    uint32_t number = 0, bad = 0, first_bad = 0, rows = 0;
    plm_buf_byte(&out->facts, (unsigned char)kind);
    while (rows < ROWS_MAX && plm_sv_line(&rest, &line)) {
        struct account row = {.line = ++number};
        if (!plm_sv_trim(line).n || line.p[0] == '#' || line.p[0] == '+' || line.p[0] == '-')
            continue;
        if (!read_line(kind, line, &row)) {
            first_bad = bad++ ? first_bad : number;
            continue;
        }
        rows++;
        plm_buf_view(&out->facts, row.name);
        plm_buf_byte(&out->facts, (unsigned char)(row.is_open | row.has_id << 1));
        plm_buf_varint(&out->facts, row.id);
        plm_buf_varint(&out->facts, row.line);
    }
    if (bad)
        out->diag(out, "accounts.malformed", PLM_SEV_LOW,
                  "%" PRIu32 " lines that are no accounts; first: line %" PRIu32, bad, first_bad);
    if (rows == ROWS_MAX)
        out->diag(out, "accounts.many", PLM_SEV_MEDIUM, "more than %d accounts: the others are not judged",
                  ROWS_MAX);
    return plm_buf_check(&out->facts, err);
}

static const char *const globs[] = {"etc/passwd", "etc/group", "etc/shadow", "etc/master.passwd", NULL};
const struct plm_extractor plm_accounts_extractor = {
    .id = "accounts",
    .summary = "users and groups of passwd, group and shadow, without password hashes",
    .version = 1,
    .globs = globs,
    .max_bytes = 16u << 20,
    .extract = extract,
};

/* ---- reading the facts ----------------------------------------------------------------------------- */

typedef PLM_VEC(struct account) account_vec;

static enum file_kind read_facts(const struct plm_facts *f, struct plm_arena *a, account_vec *out)
{
    struct plm_rd r = PLM_RD(f->data);
    uint8_t kind = plm_rd_u8(&r);
    account_vec rows = {0};
    while (!r.failed && plm_rd_left(&r)) {
        struct account row = {.name = plm_rd_view(&r)};
        uint8_t flags = plm_rd_u8(&r);
        row.is_open = flags & 1;
        row.has_id = flags >> 1 & 1;
        row.id = plm_rd_varint(&r);
        row.line = (uint32_t)plm_rd_count(&r, UINT32_MAX);
        struct account *slot = NULL;
        if (!r.failed)
            slot = plm_vec_push(a, &rows);
        if (slot)
            *slot = row;
    }
    *out = rows;
    return kind == PASSWD ? PASSWD : kind == GROUP ? GROUP : SHADOW;
}

static bool is_ours(const struct plm_facts *f)
{
    return f->visible && f->extractor == &plm_accounts_extractor;
}

enum plm_uid_found plm_accounts_uid(const struct plm_analysis *an, struct plm_arena *scratch, plm_sv name,
                                    uint64_t *out)
{
    for (size_t i = 0; i < an->facts.n; i++) {
        account_vec rows = {0};
        if (!is_ours(&an->facts.v[i]) || read_facts(&an->facts.v[i], scratch, &rows) != PASSWD)
            continue;
        for (size_t k = 0; k < rows.n; k++)
            if (plm_sv_eq(rows.v[k].name, name)) {
                *out = rows.v[k].id;
                return PLM_UID_FOUND;
            }
        return PLM_UID_UNKNOWN;
    }
    return PLM_UID_NO_FILE;
}

/* ---- the checks ----------------------------------------------------------------------------------- */

static void judge_passwords(struct plm_judging *j)
{
    bool is_there = false;
    struct plm_arena *a = j->in->report->arena;
    for (size_t i = 0; i < j->in->analysis->facts.n; i++) {
        const struct plm_facts *f = &j->in->analysis->facts.v[i];
        account_vec rows = {0};
        if (!is_ours(f) || read_facts(f, a, &rows) == GROUP)
            continue;
        is_there = true;
        for (size_t k = 0; k < rows.n; k++) {
            if (!rows.v[k].is_open)
                continue;
            plm_sv object = plm_arena_printf(a, "%.*s %.*s", PLM_SV_ARG(f->path), PLM_SV_ARG(rows.v[k].name));
            struct plm_finding *found = plm_judge_fail(
                j, object, "file", rows.v[k].line, f->layer, "%.*s:%" PRIu32 ": %.*s has an empty password",
                PLM_SV_ARG(f->path), rows.v[k].line, PLM_SV_ARG(rows.v[k].name));
            if (found)
                found->path = plm_arena_sv(a, f->path);
        }
    }
    if (!is_there)
        plm_judge_say(j, PLM_OUT_NA, "the image has neither /etc/passwd nor /etc/shadow");
}

static void say_double(struct plm_judging *j, const struct plm_facts *f, const struct account *first,
                       const struct account *second, bool by_name)
{
    struct plm_arena *a = j->in->report->arena;
    plm_sv object = plm_arena_printf(a, "%.*s %.*s", PLM_SV_ARG(f->path), PLM_SV_ARG(second->name));
    struct plm_finding *found =
        by_name ? plm_judge_fail(j, object, "file", second->line, f->layer,
                                 "%.*s:%" PRIu32 ": the name %.*s is that of line %" PRIu32,
                                 PLM_SV_ARG(f->path), second->line, PLM_SV_ARG(second->name), first->line)
                : plm_judge_fail(j, object, "file", second->line, f->layer,
                                 "%.*s:%" PRIu32 ": %.*s has the id %" PRIu64 " of %.*s (line %" PRIu32 ")",
                                 PLM_SV_ARG(f->path), second->line, PLM_SV_ARG(second->name), second->id,
                                 PLM_SV_ARG(first->name), first->line);
    if (found)
        found->path = plm_arena_sv(a, f->path);
}

/* Puts the row under its key; the row that has it already, or NULL. */
static const struct account *seen_before(struct plm_map *seen, plm_sv key, const struct account *row)
{
    void **slot = plm_map_put(seen, key);
    const struct account *first = slot ? *slot : NULL;
    if (slot && !first)
        *slot = (void *)(uintptr_t)row;
    return first;
}

static void judge_doubles(struct plm_judging *j)
{
    struct plm_arena *a = j->in->report->arena;
    bool is_there = false;
    for (size_t i = 0; i < j->in->analysis->facts.n; i++) {
        const struct plm_facts *f = &j->in->analysis->facts.v[i];
        account_vec rows = {0};
        plm_auto(plm_map_free) struct plm_map *names = plm_map_new();
        plm_auto(plm_map_free) struct plm_map *ids = plm_map_new();
        if (!is_ours(f) || !names || !ids || read_facts(f, a, &rows) == SHADOW)
            continue;
        is_there = true;
        for (size_t k = 0; k < rows.n; k++) {
            const struct account *by_name = seen_before(names, rows.v[k].name, &rows.v[k]);
            const struct account *by_id =
                seen_before(ids, plm_arena_printf(a, "%" PRIu64, rows.v[k].id), &rows.v[k]);
            if (by_name || by_id)
                say_double(j, f, by_name ? by_name : by_id, &rows.v[k], by_name != NULL);
        }
    }
    if (!is_there)
        plm_judge_say(j, PLM_OUT_NA, "the image has neither /etc/passwd nor /etc/group");
}

static const struct plm_judge judges[] = {{"DKL-LI-0001", judge_passwords, NULL},
                                          {"DKL-LI-0002", judge_doubles, NULL}};

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->wants[PLM_KIND_MISCONFIGURATION];
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    return plm_judge_all(in, judges, sizeof(judges) / sizeof(judges[0]), err);
}

static const struct plm_extractor *const extractors[] = {&plm_accounts_extractor, NULL};

static const struct plm_inspector accounts = {
    .id = "accounts",
    .summary = "users and groups of the image: empty passwords, names and ids that repeat",
    .extractors = extractors,
    .is_wanted = is_wanted,
    .inspect = inspect,
    .order = 10,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, accounts);
