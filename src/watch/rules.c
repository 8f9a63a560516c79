/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule sets: files and directories are read in order; after each file everything read so far is compiled, as
 * Falco does, so that a file may use what earlier files define but not what later ones do, and an error
 * belongs to the file that made it. The last compilation is the set.
 */
#include "watch/rules_int.h"

#include "base/fs.h"
#include "base/text.h"
#include "codec/hash.h"

#include <dirent.h>
#include <sys/stat.h>

/* ---- the files ------------------------------------------------------------------------------------------
 */

struct file {
    plm_sv name, text;
    plm_err *err;
};
typedef PLM_VEC(struct file) file_vec;

static bool add_file(struct plm_arena *a, file_vec *files, plm_sv name)
{
    struct file *f = plm_vec_push(a, files);
    if (f)
        f->name = plm_arena_sv(a, name);
    return f && f->name.p;
}

/* The regular files of a directory whose names end in .yaml or .yml, sorted. */
static bool add_directory(struct plm_arena *a, file_vec *files, const char *path)
{
    DIR *d = opendir(path);
    plm_sv_vec names = {0};
    if (!d)
        return add_file(a, files, plm_sv_from(path));
    bool ok = true;
    for (const struct dirent *e; ok && (e = readdir(d)) != NULL;) {
        plm_sv name = plm_sv_from(e->d_name);
        if (name.p[0] != '.' && (plm_sv_ends(name, PLM_SV(".yaml")) || plm_sv_ends(name, PLM_SV(".yml"))))
            ok = plm_sv_vec_add(a, &names, name);
    }
    closedir(d);
    plm_sv_vec_sort_unique(&names);
    plm_sv dir = plm_sv_from(path);
    while (dir.n > 1 && dir.p[dir.n - 1] == '/')
        dir.n--;
    for (size_t i = 0; i < names.n && ok; i++) {
        plm_sv full = plm_arena_printf(a, "%.*s/%.*s", PLM_SV_ARG(dir), PLM_SV_ARG(names.v[i]));
        ok = full.p && add_file(a, files, full);
    }
    return ok;
}

static bool list_files(const struct plm_rules_config *conf, struct plm_arena *a, file_vec *files)
{
    for (size_t i = 0; i < conf->n_files; i++) {
        struct stat st;
        char *path = plm_arena_cstr(a, conf->files[i]);
        if (!path)
            return false;
        bool is_dir = !conf->texts && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
        if (!(is_dir ? add_directory(a, files, path) : add_file(a, files, conf->files[i])))
            return false;
        if (conf->texts)
            files->v[files->n - 1].text = conf->texts[i];
    }
    return true;
}

/* ---- one file
 * ---------------------------------------------------------------------------------------------- */

static int read_content(struct plm_rules_loader *l, struct file *f)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_RULES_FILE_MAX);
    plm_auto(plm_err_free) plm_err *err = NULL;
    if (f->text.p)
        return 0;
    char *path = plm_arena_cstr(l->arena, f->name);
    if (path && plm_fs_read(path, PLM_RULES_FILE_MAX, &b, &err) == 0) {
        f->text = plm_arena_sv(l->arena, plm_buf_sv(&b));
        return f->text.p ? 0 : -1;
    }
    if (!path || plm_err_code(err) == PLM_E_OOM) {
        l->is_oom = true;
        return -1;
    }
    plm_auto_free char *text = plm_err_text(err);
    return plm_rules_error(l, PLM_LOAD_ERR_FILE_READ,
                           plm_rules_place(l, NULL, "rules content", PLM_SV_NULL, NULL), "%s",
                           text ? text : "cannot be read");
}

/* Reads the file and compiles all so far into a new arena. NULL: the report or the memory tells why. */
static struct plm_rules *load_file(struct plm_rules_loader *l, struct file *f)
{
    struct plm_rules *r = plm_arena_make(l->arena, struct plm_rules);
    plm_auto(plm_arena_free) struct plm_arena *compiled = plm_arena_new(PLM_RULES_MEMORY_MAX);
    if (!r || !compiled) {
        l->is_oom = true;
        return NULL;
    }
    l->file = f->name;
    l->content = PLM_SV_NULL;
    if (read_content(l, f) < 0)
        return NULL;
    l->content = f->text;
    r->compiled = compiled;
    if (plm_rules_read(l) < 0 || plm_rules_compile(l, r) < 0) {
        const struct plm_rules_place *at = plm_rules_place(l, NULL, "rules content", PLM_SV_NULL, NULL);
        bool is_limit = !l->n_errors && !l->is_oom && plm_arena_check(compiled, NULL) < 0;
        plm_auto(plm_err_free) plm_err *err = NULL;
        if (is_limit && at && plm_arena_check(compiled, &err) < 0 && plm_err_code(err) == PLM_E_LIMIT)
            (void)!plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, at, "the rules take too much memory");
        l->is_oom |= !l->n_errors;
        return NULL;
    }
    plm_take(compiled);
    return r;
}

static bool push_report_file(struct plm_rules_loader *l, plm_sv name)
{
    struct plm_load_file *f = plm_vec_push(l->messages, &l->report->files);
    if (f)
        f->name = plm_arena_sv(l->messages, name);
    return f && f->name.p;
}

static void *copy_array(struct plm_arena *a, const void *p, size_t n)
{
    void **to = plm_arena_array(a, n, sizeof(void *));
    if (to && n)
        memcpy(to, p, n * sizeof(void *));
    return to;
}

/* Loads all files; *out is the last good compilation. -1: out of memory, or an error in strict mode. */
static int load_all(struct plm_rules_loader *l, const file_vec *files, struct plm_rules **out, bool *any_bad)
{
    for (size_t i = 0; i < files->n; i++) {
        void *lists = copy_array(l->arena, l->lists.v, l->lists.n);
        void *macros = copy_array(l->arena, l->macros.v, l->macros.n);
        void *items = copy_array(l->arena, l->items.v, l->items.n);
        size_t n[3] = {l->lists.n, l->macros.n, l->items.n};
        if (!lists || !macros || !items || !push_report_file(l, files->v[i].name))
            return -1;
        l->n_errors = 0;
        struct plm_rules *r = load_file(l, &files->v[i]);
        if (r) {
            if (*out)
                plm_arena_free((*out)->compiled);
            *out = r;
            continue;
        }
        if (l->is_oom || plm_arena_failed(l->arena) || plm_arena_failed(l->messages))
            return -1;
        *any_bad = true;
        if (!l->conf->lenient)
            return -1;
        l->lists.v = lists;
        l->macros.v = macros;
        l->items.v = items;
        l->lists.n = l->lists.cap = n[0];
        l->macros.n = l->macros.cap = n[1];
        l->items.n = l->items.cap = n[2];
    }
    return 0;
}

/* ---- the set
 * -------------------------------------------------------------------------------------------------- */

/* `*` only, over anything. */
static bool wildcard(plm_sv pattern, plm_sv s)
{
    size_t p = 0, i = 0, star = SIZE_MAX, mark = 0;
    while (i < s.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            mark = i;
        } else if (p < pattern.n && pattern.p[p] == s.p[i]) {
            p++;
            i++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            i = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

static bool selects(const struct plm_selection *s, const struct plm_rule *r)
{
    if (s->rule.p)
        return wildcard(s->rule, r->name);
    for (size_t i = 0; i < r->n_tags; i++)
        if (plm_sv_eq(r->tags[i], s->tag))
            return true;
    return false;
}

static void finish_rule(struct plm_rules *set, struct plm_rule *r, const struct plm_rules_config *conf)
{
    uint32_t needs = r->output->needs;
    r->needs_metadata = r->output->needs_metadata;
    for (size_t i = 0; i < r->n_extra; i++) {
        needs |= r->extra_formats[i]->needs;
        r->needs_metadata |= r->extra_formats[i]->needs_metadata;
    }
    plm_rules_needs_of(r->condition, &needs, &r->needs_metadata);
    for (size_t i = 0; i < conf->n_selections; i++)
        if (selects(&conf->selections[i], r))
            r->is_enabled = conf->selections[i].is_enable;
    if (!r->is_enabled)
        return;
    set->needs |= needs;
    for (size_t k = 0; k < PLM_EVTYPE_MAX / 64; k++)
        set->types.w[k] |= r->types.w[k];
}

static int digest(struct plm_rules *set, const file_vec *files, plm_err **err)
{
    plm_auto(plm_sha256_free) struct plm_sha256 *h = plm_sha256_new(err);
    unsigned char sum[PLM_SHA256_BYTES];
    char text[PLM_DIGEST_CHARS + 1];
    if (!h)
        return -1;
    for (size_t i = 0; i < files->n; i++)
        if (files->v[i].text.n)
            plm_sha256_update(h, files->v[i].text.p, files->v[i].text.n);
    plm_sha256_final(h, sum);
    plm_digest_text(sum, text);
    set->digest = plm_arena_sv(set->texts, plm_sv_from_off(plm_sv_from(text), strlen("sha256:")));
    return set->digest.p ? 0 : plm_fail_oom(err);
}

static struct plm_rules *finish(struct plm_rules_loader *l, struct plm_rules *from, const file_vec *files,
                                plm_err **err)
{
    plm_auto(plm_rules_unref) struct plm_rules *set = calloc(1, sizeof(*set));
    if (!set) {
        plm_arena_free(from ? from->compiled : NULL);
        return PLM_NULL(plm_fail_oom(err));
    }
    if (from)
        *set = *from;
    set->refs = 1;
    set->match_all = l->conf->match_all;
    set->by_name = plm_map_new();
    set->texts = plm_take(l->arena);
    if (!set->by_name || digest(set, files, err) < 0)
        return set->by_name ? NULL : PLM_NULL(plm_fail_oom(err));
    for (size_t i = 0; i < set->n; i++) {
        finish_rule(set, &set->rules[i], l->conf);
        void **slot = plm_map_put(set->by_name, set->rules[i].name);
        if (!slot)
            return PLM_NULL(plm_fail_oom(err));
        *slot = &set->rules[i];
    }
    return plm_take(set);
}

static int fail_load(const struct plm_rules_loader *l, bool any_bad, plm_err **err)
{
    if (!any_bad)
        return plm_fail_oom(err);
    const struct plm_load_file *f = &l->report->files.v[l->report->files.n - 1];
    const struct plm_load_message *m = f->errors.n ? &f->errors.v[0] : NULL;
    plm_sv what = m ? m->message : PLM_SV("not valid");
    return plm_fail(err, PLM_E_POLICY, "%.*s: %s: %.*s", PLM_SV_ARG(f->name),
                    m ? plm_load_code_name(m->code) : "", PLM_SV_ARG(what));
}

static void loader_done(struct plm_rules_loader *l)
{
    plm_arena_free(l->arena);
    plm_map_free(l->said);
    plm_map_free(l->list_names);
    plm_map_free(l->macro_names);
    plm_map_free(l->item_names);
}
PLM_CLEANUP_INPLACE(struct plm_rules_loader, loader_done)

struct plm_rules *plm_rules_load(const struct plm_ctx *ctx, const struct plm_rules_config *conf,
                                 struct plm_arena *a, struct plm_load_report *report, plm_err **err)
{
    struct plm_load_report own = {0};
    plm_auto_done(loader_done) struct plm_rules_loader l = {.ctx = ctx,
                                                            .conf = conf,
                                                            .arena = plm_arena_new(PLM_RULES_MEMORY_MAX),
                                                            .messages = a,
                                                            .report = report ? report : &own,
                                                            .said = plm_map_new(),
                                                            .list_names = plm_map_new(),
                                                            .macro_names = plm_map_new(),
                                                            .item_names = plm_map_new()};
    file_vec files = {0};
    struct plm_rules *last = NULL;
    bool any_bad = false;
    if (!l.arena || !l.said || !l.list_names || !l.macro_names || !l.item_names ||
        !list_files(conf, l.arena, &files))
        return PLM_NULL(plm_fail_oom(err));
    if (load_all(&l, &files, &last, &any_bad) < 0) {
        if (last)
            plm_arena_free(last->compiled);
        return PLM_NULL(fail_load(&l, any_bad, err));
    }
    return finish(&l, last, &files, err);
}

struct plm_rules *plm_rules_ref(struct plm_rules *r)
{
    __atomic_add_fetch(&r->refs, 1, __ATOMIC_RELAXED);
    return r;
}

void plm_rules_unref(struct plm_rules *r)
{
    if (!r || __atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    plm_map_free(r->by_name);
    plm_arena_free(r->compiled);
    plm_arena_free(r->texts);
    free(r);
}

size_t plm_rules_count(const struct plm_rules *r)
{
    return r->n;
}

const struct plm_rule *plm_rules_get(const struct plm_rules *r, size_t i)
{
    return &r->rules[i];
}

const struct plm_rule *plm_rules_find(const struct plm_rules *r, plm_sv name)
{
    return plm_map_get(r->by_name, name);
}

const struct plm_evset *plm_rules_types(const struct plm_rules *r)
{
    return &r->types;
}

uint32_t plm_rules_needs(const struct plm_rules *r)
{
    return r->needs;
}

bool plm_rules_match_all(const struct plm_rules *r)
{
    return r->match_all;
}

plm_sv plm_rules_digest(const struct plm_rules *r)
{
    return r->digest;
}
