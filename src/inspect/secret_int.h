/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the secret search (docs/secrets.md):
 *
 *   secret_regex.c     what a regular expression must contain: literals, and what may follow them
 *   secret_match.c     expressions at work, with limits
 *   secret_literals.c  all literals of all rules in one pass over a text
 *   secret_rules.c     rule sets: our YAML, merging, what a run's parameters hold
 *   secret_gitleaks.c  rule sets: gitleaks' TOML
 *   secret_scan.c      a text against a rule set
 *   secret_judge.c     what a found value itself tells: checksums, placeholders
 *   secret_extract.c   files, in the worker
 *   secrets.c          the inspector: findings of files, of the image's configuration and history
 *
 * One text is passed over once, by the literals; expressions run only around the places where a literal of
 * theirs stands and what follows can match. Workers may not have executable memory of their own, so
 * expressions run in PCRE2's interpreter.
 */
#pragma once

#include "base/arena.h"
#include "base/limits.h"
#include "image/image.h"
#include "model/model.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* ---- expressions -------------------------------------------------------------------------- */

#define PLM_SECRET_NO_END UINT32_MAX /* a length without a bound */

struct plm_secret_bytes {
    uint64_t w[4];
};
static inline bool plm_secret_bytes_has(const struct plm_secret_bytes *s, unsigned char c)
{
    return (s->w[c >> 6] >> (c & 63)) & 1;
}

/* A run of bytes of one set: what follows a literal, simplified upwards. */
struct plm_secret_run {
    struct plm_secret_bytes set;
    uint32_t min, max; /* max: PLM_SECRET_NO_END */
};

/* Each match of the expression contains one of these literals: it starts at most `before` bytes earlier and
 * ends at most `after` bytes behind it. */
struct plm_secret_anchor {
    plm_sv literal;       /* lower case if `folds` */
    bool folds;           /* case does not matter */
    bool may_start_there; /* what stands before it may be empty: a match can start at the literal */
    uint32_t before, after;
    struct plm_secret_run *runs;
    size_t n_runs;
};
struct plm_secret_anchors {
    struct plm_secret_anchor *v;
    size_t n, cap;
};

enum plm_secret_dialect { PLM_SECRET_PCRE2, PLM_SECRET_GO };

struct plm_secret_regex {
    plm_sv text; /* in PCRE2's syntax, NUL-terminated */
    uint32_t flags;
    struct plm_secret_anchors anchors; /* none: every place must be tried */
    pcre2_code *code;                  /* compiled on first use */
    bool is_bad;                       /* it does not compile */
};

/* Fills `text`, `flags` and `anchors`. Does not compile. */
int plm_secret_regex_init(struct plm_secret_regex *re, plm_sv source, enum plm_secret_dialect dialect,
                          struct plm_arena *a, plm_err **err);
/* Compiles on the first call. */
int plm_secret_regex_ready(struct plm_secret_regex *re, plm_err **err);
void plm_secret_regex_done(struct plm_secret_regex *re);
/* Can what follows the literal at text[from] match? */
bool plm_secret_runs_match(const struct plm_secret_anchor *a, plm_sv text, size_t from);

/* One matcher for all expressions of a rule set: match data and limits. Not for two threads at once. */
struct plm_secret_matcher {
    pcre2_match_data *data;
    pcre2_match_context *context;
    bool limit_reached; /* sticky until the caller clears it */
};
int plm_secret_matcher_init(struct plm_secret_matcher *m, plm_err **err);
void plm_secret_matcher_done(struct plm_secret_matcher *m);
/* A match that starts in [from, last] and ends at or before `end`; groups: ovector of m->data, relative to
 * *out_base. */
bool plm_secret_match(struct plm_secret_matcher *m, struct plm_secret_regex *re, plm_sv text, size_t from,
                      size_t last, size_t end, bool anchored, size_t *out_base);
/* Anywhere in the text. */
bool plm_secret_found(struct plm_secret_matcher *m, struct plm_secret_regex *re, plm_sv text);

/* ---- literals ----------------------------------------------------------------------------- */

struct plm_secret_literals;
/* Lower case, at least two bytes, each once. */
struct plm_secret_literals *plm_secret_literals_new(struct plm_arena *a, const plm_sv *v, size_t n);
typedef void (*plm_secret_literal_fn)(void *ctx, uint32_t literal, size_t at);
/* Calls back for each place, in no particular order; case does not matter. */
void plm_secret_literals_scan(const struct plm_secret_literals *l, plm_sv text, plm_secret_literal_fn fn,
                              void *ctx);

/* ---- rules -------------------------------------------------------------------------------- */

enum plm_secret_part { PLM_SECRET_OF_SECRET, PLM_SECRET_OF_MATCH, PLM_SECRET_OF_LINE };

/* What lets a match pass. */
struct plm_secret_allow {
    bool needs_all; /* every kind that is given; else one is enough */
    bool has_commits;
    enum plm_secret_part part;
    struct plm_secret_regex *paths, *patterns;
    size_t n_paths, n_patterns;
    plm_sv_vec words; /* lower case; in the secret */
    plm_sv_vec rules; /* of a global one: only for these; none: for all */
};
typedef PLM_VEC(struct plm_secret_allow) plm_secret_allows;

struct plm_secret_rule {
    plm_sv id, title, remedy;
    enum plm_severity severity;
    bool is_generic; /* gives way to any other rule on the same text */
    bool is_binary;  /* looks into binary files as well */
    bool has_pattern, has_path;
    struct plm_secret_regex pattern, path;
    uint32_t group; /* 0: the first group that took part, else the whole match */
    double entropy; /* of the secret, in bits a byte, must be above it; 0: any */
    plm_sv_vec keywords, tags, references;
    plm_secret_allows allow;
    uint32_t line; /* in its file */
};

struct plm_secret_use {    /* of a literal */
    uint32_t rule, anchor; /* anchor: PLM_NONE for a keyword */
};

struct plm_secret_rules {
    struct plm_arena *arena;
    PLM_VEC(struct plm_secret_rule) rules;
    plm_secret_allows allow;
    plm_sv_vec disabled;
    plm_sv_vec warnings; /* "FILE:LINE: ...": what was not understood and has no effect */
    /* made by plm_secret_rules_finish */
    struct plm_secret_literals *literals;
    struct {
        struct plm_secret_use *v;
        uint32_t n;
    } * uses;
    uint32_t *unanchored; /* rules whose pattern must be tried everywhere */
    size_t n_unanchored;
    uint32_t *path_only;
    size_t n_path_only;
    bool any_binary;
    struct plm_secret_matcher matcher;
    struct plm_secret_matcher *for_paths; /* the same, for those who only ask */
};

struct plm_secret_rules *plm_secret_rules_new(plm_err **err);
void plm_secret_rules_free(struct plm_secret_rules *r);
PLM_CLEANUP(struct plm_secret_rules, plm_secret_rules_free)
/* Adds a file's rules: TOML if its name ends so or its text looks so, else YAML. A rule of an id that is
 * there replaces it, `disabled` removes. *out_base: does the file build on the built-in set; *out_extend: a
 * file it names. */
int plm_secret_rules_add(struct plm_secret_rules *r, plm_sv text, plm_sv name,
                         const struct plm_limits *limits, plm_err **err);
int plm_secret_rules_add_yaml(struct plm_secret_rules *r, plm_sv text, const char *name,
                              const struct plm_limits *limits, plm_err **err);
int plm_secret_rules_add_gitleaks(struct plm_secret_rules *r, plm_sv text, const char *name,
                                  const struct plm_limits *limits, plm_err **err);
/* What a file builds on, without its rules. */
struct plm_secret_base {
    bool wants_builtin;
    plm_sv path; /* relative to the file; null: none */
};
int plm_secret_rules_base(plm_sv text, plm_sv name, const struct plm_limits *limits, struct plm_arena *a,
                          struct plm_secret_base *out, plm_err **err);
bool plm_secret_is_toml(plm_sv text, plm_sv name);
/* The place of a new rule, or of the one of this id. */
struct plm_secret_rule *plm_secret_rules_slot(struct plm_secret_rules *r, plm_sv id);
void plm_secret_warn(struct plm_secret_rules *r, const char *name, uint32_t line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Literals and lists, once all files are added. `check`: compiles every expression, for its errors. */
int plm_secret_rules_finish(struct plm_secret_rules *r, bool check, plm_err **err);

/* The rule files of a run as one parameter: base first. Reads the files that `name` builds on. */
int plm_secret_params(plm_sv text, plm_sv name, const struct plm_limits *limits, struct plm_arena *a,
                      plm_sv *out, plm_err **err);
struct plm_secret_rules *plm_secret_rules_of_params(plm_sv params, bool check,
                                                    const struct plm_limits *limits, plm_err **err);
extern const char plm_inspect_secret_rules[];
extern const size_t plm_inspect_secret_rules_n;

/* ---- scanning ----------------------------------------------------------------------------- */

struct plm_secret_hit {
    const struct plm_secret_rule *rule;
    size_t start, end;               /* of the match */
    size_t secret_start, secret_end; /* of the secret in it */
    uint32_t line, column;           /* of the secret, from 1, in bytes; 0: the path alone matched */
    enum plm_severity severity;
    plm_sv masked;        /* first characters and length */
    plm_sv note;          /* what its structure tells, or null */
    char fingerprint[17]; /* hex: the same for the same secret of the same rule */
};
typedef PLM_VEC(struct plm_secret_hit) plm_secret_hits;

struct plm_secret_scan_result {
    plm_secret_hits hits; /* sorted by place; generic ones that others cover are gone */
    bool limit_reached;   /* an expression or the number of hits ended at a limit */
};
/* `path`: of the file, absolute, or a name for a text that is none. */
int plm_secret_scan(struct plm_secret_rules *r, plm_sv path, plm_sv text, struct plm_arena *a,
                    struct plm_secret_scan_result *out, plm_err **err);
/* The text (of `path`) with every secret masked; as it is if there is none. */
int plm_secret_redact(struct plm_secret_rules *r, plm_sv path, plm_sv text, struct plm_arena *a, plm_sv *out,
                      plm_err **err);
/* Is there a rule to which the path (relative to the root) alone is enough? */
bool plm_secret_wants_path(const struct plm_secret_rules *r, plm_sv path);
/* NUL bytes at the start. */
bool plm_secret_is_binary(plm_sv text);
double plm_secret_entropy(plm_sv s);

/* ---- judging ------------------------------------------------------------------------------ */

enum plm_secret_verdict { PLM_SECRET_KEEP, PLM_SECRET_LOWER, PLM_SECRET_WEAKEN, PLM_SECRET_DROP };
/* KEEP with or without a note; LOWER: an example or a placeholder, severity low; WEAKEN: one level down;
 * DROP: no literal value at all. */
enum plm_secret_verdict plm_secret_judge(plm_sv secret, struct plm_arena *a, plm_sv *out_note);

/* ---- files -------------------------------------------------------------------------------- */

#define PLM_SECRET_FILE_MAX (UINT64_C(32) << 20)

extern const struct plm_extractor plm_secret_extractor;
/* Files of this name are looked into. */
bool plm_secret_is_searched(plm_sv path);

/* A secret as it comes out of a worker; views into the facts. */
struct plm_secret_found {
    plm_sv rule, masked, note, fingerprint;
    enum plm_severity severity;
    uint32_t line, column;
    uint32_t *more; /* further lines */
    size_t n_more;
};
typedef PLM_VEC(struct plm_secret_found) plm_secret_found_vec;
bool plm_secret_facts_read(plm_sv data, struct plm_arena *a, plm_secret_found_vec *out);
