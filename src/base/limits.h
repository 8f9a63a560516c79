/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits on everything that input controls. One table; each row can be overridden in
 * the context (struct plm_ctx) and has a test that crosses it.
 */
#pragma once

#include <stdint.h>

struct plm_limits {
    uint64_t layer_bytes;    /* uncompressed bytes of one layer */
    uint64_t layer_entries;  /* tar entries of one layer, directory entries of one tree */
    uint64_t ratio;          /* uncompressed : compressed, judged above 16 MiB of output */
    uint64_t path_bytes;     /* one path name */
    uint64_t pax_bytes;      /* one extended header */
    uint64_t file_bytes;     /* one wanted file held for an extractor */
    uint64_t spool_bytes;    /* all files held at once */
    uint64_t record_bytes;   /* one layer record */
    uint64_t manifest_bytes; /* one manifest, index or image config */
    uint64_t layers;         /* layers of one image */
    uint64_t packages;       /* packages of one database */
    uint64_t json_bytes;     /* one JSON document that is read whole */
    uint64_t yaml_events;    /* events of one YAML document, aliases expanded */
    uint64_t depth;          /* nesting of JSON, YAML, XML, archives */
    uint64_t worker_seconds; /* CPU time of one worker */
    uint64_t worker_memory;  /* address space of one worker */
    uint64_t http_bytes;     /* one HTTP body that is read whole */
    uint64_t processes;      /* processes of /proc */
    uint64_t mounts;         /* mounts of one mount namespace */
    uint64_t sockets;        /* listening or bound sockets of one network namespace */
};

/* The defaults (src/base/limits.c). */
extern const struct plm_limits plm_limits_default;
