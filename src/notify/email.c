/* SPDX-License-Identifier: Apache-2.0
 *
 * Mail over SMTP: a plain text of RFC 5322 and MIME (RFC 2045, 2047). The body is UTF-8 in base64, so no line
 * is too long and none can end the message; the subject is an encoded word where it is not plain ASCII.
 * smtp:// must change to TLS by STARTTLS unless starttls: optional (for a relay on the same machine).
 */
#include "base/text.h"
#include "base/time.h"
#include "net/net.h"
#include "notify_int.h"

enum { SUBJECT_MAX = 200, WORD_MAX = 42, LINE_BYTES = 57, RECIPIENTS_MAX = 100, STALL_MS = 30000 };

/* Addresses as they go into MAIL FROM and RCPT TO: what could break out of <> is refused. */
static int check_address(plm_sv s, const char *key, plm_err **err)
{
    bool is_good = s.n > 2 && s.n < 256 && plm_sv_find(s, '@') != SIZE_MAX;
    for (size_t i = 0; is_good && i < s.n; i++)
        is_good = s.p[i] > ' ' && s.p[i] < 0x7f && !strchr("<>,;:\\\"()[]", s.p[i]);
    if (is_good)
        return 0;
    return plm_fail_id(err, PLM_E_CONFIG, "notify.target", "%s: \"%.*s\" is not a mail address", key,
                       PLM_SV_ARG(s));
}

/* RFC 2047: words of at most 75 characters, characters not cut. */
static void put_subject(struct plm_buf *b, plm_sv s)
{
    bool is_plain = true;
    for (size_t i = 0; i < s.n; i++)
        is_plain = is_plain && s.p[i] >= ' ' && s.p[i] < 0x7f;
    plm_buf_str(b, "Subject: ");
    if (is_plain && s.n <= 60)
        plm_buf_sv_put(b, s);
    for (bool is_first = true; s.n && !(is_plain && s.n <= 60 && is_first); is_first = false) {
        plm_sv word = plm_notify_cut(s, WORD_MAX);
        word = word.n ? word : plm_sv_sub(s, 0, 1);
        plm_buf_str(b, is_first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        plm_text_base64(b, word);
        plm_buf_str(b, "?=");
        s = plm_sv_from_off(s, word.n);
    }
    plm_buf_str(b, "\r\n");
}

/* "Tue, 24 Nov 2026 11:25:00 +0000", in English whatever the locale. */
static void put_date(struct plm_buf *b, int64_t t)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t at = (time_t)t;
    struct tm tm;
    if (!gmtime_r(&at, &tm))
        return;
    plm_buf_printf(b, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday % 7], tm.tm_mday,
                   months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void put_body(struct plm_buf *b, const struct plm_notice *n)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_KIB(256));
    plm_buf_sv_put(&text, n->title);
    plm_buf_str(&text, "\n\n");
    plm_buf_sv_put(&text, n->text);
    plm_buf_printf(&text,
                   "\n\nSeverity: %s\nObject: %.*s\nSource: %.*s\nTime: ", plm_severity_name(n->severity),
                   PLM_SV_ARG(plm_notify_object(n)), PLM_SV_ARG(n->source));
    plm_time_put(&text, n->time);
    plm_buf_byte(&text, '\n');
    for (size_t i = 0; i < n->n_labels; i++)
        plm_buf_printf(&text, "%.*s: %.*s\n", PLM_SV_ARG(n->label_names[i]), PLM_SV_ARG(n->label_values[i]));
    for (plm_sv left = plm_buf_sv(&text); left.n; left = plm_sv_from_off(left, LINE_BYTES)) {
        plm_text_base64(b, plm_sv_sub(left, 0, LINE_BYTES));
        plm_buf_str(b, "\r\n");
    }
}

static void put_mail(struct plm_buf *b, const struct plm_notice *n, plm_sv from, plm_sv to)
{
    plm_auto_done(plm_buf_done) struct plm_buf subject = PLM_BUF(PLM_KIB(16));
    plm_sv domain = PLM_SV("localhost"), user;
    (void)plm_sv_cut(from, '@', &user, &domain);
    plm_buf_printf(&subject, "[plimsoll] %s: ", plm_severity_name(n->severity));
    plm_text_escape(&subject, plm_notify_cut(n->title, SUBJECT_MAX));
    plm_sv line = plm_buf_sv(&subject);
    put_subject(b, line);
    plm_buf_printf(b, "From: <%.*s>\r\nTo: %.*s\r\n", PLM_SV_ARG(from), PLM_SV_ARG(to));
    put_date(b, n->time);
    /* The same message has the same id, so that one sent twice after a crash can be told. */
    uint64_t id = plm_sv_hash(n->text) * 31 + plm_sv_hash(line) + (uint64_t)n->time;
    plm_buf_printf(
        b,
        "Message-ID: <%016llx.%lld@%.*s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        (unsigned long long)id, (long long)n->time, PLM_SV_ARG(domain));
    put_body(b, n);
}

struct mail {
    struct plm_arena *arena;
    const char **to; /* NULL-ended */
    plm_sv to_line;  /* "<a@b>, <c@d>" */
};

static int read_recipients(const struct plm_notify_target *t, struct mail *m, plm_err **err)
{
    plm_sv rest = plm_notify_value(t, "to"), one;
    size_t n = 0;
    plm_auto_done(plm_buf_done) struct plm_buf line = PLM_BUF(PLM_KIB(64));
    m->to = plm_arena_array(m->arena, RECIPIENTS_MAX + 1, sizeof(char *));
    if (!m->to)
        return plm_fail_oom(err);
    while (plm_sv_field(&rest, ',', &one)) {
        one = plm_sv_trim(one);
        if (n == RECIPIENTS_MAX)
            return plm_fail_id(err, PLM_E_CONFIG, "notify.target", "to: more than %d addresses",
                               RECIPIENTS_MAX);
        if (check_address(one, "to", err) < 0)
            return -1;
        m->to[n++] = plm_arena_printf(m->arena, "<%.*s>", PLM_SV_ARG(one)).p;
        plm_buf_printf(&line, "%s<%.*s>", line.n ? ",\r\n " : "", PLM_SV_ARG(one));
    }
    m->to_line = plm_arena_sv(m->arena, plm_buf_sv(&line));
    return plm_arena_check(m->arena, err);
}

static int transmit(const struct plm_ctx *ctx, const struct plm_notify_target *t, const struct plm_mail *mail,
                    plm_err **err)
{
    plm_sv ca = plm_notify_value(t, "tls-ca"), cert = plm_notify_value(t, "tls-cert"),
           key = plm_notify_value(t, "tls-key"), insecure = plm_notify_value(t, "insecure");
    const struct plm_http_config conf = {
        .tls_ca = ca.p,
        .tls_cert = cert.p,
        .tls_key = key.p,
        .tls_insecure = plm_sv_ieq(insecure, PLM_SV("true")) || plm_sv_ieq(insecure, PLM_SV("yes")),
        .stall_timeout_ms = STALL_MS,
    };
    plm_auto(plm_http_free) struct plm_http *h = plm_http_new(ctx, &conf, err);
    return h ? plm_http_mail(h, mail, err) : -1;
}

static int send_email(const struct plm_ctx *ctx, const struct plm_notify_target *t,
                      const struct plm_notice *n, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    plm_auto_done(plm_secret_wipe) struct plm_buf password = PLM_SECRET_BUF;
    plm_auto_done(plm_buf_done) struct plm_buf data = PLM_BUF(PLM_MIB(1));
    struct mail m = {.arena = a};
    plm_sv from = plm_notify_value(t, "from"), secret = plm_notify_value(t, "password"),
           user = plm_notify_value(t, "user"), url = plm_notify_value(t, "server"),
           starttls = plm_notify_value(t, "starttls");
    if (!a)
        return plm_fail_oom(err);
    if (check_address(from, "from", err) < 0 || read_recipients(t, &m, err) < 0)
        return -1;
    if (secret.p && plm_secret_read(secret, &password, err) < 0)
        return plm_wrap(err, "password");
    put_mail(&data, n, from, m.to_line);
    if (plm_buf_check(&data, err) < 0)
        return -1;
    const struct plm_mail mail = {
        .url = url.p,
        .from = plm_arena_printf(a, "<%.*s>", PLM_SV_ARG(from)).p,
        .to = m.to,
        .user = user.p,
        .password = secret.p ? password.p : NULL,
        .starttls_optional = plm_sv_is(starttls, "optional"),
        .data = plm_buf_sv(&data),
    };
    if (plm_arena_check(a, err) < 0)
        return -1;
    return transmit(ctx, t, &mail, err);
}

static const char *const keys[] = {"!server",           "!from", "!to", "user", "$password", "starttls",
                                   PLM_NOTIFY_TLS_KEYS, NULL};
static const struct plm_notify_class email = {
    .name = "email",
    .summary = "mail by SMTP with STARTTLS or TLS",
    .keys = keys,
    .send = send_email,
};
PLM_REGISTER(plm_notify_classes, struct plm_notify_class, email);
