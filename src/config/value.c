/* SPDX-License-Identifier: Apache-2.0
 *
 * Values: from text to what the getters give. Sizes are numbers with an optional suffix
 * (K, M, G, T and KiB ... are powers of 1024; kB, MB, GB, TB powers of 1000).
 */
#include "base/time.h"
#include "config_int.h"

static bool parse_size(plm_sv s, uint64_t *out)
{
    static const struct {
        const char *suffix;
        uint64_t factor;
    } units[] = {
        {"", 1},
        {"B", 1},
        {"K", 1ull << 10},
        {"M", 1ull << 20},
        {"G", 1ull << 30},
        {"T", 1ull << 40},
        {"KiB", 1ull << 10},
        {"MiB", 1ull << 20},
        {"GiB", 1ull << 30},
        {"TiB", 1ull << 40},
        {"kB", 1000},
        {"MB", 1000000},
        {"GB", 1000000000},
        {"TB", 1000000000000},
    };
    size_t digits = 0;
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    uint64_t n = 0;
    if (!plm_sv_u64(plm_sv_sub(s, 0, digits), &n))
        return false;
    plm_sv unit = plm_sv_trim(plm_sv_from_off(s, digits));
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (plm_sv_ieq(unit, plm_sv_from(units[i].suffix)))
            return !__builtin_mul_overflow(n, units[i].factor, out);
    return false;
}

static bool parse_flag(plm_sv s, uint64_t *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (plm_sv_ieq(s, plm_sv_from(words[i]))) {
            *out = i & 1;
            return true;
        }
    }
    return false;
}

static bool is_choice(const struct plm_option *o, plm_sv text)
{
    for (const char *const *c = o->choices; c && *c; c++)
        if (plm_sv_is(text, *c))
            return true;
    return o->choices == NULL;
}

static int fail_choice(const struct plm_option *o, plm_sv text, plm_sv where, enum plm_code code,
                       plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    for (const char *const *c = o->choices; *c; c++)
        plm_buf_printf(&b, "%s%s", b.n ? ", " : "", *c);
    int rc = plm_fail_id(err, code, "config.value", "%.*s: \"%.*s\" is not one of the values of %s",
                         PLM_SV_ARG(where), PLM_SV_ARG(text), o->name);
    plm_err_hint(err, "one of %.*s", PLM_SV_ARG(plm_buf_sv(&b)));
    return rc;
}

static const char *type_name(enum plm_opt_type t)
{
    switch (t) {
    case PLM_OPT_FLAG:
        return "true or false";
    case PLM_OPT_COUNT:
    case PLM_OPT_NUMBER:
        return "a whole number";
    case PLM_OPT_DURATION:
        return "a duration such as 90s, 12h, 5d or none";
    case PLM_OPT_SIZE:
        return "a size such as 500M or 2GiB";
    case PLM_OPT_TIME:
        return "a time such as 2026-11-24 or 2026-11-24T11:25:00Z";
    case PLM_OPT_TEXT:
    case PLM_OPT_LIST:
    case PLM_OPT_WORDS:
    case PLM_OPT_CHOICE:
    case PLM_OPT_FILE:
    case PLM_OPT_DIR:
        return "a text that is not empty";
    }
    return "a value";
}

static bool parse(const struct plm_option *o, plm_sv text, uint64_t *out)
{
    int64_t t = 0;
    bool good = true;
    switch (o->type) {
    case PLM_OPT_FLAG:
        return parse_flag(text, out);
    case PLM_OPT_COUNT:
    case PLM_OPT_NUMBER:
        return plm_sv_u64(text, out) && *out <= UINT32_MAX;
    case PLM_OPT_DURATION:
        return plm_duration_parse(text, out);
    case PLM_OPT_SIZE:
        return parse_size(text, out);
    case PLM_OPT_TIME:
        good = plm_time_parse(text, &t) && t > 0;
        *out = (uint64_t)t;
        return good;
    case PLM_OPT_TEXT:
    case PLM_OPT_LIST:
    case PLM_OPT_WORDS:
    case PLM_OPT_CHOICE:
    case PLM_OPT_FILE:
    case PLM_OPT_DIR:
        return text.n > 0 && !memchr(text.p, 0, text.n);
    }
    return false;
}

int plm_value_check(const struct plm_option *o, plm_sv text, plm_sv where, enum plm_code code,
                    uint64_t *out_number, plm_err **err)
{
    uint64_t n = 0;
    if (!parse(o, text, &n)) {
        int rc = plm_fail_id(err, code, "config.value", "%.*s: \"%.*s\" is no value for %s",
                             PLM_SV_ARG(where), PLM_SV_ARG(text), o->name);
        plm_err_hint(err, "%s", type_name(o->type));
        return rc;
    }
    if (!is_choice(o, text))
        return fail_choice(o, text, where, code, err);
    *out_number = n;
    return 0;
}

static bool is_many(const struct plm_option *o)
{
    return o->type == PLM_OPT_LIST || o->type == PLM_OPT_WORDS;
}

static int add(struct plm_config *c, const struct plm_option *o, plm_sv text, enum plm_config_origin origin,
               plm_sv where, plm_err **err)
{
    struct plm_config_slot *slot = &c->slots[o - plm_options];
    uint64_t n = 0;
    enum plm_code code = origin == PLM_CFG_FLAG ? PLM_E_USAGE : PLM_E_CONFIG;
    if (plm_value_check(o, text, where, code, &n, err) < 0)
        return -1;
    if (slot->locked || origin < slot->origin)
        return 0;
    if (slot->origin != origin || !is_many(o))
        slot->values = (plm_sv_vec){0};
    slot->number = o->type == PLM_OPT_COUNT && slot->origin == origin ? slot->number + n : n;
    slot->origin = origin;
    slot->where = plm_arena_sv(c->arena, where);
    if (!plm_sv_vec_add(c->arena, &slot->values, text))
        return plm_fail_oom(err);
    return 0;
}

int plm_config_set(struct plm_config *c, const struct plm_option *o, plm_sv text,
                   enum plm_config_origin origin, plm_sv where, plm_err **err)
{
    if (c->slots[o - plm_options].locked) {
        plm_auto_free char *from = strndup(where.p ? where.p : "", where.n);
        plm_log(c->ctx, PLM_LOG_WARN, "ignored: the system's configuration locks this key", "key",
                o->key ? o->key : o->name, "from", from ? from : "", NULL);
    }
    if (o->type != PLM_OPT_WORDS)
        return add(c, o, text, origin, where, err);
    plm_sv rest = text, word;
    while (plm_sv_field(&rest, ',', &word))
        if (add(c, o, plm_sv_trim(word), origin, where, err) < 0)
            return -1;
    return 0;
}
