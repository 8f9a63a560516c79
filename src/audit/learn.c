/* SPDX-License-Identifier: Apache-2.0
 *
 * `audit host --learn FILE`: what runs, listens, starts and is set-uid on this host beside the built-in
 * lists, as a fragment of plimsoll.yaml that allows it. To be read by a person before it is used: what an
 * intruder left is in it as well.
 */
#include "audit/host.h"
#include "base/text.h"

static void put_list(struct plm_buf *b, const char *key, plm_sv_vec *v)
{
    plm_sv_vec_sort_unique(v);
    plm_buf_printf(b, "  %s:%s\n", key, v->n ? "" : " []");
    for (size_t i = 0; i < v->n; i++) {
        plm_buf_str(b, "    - ");
        plm_text_json(b, v->v[i]); /* a JSON string is a YAML one */
        plm_buf_str(b, "\n");
    }
}

/* What a glob would take for a pattern is taken literally. */
static void add_literal(struct plm_arena *a, plm_sv_vec *v, plm_sv s)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    for (size_t i = 0; i < s.n; i++) {
        bool is_special = s.p[i] == '*' || s.p[i] == '?' || s.p[i] == '[';
        plm_buf_printf(&b, is_special ? "[%c]" : "%c", s.p[i]);
    }
    (void)plm_sv_vec_add(a, v, plm_buf_sv(&b));
}

static void learn_programs(const struct plm_facts *f, plm_sv_vec *out, struct plm_buf *b)
{
    plm_host_programs v = {0};
    plm_sv why = PLM_SV_NULL;
    if (!plm_host_programs_list(f, &v, &why))
        plm_buf_printf(b, "# processes: %.*s\n", PLM_SV_ARG(why));
    for (size_t i = 0; i < v.n; i++)
        if (v.v[i].exe.p && !v.v[i].is_memfd && !v.v[i].is_deleted)
            add_literal(f->arena, out, v.v[i].exe);
}

static void learn_listeners(const struct plm_facts *f, plm_sv_vec *out, struct plm_buf *b)
{
    plm_socket_vec v = {0};
    size_t denied;
    if (!f->kernel || plm_kernel_sockets(f->kernel, 0, f->arena, &v, NULL) < 0 ||
        plm_kernel_socket_owners(f->kernel, &f->processes, &v, &denied, NULL) < 0) {
        plm_buf_str(b, "# listeners: sockets cannot be read\n");
        return;
    }
    for (size_t i = 0; i < v.n; i++) {
        const struct plm_socket *s = &v.v[i];
        bool is_udp = s->proto == PLM_UDP || s->proto == PLM_UDP6;
        bool is_contained = false;
        for (size_t p = 0; p < f->processes.n && s->pid; p++)
            is_contained |=
                f->processes.v[p].pid == s->pid && (plm_host_is_contained(f, &f->processes.v[p]) ||
                                                    plm_sv_is(f->processes.v[p].comm, "docker-proxy"));
        if ((!is_udp && s->proto != PLM_TCP && s->proto != PLM_TCP6) || is_contained)
            continue;
        plm_sv text =
            plm_host_printf(f, "%.*s:%u/%s", PLM_SV_ARG(s->address), s->port, is_udp ? "udp" : "tcp");
        add_literal(f->arena, out, text);
    }
}

static void learn_rest(const struct plm_facts *f, plm_sv_vec *services, plm_sv_vec *setuid, struct plm_buf *b)
{
    plm_enabled_vec e = {0};
    plm_setuid_vec s = {0};
    plm_sv why = PLM_SV_NULL;
    if (!plm_host_enabled(f, &e, &why))
        plm_buf_printf(b, "# services: %.*s\n", PLM_SV_ARG(why));
    for (size_t i = 0; i < e.n; i++)
        if (!e.v[i].is_masked)
            add_literal(f->arena, services, e.v[i].name);
    bool is_partial;
    plm_host_setuids(f, &s, &is_partial, &why);
    for (size_t i = 0; i < s.n; i++)
        if (!(s.v[i].mode & 022)) /* one that others may write is never expected */
            add_literal(f->arena, setuid, s.v[i].path);
}

int plm_audit_learn(const struct plm_ctx *ctx, const struct plm_audit_options *opt, const char *path,
                    plm_err **err)
{
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(err);
    plm_auto(plm_facts_free) struct plm_facts *f = NULL;
    struct plm_audit_options host = *opt;
    host.stages = PLM_STAGE_BIT(PLM_STAGE_HOST);
    if (!r || plm_facts_collect(ctx, &host, r, &f, err) < 0)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(16));
    plm_sv_vec programs = {0}, listeners = {0}, services = {0}, setuid = {0};
    plm_buf_str(&b, "# What was seen on this host; read it before you use it. A file that was deleted or "
                    "runs from memory is left out.\n");
    learn_programs(f, &programs, &b);
    learn_listeners(f, &listeners, &b);
    learn_rest(f, &services, &setuid, &b);
    plm_buf_str(&b, "audit:\n");
    put_list(&b, "allowed-processes", &programs);
    put_list(&b, "allowed-listeners", &listeners);
    put_list(&b, "allowed-services", &services);
    put_list(&b, "allowed-setuid", &setuid);
    if (plm_arena_check(f->arena, err) < 0 || plm_buf_check(&b, err) < 0)
        return -1;
    return plm_fs_write_atomic(path, plm_buf_sv(&b), 0644, err);
}
