/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON over yyjson (RFC 8259, UTF-8 checked by it). yyjson parses without recursion, so depth
 * costs it nothing; it is limited here for those who walk the tree. Line and column of an error
 * are counted from its byte offset.
 */
#include "codec/json.h"

#include <stdarg.h>

struct plm_json {
    yyjson_doc *doc;
};

static void position(plm_sv text, size_t at, size_t *line, size_t *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < at && i < text.n; i++) {
        (*column)++;
        if (text.p[i] == '\n') {
            (*line)++;
            *column = 1;
        }
    }
}

/* Bytes inside strings do not count; the text is known to be valid JSON. */
static bool is_deeper(plm_sv text, uint64_t max)
{
    uint64_t depth = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '"') {
            for (i++; i < text.n && text.p[i] != '"'; i++)
                i += text.p[i] == '\\';
        } else if (c == '{' || c == '[') {
            if (++depth > max)
                return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

struct plm_json *plm_json_parse(plm_sv text, const char *name, const struct plm_limits *limits, plm_err **err)
{
    if (text.n > limits->json_bytes)
        return PLM_NULL(plm_fail(err, PLM_E_LIMIT, "%s: %zu bytes of JSON are over the limit of %llu", name,
                                 text.n, (unsigned long long)limits->json_bytes));
    yyjson_read_err e = {0};
    /* Without the in-situ flag yyjson only reads its input. */
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)(text.p ? text.p : ""), text.n, 0, NULL, &e);
    if (!doc) {
        size_t line, column;
        if (e.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
            return PLM_NULL(plm_fail_oom(err));
        position(text, e.pos, &line, &column);
        return PLM_NULL(
            plm_fail(err, PLM_E_PARSE, "%s:%zu:%zu: not JSON: %s", name, line, column, e.msg ? e.msg : "?"));
    }
    struct plm_json *j = calloc(1, sizeof(*j));
    if (!j || is_deeper(text, limits->depth)) {
        int r = j ? plm_fail(err, PLM_E_LIMIT, "%s: JSON nested deeper than %llu", name,
                             (unsigned long long)limits->depth)
                  : plm_fail_oom(err);
        free(j);
        yyjson_doc_free(doc);
        return PLM_NULL(r);
    }
    j->doc = doc;
    return j;
}

void plm_json_free(struct plm_json *doc)
{
    if (!doc)
        return;
    yyjson_doc_free(doc->doc);
    free(doc);
}

yyjson_val *plm_json_root(const struct plm_json *doc)
{
    return yyjson_doc_get_root(doc->doc);
}

static yyjson_val *walk(yyjson_val *v, va_list ap)
{
    for (const char *key; v && (key = va_arg(ap, const char *)) != NULL;)
        v = yyjson_obj_get(v, key);
    return v;
}

yyjson_val *plm_json_at(yyjson_val *v, ...)
{
    va_list ap;
    va_start(ap, v);
    v = walk(v, ap);
    va_end(ap);
    return v;
}

plm_sv plm_json_sv(yyjson_val *v)
{
    return yyjson_is_str(v) ? plm_sv_n(yyjson_get_str(v), yyjson_get_len(v)) : PLM_SV_NULL;
}

plm_sv plm_json_str(yyjson_val *v, ...)
{
    va_list ap;
    va_start(ap, v);
    v = walk(v, ap);
    va_end(ap);
    return plm_json_sv(v);
}

int64_t plm_json_int(yyjson_val *v, const char *key, int64_t otherwise)
{
    yyjson_val *n = yyjson_obj_get(v, key);
    return yyjson_is_int(n) ? yyjson_get_sint(n) : otherwise;
}

bool plm_json_bool(yyjson_val *v, const char *key, bool otherwise)
{
    yyjson_val *n = yyjson_obj_get(v, key);
    return yyjson_is_bool(n) ? yyjson_get_bool(n) : otherwise;
}
