/* SPDX-License-Identifier: Apache-2.0
 *
 * Check of the host: the packet filter around published ports.
 *
 * The engine's rules stand before those of ufw and firewalld: a port that is published on every address is
 * open though the administrator's firewall says deny. Only rules in DOCKER-USER come first. The chains in
 * force are asked of the kernel (nft.h); rules of iptables-legacy are not seen, which is said. Files:
 * /etc/ufw/ufw.conf (ENABLED), /etc/default/ufw (DEFAULT_INPUT_POLICY), /etc/ufw/user.rules ("### tuple ###
 * allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 in").
 */
#include "audit/host.h"
#include "audit/nft.h"

#include <linux/netfilter.h>

static plm_sv shell_value(const struct plm_facts *f, const char *path, const char *key)
{
    int sys;
    plm_sv text = plm_host_text(f, path, PLM_MIB(1), &sys), line, name, value;
    while (text.p && plm_host_line(&text, &line))
        if (plm_sv_cut(line, '=', &name, &value) && plm_sv_is(plm_sv_trim(name), key)) {
            value = plm_sv_trim(value);
            return value.n >= 2 && value.p[0] == '"' ? plm_sv_sub(value, 1, value.n - 2) : value;
        }
    return PLM_SV_NULL;
}

/* Whether ufw's own rules let the port in: then publishing it contradicts nothing. */
static bool is_let_in_by_ufw(const struct plm_facts *f, plm_sv port, plm_sv proto)
{
    int sys;
    plm_sv text = plm_host_text(f, "/etc/ufw/user.rules", PLM_MIB(4), &sys), line, w[4];
    while (text.p && plm_sv_line(&text, &line)) {
        if (!plm_sv_starts(line, PLM_SV("### tuple ### ")))
            continue;
        plm_sv rest = plm_sv_from_off(line, strlen("### tuple ### "));
        size_t n = 0;
        while (n < 4 && plm_sv_word(&rest, &w[n]))
            n++;
        if (n < 4 || (!plm_sv_is(w[0], "allow") && !plm_sv_is(w[0], "limit")) ||
            (!plm_sv_eq(w[1], proto) && !plm_sv_is(w[1], "any")))
            continue;
        for (plm_sv one; plm_sv_field(&w[2], ',', &one);)
            if (plm_sv_eq(one, port) || plm_sv_is(one, "any"))
                return true;
    }
    return false;
}

/* What denies by default; null: nothing that is known. */
static plm_sv denying_firewall(const struct plm_facts *f, const struct plm_nft *nft)
{
    plm_sv enabled = shell_value(f, "/etc/ufw/ufw.conf", "ENABLED");
    plm_sv policy = shell_value(f, "/etc/default/ufw", "DEFAULT_INPUT_POLICY");
    if (plm_sv_ieq(enabled, PLM_SV("yes")) &&
        (plm_sv_ieq(policy, PLM_SV("DROP")) || plm_sv_ieq(policy, PLM_SV("REJECT"))))
        return PLM_SV("ufw");
    if (plm_host_runs(f, "firewalld"))
        return PLM_SV("firewalld");
    for (size_t i = 0; i < nft->chains.n; i++)
        if (nft->chains.v[i].is_base && nft->chains.v[i].hook == NF_INET_LOCAL_IN &&
            nft->chains.v[i].policy == NF_DROP)
            return plm_host_printf(f, "chain %.*s of table %.*s", PLM_SV_ARG(nft->chains.v[i].name),
                                   PLM_SV_ARG(nft->chains.v[i].table));
    return PLM_SV_NULL;
}

static bool has_own_rules(const struct plm_nft *nft)
{
    for (size_t i = 0; i < nft->chains.n; i++)
        if (plm_sv_is(nft->chains.v[i].name, "DOCKER-USER") &&
            nft->chains.v[i].rules > 1) /* one is the engine's RETURN */
            return true;
    return false;
}

static void judge_published(struct plm_checking *k, const struct plm_container *c, plm_sv denies,
                            bool has_own)
{
    yyjson_val *ports = plm_json_at(c->network, "Ports", NULL), *key, *list, *one;
    size_t i, n, j, m;
    yyjson_obj_foreach(ports, i, n, key, list)
    {
        plm_sv spec = plm_json_sv(key), inside, proto;
        (void)plm_sv_cut(spec, '/', &inside, &proto);
        yyjson_arr_foreach(list, j, m, one)
        {
            plm_sv ip = plm_json_str(one, "HostIp", NULL), port = plm_json_str(one, "HostPort", NULL);
            if (ip.n && !plm_sv_is(ip, "0.0.0.0") && !plm_sv_is(ip, "::"))
                continue;
            plm_sv object = plm_host_printf(k->facts, "%.*s/%.*s", PLM_SV_ARG(port), PLM_SV_ARG(proto));
            bool is_hole = denies.p && !has_own &&
                           !(plm_sv_is(denies, "ufw") && is_let_in_by_ufw(k->facts, port, proto));
            plm_say_on(k, object, is_hole ? PLM_OUT_FAIL : PLM_OUT_PASS,
                       "container %.*s publishes it on every address%s%.*s%s", PLM_SV_ARG(c->name),
                       is_hole ? "; " : "", PLM_SV_ARG(is_hole ? denies : PLM_SV("")),
                       is_hole ? " denies it but comes after the engine's rules" : "");
            plm_weigh(k, object, PLM_SEV_HIGH);
            plm_refix(
                k, object,
                "publish it on one address (`-p 127.0.0.1:%.*s:%.*s`), or filter it in the chain DOCKER-USER",
                PLM_SV_ARG(port), PLM_SV_ARG(inside));
        }
    }
}

static void judge_forward(struct plm_checking *k, const struct plm_nft *nft)
{
    int sys;
    plm_sv object = PLM_SV("FORWARD"),
           forward = plm_host_text(k->facts, "/proc/sys/net/ipv4/ip_forward", 16, &sys);
    plm_sv legacy = plm_host_text(k->facts, "/proc/net/ip_tables_names", PLM_KIB(4), &sys);
    bool is_dropped = false, is_there = false;
    for (size_t i = 0; i < nft->chains.n; i++) {
        const struct plm_nft_chain *c = &nft->chains.v[i];
        if (!c->is_base || c->hook != NF_INET_FORWARD ||
            (c->family != NFPROTO_IPV4 && c->family != NFPROTO_INET))
            continue;
        is_there = true;
        is_dropped |= c->policy == NF_DROP;
        plm_say_on(k, object, PLM_OUT_NA, "nf_tables: %.*s %.*s: policy %s, %u rules", PLM_SV_ARG(c->table),
                   PLM_SV_ARG(c->name), c->policy == NF_DROP ? "drop" : "accept", c->rules);
    }
    if (is_dropped)
        plm_say_on(k, object, PLM_OUT_PASS, "what no rule allows is dropped");
    else if (!plm_sv_is(forward, "1"))
        plm_say_on(k, object, forward.p ? PLM_OUT_PASS : PLM_OUT_UNKNOWN,
                   "net.ipv4.ip_forward: %.*s, nothing is forwarded", PLM_SV_ARG(forward));
    else if (!is_there && plm_host_has_word(legacy, "filter"))
        plm_say_on(k, object, PLM_OUT_UNKNOWN,
                   "iptables-legacy holds the filter, its rules are not read here");
    else
        plm_say_on(k, object, PLM_OUT_FAIL,
                   "net.ipv4.ip_forward is 1 and no chain drops by default: neighbours reach containers past "
                   "their published ports");
    plm_refix(k, object,
              "`iptables -P FORWARD DROP` (the engine does it when it switches forwarding on itself: "
              "`\"iptables\": true`)");
}

static void check_firewall(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    struct plm_nft nft = {0};
    bool is_live = f->kernel && plm_kernel_is_live(f->kernel) && !plm_kernel_in_container(f->kernel);
    int sys = is_live ? plm_nft_read(f->arena, &nft) : ENOENT;
    if (!is_live)
        plm_say(k, PLM_OUT_UNKNOWN, "the rules in force are known only on the running host itself");
    else if (sys)
        plm_say(k, PLM_OUT_UNKNOWN, "nf_tables: %s%s", strerror(sys),
                sys == EPERM ? " (CAP_NET_ADMIN is needed)" : "");
    else
        judge_forward(k, &nft);
    plm_sv denies = denying_firewall(f, &nft);
    bool has_own = has_own_rules(&nft);
    plm_say(k, PLM_OUT_PASS, "%s%.*s%s", denies.p ? "" : "no firewall that denies by default was found",
            PLM_SV_ARG(denies), denies.p ? " denies by default" : "");
    if (has_own)
        plm_say(k, PLM_OUT_PASS, "DOCKER-USER has rules of the administrator");
    for (size_t i = 0; i < f->daemons.n; i++)
        for (size_t j = 0; j < f->daemons.v[i].containers.n; j++)
            if (f->daemons.v[i].containers.v[j].is_running && !f->daemons.v[i].is_remote)
                judge_published(k, &f->daemons.v[i].containers.v[j], denies, has_own);
}

static const struct plm_check checks[] = {
    {.id = "H-FW",
     .title = "the firewall holds for containers as well",
     .reads = "chains of nf_tables, net.ipv4.ip_forward, ufw's and firewalld's files, published ports",
     .rationale = "The engine's rules come before those of ufw and firewalld: a port that is published on "
                  "every address is open whatever they "
                  "say, and without a policy neighbours route straight to the containers.",
     .fix = "publish ports on one address, filter in the chain DOCKER-USER, and let FORWARD drop by default",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_firewall},
};
static const struct plm_check_group host_firewall = {
    .id = "host-firewall", .summary = "packet filter and published ports", .checks = checks, .n = 1};
PLM_REGISTER(plm_check_groups, struct plm_check_group, host_firewall);
