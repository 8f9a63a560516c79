/* SPDX-License-Identifier: Apache-2.0
 *
 * Check of the host: the SSH server's configuration, one row per setting.
 *
 * Each setting is judged as it holds for connections that no Match block names, then in every block: a block
 * that loosens it fails the row as well. Defaults are OpenSSH's own (sshd_config(5) of 8.4 and newer).
 */
#include "audit/sshd_config.h"

struct ssh_row {
    const char *key, *shown;
    const char *otherwise; /* default; NULL: no value is the default */
    const char *good;      /* values between blanks, lower case; NULL: judged by number or list */
    const char *bad;       /* names of algorithms that must not be there, between blanks */
    uint64_t most;         /* largest good number; 0: not a number */
    enum plm_severity severity;
    const char *set;
};

// clang-format off
static const struct ssh_row rows[] = {
    {"permitrootlogin", "PermitRootLogin", "prohibit-password", "no prohibit-password without-password forced-commands-only", NULL, 0, PLM_SEV_HIGH, "no"},
    {"permitemptypasswords", "PermitEmptyPasswords", "no", "no", NULL, 0, PLM_SEV_HIGH, "no"},
    {"passwordauthentication", "PasswordAuthentication", "yes", "no", NULL, 0, PLM_SEV_MEDIUM, "no"},
    {"hostbasedauthentication", "HostbasedAuthentication", "no", "no", NULL, 0, PLM_SEV_MEDIUM, "no"},
    {"permituserenvironment", "PermitUserEnvironment", "no", "no", NULL, 0, PLM_SEV_MEDIUM, "no"},
    {"ignorerhosts", "IgnoreRhosts", "yes", "yes shosts-only", NULL, 0, PLM_SEV_LOW, "yes"},
    {"x11forwarding", "X11Forwarding", "no", "no", NULL, 0, PLM_SEV_LOW, "no"},
    {"allowtcpforwarding", "AllowTcpForwarding", "yes", "no local", NULL, 0, PLM_SEV_LOW, "no"},
    {"allowagentforwarding", "AllowAgentForwarding", "yes", "no", NULL, 0, PLM_SEV_LOW, "no"},
    {"permittunnel", "PermitTunnel", "no", "no", NULL, 0, PLM_SEV_LOW, "no"},
    {"gatewayports", "GatewayPorts", "no", "no", NULL, 0, PLM_SEV_LOW, "no"},
    {"strictmodes", "StrictModes", "yes", "yes", NULL, 0, PLM_SEV_MEDIUM, "yes"},
    {"loglevel", "LogLevel", "info", "info verbose debug debug1", NULL, 0, PLM_SEV_LOW, "VERBOSE"},
    {"maxauthtries", "MaxAuthTries", "6", NULL, NULL, 6, PLM_SEV_LOW, "4"},
    {"ciphers", "Ciphers", NULL, NULL, "3des-cbc aes128-cbc aes192-cbc aes256-cbc arcfour arcfour128 arcfour256 blowfish-cbc cast128-cbc rijndael-cbc@lysator.liu.se", 0, PLM_SEV_MEDIUM, NULL},
    {"macs", "MACs", NULL, NULL, "hmac-md5 hmac-md5-96 hmac-md5-etm@openssh.com hmac-md5-96-etm@openssh.com hmac-sha1-96 hmac-sha1-96-etm@openssh.com hmac-ripemd160", 0, PLM_SEV_MEDIUM, NULL},
    {"kexalgorithms", "KexAlgorithms", NULL, NULL, "diffie-hellman-group1-sha1 diffie-hellman-group14-sha1 diffie-hellman-group-exchange-sha1", 0, PLM_SEV_MEDIUM, NULL},
    {"hostkeyalgorithms", "HostKeyAlgorithms", NULL, NULL, "ssh-dss ssh-rsa", 0, PLM_SEV_LOW, NULL},
    {"pubkeyacceptedalgorithms", "PubkeyAcceptedAlgorithms", NULL, NULL, "ssh-dss ssh-rsa", 0, PLM_SEV_LOW, NULL},
};
// clang-format on

/* Keywords of older releases. */
static const char *key_of(plm_sv key)
{
    static const char *const old[][2] = {{"pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms"},
                                         {"challengeresponseauthentication", "kbdinteractiveauthentication"}};
    for (size_t i = 0; i < 2; i++)
        if (plm_sv_is(key, old[i][0]))
            return old[i][1];
    return NULL;
}

static bool is_of(const struct plm_sshd_setting *s, const struct ssh_row *r)
{
    const char *newer = key_of(s->key);
    return plm_sv_is(s->key, r->key) || (newer && strcmp(newer, r->key) == 0);
}

/* A list that begins with "-" takes away from the defaults, "+" and "^" add to them; the defaults are good.
 */
static plm_sv bad_algorithm(plm_sv value, const char *bad)
{
    plm_sv one;
    if (plm_sv_starts(value, PLM_SV("-")))
        return PLM_SV_NULL;
    if (value.n && (value.p[0] == '+' || value.p[0] == '^'))
        value = plm_sv_from_off(value, 1);
    while (plm_sv_field(&value, ',', &one)) {
        plm_sv rest = plm_sv_from(bad), word;
        while (plm_sv_word(&rest, &word))
            if (plm_sv_glob(plm_sv_trim(one), word)) /* the setting may hold patterns */
                return word;
    }
    return PLM_SV_NULL;
}

static bool is_good(const struct plm_facts *f, const struct ssh_row *r, plm_sv value)
{
    uint64_t n;
    if (r->bad)
        return !bad_algorithm(value, r->bad).p;
    if (r->most)
        return plm_sv_u64(value, &n) && n && n <= r->most;
    char *p = plm_arena_cstr(f->arena, value);
    for (char *c = p; c && *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    return p && plm_host_has_word(plm_sv_from(r->good), p);
}

static void judge_row(struct plm_checking *k, const struct plm_sshd_config *c, const struct ssh_row *r)
{
    plm_sv object = plm_sv_from(r->shown);
    const struct plm_sshd_setting *global = NULL;
    for (size_t i = 0; i < c->settings.n && !global; i++)
        if (c->settings.v[i].match == 0 && is_of(&c->settings.v[i], r))
            global = &c->settings.v[i];
    plm_sv value = global ? global->value : plm_sv_from(r->otherwise);
    if (!global)
        plm_say_on(k, object, !value.p || is_good(k->facts, r, value) ? PLM_OUT_PASS : PLM_OUT_FAIL,
                   "%s %s (default)", r->shown,
                   r->otherwise ? r->otherwise : "is not set: OpenSSH's own list");
    else
        plm_say_on(k, object, is_good(k->facts, r, value) ? PLM_OUT_PASS : PLM_OUT_FAIL,
                   "%s %.*s (%.*s line %u)", r->shown, PLM_SV_ARG(value), PLM_SV_ARG(global->path),
                   global->line);
    for (size_t i = 0; i < c->settings.n; i++) {
        const struct plm_sshd_setting *s = &c->settings.v[i];
        if (s->match && is_of(s, r) && !is_good(k->facts, r, s->value))
            plm_say_on(k, object, PLM_OUT_FAIL, "%s %.*s for \"Match %.*s\" (%.*s line %u)", r->shown,
                       PLM_SV_ARG(s->value), PLM_SV_ARG(c->matches.v[s->match - 1].criteria),
                       PLM_SV_ARG(s->path), s->line);
    }
    plm_weigh(k, object, r->severity);
    if (r->set)
        plm_refix(k, object,
                  "`%s %s` in /etc/ssh/sshd_config, before any Match and Include that sets it; `systemctl "
                  "reload ssh`",
                  r->shown, r->set);
    else
        plm_refix(k, object,
                  "remove the weak algorithms from %s, or the whole line: OpenSSH's own list is good",
                  r->shown);
}

static void check_ssh(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    struct plm_sshd_config c;
    bool has_server = plm_host_exists(f, "/usr/sbin/sshd");
    int sys = plm_sshd_config_read(f, "/etc/ssh/sshd_config", &c);
    if (sys == ENOENT && !has_server) {
        plm_say(k, PLM_OUT_NA, "/usr/sbin/sshd: not there, no SSH server of OpenSSH is installed");
        return;
    }
    if (sys == ENOENT)
        sys = plm_sshd_config_read(f, "/usr/etc/ssh/sshd_config",
                                   &c); /* where the vendor's file lies under /usr */
    if (sys) {
        plm_say(k, PLM_OUT_UNKNOWN, "/etc/ssh/sshd_config: %s", strerror(sys));
        return;
    }
    for (size_t i = 0; i < c.unreadable.n; i++)
        plm_say(k, PLM_OUT_UNKNOWN, "Include %.*s", PLM_SV_ARG(c.unreadable.v[i]));
    if (!has_server) {
        plm_say(k, PLM_OUT_NA, "/usr/sbin/sshd: not there, the configuration serves nobody");
        return;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        judge_row(k, &c, &rows[i]);
}

static const struct plm_check checks[] = {
    {.id = "H-SSH",
     .title = "the SSH server lets in only who has a key",
     .reads = "/etc/ssh/sshd_config with what it includes and its Match blocks",
     .rationale = "SSH is the one door that a container host keeps open: passwords can be guessed, root "
                  "needs no name to guess, and what "
                  "is forwarded goes around the firewall.",
     .fix = "set it in /etc/ssh/sshd_config and reload: `systemctl reload ssh`",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_ssh},
};
static const struct plm_check_group host_ssh = {
    .id = "host-ssh", .summary = "the SSH server", .checks = checks, .n = 1};
PLM_REGISTER(plm_check_groups, struct plm_check_group, host_ssh);
