/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `passwd_file`: accounts of /etc/passwd (passwd(5): name:password:uid:gid:gecos:home:shell).
 *
 * The original keys the lines by user name, so that a later line of a name replaces the earlier one in its
 * place, and a line that is too short (an empty one at the end of the file is enough) ends the evaluation.
 * FIXED looks at every line, skips what is no entry, compares numbers as numbers and takes an empty shell as
 * /bin/sh.
 */
#include "base/map.h"
#include "policy/gate_common.h"

enum { FIELD_NAME = 0, FIELD_UID = 2, FIELD_GID = 3, FIELD_SHELL = 6, FIELD_WHOLE = 7 };

static const struct row {
    const char *name, *legacy_name, *param;
    const char *noun; /* in the message */
    unsigned field;
    bool is_number;
} rows[] = {
    {"denylist_usernames", "blacklist_usernames", "user_names", "user", FIELD_NAME, false},
    {"denylist_userids", "blacklist_userids", "user_ids", "uid", FIELD_UID, true},
    {"denylist_groupids", "blacklist_groupids", "group_ids", "gid", FIELD_GID, true},
    {"denylist_shells", "blacklist_shells", "shells", "shell", FIELD_SHELL, false},
    {"denylist_full_entry", "blacklist_full_entry", "entry", "pentry", FIELD_WHOLE, false},
};

static const struct row *row_of(const struct plm_policy_rule *r)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(r->trigger->name, rows[i].name) == 0)
            return &rows[i];
    return NULL;
}

/* ---- the file ---------------------------------------------------------------------------- */

/* The entries to judge, in file order. NULL: the file is not there. */
static int read_entries(struct plm_policy_eval *ev, plm_sv_vec *out, plm_err **err)
{
    const struct plm_fact_stored *f = plm_image_facts_stored(ev->facts, PLM_SV("/etc/passwd"));
    plm_auto(plm_map_free) struct plm_map *seen = plm_map_new();
    if (!seen)
        return plm_fail_oom(err);
    plm_sv rest = f ? f->text : PLM_SV_NULL, line;
    while (plm_python_line(&rest, &line)) {
        line = plm_sv_trim(line);
        plm_sv name = line, tail;
        if (ev->mode == PLM_POLICY_COMPAT) {
            plm_sv_cut(line, ':', &name, &tail);
            void **slot = plm_map_put(seen, name);
            if (!slot)
                return plm_fail_oom(err);
            if (*slot) {
                out->v[(uintptr_t)*slot - 1] = line;
                continue;
            }
            *slot = (void *)(uintptr_t)(out->n + 1); // NOLINT(performance-no-int-to-ptr): an index in the map
        } else if (!line.n || line.p[0] == '#' || !plm_sv_cut(line, ':', &name, &tail)) {
            continue;
        }
        plm_sv *e = plm_vec_push(ev->arena, out);
        if (!e)
            return plm_fail_oom(err);
        *e = line;
    }
    return 0;
}

static bool field(plm_sv entry, unsigned index, plm_sv *out)
{
    plm_sv rest = entry;
    for (unsigned i = 0; plm_sv_field(&rest, ':', out); i++)
        if (i == index)
            return true;
    return false;
}

/* Numbers of the parameter are written without leading zeros before they are compared as text. */
static plm_sv number(plm_sv s)
{
    while (s.n > 1 && s.p[0] == '0')
        s = plm_sv_from_off(s, 1);
    return s;
}

/* ---- the triggers ------------------------------------------------------------------------ */

static int not_available(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    plm_sv_vec entries = {0};
    if (read_entries(ev, &entries, err) < 0)
        return -1;
    if (!entries.n &&
        plm_policy_fire(ev, r, PLM_SV_NULL,
                        "Cannot locate /etc/passwd in image stored files archive: check analyzer "
                        "settings.") < 0)
        return plm_fail_oom(err);
    return 0;
}

/* What of the entry is compared. 1, 0: nothing there, -1: the original's failure. */
static int candidate(const struct plm_policy_eval *ev, const struct row *row, plm_sv entry, plm_sv *out,
                     plm_err **err)
{
    *out = entry;
    if (row->field == FIELD_WHOLE || field(entry, row->field, out)) {
        if (ev->mode == PLM_POLICY_FIXED) {
            *out = row->is_number ? number(*out) : *out;
            *out = row->field == FIELD_SHELL && !out->n ? PLM_SV("/bin/sh") : *out;
        }
        return 1;
    }
    if (ev->mode == PLM_POLICY_COMPAT)
        return plm_fail(err, PLM_E_POLICY, "list index out of range: /etc/passwd has the line '%.*s'",
                        PLM_SV_ARG(entry));
    return 0;
}

static int denylist(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    const struct row *row = row_of(r);
    plm_sv_vec entries = {0}, wanted = {0};
    if (!row || read_entries(ev, &entries, err) < 0)
        return -1;
    if (row->field == FIELD_WHOLE) {
        if (!plm_sv_vec_add(ev->arena, &wanted, plm_sv_trim(plm_policy_param(r, row->param))))
            return plm_fail_oom(err);
    } else {
        wanted = plm_policy_param_list(ev, r, row->param);
        for (size_t i = 0; row->is_number && i < wanted.n; i++)
            wanted.v[i] = number(wanted.v[i]);
    }
    for (size_t i = 0; i < entries.n; i++) {
        plm_sv entry = entries.v[i], what;
        int found = candidate(ev, row, entry, &what, err);
        if (found < 0)
            return -1;
        if (found && plm_policy_listed(&wanted, what) &&
            plm_policy_fire(ev, r, PLM_SV_NULL, "%s %s '%.*s' found in image's /etc/passwd: pentry=%.*s",
                            plm_policy_word(r, "Blacklisted", "Denylisted"), row->noun, PLM_SV_ARG(what),
                            PLM_SV_ARG(entry)) < 0)
            return plm_fail_oom(err);
    }
    return 0;
}

static void wants(const struct plm_policy_rule *r, struct plm_arena *a, struct plm_policy_wants *out)
{
    (void)r;
    (void)plm_sv_vec_add(a, &out->retrieve, PLM_SV("/etc/passwd")); /* the arena says if it failed */
}

#define PARAMS(variable, ...)                                                                                \
    static const struct plm_policy_param_type variable[] = {{.is_required = true, __VA_ARGS__}, {0}}

PARAMS(name_params, .name = "user_names", .alias = "usernameblacklist", .type = PLM_PARAM_LIST,
       .description = "User names.", .example = "daemon,ftp");
PARAMS(uid_params, .name = "user_ids", .alias = "useridblacklist", .type = PLM_PARAM_NUMBERS,
       .description = "User ids.", .example = "0,1");
PARAMS(gid_params, .name = "group_ids", .type = PLM_PARAM_NUMBERS, .description = "Group ids.",
       .example = "999,20");
PARAMS(shell_params, .name = "shells", .type = PLM_PARAM_LIST, .description = "Paths of login shells.",
       .example = "/bin/bash,/bin/zsh");
PARAMS(entry_params, .name = "entry", .type = PLM_PARAM_STRING, .description = "A whole line.",
       .example = "ftp:x:14:50:FTP User:/var/ftp:/sbin/nologin");

static const struct plm_policy_trigger triggers[] = {
    {.name = "content_not_available",
     .description = "Fires if /etc/passwd was not stored, or has no entry.",
     .needs = PLM_FACT_STORED,
     .evaluate = not_available},
    {.name = "denylist_usernames",
     .legacy_name = "blacklist_usernames",
     .description = "Fires for each account with one of the names.",
     .params = name_params,
     .needs = PLM_FACT_STORED,
     .evaluate = denylist},
    {.name = "denylist_userids",
     .legacy_name = "blacklist_userids",
     .description = "Fires for each account with one of the user ids.",
     .params = uid_params,
     .needs = PLM_FACT_STORED,
     .evaluate = denylist},
    {.name = "denylist_groupids",
     .legacy_name = "blacklist_groupids",
     .description = "Fires for each account with one of the group ids.",
     .params = gid_params,
     .needs = PLM_FACT_STORED,
     .evaluate = denylist},
    {.name = "denylist_shells",
     .legacy_name = "blacklist_shells",
     .description = "Fires for each account with one of the login shells.",
     .params = shell_params,
     .needs = PLM_FACT_STORED,
     .evaluate = denylist},
    {.name = "denylist_full_entry",
     .legacy_name = "blacklist_full_entry",
     .description = "Fires if the file has exactly this line.",
     .params = entry_params,
     .needs = PLM_FACT_STORED,
     .evaluate = denylist},
    {0}};

static const struct plm_policy_gate passwd_file = {
    .name = "passwd_file",
    .description = "Accounts of /etc/passwd.",
    .triggers = triggers,
    .wants = wants,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, passwd_file);
