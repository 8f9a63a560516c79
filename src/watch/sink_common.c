/* SPDX-License-Identifier: Apache-2.0
 *
 * What sinks share: options by table, the three shapes of a line, writing to descriptors.
 */
#include "base/text.h"
#include "base/time.h"
#include "notify/notify.h"
#include "outputs_int.h"

#include <poll.h>

const struct plm_sink_class *plm_sink_find(plm_sv name)
{
    PLM_SET_FOREACH (plm_sink_classes, struct plm_sink_class, c) {
        if (plm_sv_is(name, c->name))
            return c;
    }
    return NULL;
}

/* ---- options ------------------------------------------------------------------------------- */

static bool parse_flag(plm_sv s, bool *out)
{
    *out = plm_sv_ieq(s, PLM_SV("true")) || plm_sv_ieq(s, PLM_SV("yes")) || plm_sv_ieq(s, PLM_SV("on"));
    return *out || plm_sv_ieq(s, PLM_SV("false")) || plm_sv_ieq(s, PLM_SV("no")) ||
           plm_sv_ieq(s, PLM_SV("off"));
}

static bool parse_size(plm_sv s, uint64_t *out)
{
    static const char units[] = "KMGT";
    size_t digits = 0;
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    plm_sv unit = plm_sv_from_off(s, digits);
    if (!plm_sv_u64(plm_sv_sub(s, 0, digits), out))
        return false;
    if (!unit.n)
        return true;
    const char *at = strchr(units, unit.p[0]);
    plm_sv rest = plm_sv_from_off(unit, 1);
    if (!unit.p[0] || !at || !(rest.n == 0 || plm_sv_is(rest, "B") || plm_sv_is(rest, "iB")))
        return false;
    return !__builtin_mul_overflow(*out, 1ull << (10 * (at - units + 1)), out);
}

static bool parse_format(plm_sv s, enum plm_sink_format *out)
{
    static const char *const names[] = {
        [PLM_SINK_TEXT] = "text", [PLM_SINK_FALCO_JSON] = "falco-json", [PLM_SINK_JSON] = "json"};
    for (size_t i = PLM_SINK_TEXT; i < sizeof(names) / sizeof(names[0]); i++) {
        if (plm_sv_is(s, names[i])) {
            *out = (enum plm_sink_format)i;
            return true;
        }
    }
    return false;
}

static int set_secret(plm_sv *at, const char *sink, const char *key, plm_sv value, struct plm_arena *a,
                      plm_err **err)
{
    if (!plm_secret_is_reference(value))
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output",
                           "output %s: %s is a secret: give it as @FILE or $VARIABLE", sink, key);
    *at = plm_arena_sv(a, value);
    return at->p ? 0 : plm_fail_oom(err);
}

static int set(const struct plm_sink_key *k, void *object, const char *sink, struct plm_arena *a,
               plm_sv value, plm_err **err)
{
    void *at = (char *)object + k->offset;
    static const char *const wanted[] = {
        [PLM_KEY_TEXT] = "a text",          [PLM_KEY_FLAG] = "true or false",
        [PLM_KEY_NUMBER] = "a number",      [PLM_KEY_SIZE] = "a size such as 10M",
        [PLM_KEY_MS] = "a time such as 5s", [PLM_KEY_FORMAT] = "text, falco-json or json",
        [PLM_KEY_SECRET] = "a secret",      [PLM_KEY_TEXTS] = "a text",
    };
    bool is_good = false;
    switch (k->type) {
    case PLM_KEY_TEXT:
        *(plm_sv *)at = plm_arena_sv(a, value);
        is_good = value.n > 0 && !memchr(value.p, 0, value.n);
        break;
    case PLM_KEY_TEXTS:
        is_good = value.n > 0 && !memchr(value.p, 0, value.n) && plm_sv_vec_add(a, at, value);
        break;
    case PLM_KEY_FLAG:
        is_good = parse_flag(value, at);
        break;
    case PLM_KEY_NUMBER:
        is_good = plm_sv_u64(value, at) && *(uint64_t *)at <= UINT32_MAX;
        break;
    case PLM_KEY_SIZE:
        is_good = parse_size(value, at);
        break;
    case PLM_KEY_MS:
        is_good = plm_duration_parse(value, at);
        break;
    case PLM_KEY_FORMAT:
        is_good = parse_format(value, at);
        break;
    case PLM_KEY_SECRET:
        return set_secret(at, sink, k->name, value, a, err);
    }
    if (is_good)
        return plm_arena_check(a, err);
    return plm_fail_id(err, PLM_E_CONFIG, "watch.output", "output %s: %s: \"%.*s\" is not %s", sink, k->name,
                       PLM_SV_ARG(value), wanted[k->type]);
}

int plm_sink_keys(const char *sink, const struct plm_sink_key *table, void *object, struct plm_arena *a,
                  const plm_sv *keys, const plm_sv *values, size_t n, plm_err **err)
{
    for (size_t i = 0; i < n; i++) {
        const struct plm_sink_key *k = table;
        if (plm_sv_is(keys[i], "enabled"))
            continue;
        while (k->name && !plm_sv_is(keys[i], k->name))
            k++;
        if (!k->name) {
            plm_auto_done(plm_buf_done) struct plm_buf known = PLM_BUF(PLM_KIB(4));
            for (k = table; k->name; k++)
                plm_buf_printf(&known, "%s%s", known.n ? ", " : "", k->name);
            int rc = plm_fail_id(err, PLM_E_CONFIG, "watch.output", "output %s: unknown key \"%.*s\"", sink,
                                 PLM_SV_ARG(keys[i]));
            plm_err_hint(err, "one of %.*s", PLM_SV_ARG(plm_buf_sv(&known)));
            return rc;
        }
        if (set(k, object, sink, a, values[i], err) < 0)
            return -1;
    }
    return 0;
}

/* ---- shapes -------------------------------------------------------------------------------- */

enum plm_severity plm_sink_severity(enum plm_priority p)
{
    static const enum plm_severity table[] = {
        [PLM_PRIO_EMERGENCY] = PLM_SEV_CRITICAL,       [PLM_PRIO_ALERT] = PLM_SEV_CRITICAL,
        [PLM_PRIO_CRITICAL] = PLM_SEV_CRITICAL,        [PLM_PRIO_ERROR] = PLM_SEV_HIGH,
        [PLM_PRIO_WARNING] = PLM_SEV_MEDIUM,           [PLM_PRIO_NOTICE] = PLM_SEV_LOW,
        [PLM_PRIO_INFORMATIONAL] = PLM_SEV_NEGLIGIBLE, [PLM_PRIO_DEBUG] = PLM_SEV_NEGLIGIBLE,
    };
    return table[p];
}

static void put_member(struct plm_buf *b, const char *name, plm_sv value)
{
    plm_buf_printf(b, ",\"%s\":", name);
    if (value.p)
        plm_text_json(b, value);
    else
        plm_buf_str(b, "null");
}

/* "2026-07-01T10:02:11.004210337Z" */
static void put_time(struct plm_buf *b, uint64_t ns)
{
    plm_time_put(b, (int64_t)(ns / 1000000000));
    if (b->n && b->p[b->n - 1] == 'Z')
        b->n--;
    plm_buf_printf(b, ".%09lluZ", (unsigned long long)(ns % 1000000000));
}

void plm_sink_json(const struct plm_alert *a, struct plm_buf *out)
{
    plm_buf_printf(out, "{\"kind\":\"runtime\",\"severity\":\"%s\",\"native_severity\":\"%s\"",
                   plm_severity_name(plm_sink_severity(a->priority)), plm_priority_name(a->priority));
    put_member(out, "id", a->rule);
    put_member(out, "title", a->message);
    put_member(out, "object", a->container_name.n ? a->container_name : PLM_SV("host"));
    plm_buf_str(out, ",\"time\":\"");
    put_time(out, a->ts);
    plm_buf_byte(out, '"');
    put_member(out, "host", a->hostname);
    put_member(out, "source", a->source);
    if (a->container_id.p) {
        plm_buf_str(out, ",\"container\":{\"id\":");
        plm_text_json(out, a->container_id);
        put_member(out, "name", a->container_name);
        put_member(out, "image", a->image);
        plm_buf_byte(out, '}');
    } else {
        plm_buf_str(out, ",\"container\":null");
    }
    plm_buf_printf(out, ",\"process\":{\"pid\":%d", a->pid);
    put_member(out, "name", a->process);
    put_member(out, "path", a->exepath);
    plm_buf_str(out, "},\"fields\":{");
    for (size_t i = 0; i < a->n_fields; i++) {
        plm_buf_str(out, i ? "," : "");
        plm_text_json(out, a->fields[i].key);
        plm_buf_byte(out, ':');
        plm_buf_sv_put(out, a->fields[i].json);
    }
    plm_buf_str(out, "},\"tags\":[");
    for (size_t i = 0; i < a->n_tags; i++) {
        plm_buf_str(out, i ? "," : "");
        plm_text_json(out, a->tags[i]);
    }
    plm_buf_printf(out, "],\"similar\":%llu", (unsigned long long)a->n_similar);
    put_member(out, "action", a->action);
    plm_buf_byte(out, '}');
}

void plm_sink_text(const struct plm_alert *a, struct plm_buf *out)
{
    plm_buf_printf(out, "%s %.*s", plm_priority_name(a->priority), PLM_SV_ARG(a->message));
}

bool plm_sink_is_json(enum plm_sink_format f, const struct plm_alert_options *o)
{
    return f == PLM_SINK_DEFAULT ? o->json_output : f != PLM_SINK_TEXT;
}

void plm_sink_render(enum plm_sink_format f, const struct plm_alert *a, const struct plm_alert_options *o,
                     struct plm_buf *out)
{
    if (f == PLM_SINK_DEFAULT)
        f = o->json_output ? PLM_SINK_FALCO_JSON : PLM_SINK_TEXT;
    switch (f) {
    case PLM_SINK_DEFAULT:
    case PLM_SINK_TEXT:
        plm_alert_line(a, o, out);
        break;
    case PLM_SINK_FALCO_JSON:
        plm_alert_falco_json(a, o, out);
        break;
    case PLM_SINK_JSON:
        plm_sink_json(a, out);
        break;
    }
}

/* ---- descriptors --------------------------------------------------------------------------- */

int plm_sink_write_all(int fd, plm_sv data, uint64_t by, plm_err **err)
{
    while (data.n) {
        uint64_t now = by ? plm_clock_ms() : 0;
        if (by && now >= by)
            return plm_fail_id(err, PLM_E_NET, "net.timeout", "nobody reads what is written");
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        int wait = by ? (int)(by - now > INT32_MAX ? INT32_MAX : by - now) : -1;
        int ready = poll(&p, 1, wait);
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        ssize_t n = ready < 0 ? -1 : write(fd, data.p, data.n);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return plm_fail_sys(err, "write");
        if (n > 0)
            data = plm_sv_from_off(data, (size_t)n);
    }
    return 0;
}
