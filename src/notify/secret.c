/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets stand outside the configuration: "@FILE" is the content of a file, "$VARIABLE" a variable of the
 * environment. They are read when they are needed, so a rotated secret works without a restart, and wiped
 * afterwards. No message shows more than where a secret should have been.
 */
#include "base/fs.h"
#include "base/text.h"
#include "codec/hash.h"
#include "notify_int.h"

enum { SECRET_MAX = 64 * 1024 };

static bool is_name(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
        if (!is_letter && !(i && c >= '0' && c <= '9'))
            return false;
    }
    return s.n > 0;
}

bool plm_secret_is_reference(plm_sv s)
{
    if (s.n > 1 && s.p[0] == '@')
        return !memchr(s.p, 0, s.n);
    return s.n > 1 && s.p[0] == '$' && is_name(plm_sv_from_off(s, 1));
}

void plm_secret_wipe(struct plm_buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->cap);
    plm_buf_done(b);
}

static int read_variable(const char *name, struct plm_buf *out, plm_err **err)
{
    const char *value = getenv(name);
    if (!value || !*value)
        return plm_fail_id(err, PLM_E_CONFIG, "notify.secret", "the variable %s is not set", name);
    plm_buf_str(out, value);
    return 0;
}

static int read_file(const char *path, struct plm_buf *out, plm_err **err)
{
    if (plm_fs_read(path, SECRET_MAX, out, err) < 0) {
        if (err && *err && (*err)->code != PLM_E_OOM)
            (*err)->code = PLM_E_CONFIG;
        return plm_wrap(err, "secret");
    }
    while (out->n && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r'))
        out->n--;
    if (!out->n)
        return plm_fail_id(err, PLM_E_CONFIG, "notify.secret", "%s: an empty file holds no secret", path);
    return 0;
}

int plm_secret_read(plm_sv reference, struct plm_buf *out, plm_err **err)
{
    plm_auto_free char *name = NULL;
    plm_buf_clear(out);
    if (!plm_secret_is_reference(reference))
        return plm_fail_id(err, PLM_E_CONFIG, "notify.secret", "a secret is given as @FILE or $VARIABLE");
    if (!(name = strndup(reference.p + 1, reference.n - 1)))
        return plm_fail_oom(err);
    /* One allocation of the final size: growing would leave copies behind. */
    if (!plm_buf_reserve(out, SECRET_MAX))
        return plm_fail_oom(err);
    int r = reference.p[0] == '@' ? read_file(name, out, err) : read_variable(name, out, err);
    if (r < 0)
        return -1;
    if (memchr(out->p, 0, out->n) || memchr(out->p, '\n', out->n) || memchr(out->p, '\r', out->n))
        return plm_fail_id(err, PLM_E_CONFIG, "notify.secret", "%.*s: a secret is one line of text",
                           PLM_SV_ARG(reference));
    return plm_buf_cstr(out) ? plm_buf_check(out, err) : plm_fail_oom(err);
}

int plm_secret_sign(plm_sv reference, plm_sv header_name, plm_sv body, struct plm_buf *out, plm_err **err)
{
    plm_auto_done(plm_secret_wipe) struct plm_buf key = PLM_SECRET_BUF;
    unsigned char mac[PLM_SHA256_BYTES];
    if (plm_secret_read(reference, &key, err) < 0)
        return -1;
    plm_hmac_sha256_of(plm_buf_sv(&key), body, mac);
    plm_buf_printf(out, "%.*s: sha256=", PLM_SV_ARG(header_name));
    plm_text_hex(out, mac, sizeof(mac));
    return plm_buf_check(out, err);
}
