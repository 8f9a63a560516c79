/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates that the original gave up before its last release. Bundles that name them still load: such a rule
 * does nothing and is reported as a problem (an error where a bundle is validated). Their parameters are not
 * looked at.
 */
#include "policy/gate_common.h"

/* Never called for a result: the evaluator reports the state. */
static int nothing(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    (void)ev;
    (void)r;
    (void)err;
    return 0;
}

#define OLD(trigger, successor)                                                                              \
    {                                                                                                        \
        .name = trigger, .description = "Ended; the gate " successor " took its place.",                     \
        .state = PLM_STATE_EOL, .superseded_by = successor, .evaluate = nothing                              \
    }
#define GONE(trigger)                                                                                        \
    {                                                                                                        \
        .name = trigger, .description = "Ended; nothing took its place.", .state = PLM_STATE_EOL,            \
        .evaluate = nothing                                                                                  \
    }
#define GATE(gate, successor, text)                                                                          \
    static const struct plm_policy_gate gate = {.name = #gate,                                               \
                                                .description = text,                                         \
                                                .state = PLM_STATE_EOL,                                      \
                                                .superseded_by = successor,                                  \
                                                .triggers = gate##_triggers};                                \
    PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, gate)

static const struct plm_policy_trigger anchoresec_triggers[] = {
    OLD("vulnlow", "vulnerabilities"),           OLD("vulnmedium", "vulnerabilities"),
    OLD("vulnhigh", "vulnerabilities"),          OLD("vulncritical", "vulnerabilities"),
    OLD("vulnunknown", "vulnerabilities"),       OLD("feedoutofdate", "vulnerabilities"),
    OLD("unsupporteddistro", "vulnerabilities"), {0}};
GATE(anchoresec, "vulnerabilities", "Vulnerabilities of packages of the distribution.");

static const struct plm_policy_trigger dockerfilecheck_triggers[] = {OLD("directivecheck", "dockerfile"),
                                                                     OLD("effectiveuser", "dockerfile"),
                                                                     OLD("expose", "dockerfile"),
                                                                     OLD("nofrom", "dockerfile"),
                                                                     OLD("fromscratch", "dockerfile"),
                                                                     OLD("notag", "dockerfile"),
                                                                     OLD("sudo", "dockerfile"),
                                                                     OLD("volumepresent", "dockerfile"),
                                                                     OLD("nohealthcheck", "dockerfile"),
                                                                     OLD("nodockerfile", "dockerfile"),
                                                                     {0}};
GATE(dockerfilecheck, "dockerfile", "Instructions of the Dockerfile.");

static const struct plm_policy_trigger filecheck_triggers[] = {
    OLD("contentmatch", "files"), OLD("filenamematch", "files"), OLD("suidsgidcheck", "files"), {0}};
GATE(filecheck, "files", "Files of the image.");

static const struct plm_policy_trigger fileparse_passwd_triggers[] = {OLD("filenotstored", "passwd_file"),
                                                                      OLD("usernamematch", "passwd_file"),
                                                                      OLD("useridmatch", "passwd_file"),
                                                                      OLD("groupidmatch", "passwd_file"),
                                                                      OLD("shellmatch", "passwd_file"),
                                                                      OLD("pentrymatch", "passwd_file"),
                                                                      {0}};
GATE(fileparse_passwd, "passwd_file", "Accounts of /etc/passwd.");

static const struct plm_policy_trigger gemcheck_triggers[] = {OLD("gemnotlatest", "ruby_gems"),
                                                              OLD("gemnotofficial", "ruby_gems"),
                                                              OLD("gembadversion", "ruby_gems"),
                                                              OLD("gempkgfullmatch", "ruby_gems"),
                                                              OLD("gempkgnamematch", "ruby_gems"),
                                                              OLD("gemnofeed", "ruby_gems"),
                                                              {0}};
GATE(gemcheck, "ruby_gems", "Ruby gems.");

static const struct plm_policy_trigger npmcheck_triggers[] = {OLD("npmnotlatest", "npms"),
                                                              OLD("npmnotofficial", "npms"),
                                                              OLD("npmbadversion", "npms"),
                                                              OLD("npmpkgfullmatch", "npms"),
                                                              OLD("npmpkgnamematch", "npms"),
                                                              OLD("npmnofeed", "npms"),
                                                              {0}};
GATE(npmcheck, "npms", "npm packages.");

static const struct plm_policy_trigger metadatacheck_triggers[] = {OLD("attributecheck", "metadata"), {0}};
GATE(metadatacheck, "metadata", "Metadata of the image.");

static const struct plm_policy_trigger licblacklist_triggers[] = {
    OLD("licfullmatch", "licenses"), OLD("licsubmatch", "licenses"), {0}};
GATE(licblacklist, "licenses", "Licenses of packages.");

static const struct plm_policy_trigger pkgblacklist_triggers[] = {
    OLD("pkgfullmatch", "packages"), OLD("pkgnamematch", "packages"), {0}};
GATE(pkgblacklist, "packages", "Packages that must not be there.");

static const struct plm_policy_trigger pkgcheck_triggers[] = {
    OLD("verify", "packages"), OLD("pkgnotpresent", "packages"), {0}};
GATE(pkgcheck, "packages", "Packages of the distribution.");

static const struct plm_policy_trigger secretcheck_triggers[] = {
    OLD("contentmatch", "secret_scans"), OLD("filenamematch", "secret_scans"), {0}};
GATE(secretcheck, "secret_scans", "Secrets in files.");

static const struct plm_policy_trigger suiddiff_triggers[] = {
    GONE("suiddiff"), GONE("suidfileadd"), GONE("suidfiledel"), GONE("suidmodediff"), {0}};
GATE(suiddiff, NULL, "Set-id files beside those of the base image.");

static const struct plm_policy_trigger pkgdiff_triggers[] = {
    GONE("pkgdiff"), GONE("pkgversiondiff"), GONE("pkgadd"), GONE("pkgdel"), {0}};
GATE(pkgdiff, NULL, "Packages beside those of the base image.");

static const struct plm_policy_trigger imagecheck_triggers[] = {GONE("baseoutofdate"), {0}};
GATE(imagecheck, NULL, "Ancestry of the image.");
