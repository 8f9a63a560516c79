/* SPDX-License-Identifier: Apache-2.0
 *
 * What the report says about the machine that it was made on (hostname(5), machine-id(5),
 * os-release(5), uname(2)). A missing file is a fact not known.
 */
#include "base/fs.h"
#include "cli/cli.h"

#include <sys/utsname.h>

#define FILE_MAX PLM_KIB(64)

static plm_sv unquote(plm_sv v)
{
    v = plm_sv_trim(v);
    bool quoted = v.n >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.n - 1] == v.p[0];
    return quoted ? plm_sv_sub(v, 1, v.n - 2) : v;
}

static bool read_text(const char *path, struct plm_buf *b)
{
    plm_err *ignored = NULL;
    plm_buf_clear(b);
    if (plm_fs_read(path, FILE_MAX, b, &ignored) == 0)
        return true;
    plm_err_free(ignored);
    return false;
}

int plm_host_facts(struct plm_report *r, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(FILE_MAX);
    struct utsname u;
    if (uname(&u) == 0) {
        r->host_name = plm_arena_sv(r->arena, plm_sv_from(u.nodename));
        r->kernel = plm_arena_sv(r->arena, plm_sv_from(u.release));
    }
    if (read_text("/etc/machine-id", &b) && plm_sv_trim(plm_buf_sv(&b)).n)
        r->machine_id = plm_arena_sv(r->arena, plm_sv_trim(plm_buf_sv(&b)));
    if (read_text("/etc/os-release", &b) || read_text("/usr/lib/os-release", &b)) {
        plm_sv rest = plm_buf_sv(&b), line, key, value;
        while (plm_sv_line(&rest, &line))
            if (plm_sv_cut(line, '=', &key, &value) && plm_sv_is(key, "PRETTY_NAME"))
                r->host_os = plm_arena_sv(r->arena, unquote(value));
    }
    return plm_arena_check(r->arena, err);
}
