/* SPDX-License-Identifier: Apache-2.0
 *
 * Ignore files of other tools as exceptions: which file is whose, and the two that are plain lines.
 *
 * .trivyignore: one id a line, then `exp:YYYY-MM-DD`; '#' begins a remark. .gitleaksignore: one fingerprint a
 * line, `[COMMIT:]FILE:RULE:LINE`. Remarks right above a row are what people wrote as its reason, so
 * they become it.
 */
#include "exceptions_int.h"

#include "base/time.h"
#include "codec/yaml.h"

/* ---- shared --------------------------------------------------------------------------------- */

struct plm_exception *plm_foreign_row(struct plm_exceptions *e, const char *name, uint32_t line)
{
    struct plm_exception *x = plm_vec_push(e->arena, &e->rows);
    if (x)
        *x = (struct plm_exception){
            .base = -1, .kind = -1, .file = plm_arena_sv(e->arena, plm_sv_from(name)), .line = line};
    return x;
}

void plm_foreign_skip(struct plm_exceptions *e, const char *name, uint32_t line, const char *fmt, ...)
{
    struct plm_exception_skip *s = plm_vec_push(e->arena, &e->skipped);
    if (!s)
        return;
    va_list ap;
    va_start(ap, fmt);
    *s = (struct plm_exception_skip){.file = plm_arena_sv(e->arena, plm_sv_from(name)),
                                     .what = plm_arena_vprintf(e->arena, fmt, ap),
                                     .line = line};
    va_end(ap);
}

bool plm_foreign_until(struct plm_exceptions *e, struct plm_exception *x, plm_sv text)
{
    enum { DAY = 86400 };
    int64_t t;
    if (!plm_time_parse(text, &t) || t < DAY)
        return false;
    x->until = (t + 1) / DAY * DAY - 1;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(32);
    plm_time_put_date(&b, x->until);
    x->until_text = plm_arena_sv(e->arena, plm_buf_sv(&b));
    return true;
}

plm_sv plm_foreign_path(struct plm_exceptions *e, plm_sv path)
{
    bool is_whole = plm_sv_starts(path, PLM_SV("/")) || plm_sv_starts(path, PLM_SV("**"));
    if (plm_sv_starts(path, PLM_SV("./")))
        path = plm_sv_from_off(path, 2);
    return plm_arena_printf(e->arena, "%s%.*s", is_whole ? "" : "/", PLM_SV_ARG(path));
}

/* `.*` is any text, `\.` the character, `(^|/)` and `(?:^|/)` the start of a name, `^` and `$` the ends.
 * Every other operator is too much. */
plm_sv plm_foreign_glob(struct plm_exceptions *e, plm_sv regex, bool is_anchored)
{
    static const char *const starts[] = {"(^|/)", "(?:^|/)", NULL};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    bool from_start = is_anchored, to_end = is_anchored;
    for (size_t k = 0; starts[k]; k++)
        if (plm_sv_starts(regex, plm_sv_from(starts[k]))) {
            plm_buf_str(&b, "**/");
            regex = plm_sv_from_off(regex, strlen(starts[k]));
            from_start = true;
        }
    if (plm_sv_starts(regex, PLM_SV("^"))) {
        regex = plm_sv_from_off(regex, 1);
        from_start = true;
    }
    if (plm_sv_ends(regex, PLM_SV("$")) && !plm_sv_ends(regex, PLM_SV("\\$"))) {
        regex.n--;
        to_end = true;
    }
    if (!from_start)
        plm_buf_str(&b, "**");
    for (size_t i = 0; i < regex.n; i++) {
        char c = regex.p[i];
        if (c == '.' && i + 1 < regex.n && regex.p[i + 1] == '*') {
            plm_buf_str(&b, "**");
            i++;
        } else if (c == '\\' && i + 1 < regex.n && memchr("./-_@", regex.p[i + 1], 5)) {
            plm_buf_byte(&b, (unsigned char)regex.p[++i]);
        } else if (memchr(".*+?()[]{}|^$\\", c, 14)) {
            return PLM_SV_NULL;
        } else {
            plm_buf_byte(&b, (unsigned char)c);
        }
    }
    if (!to_end)
        plm_buf_str(&b, "**");
    return plm_arena_sv(e->arena, plm_buf_sv(&b));
}

void plm_foreign_purl_put(struct plm_buf *b, plm_sv text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool is_plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                        (c && strchr(".-_~:*", c));
        if (is_plain)
            plm_buf_byte(b, c);
        else
            plm_buf_printf(b, "%%%02X", c);
    }
}

/* ---- plain lines ------------------------------------------------------------------------------ */

/* Lines with the remarks that stand right above them. */
struct lines {
    plm_sv rest, reason;
    uint32_t number;
};

static bool next_line(struct plm_exceptions *e, struct lines *l, plm_sv *out)
{
    plm_sv line;
    l->reason = PLM_SV_NULL;
    while (plm_sv_line(&l->rest, &line)) {
        l->number++;
        line = plm_sv_trim(line);
        if (!line.n) {
            l->reason = PLM_SV_NULL;
        } else if (line.p[0] == '#') {
            plm_sv text = plm_sv_trim(plm_sv_from_off(line, 1));
            if (!text.n)
                continue;
            l->reason = l->reason.n
                            ? plm_arena_printf(e->arena, "%.*s %.*s", PLM_SV_ARG(l->reason), PLM_SV_ARG(text))
                            : plm_arena_sv(e->arena, text);
        } else {
            *out = line;
            return true;
        }
    }
    return false;
}

static void set_reason(struct plm_exceptions *e, struct plm_exception *x, plm_sv reason)
{
    x->reason = reason.n ? reason : plm_arena_printf(e->arena, "ignored in %.*s", PLM_SV_ARG(x->file));
}

int plm_foreign_trivyignore(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv text,
                            const char *name, plm_err **err)
{
    (void)ctx;
    struct lines l = {.rest = text};
    plm_sv line, id, word;
    while (next_line(e, &l, &line)) {
        struct plm_exception x = {0}, *slot;
        if (!plm_sv_word(&line, &id))
            continue;
        bool is_bad = false;
        while (plm_sv_word(&line, &word)) {
            if (word.p[0] == '#')
                break;
            if (plm_sv_starts(word, PLM_SV("exp:")) && !plm_foreign_until(e, &x, plm_sv_from_off(word, 4)))
                is_bad = true;
        }
        if (is_bad)
            return plm_fail_id(err, PLM_E_CONFIG, "exceptions.invalid",
                               "%s:%u: `exp:` is not followed by a date", name, l.number);
        slot = plm_foreign_row(e, name, l.number);
        if (!slot)
            break;
        slot->id = plm_arena_sv(e->arena, id);
        slot->until = x.until;
        slot->until_text = x.until_text;
        set_reason(e, slot, l.reason);
    }
    return plm_arena_check(e->arena, err);
}

/* Takes the last field behind ':' off *rest. */
static plm_sv last_field(plm_sv *rest)
{
    size_t at = plm_sv_rfind(*rest, ':');
    if (at == SIZE_MAX)
        return PLM_SV_NULL;
    plm_sv field = plm_sv_from_off(*rest, at + 1);
    *rest = plm_sv_sub(*rest, 0, at);
    return field;
}

static bool is_commit(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    return s.n == 40;
}

int plm_foreign_gitleaksignore(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv text,
                               const char *name, plm_err **err)
{
    (void)ctx;
    struct lines l = {.rest = text};
    plm_sv line, head, tail;
    while (next_line(e, &l, &line)) {
        uint64_t at;
        plm_sv number = last_field(&line), rule = last_field(&line);
        if (!rule.n || !line.n || !plm_sv_u64(number, &at) || at == 0 || at > UINT32_MAX) {
            plm_foreign_skip(e, name, l.number, "not a fingerprint FILE:RULE:LINE");
            continue;
        }
        if (plm_sv_cut(line, ':', &head, &tail) && is_commit(head))
            line = tail;
        struct plm_exception *x = plm_foreign_row(e, name, l.number);
        if (!x)
            break;
        x->id = plm_arena_sv(e->arena, rule);
        x->path = plm_foreign_path(e, line);
        x->at_line = (uint32_t)at;
        set_reason(e, x, l.reason);
    }
    return plm_arena_check(e->arena, err);
}

/* ---- which is whose ------------------------------------------------------------------------------ */

static const struct format {
    const char *id;
    const char *names; /* ends of file names */
    const char *keys;  /* of a YAML mapping, where the name does not say it */
    plm_foreign_reader *read;
} formats[] = {
    {"trivyignore-yaml", " .trivyignore.yaml .trivyignore.yml ",
     " vulnerabilities misconfigurations secrets licenses ", plm_foreign_trivyignore_yaml},
    {"trivyignore", " .trivyignore ", NULL, plm_foreign_trivyignore},
    {"grype", " grype.yaml grype.yml grype/config.yaml ", " ignore ", plm_foreign_grype},
    {"osv-scanner", " osv-scanner.toml ", NULL, plm_foreign_osv_scanner},
    {"gitleaksignore", " .gitleaksignore ", NULL, plm_foreign_gitleaksignore},
    {"gitleaks", " gitleaks.toml gitleaks/config.toml ", NULL, plm_foreign_gitleaks},
    {"hadolint", " hadolint.yaml hadolint.yml ", " ignored trustedRegistries failure-threshold ",
     plm_foreign_hadolint},
};
enum { N_FORMATS = sizeof(formats) / sizeof(formats[0]) };

static bool is_end_of(const char *names, plm_sv path)
{
    plm_sv rest = plm_sv_from(names), word;
    while (plm_sv_word(&rest, &word))
        if (plm_sv_ends(path, word))
            return true;
    return false;
}

static bool is_word_of(const char *words, plm_sv s)
{
    plm_sv rest = plm_sv_from(words), word;
    while (words && plm_sv_word(&rest, &word))
        if (plm_sv_eq(s, word))
            return true;
    return false;
}

const char *plm_exceptions_format(const struct plm_ctx *ctx, const char *path, plm_sv text)
{
    for (size_t i = 0; i < N_FORMATS; i++)
        if (is_end_of(formats[i].names, plm_sv_from(path)))
            return formats[i].id;
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(text, path, ctx->limits, NULL);
    const struct plm_yaml_node *root = doc ? plm_yaml_root(doc) : NULL;
    if (!root || root->kind != PLM_YAML_MAPPING)
        return NULL;
    for (size_t k = 0; k < root->n; k++)
        for (size_t i = 0; i < N_FORMATS; i++)
            if (is_word_of(formats[i].keys, root->keys[k]->text))
                return formats[i].id;
    return NULL;
}

int plm_exceptions_parse_foreign(const struct plm_ctx *ctx, struct plm_exceptions *e, const char *format,
                                 plm_sv text, const char *name, plm_err **err)
{
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (strcmp(formats[i].id, format) != 0)
            continue;
        if (formats[i].read(ctx, e, text, name, err) == 0)
            return 0;
        if (err && *err && ((*err)->code == PLM_E_PARSE || (*err)->code == PLM_E_LIMIT))
            (*err)->code = PLM_E_CONFIG;
        return -1;
    }
    return plm_fail(err, PLM_E_INTERNAL, "%s: no such format of exceptions", format);
}
