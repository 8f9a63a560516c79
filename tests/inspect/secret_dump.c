/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets of texts by a rule file, as JSON lines: for tests/e2e/test_secret_rules.py and bench/.
 *
 *     secret-dump RULES|- FILE...       each file is one text under its own name; "-": the built-in rules
 *     secret-dump RULES --pairs         standard input: lines of NAME<tab>TEXT with \n, \t and \\ in the text
 *     secret-dump RULES --bench FILE..  megabytes a second over the files, 5 times; "--one-by-one": each
 * rule's expression over all of each file
 */
#include "inspect/secret_int.h"

#include "base/fs.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct plm_secret_rules *load(const char *file, bool quiet)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(16));
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_err_free) plm_err *err = NULL;
    plm_sv params = PLM_SV_NULL, text = PLM_SV_NULL;
    bool ok = strcmp(file, "-") == 0 || plm_fs_read(file, PLM_MIB(16), &b, &err) == 0;
    if (ok && strcmp(file, "-") != 0)
        text = plm_buf_sv(&b);
    struct plm_secret_rules *r = NULL;
    if (ok && plm_secret_params(text, plm_sv_from(file), &plm_limits_default, a, &params, &err) == 0)
        r = plm_secret_rules_of_params(params, !quiet, &plm_limits_default, &err);
    char *message = r ? NULL : plm_err_text(err);
    if (!r)
        printf("error: %s\n", message ? message : "");
    free(message);
    for (size_t i = 0; r && !quiet && i < r->warnings.n; i++)
        printf("warning: %.*s\n", PLM_SV_ARG(r->warnings.v[i]));
    return r;
}

static void scan(struct plm_secret_rules *r, plm_sv name, plm_sv text)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(64));
    struct plm_secret_scan_result res;
    if (plm_secret_scan(r, name, text, a, &res, NULL) < 0)
        exit(1);
    plm_buf_str(&out, "{\"name\": ");
    plm_text_json(&out, name);
    plm_buf_printf(&out, ", \"limit\": %s, \"hits\": [", res.limit_reached ? "true" : "false");
    for (size_t i = 0; i < res.hits.n; i++) {
        const struct plm_secret_hit *h = &res.hits.v[i];
        plm_buf_printf(&out, "%s{\"rule\": ", i ? ", " : "");
        plm_text_json(&out, h->rule->id);
        plm_buf_printf(&out,
                       ", \"line\": %u, \"column\": %u, \"start\": %zu, \"end\": %zu, \"severity\": \"%s\"",
                       h->line, h->column, h->secret_start, h->secret_end, plm_severity_name(h->severity));
        plm_buf_str(&out, ", \"masked\": ");
        plm_text_json(&out, h->masked);
        plm_buf_str(&out, ", \"note\": ");
        plm_text_json(&out, h->note);
        plm_buf_str(&out, "}");
    }
    plm_buf_str(&out, "]}\n");
    (void)fwrite(out.p, 1, out.n, stdout);
}

static plm_sv unescaped(struct plm_buf *b, plm_sv s)
{
    plm_buf_clear(b);
    for (size_t i = 0; i < s.n; i++) {
        bool is_escape = s.p[i] == '\\' && i + 1 < s.n;
        i += is_escape;
        plm_buf_byte(b, (unsigned char)(!is_escape      ? s.p[i]
                                        : s.p[i] == 'n' ? '\n'
                                        : s.p[i] == 't' ? '\t'
                                                        : s.p[i]));
    }
    return plm_buf_sv(b);
}

static void pairs(struct plm_secret_rules *r)
{
    plm_auto_done(plm_buf_done) struct plm_buf in = PLM_BUF(PLM_MIB(64)), text = PLM_BUF(PLM_MIB(64));
    if (plm_fs_read_fd(0, "stdin", PLM_MIB(64), &in, NULL) < 0)
        exit(1);
    plm_sv rest = plm_buf_sv(&in), line, name, body;
    while (plm_sv_line(&rest, &line))
        if (plm_sv_cut(line, '\t', &name, &body))
            scan(r, name, unescaped(&text, body));
}

/* Of the processor: others may want it too. */
static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* As if there were no pass over literals: what is compared with. */
static size_t one_by_one(struct plm_secret_rules *r, plm_sv text)
{
    size_t n = 0, base;
    for (size_t i = 0; i < r->rules.n; i++) {
        for (size_t at = 0; r->rules.v[i].has_pattern && at < text.n; n++) {
            if (!plm_secret_match(&r->matcher, &r->rules.v[i].pattern, text, at, text.n, text.n, false,
                                  &base))
                break;
            at = base + pcre2_get_ovector_pointer(r->matcher.data)[1];
        }
    }
    return n;
}

static void bench(struct plm_secret_rules *r, char **files, int n, bool alone)
{
    double best = 1e9;
    size_t bytes = 0, hits = 0;
    plm_auto_done(plm_buf_done) struct plm_buf all = PLM_BUF(PLM_MIB(1024));
    size_t *ends = calloc((size_t)n + 1, sizeof(*ends));
    for (int i = 0; ends && i < n; i++) {
        size_t from = all.n;
        if (plm_fs_read(files[i], PLM_MIB(256), &all, NULL) < 0 ||
            plm_secret_is_binary(plm_sv_n(all.p + from, all.n - from)))
            all.n = from;
        ends[i] = all.n;
    }
    for (int round = 0; ends && round < (alone ? 1 : 5); round++) {
        double start = seconds();
        bytes = hits = 0;
        for (int i = 0; i < n; i++) {
            size_t from = i ? ends[i - 1] : 0;
            plm_sv text = plm_sv_n(all.p + from, ends[i] - from);
            plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
            struct plm_secret_scan_result res;
            bytes += text.n;
            if (alone)
                hits += one_by_one(r, text);
            else if (text.n && plm_secret_scan(r, plm_sv_from(files[i]), text, a, &res, NULL) == 0)
                hits += res.hits.n;
        }
        double took = seconds() - start;
        best = took < best ? took : best;
    }
    printf("{\"bytes\": %zu, \"seconds\": %.6f, \"mb_per_second\": %.1f, \"hits\": %zu, \"rules\": %zu}\n",
           bytes, best, (double)bytes / best / 1e6, hits, r->rules.n);
    free(ends);
}

int main(int argc, char **argv)
{
    bool alone = argc > 2 && strcmp(argv[2], "--one-by-one") == 0,
         timed = argc > 2 && strcmp(argv[2], "--bench") == 0;
    plm_auto(plm_secret_rules_free) struct plm_secret_rules *r =
        argc > 2 ? load(argv[1], timed || alone) : NULL;
    if (!r)
        return 1;
    if (strcmp(argv[2], "--pairs") == 0) {
        pairs(r);
        return 0;
    }
    if (timed || alone) {
        bench(r, argv + 3, argc - 3, alone);
        return 0;
    }
    for (int i = 2; i < argc; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(256));
        if (plm_fs_read(argv[i], PLM_MIB(256), &b, NULL) == 0)
            scan(r, plm_sv_from(argv[i]), plm_buf_sv(&b));
    }
    return 0;
}
