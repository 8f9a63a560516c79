/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameters of events as text (falco-rules.md 4.3). Each has a raw form, what the program passed, and
 * perhaps a resolved one: the name of a number, the absolute path. evt.arg.* is the resolved form where there
 * is one; evt.args shows both.
 *
 * A path's resolved form is what the kernel found (links and `..` followed), so it is also given for an
 * absolute path that leads elsewhere, where Falco has none.
 */
#include "watch/evtype.h"
#include "watch/field_int.h"
#include "watch/flags.h"

#include "base/buf.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>

/* "<f>/etc/passwd", "<4t>10.0.0.1:80->…": the protocol stands behind the type of an IP socket. */
static void fd_text(const struct plm_fdinfo *fd, struct plm_buf *out)
{
    char type = plm_fdtype_char(fd->type);
    if (!type)
        return;
    plm_buf_printf(out, "<%c", type);
    if (fd->type == PLM_FD_IPV4 || fd->type == PLM_FD_IPV6) {
        if (fd->l4 == IPPROTO_TCP)
            plm_buf_byte(out, 't');
        else if (fd->l4 == IPPROTO_UDP)
            plm_buf_byte(out, 'u');
        else if (fd->l4 == IPPROTO_ICMP)
            plm_buf_byte(out, 'i');
        else if (fd->l4 == IPPROTO_RAW)
            plm_buf_byte(out, 'r');
    }
    plm_buf_byte(out, '>');
    plm_buf_sv_put(out, fd->name);
}

static void errno_text(int64_t result, struct plm_buf *out)
{
    const char *name = result < 0 && result >= -4095 ? plm_errno_name((int)-result) : NULL;
    if (name)
        plm_buf_str(out, name);
}

static void descriptor_text(const struct plm_event *e, unsigned index, struct plm_buf *raw,
                            struct plm_buf *resolved)
{
    int64_t fd = e->params[index].i;
    plm_buf_printf(raw, "%lld", (long long)fd);
    if (fd == AT_FDCWD)
        plm_buf_str(resolved, "AT_FDCWD");
    else if (fd < 0)
        errno_text(fd, resolved);
    else if (e->has_fd && e->type->has_fd && e->type->fd_param == index)
        fd_text(&e->fd, resolved);
}

/* What is not printable is a dot; so is the NUL between strings. */
static void bytes_text(plm_sv s, struct plm_buf *out)
{
    for (size_t i = 0; i < s.n; i++)
        plm_buf_byte(out, s.p[i] >= ' ' && s.p[i] <= '~' ? (unsigned char)s.p[i] : '.');
}

static void id_text(const struct plm_view *view, uint64_t id, bool is_group, struct plm_buf *raw,
                    struct plm_buf *resolved)
{
    if ((uint32_t)id == UINT32_MAX) {
        plm_buf_str(raw, "-1");
        plm_buf_str(resolved, "<NONE>");
        return;
    }
    plm_buf_printf(raw, "%llu", (unsigned long long)id);
    plm_buf_sv_put(resolved,
                   is_group ? plm_view_group(view, (uint32_t)id) : plm_view_user(view, (uint32_t)id));
}

static void signal_text(uint64_t sig, struct plm_buf *raw, struct plm_buf *resolved)
{
    plm_buf_printf(raw, "%llu", (unsigned long long)sig);
    const char *name = sig && sig < NSIG ? sigabbrev_np((int)sig) : NULL;
    if (name)
        plm_buf_printf(resolved, "SIG%s", name);
}

static void pid_text(const struct plm_view *view, int64_t pid, struct plm_buf *raw, struct plm_buf *resolved)
{
    plm_buf_printf(raw, "%lld", (long long)pid);
    if (pid <= 0)
        errno_text(pid, resolved);
    else if (view->procs && pid <= INT32_MAX) {
        const struct plm_thread *t = plm_procs_find(view->procs, (int32_t)pid);
        if (t && t->is_known)
            plm_buf_sv_put(resolved, t->info.comm);
    }
}

static void path_text(const struct plm_param *p, struct plm_buf *raw, struct plm_buf *resolved)
{
    plm_buf_sv_put(raw, p->s);
    if (p->resolved.n && !plm_sv_eq(p->resolved, p->s))
        plm_buf_sv_put(resolved, p->resolved);
}

static void mode_text(const struct plm_param_info *info, uint64_t mode, struct plm_buf *raw,
                      struct plm_buf *resolved)
{
    plm_buf_printf(raw, "%#llo", (unsigned long long)mode);
    if (info->flags)
        plm_flags_text(info->flags, mode, resolved);
}

static void flags_text(const struct plm_param_info *info, uint64_t value, struct plm_buf *raw,
                       struct plm_buf *resolved)
{
    plm_buf_printf(raw, "%llu", (unsigned long long)value);
    if (info->type == PLM_P_ENUM)
        plm_flags_enum_text(info->flags, value, resolved);
    else
        plm_flags_text(info->flags, info->flags == plm_flags_open ? plm_flags_open_bits(value) : value,
                       resolved);
}

void plm_param_text(const struct plm_view *view, unsigned index, struct plm_buf *raw,
                    struct plm_buf *resolved)
{
    const struct plm_event *e = view->event;
    if (!e || index >= e->n_params || index >= e->type->n_params || !e->params[index].is_present) {
        plm_buf_str(raw, "<NA>");
        return;
    }
    const struct plm_param_info *info = &e->type->params[index];
    const struct plm_param *p = &e->params[index];
    switch (info->type) {
    case PLM_P_ERRNO:
        plm_buf_printf(raw, "%lld", (long long)p->i);
        errno_text(p->i, resolved);
        break;
    case PLM_P_FD:
        descriptor_text(e, index, raw, resolved);
        break;
    case PLM_P_PID:
        pid_text(view, p->i, raw, resolved);
        break;
    case PLM_P_INT:
        plm_buf_printf(raw, "%lld", (long long)p->i);
        break;
    case PLM_P_UINT:
        plm_buf_printf(raw, "%llu", (unsigned long long)p->u);
        break;
    case PLM_P_HEX:
        plm_buf_printf(raw, "%llX", (unsigned long long)p->u);
        break;
    case PLM_P_STR:
        plm_buf_sv_put(raw, p->s);
        break;
    case PLM_P_PATH:
        path_text(p, raw, resolved);
        break;
    case PLM_P_BYTES:
        bytes_text(p->s, raw);
        break;
    case PLM_P_STRINGS:
        bytes_text(p->s, raw);
        if (p->s.n && p->s.p[p->s.n - 1] != '\0')
            plm_buf_byte(raw, '.');
        break;
    case PLM_P_FLAGS:
    case PLM_P_ENUM:
        flags_text(info, p->u, raw, resolved);
        break;
    case PLM_P_MODE:
        mode_text(info, p->u, raw, resolved);
        break;
    case PLM_P_UID:
    case PLM_P_GID:
        id_text(view, p->u, info->type == PLM_P_GID, raw, resolved);
        break;
    case PLM_P_SIGNAL:
        signal_text(p->u, raw, resolved);
        break;
    case PLM_P_TUPLE:
    case PLM_P_ADDR:
        if (p->addr)
            plm_addr_text(p->addr, raw);
        break;
    }
}
