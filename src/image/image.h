/* SPDX-License-Identifier: Apache-2.0
 *
 * Images and directory trees: from what the user names (a source) to layer records and one
 * merged view. Nothing is unpacked to disk; contents are parsed in fenced workers (design.md 5.2, 5.3).
 *
 *     plm_spawner_start() first thing in main(), before any thread or library initialises.
 *
 *     struct plm_sources srcs;
 *     plm_source_parse(ctx, "docker-archive:app.tar", arena, &srcs, err);
 *     struct plm_analysis *a = plm_image_analyze(ctx, &srcs.v[0], &opts, err);   // NOTFOUND: try the next
 *     for (i < a->n_facts) if (a->facts[i].visible) ...   // what extractors made of files
 *     plm_analysis_free(a);
 *
 * Ownership: an analysis owns its arena; all views in it live as long as it does.
 * Errors are those of the named target as a whole (not found, not an image); a broken part
 * of it is a diagnostic in the analysis. Deterministic for any number of jobs.
 */
#pragma once

#include "base/arena.h"
#include "base/cachedir.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/register.h"
#include "model/facts.h"

/* ---- sources ------------------------------------------------------------------------- */

enum plm_scheme_kind {
    PLM_SRC_DOCKER_ARCHIVE,
    PLM_SRC_OCI_ARCHIVE,
    PLM_SRC_OCI_DIR,
    PLM_SRC_DOCKER,
    PLM_SRC_PODMAN,
    PLM_SRC_CONTAINERD,
    PLM_SRC_DIR,
    PLM_SRC_FILE,
    PLM_SRC_HOST,
    PLM_SRC_CONTAINER,
    PLM_SRC_IMAGES,  /* expands to many */
    PLM_SRC_RUNNING, /* expands to many */
    PLM_SRC_REPORT,
    PLM_SRC_COMPOSE,    /* no image: the text itself is judged (scan/text_source.c) */
    PLM_SRC_DOCKERFILE, /* likewise */
    PLM_SRC_STDIN,
    PLM_SRC_COUNT_
};

struct plm_source {
    enum plm_scheme_kind kind;
    plm_sv scheme;    /* canonical scheme name */
    plm_sv reference; /* after the scheme */
    plm_sv tag;       /* oci-dir:DIR:TAG, docker-archive:FILE:TAG, or null */
    plm_sv how;       /* for unprefixed input: what decided ("regular file, docker save"), else null */
};

/* What one word of the command line can mean, first choice first. More than one only for an unprefixed
 * word that is no path: an image reference, tried in each engine in turn. */
struct plm_sources {
    struct plm_source v[4];
    size_t n;
};

/* One word to sources, by the grammar of design.md part 4. USAGE with a hint on nonsense; NOTFOUND, AUTH or
 * IO for a path that cannot be looked at. Reads at most the head of a regular file. Views live in the arena.
 */
int plm_source_parse(const struct plm_ctx *ctx, const char *word, struct plm_arena *a,
                     struct plm_sources *out, plm_err **err);
/* "docker-archive"; the canonical scheme of a kind. */
const char *plm_scheme_name(enum plm_scheme_kind kind);

/* ---- extractors ---------------------------------------------------------------------- */

struct plm_entry {
    plm_sv path; /* relative to the root, no leading slash, no "." or ".." */
    uint64_t size;
    uint32_t mode, uid, gid;
};

/* What an extractor writes; all of it ends in the layer record. */
struct plm_extract_out {
    struct plm_buf facts;    /* the extractor's own format */
    struct plm_buf owned;    /* plm_files_encode sections, read only when ownership is asked */
    struct plm_arena *arena; /* scratch, freed after the call */
    /* Adds a diagnostic about this file. */
    void (*diag)(struct plm_extract_out *out, const char *code, enum plm_severity sev, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
    const struct plm_limits *limits;
    void *state; /* what `prepare` made; NULL without it */
    int service; /* socket to the session of plm_image_options.service; -1: none */
};

enum { PLM_EXTRACT_HEAD = 8192 };

/* Runs in a fenced worker: no files, no sockets, no threads; memory is limited. */
struct plm_extractor {
    const char *id;
    const char *summary;
    unsigned version;         /* raise when the facts change: it is part of the cache key */
    const char *const *globs; /* plm_sv_glob patterns on the path, NULL-ended */
    uint64_t max_bytes;       /* larger files are a diagnostic (file.too-large) */
    /* The whole content (mapped). An error is turned into the diagnostic "<id>.unreadable" by the caller. */
    int (*extract)(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err);
    /* At most once in each worker, before the first file that matches: makes *out_state of the parameters
     * given for this run (plm_image_options.params; rules, paths to retrieve ...; part of the cache key). The
     * arena lives as long as the worker. NULL: takes no parameters. */
    int (*prepare)(plm_sv params, const struct plm_limits *limits, struct plm_arena *a, void **out_state,
                   plm_err **err);
    /* In each worker, before its fence goes up: opens what cannot be opened behind it (a module). A failure
     * shows in `prepare`. NULL: nothing. */
    void (*load)(plm_sv params);
    /* Is the content of this file needed at all? Asked after the globs and before a byte is read; NULL: yes.
     */
    bool (*wants)(const void *state, const struct plm_entry *e);
    /* Asked with the first PLM_EXTRACT_HEAD bytes (all of a smaller file), before more is read: false leaves
     * it out; NULL: yes. */
    bool (*wants_head)(const void *state, const struct plm_entry *e, plm_sv head);
    bool skips_large; /* a file over max_bytes is left out without a diagnostic: the extractor says so itself
                       */
};

PLM_SET_DECLARE(plm_extractors, struct plm_extractor);

/* ---- the result ---------------------------------------------------------------------- */

struct plm_facts {
    const struct plm_extractor *extractor;
    plm_sv path;    /* absolute */
    uint32_t layer; /* index; PLM_NONE for a directory source */
    bool visible;   /* the file is in the merged view; facts of deleted and replaced files come too */
    plm_sv data, owned;
};

struct plm_analysis {
    struct plm_arena *arena;
    struct plm_target target;        /* all but distro and verdict */
    struct plm_image_config *config; /* NULL: the source has none (a directory tree), or it was not wanted */
    PLM_VEC(struct plm_fact_file) files; /* want_entries: the merged view without the root, sorted by path */
    bool has_files;
    PLM_VEC(struct plm_facts) facts; /* sorted by extractor id, path, layer */
    PLM_VEC(struct plm_diagnostic) diagnostics;
    uint64_t entries, bytes_read;
    uint64_t
        file_bytes; /* want_entries: of the files of all layers, which is what engines call an image's size */
};

/* Somebody outside of the fence who judges contents for an extractor (a malware scanner). Each worker gets a
 * socket of its own, whose other end this process serves; what comes out of it is the word of a hostile
 * image. */
struct plm_content_service {
    /* In the thread that starts the worker. *out_fd: the worker's end, owned by the caller. NULL: refused,
     * the worker does without. */
    void *(*open)(const struct plm_content_service *s, int *out_fd);
    void (*close)(void *session); /* after the worker has ended */
    const void *data;
};

struct plm_image_options {
    plm_sv platform; /* "linux/arm64", or null: this machine's */
    plm_sv host;     /* -H, or null */
    plm_sv context;  /* --context, or null */
    plm_sv root;     /* --root for host: */
    const struct plm_extractor *const *extractors;
    size_t n_extractors;
    const plm_sv *params; /* one for each extractor, null where none; NULL: none at all */
    bool want_owned;      /* fill facts[].owned */
    bool want_entries;    /* fill analysis.files (trees: the whole tree is walked) */
    bool want_config;     /* fill analysis.config */
    bool all_layers;      /* for the report: the analysis itself always has the facts of all layers */
    bool no_cache;
    uint64_t cache_bytes;                      /* bound of the cache; 0: PLM_CACHE_BYTES_DEFAULT */
    bool engine_export;                        /* do not read the engine's storage in place */
    const struct plm_content_service *service; /* NULL: none */
    bool verify_diff_ids; /* of compressed layers as well: those that come as they are always are */
};

struct plm_analysis *plm_image_analyze(const struct plm_ctx *ctx, const struct plm_source *src,
                                       const struct plm_image_options *opt, plm_err **err);
void plm_analysis_free(struct plm_analysis *a);
PLM_CLEANUP(struct plm_analysis, plm_analysis_free)

/* images: and running: to the sources they stand for. */
int plm_source_expand(const struct plm_ctx *ctx, const struct plm_source *src,
                      const struct plm_image_options *opt, struct plm_arena *a, struct plm_source **out,
                      size_t *out_n, plm_err **err);

/* Forks the clean spawner. Call before any thread exists and before opening anything. */
int plm_spawner_start(plm_err **err);
void plm_spawner_stop(void);
