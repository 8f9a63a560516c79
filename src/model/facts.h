/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of one image beside its packages and findings: what policy rules read. The
 * inspectors and the scan fill it (or a saved `-o facts` document, or a test case); policy only
 * reads. All views live in `arena`. A part that nobody looked at is absent from `known`: a rule that needs it
 * cannot be evaluated, which is never the same as "nothing found".
 */
#pragma once

#include "model/model.h"

/* The parts of the facts. */
enum {
    PLM_FACT_CONFIG = 1 << 0,          /* config: user, ports, ... and history */
    PLM_FACT_FILES = 1 << 1,           /* the squashed list of entries */
    PLM_FACT_PACKAGES = 1 << 2,        /* the package databases were read */
    PLM_FACT_VULNERABILITIES = 1 << 3, /* packages were matched against data */
    PLM_FACT_STORED = 1 << 4,          /* contents of the retrieved files */
    PLM_FACT_CONTENT = 1 << 5,         /* content search by named patterns */
    PLM_FACT_SECRETS = 1 << 6,         /* files were searched by Anchore's named secret patterns: `secrets` */
    PLM_FACT_MALWARE = 1 << 7,         /* at least one scanner ran */
    PLM_FACT_LICENSES = 1 << 8,        /* licenses of packages were read */
    PLM_FACT_OWNED = 1 << 9,           /* files owned by packages, with recorded digests */
    PLM_FACT_CHECKS = 1 << 10,         /* Dockerfile and image checks ran: `issues` */
    PLM_FACT_SIGNATURE = 1 << 11,      /* signatures and registry trust were judged */
    PLM_FACT_FEED_AGE = 1 << 12,       /* feed_as_of */
    PLM_FACT_REGISTRY_DATA = 1 << 13,  /* latest versions of npm packages and gems */
    PLM_FACT_SECRET_RULES = 1 << 14,   /* our own secret rules ran: `issues` of that kind */
};
#define PLM_FACT_COUNT 15
/* "config": the name of bit i in saved facts. */
const char *plm_fact_name(unsigned i);

struct plm_image_healthcheck {
    bool is_set;  /* the config has one */
    bool is_none; /* and it is NONE */
    plm_sv_vec test;
    int64_t interval_ns, timeout_ns, start_period_ns;
    int retries;
};

struct plm_image_history {
    plm_sv created, created_by, author, comment;
    bool is_empty_layer;
    uint32_t layer; /* index of the layer it made, or PLM_NONE */
};

/* The image config (OCI image-spec config.md; docker's additions). Maps are sorted by key. */
struct plm_image_config {
    plm_sv architecture, os, variant, created, author;
    plm_sv user, workdir, stop_signal;
    plm_sv_vec env, entrypoint, cmd, shell, onbuild;
    plm_sv_vec exposed_ports, volumes; /* keys: "8080/tcp" */
    plm_sv_vec label_keys, label_values;
    bool args_escaped;
    struct plm_image_healthcheck healthcheck;
    PLM_VEC(struct plm_image_history) history; /* oldest first */
};

struct plm_fact_file {
    plm_sv path;   /* absolute */
    uint32_t mode; /* as st_mode: type bits and permissions */
    uint32_t uid, gid;
    uint64_t size;
    plm_sv link;
    plm_sv sha256;  /* hex; null: not computed. Anchore's cases have words here for what is no file */
    uint32_t rank;  /* place in the document they were read from; findings keep its order */
    uint32_t layer; /* that brought it, or PLM_NONE */
};

/* A file that a package claims. */
struct plm_fact_owned {
    plm_sv path;
    plm_sv algorithm, digest; /* "md5", "sha256", "sha1"; null: not recorded */
    plm_sv found;             /* the contents' digest by that algorithm, hex; null: they were not read */
    plm_sv mode;              /* octal digits as recorded, or null */
    uint64_t size;            /* 0: not recorded */
    bool is_config;
};

/* Names as Anchore uses them. */
struct plm_fact_package {
    plm_sv name, version, release, full_version; /* full: version-release where there is one */
    plm_sv type;    /* "dpkg", "rpm", "APKG", "npm", "gem", "python", "java", ... */
    plm_sv license; /* text; tokens are separated by blanks */
    plm_sv location;
    PLM_VEC(struct plm_fact_owned) owned;
};

/* A matched vulnerability. */
struct plm_fact_vulnerability {
    plm_sv id, link, package, version, location;
    plm_sv package_type;
    plm_sv severity; /* as Anchore spells it: "Critical" */
    plm_sv_vec fix_versions;
    bool will_not_fix;
    int64_t fixed_at, detected_at; /* seconds; 0: not known */
    struct plm_fact_cvss {
        plm_sv version;
        double base, exploitability, impact; /* < 0: not known */
    } * nvd, *vendor;
    size_t n_nvd, n_vendor;
    /* ours */
    int64_t published;
    double epss;            /* < 0: not known */
    double epss_percentile; /* 0: not known */
    double risk;            /* < 0: not known */
    bool kev, is_base;
    uint32_t layer;
    uint32_t finding; /* index in the report it was made from, or PLM_NONE */
};

struct plm_fact_stored {
    plm_sv path, text;
};

/* A named pattern that was found in a file. */
struct plm_fact_match {
    plm_sv path;
    plm_sv pattern;          /* "NAME=regular expression" */
    PLM_VEC(uint32_t) lines; /* from 0 */
};

struct plm_fact_malware {
    plm_sv scanner, path, signature;
};

/* An unsuppressed finding of another kind than vulnerability: Dockerfile and image checks, secrets, licenses.
 * Made from the report after exceptions were applied. */
struct plm_fact_issue {
    enum plm_kind kind;
    plm_sv id;          /* "CIS-DI-0001", "DL3002", the rule of a secret */
    plm_sv_vec aliases; /* other tools' ids of the same check: "DL3057" */
    plm_sv object;      /* path, instruction */
    plm_sv message;
    enum plm_severity severity;
    uint32_t line;
    bool is_base;
    uint32_t finding; /* index in the report, or PLM_NONE */
};

/* What a package registry has of one name that the image uses. */
struct plm_fact_registry {
    plm_sv type; /* "npm", "gem" */
    plm_sv name, latest;
    plm_sv_vec versions;
};

enum plm_dockerfile_mode { PLM_DOCKERFILE_UNKNOWN, PLM_DOCKERFILE_GUESSED, PLM_DOCKERFILE_ACTUAL };

struct plm_image_facts {
    struct plm_arena *arena;
    uint32_t known;  /* PLM_FACT_* */
    uint32_t target; /* of the report, or PLM_NONE */
    plm_sv image_id, digest, parent_digest;
    plm_sv tag; /* full reference as it is judged: "docker.io/app:1.2"; null: none */
    uint64_t size;
    plm_sv distro, distro_version, like_distro;
    plm_sv architecture, os;
    plm_sv_vec layers;
    enum plm_dockerfile_mode dockerfile_mode;
    plm_sv dockerfile; /* ACTUAL: its text */
    struct plm_image_config config;
    PLM_VEC(struct plm_fact_file) files; /* sorted by path */
    PLM_VEC(struct plm_fact_package) packages;
    PLM_VEC(struct plm_fact_vulnerability) vulnerabilities;
    PLM_VEC(struct plm_fact_stored) stored;
    PLM_VEC(struct plm_fact_match) content, secrets;
    plm_sv_vec malware_scanners; /* those that ran */
    PLM_VEC(struct plm_fact_malware) malware;
    PLM_VEC(struct plm_fact_issue) issues;
    PLM_VEC(struct plm_fact_registry) registry; /* with PLM_FACT_REGISTRY_DATA */
    bool has_feed_for_distro;                   /* with PLM_FACT_FEED_AGE */
    int64_t feed_as_of;                         /* 0: never */
    plm_sv base_digest;                         /* image that the lowest layers belong to, or null */
};

struct plm_image_facts *plm_image_facts_new(plm_err **err);
void plm_image_facts_free(struct plm_image_facts *f);
PLM_CLEANUP(struct plm_image_facts, plm_image_facts_free)
/* The entry of an absolute path, or NULL. */
const struct plm_fact_file *plm_image_facts_file(const struct plm_image_facts *f, plm_sv path);
const struct plm_fact_stored *plm_image_facts_stored(const struct plm_image_facts *f, plm_sv path);
