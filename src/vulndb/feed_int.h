/* SPDX-License-Identifier: Apache-2.0
 *
 * What the feed parsers share: making rows of an advisory, names of releases, small readers.
 *
 *     struct plm_advisory adv = {.id = id};
 *     struct plm_affected *a = plm_feed_affected(s, &adv, PLM_SV("Debian:12"), name);
 *     plm_feed_range(s, a, (struct plm_range){.fixed = version});
 *     return plm_feed_push(s, &adv, err);
 *
 * All of them allocate in s->arena and are quiet when it fails: plm_feed_push says so.
 * Strings that live as long as the input file need no copy: the sink copies on push.
 */
#pragma once

#include "codec/json.h"
#include "vulndb/vulndb.h"

/* A new row; NULL if the arena failed. */
struct plm_affected *plm_feed_affected(struct plm_feed_sink *s, struct plm_advisory *adv, plm_sv ecosystem,
                                       plm_sv package);
/* a may be NULL. */
void plm_feed_range(struct plm_feed_sink *s, struct plm_affected *a, struct plm_range range);
/* "Not affected": the state, and the range that holds nothing (see struct plm_affected). */
void plm_feed_not_affected(struct plm_feed_sink *s, struct plm_affected *a, plm_sv note);
/* Adds to a list of ids without copying; skips what is among the last 256 already. */
void plm_feed_id(struct plm_feed_sink *s, plm_sv_vec *vec, plm_sv id);
/* Hands the advisory over, or reports that it did not fit into the arena. */
int plm_feed_push(struct plm_feed_sink *s, const struct plm_advisory *adv, plm_err **err);
/* s->bad with "file:line". */
void plm_feed_bad_line(struct plm_feed_sink *s, plm_sv file, size_t line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Reports err as a broken file and frees it; 0 so that the feed goes on, -1 (moved to *out) when it is not
 * the input's fault (out of memory, cancelled). */
int plm_feed_broken(struct plm_feed_sink *s, plm_sv file, plm_err **err, plm_err **out);

/* The file as JSON. 0 with *out NULL: it is none, and s->bad knows. */
int plm_feed_json(struct plm_feed_sink *s, const struct plm_feed_file *f, struct plm_json **out,
                  plm_err **err);
/* The same for a parse that ended with *err while advisories were being built: a full arena is an error. */
int plm_feed_xml_failed(struct plm_feed_sink *s, plm_sv file, plm_err **err, plm_err **out);
/* RFC 3339; 0 where there is none, or one before 1970 (placeholders). */
int64_t plm_feed_time(plm_sv text);
/* The newest date that a format met, kept in s->state by those that need no other state. */
void plm_feed_newest(struct plm_feed_sink *s, int64_t t);
/* A format's `finish` that reports it with s->as_of. */
int plm_feed_finish_newest(struct plm_feed_sink *s, plm_err **err);
/* "nodejs:18" of "Important: nodejs:18 security update" and the like: the modules that a title names. */
void plm_feed_title_modules(struct plm_feed_sink *s, plm_sv title, plm_sv_vec *out);
/* "Important" of such a title, or null. */
plm_sv plm_feed_title_severity(plm_sv title);

/* "CVE-YYYY-N…" with digits only. */
bool plm_feed_is_cve(plm_sv id);
/* Adds a vector with its score and version if it is valid; false if it is not. */
bool plm_feed_cvss(struct plm_feed_sink *s, struct plm_advisory *adv, plm_sv vector, plm_sv source);
/* Debian's urgency: "low", "unimportant", "low**"; "not yet assigned" says nothing, "end-of-life" is a state.
 */
void plm_feed_urgency(struct plm_affected *a, plm_sv urgency);
/* "21 Aug 2026": day, English month (three letters are enough), year. */
bool plm_feed_date(plm_sv text, int64_t *out);

/* Ecosystem of a release by its codename: "bookworm" is "Debian:12", "jammy" is "Ubuntu:22.04:LTS". Null if
 * unknown. */
plm_sv plm_feed_debian(plm_sv codename);
plm_sv plm_feed_ubuntu(plm_sv codename);
