/* SPDX-License-Identifier: Apache-2.0
 *
 * The nouns of design.md part 2 as structs: what every part hands to the next. A report
 * (design.md 4.1) is the root; everything reachable from it lives in its arena. Strings are
 * views in that arena; a null view (p == NULL) means "not known" and is left out or null in
 * JSON, an empty one means "known to be empty".
 *
 *     plm_auto(plm_report_free) struct plm_report *r = plm_report_new(err);
 *     struct plm_target *t = plm_report_target(r);      // indices, not pointers, are kept:
 *     struct plm_package *p = plm_report_package(r, target_index);
 *     plm_diag(r, "layer.truncated", PLM_SEV_HIGH, target_index, path, "ends at offset %llu", off);
 *     plm_report_finish(r);                             // sorts, makes keys, counts
 *
 * One owner at a time; parts that work in parallel fill their own structures and are merged
 * single-threaded. Depends only on base.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define PLM_NONE UINT32_MAX /* "no index" */

/* Order is rank: `unknown` ranks below negligible in level tests and is always counted. */
enum plm_severity {
    PLM_SEV_UNKNOWN,
    PLM_SEV_NEGLIGIBLE,
    PLM_SEV_LOW,
    PLM_SEV_MEDIUM,
    PLM_SEV_HIGH,
    PLM_SEV_CRITICAL,
    PLM_SEV_COUNT_
};

const char *plm_severity_name(enum plm_severity s);
/* Ours and every foreign vocabulary of design.md part 2, any case ("important" is high, "moderate" medium,
 * "untriaged" and "none" unknown/negligible); false if the word is not known (then *out is unknown). */
bool plm_severity_parse(plm_sv s, enum plm_severity *out);
/* CVSS base score (0 to 10) to level, by the specification's qualitative scale; 0 is negligible. */
enum plm_severity plm_severity_of_score(double score);

enum plm_kind {
    PLM_KIND_VULNERABILITY,
    PLM_KIND_SECRET,
    PLM_KIND_MISCONFIGURATION,
    PLM_KIND_LICENSE,
    PLM_KIND_MALWARE,
    PLM_KIND_SIGNATURE,
    PLM_KIND_AUDIT,
    PLM_KIND_RUNTIME,
    PLM_KIND_CODE,
    PLM_KIND_COUNT_
};
const char *plm_kind_name(enum plm_kind k);
bool plm_kind_parse(plm_sv s, enum plm_kind *out);

/* ---- targets ------------------------------------------------------------------------- */

struct plm_layer {
    plm_sv digest;            /* of the blob as stored or transferred; null where none is claimed */
    plm_sv diff_id;           /* of the uncompressed tar, as the config says */
    plm_sv created_by;        /* the history instruction */
    uint64_t size;            /* of the blob */
    bool is_base;             /* belongs to the base image */
    bool is_diff_id_verified; /* it was computed from the layer, or is the word of an engine's own store */
};

/* Releases of Debian and Ubuntu, one table (model/releases.c); null where there is none. "debian" "12"
 * "bookworm" "Debian:12"; "ubuntu" "24.04" "noble" "Ubuntu:24.04:LTS". Views are static. */
plm_sv plm_release_codename(plm_sv distro, plm_sv version);
plm_sv plm_release_version(plm_sv distro, plm_sv codename);
plm_sv plm_release_ecosystem(plm_sv distro, plm_sv codename);

enum plm_eol_state { PLM_EOL_UNKNOWN, PLM_EOL_SUPPORTED, PLM_EOL_ENDED };

struct plm_distro {
    plm_sv id;        /* os-release ID: "debian"; null if no distribution was recognised */
    plm_sv version;   /* VERSION_ID: "12"; "sid", "edge", "rolling" for rolling ones */
    plm_sv codename;  /* "bookworm" */
    plm_sv pretty;    /* PRETTY_NAME */
    plm_sv like;      /* ID_LIKE */
    plm_sv ecosystem; /* what advisories are looked up under ("Debian:12", "AlmaLinux:9"), null: none known */
    plm_sv evidence;  /* the file it was read from */
    enum plm_eol_state eol;
    int64_t eol_date; /* 0: not known */
};

enum plm_result { PLM_RESULT_NONE, PLM_RESULT_PASS, PLM_RESULT_WARN, PLM_RESULT_INCOMPLETE, PLM_RESULT_FAIL };
const char *plm_result_name(enum plm_result r);

struct plm_verdict_rule {
    plm_sv gate, trigger, trigger_id, action, message;
    bool allowlisted;
};

struct plm_verdict {
    enum plm_result result;
    plm_sv policy; /* null: no policy, gate or none */
    PLM_VEC(struct plm_verdict_rule) rules;
    plm_sv_vec reasons;
};

struct plm_target {
    plm_sv id;                        /* stable within a report: the source as named */
    plm_sv scheme;                    /* "docker-archive", "dir", ... */
    plm_sv reference;                 /* what stands after the scheme */
    plm_sv tag;                       /* what the image is called where it lies ("app:1.2"), or null */
    plm_sv digest;                    /* manifest digest */
    plm_sv image_id;                  /* config digest */
    plm_sv platform;                  /* "linux/amd64" */
    int64_t created;                  /* 0: not known */
    PLM_VEC(struct plm_layer) layers; /* bottom first */
    uint32_t layers_cached;
    struct plm_distro distro;
    struct plm_verdict verdict;
    int64_t repo_as_of; /* oldest repository index that covers it; 0: the repository feed does not cover it */
    bool is_incomplete; /* a part of it could not be read or judged */
};

/* ---- packages ------------------------------------------------------------------------ */

struct plm_location {
    plm_sv path;    /* absolute inside the target */
    uint32_t layer; /* index into the target's layers, or PLM_NONE */
};

struct plm_package {
    uint32_t target;
    plm_sv id;            /* made by plm_report_finish: unique within the report */
    plm_sv type;          /* "deb", "apk", "rpm", "npm", ... (purl types) */
    plm_sv name, version; /* version as the package manager prints it, with epoch */
    plm_sv arch;
    plm_sv source_name; /* equal to name/version where the database names no other */
    plm_sv source_version;
    plm_sv purl;
    plm_sv vendor;
    plm_sv modularity; /* rpm: "nodejs:18" (name:stream) */
    plm_sv status;     /* dpkg: "installed", "config-files", ... ; null elsewhere */
    plm_sv cataloger;
    plm_sv owner;         /* id of the package that owns this one's files, or null */
    int64_t installed_at; /* 0: not known */
    plm_sv_vec licenses, cpes;
    PLM_VEC(struct plm_location)
    locations;        /* the database that names it; [0].layer is the layer that brought it */
    plm_sv_vec files; /* owned files, absolute; only where asked for */
};

/* ---- findings ------------------------------------------------------------------------ */

enum plm_fix_state {
    PLM_FIX_UNKNOWN,
    PLM_FIX_FIXED,
    PLM_FIX_NOT_FIXED,
    PLM_FIX_WONT_FIX,
    PLM_FIX_DEFERRED,
    PLM_FIX_NOT_AFFECTED, /* only in explanations: never a finding */
    PLM_FIX_END_OF_LIFE,
    PLM_FIX_COUNT_
};
const char *plm_fix_state_name(enum plm_fix_state s);

struct plm_cvss {
    plm_sv version, vector, source;
    double score; /* < 0: not known */
};

/* One way in which the finding was reached; [0] decided fix and severity. */
struct plm_matched {
    plm_sv feed;   /* "debian-dsa", "osv", "repo" */
    plm_sv record; /* id of the record in that feed: "DSA-5417-1" */
    plm_sv range;  /* "< 3.0.9-1", "[1.2, 1.4)" */
    plm_sv scheme; /* version scheme: "deb" */
    plm_sv by;     /* "source-package", "package", "cpe" */
};

struct plm_control {
    plm_sv framework, version, id;
};

struct plm_suppressed {
    plm_sv by; /* "exception", "only-fixed", "vex", "config" ... */
    plm_sv reason, owner;
    plm_sv until; /* date, or null */
};

struct plm_finding {
    uint32_t target;
    plm_sv key; /* made by plm_report_finish: stable fingerprint without version or time */
    plm_sv id;  /* CVE id first, else the advisory's own; check id; rule id */
    enum plm_kind kind;
    enum plm_severity severity;
    plm_sv native_severity; /* as the source wrote it */
    plm_sv title;
    uint32_t package; /* index into report packages, or PLM_NONE */
    plm_sv object;    /* what it is about where that is not a package */
    enum plm_fix_state fix;
    plm_sv_vec fix_versions;
    int64_t fix_date, published; /* 0: not known */
    plm_sv_vec aliases;          /* other ids, sorted, without `id` */
    PLM_VEC(struct plm_cvss) cvss;
    double epss; /* < 0: not known */
    bool kev;
    double risk; /* < 0: not known; made by plm_report_finish */
    PLM_VEC(struct plm_matched) matched;
    plm_sv path;    /* location */
    uint32_t line;  /* 0: none */
    uint32_t layer; /* index or PLM_NONE */
    bool is_base;   /* in the base image's layers */
    bool is_new;    /* against the report named by --against */
    PLM_VEC(struct plm_control) controls;
    plm_sv_vec evidence;
    plm_sv remediation;
    plm_sv_vec references;
    struct plm_suppressed *suppressed; /* NULL: counts */
};

enum plm_outcome { PLM_OUT_PASS, PLM_OUT_FAIL, PLM_OUT_MANUAL, PLM_OUT_NA, PLM_OUT_UNKNOWN };
const char *plm_outcome_name(enum plm_outcome o);

struct plm_check_row {
    uint32_t target;
    plm_sv id;
    plm_sv title;               /* what must be true; null in reports of older versions */
    enum plm_severity severity; /* what a failure of it weighs */
    enum plm_outcome outcome;
    plm_sv object;
    plm_sv_vec evidence;
    PLM_VEC(struct plm_control) controls;
};

/* Something that could not be examined. severity high or above: the result is incomplete. */
struct plm_diagnostic {
    plm_sv code; /* "layer.truncated": dotted, stable, listed in docs/reference */
    enum plm_severity severity;
    uint32_t target; /* or PLM_NONE */
    plm_sv object;   /* file, layer, package */
    plm_sv message;
    plm_sv hint; /* or null */
};

/* ---- the report ---------------------------------------------------------------------- */

struct plm_feed_row {
    plm_sv name;
    int64_t as_of;
    uint64_t records;
};

struct plm_stage_row {
    plm_sv name;
    uint64_t ms;
};

enum { PLM_OUTCOMES = PLM_OUT_UNKNOWN + 1 };

/* How a stage of `check` and `audit` stands: 100 * (1 - failed / judged), by weight. */
struct plm_stage_score {
    plm_sv name;                     /* "host", "engine", "images", "containers", "swarm" */
    bool is_judged;                  /* false: nothing there to judge; no score */
    unsigned score;                  /* 0 to 100, rounded down so that 100 means no failure */
    uint64_t judged, failed;         /* weights; unknown counts as failed */
    uint64_t outcomes[PLM_OUTCOMES]; /* rows by enum plm_outcome */
    uint64_t vulnerabilities; /* unsuppressed ones of the stage's scanned sources that the gate counts */
};

/* One thing to do, and what it would close; most weight first, safe ones first among equals. */
struct plm_fix_row {
    plm_sv title, command; /* command: what to run or set; may have several lines */
    plm_sv impact;         /* "safe", "restart", "may-break" */
    uint64_t weight;
    plm_sv_vec closes; /* keys of findings */
};

struct plm_counts {
    uint64_t packages, targets, layers, layers_cached, diagnostics, suppressed;
    uint64_t by_severity[PLM_SEV_COUNT_]; /* unsuppressed findings */
    uint64_t by_kind[PLM_KIND_COUNT_];
    uint64_t fixable; /* unsuppressed vulnerabilities with a fix */
};

struct plm_image_facts; /* model/facts.h */

struct plm_report {
    struct plm_arena *arena;
    /* run */
    plm_sv tool, version;
    int64_t started;
    uint64_t elapsed_ms;
    bool clock_injected;
    int exit_code;
    PLM_VEC(int) exit_also;
    plm_sv_vec network; /* every host contacted, sorted */
    PLM_VEC(struct plm_stage_row) stages;
    /* host */
    plm_sv host_name, machine_id, host_os, kernel;
    plm_sv_vec engines;
    /* data */
    int64_t db_built; /* 0: no data */
    PLM_VEC(struct plm_feed_row) feeds;
    PLM_VEC(struct plm_target) targets;
    PLM_VEC(struct plm_package) packages;
    PLM_VEC(struct plm_finding) findings;
    PLM_VEC(struct plm_check_row) checks;
    PLM_VEC(struct plm_diagnostic) diagnostics;
    PLM_VEC(struct plm_stage_score) scores; /* of audit and check; in the order of the stages */
    PLM_VEC(struct plm_fix_row) fixes;
    PLM_VEC(struct plm_image_facts *) facts; /* owned; of the targets that a policy or `-o facts` asks for */
    struct plm_verdict verdict;
    struct plm_counts counts;
};

struct plm_report *plm_report_new(plm_err **err);
void plm_report_free(struct plm_report *r);
PLM_CLEANUP(struct plm_report, plm_report_free)

/* New zeroed elements with their "not known" values set; NULL if the arena failed. */
struct plm_target *plm_report_target(struct plm_report *r);
struct plm_package *plm_report_package(struct plm_report *r, uint32_t target);
struct plm_finding *plm_report_finding(struct plm_report *r, uint32_t target, enum plm_kind kind);
struct plm_check_row *plm_report_check(struct plm_report *r, uint32_t target);

/* Adds a diagnostic; marks the target incomplete when severity is high or above. `code` is a literal.
 * Returns it so that a hint can be set; NULL if the arena failed. */
struct plm_diagnostic *plm_diag(struct plm_report *r, const char *code, enum plm_severity severity,
                                uint32_t target, plm_sv object, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* The same from an error: message is its text, hint its hint. */
struct plm_diagnostic *plm_diag_err(struct plm_report *r, const char *code, enum plm_severity severity,
                                    uint32_t target, plm_sv object, const plm_err *e);

/* Sorts packages, findings, checks, diagnostics into their one order (and renumbers
 * finding.package), makes ids, keys, risk and counts. Idempotent. */
int plm_report_finish(struct plm_report *r, plm_err **err);

/* ---- package lists on the wire ------------------------------------------------------- */

/* Packages as bytes, for layer records and caches (version 1; base/buf.h primitives). `files` are not
 * included: owned files travel in a section of their own (plm_files_encode). */
void plm_package_encode(struct plm_buf *out, const struct plm_package *p);
struct plm_rd;
/* Strings are copied into the arena. Failure is r->failed or the arena's. */
void plm_package_decode(struct plm_rd *r, struct plm_arena *a, struct plm_package *out);
void plm_distro_encode(struct plm_buf *out, const struct plm_distro *d);
void plm_distro_decode(struct plm_rd *r, struct plm_arena *a, struct plm_distro *out);

/* CVSS v2, v3.0, v3.1 and v4.0 vectors to a base score; false if the vector is not valid. (FIRST's
 * specifications) */
bool plm_cvss_score(plm_sv vector, double *out_score, plm_sv *out_version);
/* Exploitability and impact of a v3.x vector, to a tenth; false for any other. */
bool plm_cvss_parts(plm_sv vector, double *out_exploitability, double *out_impact);

/* The dotted codes of errors and diagnostics, sorted (model/codes.c). */
struct plm_code_row {
    const char *id, *meaning;
};
extern const struct plm_code_row plm_codes[];
extern const size_t plm_codes_n;
