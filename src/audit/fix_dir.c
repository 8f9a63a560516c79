/* SPDX-License-Identifier: Apache-2.0
 *
 * --fix-dir DIR: what failed, as files to read and then run: three shell
 * scripts by impact, a merged daemon.json per engine, a systemd drop-in, audit
 * rules, undo.sh and a README. Nothing is run here.
 *
 * A remedy's code spans decide. `chmod`, `chown`, `setfacl -b` and `sysctl -w`
 * with plain words become lines that run; `"key": value` becomes part of
 * daemon.json; everything else stays a comment, for text that came from a
 * container or a label must never become a command. What a line that runs
 * changes is recorded in undo.sh as it is now. A key that stands in the
 * engine's arguments is left out: dockerd refuses to start with both.
 */
#include "audit/access_int.h"

#include "base/fs.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>

#define SCRIPT_MAX PLM_MIB(16)

struct writer {
    const struct plm_report *r;
    struct plm_facts *facts;
    struct plm_arena *a;
    struct plm_buf scripts[3], undo, readme, rules;
    plm_sv_vec done; /* commands that stand in a script already */
};

static const char *const script_names[] = {"fix-safe.sh", "fix-restart.sh", "fix-may-break.sh"};

/* ---- text
 * ----------------------------------------------------------------------------------------
 */

static void comment(struct plm_buf *b, const char *label, plm_sv text)
{
    plm_buf_printf(b, "# %s", label);
    plm_text_escape(b, text);
    plm_buf_byte(b, '\n');
}

/* Words between backquotes, one by one. */
static bool next_span(plm_sv *rest, plm_sv *span)
{
    plm_sv before, after;
    if (!plm_sv_cut(*rest, '`', &before, &after) || !plm_sv_cut(after, '`', span, rest))
        return false;
    return true;
}

/* A word of a command as plm_shell_word writes it: plain, or in single quotes
 * without a control byte. */
static bool take_shell_word(plm_sv *rest, struct plm_buf *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
                                "wxyz0123456789_./:@%+=,-";
    *rest = plm_sv_trim(*rest);
    plm_buf_clear(out);
    size_t i = 0;
    bool is_quoted = false;
    for (; i < rest->n && (is_quoted || rest->p[i] != ' '); i++) {
        char c = rest->p[i];
        if ((unsigned char)c < 32 || c == 127)
            return false;
        if (c == '\'')
            is_quoted = !is_quoted;
        else if (c == '\\' && !is_quoted && i + 1 < rest->n && rest->p[i + 1] == '\'')
            plm_buf_byte(out, (unsigned char)rest->p[++i]);
        else if (is_quoted || strchr(plain, c))
            plm_buf_byte(out, (unsigned char)c);
        else
            return false;
    }
    *rest = plm_sv_from_off(*rest, i);
    return !is_quoted && i > 0 && !plm_buf_check(out, NULL);
}

/* ---- commands that run
 * ----------------------------------------------------------------------------
 */

static bool is_octal(plm_sv s)
{
    bool is = s.n >= 3 && s.n <= 5;
    for (size_t i = 0; i < s.n; i++)
        is &= s.p[i] >= '0' && s.p[i] <= '7';
    return is;
}

static bool is_mode_word(plm_sv s)
{
    return is_octal(s) || plm_sv_is(s, "go-w") || plm_sv_is(s, "ug-s") || plm_sv_is(s, "o-rwx");
}

static void undo_acl(struct writer *w, const struct plm_path_facts *p, plm_sv path)
{
    for (size_t i = 0; i < p->acl.entries.n; i++) {
        const struct plm_acl_entry *e = &p->acl.entries.v[i];
        const char *kind = e->tag == PLM_ACL_USER    ? "u"
                           : e->tag == PLM_ACL_GROUP ? "g"
                           : e->tag == PLM_ACL_MASK  ? "m"
                                                     : NULL;
        if (!kind)
            continue;
        plm_buf_printf(&w->undo, "setfacl -n -m %s:", kind);
        if (e->tag != PLM_ACL_MASK)
            plm_buf_printf(&w->undo, "%u", e->id);
        plm_buf_printf(&w->undo, ":%c%c%c %.*s\n", e->perm & 4 ? 'r' : '-', e->perm & 2 ? 'w' : '-',
                       e->perm & 1 ? 'x' : '-', PLM_SV_ARG(path));
    }
}

/* Owner, mode and ACL as they are now. chown clears set-id bits, so the mode
 * comes after it. */
static bool undo_file(struct writer *w, plm_sv path)
{
    plm_auto_done(plm_path_facts_done) struct plm_path_facts p = {.fd = -1};
    if (!plm_sv_starts(path, PLM_SV("/")) || plm_path_examine(w->facts->root_fd, path, w->a, &p, NULL) < 0 ||
        !p.exists)
        return false;
    plm_sv word = plm_shell_word(w->a, path);
    plm_buf_printf(&w->undo, "chown %u:%u %.*s\nchmod 0%03o %.*s\n", p.st.st_uid, p.st.st_gid,
                   PLM_SV_ARG(word), p.st.st_mode & 07777u, PLM_SV_ARG(word));
    undo_acl(w, &p, word);
    return true;
}

static bool undo_sysctl(struct writer *w, plm_sv assignment)
{
    plm_sv key, value;
    int sys = ENOENT;
    if (!plm_sv_cut(assignment, '=', &key, &value) || !w->facts->kernel)
        return false;
    char *path = NULL;
    if (asprintf(&path, "/proc/sys/%.*s", PLM_SV_ARG(key)) < 0)
        return false;
    for (char *c = path + strlen("/proc/sys/"); *c; c++)
        *c = *c == '.' ? '/' : *c;
    plm_sv now = plm_kernel_text(w->facts->kernel, w->a, path, PLM_KIB(4), &sys);
    free(path);
    if (!now.p)
        return false;
    plm_sv word = plm_shell_word(w->a, plm_arena_printf(w->a, "%.*s=%.*s", PLM_SV_ARG(key), PLM_SV_ARG(now)));
    plm_buf_printf(&w->undo, "sysctl -w %.*s\n", PLM_SV_ARG(word));
    return true;
}

/* sysctl -w KEY=VALUE...: every assignment, or none. */
static bool accept_sysctl(struct writer *w, plm_sv rest)
{
    plm_auto_done(plm_buf_done) struct plm_buf word = PLM_BUF(PLM_KIB(8));
    plm_sv check = rest;
    size_t n = 0;
    for (; plm_sv_trim(check).n; n++)
        if (!take_shell_word(&check, &word) || plm_sv_find(plm_buf_sv(&word), '=') == SIZE_MAX)
            return false;
    bool was_recorded = n > 0;
    for (size_t i = 0; i < n && was_recorded; i++)
        was_recorded = take_shell_word(&rest, &word) && undo_sysctl(w, plm_buf_sv(&word));
    return was_recorded;
}

/* One command without "&&": whether it is of a known shape and its undoing
 * could be recorded. */
static bool accept_command(struct writer *w, plm_sv command)
{
    plm_auto_done(plm_buf_done) struct plm_buf tool = PLM_BUF(64), first = PLM_BUF(256),
                                               last = PLM_BUF(PLM_KIB(8));
    plm_sv rest = command;
    if (!take_shell_word(&rest, &tool) || !take_shell_word(&rest, &first))
        return false;
    plm_sv name = plm_buf_sv(&tool), a = plm_buf_sv(&first);
    if (plm_sv_is(name, "sysctl"))
        return plm_sv_is(a, "-w") && accept_sysctl(w, rest);
    if (!take_shell_word(&rest, &last) || plm_sv_trim(rest).n)
        return false;
    bool is_numeric = a.n && a.p[0] >= '0' && a.p[0] <= '9';
    bool is_known = (plm_sv_is(name, "chmod") && is_mode_word(a)) ||
                    (plm_sv_is(name, "setfacl") && plm_sv_is(a, "-b")) ||
                    (plm_sv_is(name, "chown") && (is_numeric || plm_sv_is(a, "root:root")));
    return is_known && undo_file(w, plm_buf_sv(&last));
}

static bool was_written(struct writer *w, plm_sv command)
{
    for (size_t i = 0; i < w->done.n; i++)
        if (plm_sv_eq(w->done.v[i], command))
            return true;
    return !plm_sv_vec_add(w->a, &w->done, command);
}

static void write_span(struct writer *w, struct plm_buf *script, plm_sv span)
{
    size_t at;
    while (span.n) {
        plm_sv one = span;
        at = plm_sv_find_sv(span, PLM_SV(" && "));
        if (at != SIZE_MAX)
            one = plm_sv_sub(span, 0, at);
        span = at == SIZE_MAX ? PLM_SV("") : plm_sv_from_off(span, at + 4);
        if (was_written(w, one))
            continue;
        if (accept_command(w, one))
            plm_buf_printf(script, "%.*s\n", PLM_SV_ARG(one));
        else
            comment(script, "  by hand: ", one);
    }
}

/* ---- findings
 * -------------------------------------------------------------------------------------
 */

static bool is_to_fix(const struct plm_finding *f)
{
    return f->kind == PLM_KIND_AUDIT && !f->suppressed;
}

static bool is_audit_rule(const struct plm_finding *f)
{
    return plm_sv_starts(f->id, PLM_SV("1.1.")) && plm_sv_has(f->remediation, PLM_SV("/etc/audit/rules.d"));
}

static bool is_rule_path(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= 32 || s.p[i] == 127 || strchr("\"'#\\", s.p[i]))
            return false;
    return s.n && s.p[0] == '/';
}

static void write_finding(struct writer *w, const struct plm_finding *f)
{
    const struct plm_check *c = plm_check_find(f->id);
    struct plm_buf *script = &w->scripts[c ? c->impact : PLM_IMPACT_MAY_BREAK];
    plm_sv rest = f->remediation, span;
    plm_buf_printf(script, "\n# %.*s, %s: ", PLM_SV_ARG(f->id), plm_severity_name(f->severity));
    plm_text_escape(script, f->object);
    plm_buf_byte(script, '\n');
    comment(script, "  ", f->title);
    for (size_t i = 0; i < f->evidence.n && i < 5; i++)
        comment(script, "  found: ", f->evidence.v[i]);
    comment(script, "  remedy: ", f->remediation);
    if (is_audit_rule(f)) {
        if (is_rule_path(f->object))
            plm_buf_printf(&w->rules, "-w %.*s -p wa -k docker\n", PLM_SV_ARG(f->object));
        comment(script, "  see ", PLM_SV("docker.rules"));
        return;
    }
    while (next_span(&rest, &span))
        write_span(w, script, span);
}

/* ---- daemon.json
 * ----------------------------------------------------------------------------------
 */

static const struct {
    const char *id, *key; /* taken out where the check failed */
} removals[] = {{"2.3", "debug"},
                {"2.18", "experimental"},
                {"2.4", "iptables"},
                {"2.4", "ip6tables"},
                {"2.17", "seccomp-profile"},
                {"D10", "allow-direct-routing"},
                {"D10", "ip-forward-no-drop"}};

static bool is_argument(const struct plm_daemon *d, const char *key)
{
    const struct plm_setting *s = plm_daemon_setting(d, key);
    return s && s->origin == PLM_SET_ARGV;
}

static void merge_span(struct writer *w, const struct plm_daemon *d, yyjson_mut_doc *doc, plm_sv span,
                       bool *changed)
{
    plm_sv text = plm_arena_printf(w->a, "{%.*s}", PLM_SV_ARG(span));
    plm_auto(plm_json_free) struct plm_json *part =
        plm_sv_starts(span, PLM_SV("\"")) ? plm_json_parse(text, "remedy", w->facts->ctx->limits, NULL)
                                          : NULL;
    yyjson_val *key, *v;
    size_t i, n;
    yyjson_obj_foreach(part ? plm_json_root(part) : NULL, i, n, key, v)
    {
        const char *name = yyjson_get_str(key);
        if (plm_sv_has(text, PLM_SV("NAME\"")) || is_argument(d, name)) {
            comment(&w->scripts[PLM_IMPACT_RESTART],
                    "  not in daemon.json (an argument, or yours to choose): ", span);
            continue;
        }
        yyjson_mut_val *k = yyjson_mut_strcpy(doc, name), *copy = yyjson_val_mut_copy(doc, v);
        *changed |= k && copy && yyjson_mut_obj_put(yyjson_mut_doc_get_root(doc), k, copy);
    }
}

static void merge_findings(struct writer *w, const struct plm_daemon *d, yyjson_mut_doc *doc, bool *changed)
{
    for (size_t i = 0; i < w->r->findings.n; i++) {
        const struct plm_finding *f = &w->r->findings.v[i];
        const struct plm_check *c = is_to_fix(f) ? plm_check_find(f->id) : NULL;
        if (!c || c->stage != PLM_STAGE_ENGINE || c->impact == PLM_IMPACT_MAY_BREAK ||
            !plm_sv_eq(f->object, d->endpoint))
            continue;
        for (size_t j = 0; j < sizeof(removals) / sizeof(removals[0]); j++)
            if (plm_sv_is(f->id, removals[j].id))
                *changed |= yyjson_mut_obj_remove_key(yyjson_mut_doc_get_root(doc), removals[j].key) != NULL;
        plm_sv rest = f->remediation, span;
        while (!plm_sv_is(f->id, "2.17") && next_span(&rest, &span))
            merge_span(w, d, doc, span, changed);
    }
}

static void write_install(struct writer *w, const struct plm_daemon *d, plm_sv name)
{
    plm_sv path = plm_shell_word(w->a, d->config_path), prefix;
    struct plm_buf *b = &w->scripts[PLM_IMPACT_RESTART];
    plm_auto_fd int own = plm_daemon_root(w->facts, d, w->a, &prefix);
    plm_buf_printf(b, "\n# the settings of %.*s, merged into its daemon.json\n", PLM_SV_ARG(d->endpoint));
    if (own >= 0 || d->is_rootless || !is_rule_path(d->config_path)) {
        comment(b, "  by hand (the engine has a root or a user of its own): ", d->config_path);
        return;
    }
    plm_buf_printf(b, "install -m 0644 \"$here/%.*s\" %.*s\n", PLM_SV_ARG(name), PLM_SV_ARG(path));
    plm_buf_printf(b, "systemctl restart docker\n");
    if (d->has_config_file)
        plm_buf_printf(&w->undo, "install -m 0644 \"$here/%.*s.before\" %.*s\n", PLM_SV_ARG(name),
                       PLM_SV_ARG(path));
    else
        plm_buf_printf(&w->undo, "rm -f %.*s\n", PLM_SV_ARG(path));
    plm_buf_printf(&w->undo, "systemctl restart docker\n");
}

static int put_file(struct writer *w, const char *dir, const char *name, plm_sv text, mode_t mode,
                    plm_err **err)
{
    plm_auto_free char *path = plm_fs_join(dir, name);
    (void)w;
    return path ? plm_fs_write_atomic(path, text, mode, err) : plm_fail_oom(err);
}

static int put_json(struct writer *w, const char *dir, plm_sv name, yyjson_mut_doc *doc, plm_err **err)
{
    size_t n = 0;
    plm_auto_free char *text = yyjson_mut_write(doc, YYJSON_WRITE_PRETTY, &n);
    plm_sv whole = text ? plm_arena_printf(w->a, "%s\n", text) : PLM_SV_NULL;
    return whole.p ? put_file(w, dir, name.p, whole, 0600, err) : plm_fail_oom(err);
}

static int write_daemon_json(struct writer *w, const struct plm_daemon *d, const char *dir, size_t number,
                             plm_err **err)
{
    bool changed = false;
    plm_sv name = number ? plm_arena_printf(w->a, "daemon-%zu.json", number + 1) : PLM_SV("daemon.json");
    if (d->has_config_file && !d->config.root)
        return 0; /* unreadable: nothing to merge with */
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = !doc             ? NULL
                           : d->config.root ? yyjson_val_mut_copy(doc, d->config.root)
                                            : yyjson_mut_obj(doc);
    if (!root) {
        yyjson_mut_doc_free(doc);
        return plm_fail_oom(err);
    }
    yyjson_mut_doc_set_root(doc, root);
    merge_findings(w, d, doc, &changed);
    int r = changed ? put_json(w, dir, name, doc, err) : 0;
    yyjson_mut_doc_free(doc);
    if (r < 0 || !changed)
        return r;
    if (d->has_config_file) {
        plm_auto_done(plm_buf_done) struct plm_buf before = PLM_BUF(PLM_MIB(4));
        const char *path = plm_arena_cstr(w->a, d->config_path);
        plm_sv copy = plm_arena_printf(w->a, "%.*s.before", PLM_SV_ARG(name));
        if (!path || !copy.p || plm_fs_read_in(w->facts->root_fd, path, PLM_MIB(4), &before, err) < 0 ||
            put_file(w, dir, copy.p, plm_buf_sv(&before), 0600, err) < 0)
            return -1;
    }
    write_install(w, d, name);
    return 0;
}

/* ---- the rest of the files
 * ------------------------------------------------------------------------- */

static int write_drop_in(struct writer *w, const char *dir, plm_err **err)
{
    bool is_wanted = false;
    for (size_t i = 0; i < w->r->findings.n; i++)
        is_wanted |= is_to_fix(&w->r->findings.v[i]) && plm_sv_is(w->r->findings.v[i].id, "3.4") &&
                     plm_sv_has(w->r->findings.v[i].object, PLM_SV("SocketMode"));
    if (!is_wanted)
        return 0;
    struct plm_buf *b = &w->scripts[PLM_IMPACT_RESTART];
    plm_buf_str(b, "\n# 3.4: the socket of the engine for root and its group only\n"
                   "mkdir -p /etc/systemd/system/docker.socket.d\n"
                   "install -m 0644 \"$here/docker.socket.conf\" "
                   "/etc/systemd/system/docker.socket.d/plimsoll.conf\n"
                   "systemctl daemon-reload\nsystemctl restart docker.socket\n");
    plm_buf_str(&w->undo, "rm -f /etc/systemd/system/docker.socket.d/plimsoll.conf\nsystemctl "
                          "daemon-reload\n"
                          "systemctl restart docker.socket\n");
    return put_file(w, dir, "docker.socket.conf", PLM_SV("[Socket]\nSocketMode=0660\n"), 0644, err);
}

static int write_rules(struct writer *w, const char *dir, plm_err **err)
{
    if (w->rules.n == 0)
        return 0;
    struct plm_buf *b = &w->scripts[PLM_IMPACT_SAFE];
    plm_buf_str(b, "\n# 1.1.3 to 1.1.18: needs auditd\n"
                   "if command -v augenrules >/dev/null; then\n"
                   "    install -m 0640 \"$here/docker.rules\" "
                   "/etc/audit/rules.d/plimsoll-docker.rules\n"
                   "    augenrules --load\nelse\n    echo 'auditd is not "
                   "installed: docker.rules was not "
                   "installed' >&2\nfi\n");
    plm_buf_str(&w->undo, "rm -f /etc/audit/rules.d/plimsoll-docker.rules\n"
                          "if command -v augenrules >/dev/null; then augenrules --load; fi\n");
    return put_file(w, dir, "docker.rules", plm_buf_sv(&w->rules), 0640, err);
}

static int prepare_dir(const char *dir, plm_err **err)
{
    if (plm_fs_mkdirs(dir, 0700, err) < 0)
        return -1;
    DIR *d = opendir(dir);
    if (!d)
        return plm_fail_sys(err, "--fix-dir %s", dir);
    bool is_empty = true;
    for (struct dirent *at; (at = readdir(d));)
        is_empty &= strcmp(at->d_name, ".") == 0 || strcmp(at->d_name, "..") == 0;
    closedir(d);
    return is_empty ? 0 : plm_fail(err, PLM_E_USAGE, "--fix-dir %s: the folder is not empty", dir);
}

static void begin(struct writer *w)
{
    static const char *const what[] = {"breaks nothing that runs",
                                       "needs a restart of the engine or of containers",
                                       "may break what depends on the present state: decide line by line"};
    for (int i = 0; i < 3; i++) {
        w->scripts[i] = PLM_BUF(SCRIPT_MAX);
        plm_buf_printf(&w->scripts[i],
                       "#!/bin/sh\n# Written by plimsoll audit --fix-dir. What "
                       "this script does %s.\n"
                       "# Read it before you run it. Lines that begin with '#' do "
                       "nothing. undo.sh takes it back.\n"
                       "set -eu\n# shellcheck disable=SC2034\nhere=$(cd "
                       "\"$(dirname \"$0\")\" && pwd)\n",
                       what[i]);
    }
    w->undo = PLM_BUF(SCRIPT_MAX);
    w->rules = PLM_BUF(SCRIPT_MAX);
    w->readme = PLM_BUF(SCRIPT_MAX);
    plm_buf_str(&w->undo, "#!/bin/sh\n# Restores owners, modes, ACLs, sysctls "
                          "and files as they were when plimsoll wrote "
                          "this.\nset -u\n# shellcheck disable=SC2034\nhere=$(cd "
                          "\"$(dirname \"$0\")\" && pwd)\n");
    plm_buf_str(&w->readme, "What plimsoll audit proposes for this machine. Nothing has been run.\n\n"
                            "1. fix-safe.sh       modes, owners, sysctls, audit rules\n"
                            "2. fix-restart.sh    daemon.json and drop-ins; the engine restarts\n"
                            "3. fix-may-break.sh  what something may depend on: remedies as "
                            "comments\n"
                            "undo.sh              takes back what the scripts changed\n"
                            "daemon.json          the present one merged with the settings that "
                            "failed; try it with\n"
                            "                     dockerd --validate --config-file=daemon.json "
                            "(engine 23 and later)\n"
                            "docker.rules         audit rules\n\n"
                            "sysctl -w lasts until the next boot: put what you keep into "
                            "/etc/sysctl.d.\n"
                            "Remedies that need a decision, or a name that came from a container, "
                            "are comments.\n");
}

static int write_all(struct writer *w, const char *dir, plm_err **err)
{
    for (int i = 0; i < 3; i++)
        if (plm_buf_check(&w->scripts[i], err) < 0 ||
            put_file(w, dir, script_names[i], plm_buf_sv(&w->scripts[i]), 0700, err) < 0)
            return -1;
    if (plm_buf_check(&w->undo, err) < 0 || put_file(w, dir, "undo.sh", plm_buf_sv(&w->undo), 0700, err) < 0)
        return -1;
    return put_file(w, dir, "README", plm_buf_sv(&w->readme), 0600, err);
}

static int write_parts(struct writer *w, const char *dir, plm_err **err)
{
    size_t number = 0;
    for (size_t i = 0; i < w->r->findings.n; i++)
        if (is_to_fix(&w->r->findings.v[i]))
            write_finding(w, &w->r->findings.v[i]);
    for (size_t i = 0; i < w->facts->daemons.n; i++) {
        const struct plm_daemon *d = &w->facts->daemons.v[i];
        if (d->is_remote || plm_sv_is(d->product, "podman") || !d->config_path.n)
            continue;
        if (write_daemon_json(w, d, dir, number++, err) < 0)
            return -1;
    }
    if (write_drop_in(w, dir, err) < 0 || write_rules(w, dir, err) < 0)
        return -1;
    return write_all(w, dir, err);
}

int plm_fix_dir_write(struct plm_facts *f, const struct plm_report *r, const char *dir, plm_err **err)
{
    struct writer w = {.r = r, .facts = f, .a = f->arena};
    begin(&w);
    int result = write_parts(&w, dir, err);
    for (int i = 0; i < 3; i++)
        plm_buf_done(&w.scripts[i]);
    plm_buf_done(&w.undo);
    plm_buf_done(&w.rules);
    plm_buf_done(&w.readme);
    return result < 0 ? -1 : plm_arena_check(f->arena, err);
}

int plm_audit_fix_dir(const struct plm_ctx *ctx, const struct plm_audit_options *opt,
                      const struct plm_report *r, const char *dir, plm_err **err)
{
    plm_auto(plm_report_free) struct plm_report *scratch = plm_report_new(err);
    plm_auto(plm_facts_free) struct plm_facts *f = NULL;
    if (!scratch || prepare_dir(dir, err) < 0 || plm_facts_collect(ctx, opt, scratch, &f, err) < 0)
        return -1;
    return plm_fix_dir_write(f, r, dir, err);
}
