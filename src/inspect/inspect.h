/* SPDX-License-Identifier: Apache-2.0
 *
 * What is looked at beside packages: the image's configuration and build, secrets, files,
 * accounts, licenses, malware. Two halves: extractors (image/image.h) that read contents inside the fence,
 * and inspectors that turn what they found, the config and the file list into findings and facts:
 *
 *     plm_inspect_prepare(&opts, arena, &image_options, err);     // which extractors, with which parameters
 *     a = plm_image_analyze(ctx, src, &image_options, err);
 *     plm_inspect_target(ctx, &opts, a, report, target, facts, err);
 *
 * An inspector is one file that ends in a struct plm_inspector; a check one descriptor in a table of its
 * file. A finding says where its cause stands (config, history or Dockerfile; path, line, layer).
 */
#pragma once

#include "base/ctx.h"
#include "base/register.h"
#include "image/image.h"
#include "model/facts.h"
#include "model/model.h"

struct plm_dockerfile_options;

struct plm_inspect_options {
    bool wants[PLM_KIND_COUNT_]; /* kinds of findings: secret, misconfiguration, license, malware */
    bool want_files;             /* facts: list of files */
    bool want_owned;             /* facts: files owned by packages with digests; verified against contents */
    bool want_licenses;          /* facts: licenses of packages */
    plm_sv_vec retrieve;         /* absolute paths whose contents go into facts.stored */
    plm_sv_vec digests;          /* absolute paths whose SHA-256 goes into facts.files */
    plm_sv_vec content_patterns; /* "NAME=REGEX" for facts.content */
    plm_sv_vec
        secret_patterns; /* "NAME=REGEX" for facts.secrets (Anchore's five by default where a policy asks) */
    bool want_anchore_secrets; /* facts.secrets */
    plm_sv dockerfile;         /* text of --dockerfile, or null */
    plm_sv dockerfile_name;
    const struct plm_dockerfile_options *dockerfile_options; /* inspect/dockerfile_rules.h; NULL: defaults */
    plm_sv secret_rules; /* text of the rule file of --secret-config, or null: the built-in ones */
    plm_sv secret_rules_name;
    plm_sv malware_socket;       /* clamd's address: "/run/clamav/clamd.ctl", "HOST:PORT"; or null */
    uint64_t malware_timeout_ms; /* of one answer; 0: two minutes */
    plm_sv yara_rules;           /* path, or null */
    plm_sv_vec license_allow, license_deny; /* SPDX ids, patterns, with exceptions (codec/spdx.h) */
    enum plm_severity license_severity;     /* of a denied one; UNKNOWN: high */
    /* What sites allow or add to the image checks (keys inspect.* and audit.allowed-*). */
    plm_sv_vec allowed_registries; /* HOST[/PATH] that bases may come from; empty: none is configured */
    plm_sv_vec accepted_keys, accepted_files, accepted_extensions;     /* 4.10: names that are meant */
    plm_sv_vec sensitive_words, sensitive_files, sensitive_extensions; /* 4.10: beside the built-in ones */
    plm_sv_vec accepted_ports;                                         /* I3: "22", "22/tcp" */
    plm_sv_vec accepted_setuid;                                        /* 4.8: paths (glob) */
};

/* Everything known about one target while it is inspected. */
struct plm_inspection {
    const struct plm_ctx *ctx;
    const struct plm_inspect_options *opt;
    const struct plm_analysis *analysis;
    struct plm_report *report;
    uint32_t target;
    struct plm_image_facts *facts; /* never NULL */
};

struct plm_inspector {
    const char *id;
    const char *summary;
    /* Extractors of its own, NULL-ended, or NULL; and what else it needs of the analysis. */
    const struct plm_extractor *const *extractors;
    bool needs_entries, needs_config;
    /* Does it run under these options? */
    bool (*is_wanted)(const struct plm_inspect_options *opt);
    /* Parameters of its i-th extractor for this run; NULL: none. *out null: none. */
    int (*params)(const struct plm_inspect_options *opt, size_t i, struct plm_arena *a, plm_sv *out,
                  plm_err **err);
    int (*inspect)(struct plm_inspection *in, plm_err **err);
    /* What else the analysis needs of it (a content service); NULL: nothing. */
    int (*set_up)(const struct plm_inspect_options *opt, struct plm_arena *a, struct plm_image_options *io,
                  plm_err **err);
    int order; /* lower first: facts (0) before checks (10) that read them */
};
PLM_SET_DECLARE(plm_inspectors, struct plm_inspector);

/* A check of this module: one fault, one descriptor. `list checks` and the reference page come from these. */
struct plm_inspect_check {
    const char *id;      /* design.md: the CIS, letter, Dockle or Hadolint id, in this order of preference */
    const char *aliases; /* "DKL-DI-0006 DL3007": other tools' ids, separated by blanks; NULL: none */
    const char *group;   /* "dockerfile", "image", "files", "compose" */
    const char *title;   /* what must be true */
    const char *rationale; /* why */
    const char *fix;       /* what to do */
    const char *level;     /* the linter's own word for the severity ("FATAL"), or NULL */
    enum plm_severity severity;
    bool is_off; /* only where a configuration asks for it */
};
/* One table per file, ended by an id of NULL. */
struct plm_inspect_checks {
    const char *name;
    const struct plm_inspect_check *v;
};
PLM_SET_DECLARE(plm_inspect_check_tables, struct plm_inspect_checks);
/* By id or alias, any case; an id wins; NULL: none. */
const struct plm_inspect_check *plm_inspect_check_find(plm_sv id);
/* All checks, in no order, in the arena; NULL if it failed. */
const struct plm_inspect_check **plm_inspect_checks_all(struct plm_arena *a, size_t *out_n);

/* Adds the extractors of all wanted inspectors to those of the options (which keep theirs). */
int plm_inspect_prepare(const struct plm_inspect_options *opt, struct plm_arena *a,
                        struct plm_image_options *io, plm_err **err);
int plm_inspect_target(const struct plm_ctx *ctx, const struct plm_inspect_options *opt,
                       const struct plm_analysis *a, struct plm_report *r, uint32_t target,
                       struct plm_image_facts *facts, plm_err **err);

/* A finding of a check about the target (kind misconfiguration); policy's gates read it after exceptions were
 * applied (facts.issues). `object`: path, instruction, port; `from`: "config", "history", "dockerfile",
 * "file". NULL if memory failed. */
struct plm_finding *plm_inspect_find(struct plm_inspection *in, const struct plm_inspect_check *check,
                                     plm_sv object, const char *from, uint32_t line, uint32_t layer,
                                     const char *fmt, ...) __attribute__((format(printf, 7, 8)));
