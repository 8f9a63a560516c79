/* SPDX-License-Identifier: Apache-2.0
 *
 * What sites allow and add, from the configuration to the options of the image checks.
 */
#include "cli/inspect_options.h"

#include "base/fs.h"
#include "inspect/dockerfile_rules.h"

static void copy(const struct plm_config *c, const char *name, struct plm_arena *a, plm_sv_vec *out)
{
    const plm_sv *list;
    size_t n = plm_config_list(c, name, &list);
    for (size_t i = 0; i < n; i++)
        plm_sv_vec_add(a, out, list[i]);
}

/* The file is named by the user: what is wrong with it is a fault of the configuration. */
static int read_secret_rules(const struct plm_config *c, struct plm_arena *a, struct plm_inspect_options *io,
                             plm_err **err)
{
    plm_sv name = plm_config_text(c, "secret-config");
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(16));
    plm_auto(plm_err_free) plm_err *e = NULL;
    if (!name.n)
        return 0;
    const char *path = plm_arena_cstr(a, name);
    if (!path)
        return plm_fail_oom(err);
    if (plm_fs_read(path, PLM_MIB(16), &b, &e) < 0) {
        plm_auto_free char *text = plm_err_text(e);
        return plm_fail(err, PLM_E_CONFIG, "--secret-config: %s", text ? text : path);
    }
    io->secret_rules = plm_arena_sv(a, plm_buf_sv(&b));
    io->secret_rules_name = plm_arena_sv(a, name);
    return plm_arena_check(a, err);
}

/* --hadolint-config likewise. */
static int read_hadolint(const struct plm_config *c, struct plm_arena *a, struct plm_inspect_options *io,
                         plm_err **err)
{
    plm_sv name = plm_config_text(c, "hadolint-config");
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_auto(plm_err_free) plm_err *e = NULL;
    struct plm_dockerfile_options *o = plm_arena_make(a, struct plm_dockerfile_options);
    const char *path = plm_arena_cstr(a, name);
    if (!name.n)
        return 0;
    if (!path || !o)
        return plm_fail_oom(err);
    if (plm_fs_read(path, b.max, &b, &e) < 0) {
        plm_auto_free char *text = plm_err_text(e);
        return plm_fail(err, PLM_E_CONFIG, "--hadolint-config: %s", text ? text : path);
    }
    if (plm_dockerfile_options_read(plm_arena_sv(a, plm_buf_sv(&b)), path, a, o, err) < 0)
        return -1;
    io->dockerfile_options = o;
    return plm_arena_check(a, err);
}

int plm_inspect_options_read(const struct plm_config *c, struct plm_arena *a, struct plm_inspect_options *io,
                             plm_err **err)
{
    copy(c, "allowed-registries", a, &io->allowed_registries);
    copy(c, "allowed-ports", a, &io->accepted_ports);
    copy(c, "allowed-setuid", a, &io->accepted_setuid);
    copy(c, "accept-key", a, &io->accepted_keys);
    copy(c, "accept-file", a, &io->accepted_files);
    copy(c, "accept-extension", a, &io->accepted_extensions);
    copy(c, "sensitive-word", a, &io->sensitive_words);
    copy(c, "sensitive-file", a, &io->sensitive_files);
    copy(c, "sensitive-extension", a, &io->sensitive_extensions);
    copy(c, "allow-license", a, &io->license_allow);
    copy(c, "deny-license", a, &io->license_deny);
    plm_severity_parse(plm_config_text(c, "license-severity"), &io->license_severity);
    io->yara_rules = plm_config_text(c, "yara-rules");
    io->malware_socket = plm_config_text(c, "clamd");
    if (io->malware_socket.n && plm_config_flag(c, "offline") &&
        !plm_sv_starts(io->malware_socket, PLM_SV("/")) &&
        !plm_sv_starts(io->malware_socket, PLM_SV("unix:")))
        return plm_fail(err, PLM_E_USAGE, "--clamd %.*s: --offline opens no IP socket",
                        PLM_SV_ARG(io->malware_socket));
    io->want_owned = io->want_owned || plm_config_flag(c, "verify-packages");
    if (read_hadolint(c, a, io, err) < 0)
        return -1;
    return read_secret_rules(c, a, io, err) < 0 ? -1 : plm_arena_check(a, err);
}
