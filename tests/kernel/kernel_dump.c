/* SPDX-License-Identifier: Apache-2.0
 *
 * What src/kernel makes of this machine, as JSON lines: for tests/e2e/test_kernel.py.
 */
#include "kernel/kernel.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

static void text(const char *key, plm_sv s)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_text_json(&b, s);
    printf(", \"%s\": %.*s", key, PLM_SV_ARG(plm_buf_sv(&b)));
}

static void dump_process(const struct plm_process *p)
{
    printf("{\"what\": \"process\", \"pid\": %d, \"ppid\": %d, \"start\": %" PRIu64
           ", \"sys\": %d, \"kernel\": %d",
           p->pid, p->ppid, p->start_ticks, p->sys, p->is_kernel);
    printf(", \"uid\": %u, \"euid\": %u, \"bnd\": \"%016" PRIx64 "\", \"eff\": \"%016" PRIx64
           "\", \"seccomp\": %d",
           p->uid[0], p->uid[1], p->cap_bnd, p->cap_eff, p->seccomp);
    printf(", \"oom\": %d", p->oom_score_adj);
    for (int ns = 0; ns < PLM_NS_COUNT_; ns++)
        printf(", \"ns_%s\": %" PRIu64, plm_ns_name((enum plm_ns)ns), p->ns[ns]);
    text("comm", p->comm);
    text("exe", p->exe);
    text("cmdline", p->cmdline);
    printf("}\n");
}

static void dump_mounts(struct plm_kernel *k, struct plm_arena *a)
{
    plm_mount_vec v;
    if (plm_kernel_mounts(k, 0, a, &v, NULL) < 0)
        exit(1);
    for (size_t i = 0; i < v.n; i++) {
        printf("{\"what\": \"mount\", \"id\": %u, \"parent\": %u, \"device\": \"%u:%u\"", v.v[i].id,
               v.v[i].parent, v.v[i].major, v.v[i].minor);
        text("root", v.v[i].root);
        text("target", v.v[i].point);
        text("type", v.v[i].type);
        printf("}\n");
    }
}

static void dump_sockets(struct plm_kernel *k, struct plm_arena *a, const plm_process_vec *p)
{
    plm_socket_vec v;
    size_t denied;
    if (plm_kernel_sockets(k, 0, a, &v, NULL) < 0 || plm_kernel_socket_owners(k, p, &v, &denied, NULL) < 0)
        exit(1);
    for (size_t i = 0; i < v.n; i++) {
        printf("{\"what\": \"socket\", \"proto\": \"%s\", \"port\": %u, \"ino\": %" PRIu64 ", \"owner\": %d",
               plm_socket_proto_name(v.v[i].proto), v.v[i].port, v.v[i].ino, v.v[i].pid);
        text("address", v.v[i].address);
        printf("}\n");
    }
}

int main(int argc, char **argv)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_kernel_close) struct plm_kernel *k = plm_kernel_open(&ctx, PLM_SV_NULL, NULL);
    plm_process_vec p;
    if (!a || !k || plm_kernel_processes(k, a, &p, NULL) < 0)
        return 1;
    for (int i = 1; i < argc; i++) {
        uint64_t set = strtoull(argv[i], NULL, 16);
        printf("{\"what\": \"capabilities\", \"set\": \"%s\"", argv[i]);
        text("names", plm_cap_names(a, set));
        printf("}\n");
    }
    for (size_t i = 0; i < p.n; i++) {
        plm_kernel_process_details(k, a, &p.v[i]);
        dump_process(&p.v[i]);
    }
    dump_mounts(k, a);
    dump_sockets(k, a, &p);
    return 0;
}
