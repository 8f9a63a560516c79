/* SPDX-License-Identifier: Apache-2.0
 *
 * Hot reload: rule files and configuration are watched with inotify (their directories, so that an editor's
 * rename is seen); SIGHUP asks for the same. The new set is made beside the old one; only when all of it
 * loads do the two change places, between two events. Process table, metadata and waiting alerts stay. A set
 * that does not load is said and leaves everything as it was.
 */
#include "watch/hosts.h"
#include "watch/watch_int.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#define MASK (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE)

/* A file is watched through its directory. */
static int watch_one(struct plm_watch *w, plm_sv path, plm_err **err)
{
    struct stat st;
    const char *name = plm_arena_cstr(w->arena, path);
    if (!name)
        return plm_fail_oom(err);
    if (stat(name, &st) == 0 && S_ISDIR(st.st_mode)) {
        (void)!inotify_add_watch(w->inotify, name, MASK);
        return 0;
    }
    size_t slash = plm_sv_rfind(path, '/');
    const char *dir = slash == SIZE_MAX ? "."
                      : slash == 0      ? "/"
                                        : plm_arena_cstr(w->arena, plm_sv_sub(path, 0, slash));
    if (!dir)
        return plm_fail_oom(err);
    (void)!inotify_add_watch(w->inotify, dir, MASK); /* one that is not there cannot change */
    return 0;
}

int plm_watch_watch_files(struct plm_watch *w, plm_err **err)
{
    const struct plm_watch_config *c = w->conf;
    w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (w->inotify < 0)
        return plm_fail_sys(err, "inotify");
    for (size_t i = 0; i < c->rules.n_files && !c->rules.texts; i++)
        if (watch_one(w, c->rules.files[i], err) < 0)
            return -1;
    for (size_t i = 0; i < c->n_watched; i++)
        if (watch_one(w, c->watched[i], err) < 0)
            return -1;
    return 0;
}

/* Is this the name of a file that decides, or does it lie in a directory that does? */
static bool matters(const struct plm_watch *w, plm_sv name)
{
    const struct plm_watch_config *c = w->conf;
    if (!name.n)
        return true;
    for (size_t i = 0; i < c->rules.n_files + c->n_watched; i++) {
        plm_sv path = i < c->rules.n_files ? c->rules.files[i] : c->watched[i - c->rules.n_files];
        size_t slash = plm_sv_rfind(path, '/');
        plm_sv last = slash == SIZE_MAX ? path : plm_sv_from_off(path, slash + 1);
        if (plm_sv_eq(last, name))
            return true;
    }
    return plm_sv_ends(name, PLM_SV(".yaml")) || plm_sv_ends(name, PLM_SV(".yml"));
}

bool plm_watch_files_changed(struct plm_watch *w)
{
    char bytes[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool has_changed = false;
    ssize_t n;
    while ((n = read(w->inotify, bytes, sizeof(bytes))) > 0) {
        for (char *p = bytes; p < bytes + n;) {
            const struct inotify_event *e = (const struct inotify_event *)(const void *)p;
            if (e->len == 0 || matters(w, plm_sv_from(e->name)))
                has_changed = true;
            p += sizeof(*e) + e->len;
        }
    }
    return has_changed;
}

static void say_failure(struct plm_watch *w, const struct plm_load_report *report, const plm_err *e)
{
    plm_auto_free char *text = plm_err_text(e);
    w->stats.failed_reloads++;
    for (size_t i = 0; i < report->files.n; i++) {
        const struct plm_load_file *f = &report->files.v[i];
        for (size_t k = 0; k < f->errors.n && k < 1; k++) {
            const struct plm_load_message *m = &f->errors.v[k];
            const char *code = plm_load_code_name(m->code);
            plm_watch_say(w, PLM_SV("Falco internal: rules reload"), PLM_PRIO_ERROR,
                          "the changed rules do not load and the old ones stay: %.*s: %s: %.*s",
                          PLM_SV_ARG(f->name), code ? code : "", PLM_SV_ARG(m->message));
            return;
        }
    }
    plm_watch_say(w, PLM_SV("Falco internal: rules reload"), PLM_PRIO_ERROR,
                  "the changed rules do not load and the old ones stay: %s", text ? text : "out of memory");
}

int plm_watch_reload(struct plm_watch *w, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    struct plm_load_report report = {0};
    struct plm_ruleset set;
    plm_err *e = NULL;
    if (!a)
        return plm_fail_oom(err);
    if (plm_ruleset_load(w->ctx, &w->conf->rules, a, &report, &set, &e) < 0) {
        say_failure(w, &report, e);
        return plm_err_move(err, &e);
    }
    if (w->source->ops->set_filter(w->source, plm_kplan_filter(set.plan), &e) < 0) {
        plm_ruleset_done(&set);
        say_failure(w, &report, e);
        return plm_err_move(err, &e);
    }
    plm_late_release(w, UINT64_MAX, true); /* what waits was judged by the old ones */
    struct plm_ruleset old = w->set;
    w->set = set;
    plm_hosts_want_rules(w->hosts, w->set.rules);
    plm_ruleset_done(&old);
    memset(w->pushed, 0,
           w->n_pushed * sizeof(*w->pushed)); /* clauses have new numbers: masks are made again */
    w->stats.reloads++;
    plm_log(w->ctx, PLM_LOG_INFO, "rules were read again", NULL);
    return 0;
}
