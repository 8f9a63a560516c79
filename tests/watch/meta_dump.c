/* SPDX-License-Identifier: Apache-2.0
 *
 * usage: meta-dump LIB-DIR DOCKER-HOST PID...
 * What src/watch makes of processes, a JSON line each: container, metadata as the runtime gave it, names of
 * the user and the group. Waits until the runtimes have answered. DOCKER-HOST "": the usual sockets.
 */
#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "watch/meta.h"
#include "watch/proc.h"

#include <poll.h>
#include <stdio.h>

static void put(struct plm_buf *b, const char *key, plm_sv s)
{
    plm_buf_printf(b, ",\"%s\":", key);
    if (s.p)
        plm_text_json(b, s);
    else
        plm_buf_str(b, "null");
}

static void put_mounts(struct plm_buf *b, const struct plm_container *c)
{
    plm_buf_str(b, ",\"mounts\":[");
    for (size_t i = 0; i < c->n_mounts; i++) {
        plm_buf_str(b, i ? ",{\"writable\":" : "{\"writable\":");
        plm_buf_str(b, c->mounts[i].is_writable ? "true" : "false");
        put(b, "source", c->mounts[i].source);
        put(b, "dest", c->mounts[i].dest);
        plm_buf_byte(b, '}');
    }
    plm_buf_str(b, "],\"labels\":{");
    for (size_t i = 0; i < c->n_labels; i++) {
        plm_buf_str(b, i ? "," : "");
        plm_text_json(b, c->label_names[i]);
        plm_buf_byte(b, ':');
        plm_text_json(b, c->label_values[i]);
    }
    plm_buf_byte(b, '}');
}

static void put_container(struct plm_buf *b, const struct plm_container *c)
{
    static const char *const runtimes[] = {"host",       "docker", "podman",      "cri",
                                           "containerd", "lxc",    "libvirt_lxc", "bpm"};
    put(b, "runtime", plm_sv_from(runtimes[c->runtime]));
    put(b, "id", c->id);
    put(b, "full_id", c->full_id);
    put(b, "name", c->name);
    put(b, "image", c->image);
    put(b, "repository", c->image_repository);
    put(b, "tag", c->image_tag);
    put(b, "image_id", c->image_id);
    put(b, "container_user", c->user);
    put(b, "why", c->why);
    plm_buf_printf(b, ",\"privileged\":%s",
                   !c->has_privileged ? "null"
                   : c->is_privileged ? "true"
                                      : "false");
    plm_buf_printf(b, ",\"host_pid\":%s,\"host_network\":%s,\"init_pid\":%d", c->host_pid ? "true" : "false",
                   c->host_network ? "true" : "false", c->init_pid);
    put_mounts(b, c);
}

static int dump(struct plm_meta *m, const struct plm_thread *t, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    const struct plm_container *c = t->container;
    struct plm_user user;
    plm_buf_printf(&b, "{\"pid\":%d", t->info.pid);
    if (c)
        put_container(&b, c);
    (void)plm_meta_user(m, c, t->info.pid, t->info.uid, &user);
    put(&b, "user", user.name);
    put(&b, "home", user.home);
    put(&b, "group", plm_meta_group(m, c, t->info.pid, t->info.gid));
    plm_buf_str(&b, "}\n");
    if (plm_buf_check(&b, err) < 0)
        return -1;
    return plm_fs_write_all(1, b.p, b.n, err);
}

int main(int argc, char **argv)
{
    plm_err *err = NULL;
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.lib_dir = argc > 1 ? argv[1] : NULL; /* where plimsoll-net.so lies */
    struct plm_meta_config mc = {.docker_host = argc > 2 && *argv[2] ? plm_sv_from(argv[2]) : PLM_SV_NULL};
    plm_auto(plm_meta_free) struct plm_meta *m = plm_meta_new(&ctx, &mc, &err);
    struct plm_procs_config pc = {.meta = m};
    plm_auto(plm_procs_free) struct plm_procs *p = m ? plm_procs_new(&pc, &err) : NULL;
    plm_auto(plm_proc_reader_free) struct plm_proc_reader *r =
        p ? plm_proc_reader_new("/proc", 0, &err) : NULL;
    if (!r || plm_proc_reader_scan(r, p, &err) < 0) {
        fprintf(stderr, "%s\n", err ? err->message : "failed");
        plm_err_free(err);
        return 1;
    }
    for (int i = 3; i < argc; i++) {
        uint64_t pid = 0;
        const struct plm_thread *t = plm_sv_u64(plm_sv_from(argv[i]), &pid) && pid <= INT32_MAX
                                         ? plm_procs_find(p, (int32_t)pid)
                                         : NULL;
        if (!t)
            continue;
        struct pollfd wait = {.fd = plm_meta_fd(m), .events = POLLIN};
        while (t->container && t->container->state == PLM_META_WAITING && poll(&wait, 1, 60000) == 1)
            (void)plm_meta_poll(m);
        if (dump(m, t, &err) < 0) {
            fprintf(stderr, "%s\n", err->message);
            plm_err_free(err);
            return 1;
        }
    }
    return 0;
}
