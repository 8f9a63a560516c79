/* SPDX-License-Identifier: Apache-2.0
 *
 * The dotted codes of errors and diagnostics, with one line of meaning each. They are stable: a
 * script may look for one. A test compares this table with the codes that the sources use.
 */
#include "model/model.h"

// clang-format off
const struct plm_code_row plm_codes[] = {
    {"cache.no-dir", "no directory for the cache is known"},
    {"catalog.bad-record", "a layer's record of a package database does not read; the layer is scanned again"},
    {"config.exists", "the file to write is there already"},
    {"config.file", "a configuration file is not a mapping of keys, or not a regular file"},
    {"config.key", "a key that no option has"},
    {"config.owner", "a configuration file belongs to somebody else, or others may write it"},
    {"config.project", "a project's plimsoll.yaml sets what it may not"},
    {"config.value", "a value that the option does not take"},
    {"config.variable", "a PLIMSOLL_ variable that no option has"},
    {"db.corrupt", "the vulnerability store is damaged"},
    {"db.version", "the vulnerability store is of another format version"},
    {"engine.context", "a Docker context that does not exist or does not read"},
    {"engine.error", "the container engine answered with an error"},
    {"engine.not-found", "the container engine knows no such image or container"},
    {"engine.permission", "the container engine refuses this user"},
    {"engine.unreachable", "no container engine answers there"},
    {"engine.version", "the container engine and this program have no API version in common"},
    {"limit.bytes", "more uncompressed bytes than the limit"},
    {"limit.ratio", "expands more than the limit: a decompression bomb"},
    {"net.module", "the network module is missing or of another version"},
    {"net.offline", "--offline forbids this connection"},
    {"net.protocol", "a server's answer is no HTTP"},
    {"net.range", "a server sent another part than was asked for"},
    {"net.redirect", "a redirect that is not followed"},
    {"net.stalled", "a server sent nothing for too long"},
    {"net.status", "a server answered with an error status"},
    {"package.no-source", "packages do not say which source package they were built from, so source advisories cannot be matched"},
    {"repo.bad-index", "a file of a repository is not the one that its signed index lists"},
    {"repo.no-arch", "the repository has no packages of this architecture"},
    {"repo.no-gpgv", "gpgv is missing, so repository signatures cannot be verified"},
    {"repo.no-mirror", "no mirror of this distribution is known; repo.mirrors names one"},
    {"repo.scope", "what the repository feed knows and what it cannot know"},
    {"repo.unverified", "a repository index whose signature could not be verified; it is not used"},
    {"report.invalid", "a saved report contradicts itself"},
    {"report.schema", "the file is no report of plimsoll, or of a version that this one does not know"},
    {"report.template", "a template that cannot be read"},
    {"rpm.wal-not-read", "an rpm database has changes in a write-ahead log that were not applied"},
    {"tar.header-too-large", "an extended header of an archive is over the limit"},
    {"tar.invalid", "an archive that is not right, at the offset named"},
    {"tar.name-too-long", "a name in an archive is over the limit"},
    {"usage.arguments", "arguments that do not go together"},
    {"usage.command", "no such command"},
    {"usage.format", "no such output format"},
    {"usage.option", "no such option, or not of this command"},
    {"usage.scheme", "no such version scheme"},
    {"usage.value", "an option's value is missing or wrong"},
    {"usage.words", "too few or too many words"},
};
// clang-format on
const size_t plm_codes_n = sizeof(plm_codes) / sizeof(plm_codes[0]);
