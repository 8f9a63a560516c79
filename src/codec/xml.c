/* SPDX-License-Identifier: Apache-2.0
 *
 * XML 1.0 over expat, which checks well-formedness and decodes UTF-8, UTF-16 and Latin-1.
 * An element's text starts where its frame says in one shared buffer; the text of a finished
 * child is cut off again, so that each element sees its own only. Expat keeps a tag whole until
 * it is complete and (before 2.6) scans it anew at each chunk: a tag is therefore limited in size.
 * Entity declarations are refused as soon as one is met ("billion laughs", external entities).
 */
#include "codec/xml.h"

#include "base/buf.h"

#include <expat.h>

/* Expat 2.9 deprecates the functions whose width depends on how it was built. */
#if XML_MAJOR_VERSION > 2 || XML_MINOR_VERSION >= 9
#define current_line   XML_GetCurrentLineNumber64
#define current_column XML_GetCurrentColumnNumber64
#define current_byte   XML_GetCurrentByteIndex64
#else
#define current_line   XML_GetCurrentLineNumber
#define current_column XML_GetCurrentColumnNumber
#define current_byte   XML_GetCurrentByteIndex
#endif

enum { CHUNK = 64 << 10, TAG_MAX = 1 << 20 };

struct frame {
    size_t name, name_n; /* in names */
    size_t text;         /* start in text */
};

struct plm_xml {
    XML_Parser parser;
    const struct plm_xml_ops *ops;
    void *arg;
    const char *source;
    const struct plm_limits *limits;
    struct frame *frames;
    size_t depth, cap;
    struct plm_buf names, text;
    const char **attrs; /* expat's: name, value, ..., NULL; NULL outside of start */
    bool has_failed;
    plm_err *err;
};

/* ---- for callbacks ------------------------------------------------------------------------ */

static plm_sv frame_name(const struct plm_xml *x, size_t i)
{
    /* a name may be empty ("<ns:>"), and then there may be no buffer yet */
    return plm_sv_sub(plm_buf_sv(&x->names), x->frames[i].name, x->frames[i].name_n);
}

plm_sv plm_xml_ancestor(const struct plm_xml *x, size_t up)
{
    return up < x->depth ? frame_name(x, x->depth - 1 - up) : PLM_SV_NULL;
}

plm_sv plm_xml_name(const struct plm_xml *x)
{
    return plm_xml_ancestor(x, 0);
}

size_t plm_xml_depth(const struct plm_xml *x)
{
    return x->depth;
}

uint64_t plm_xml_line(const struct plm_xml *x)
{
    return current_line(x->parser);
}

uint64_t plm_xml_column(const struct plm_xml *x)
{
    return current_column(x->parser) + 1;
}

const char *plm_xml_source(const struct plm_xml *x)
{
    return x->source;
}

static plm_sv local_name(const char *qualified)
{
    plm_sv s = plm_sv_from(qualified);
    size_t colon = plm_sv_find(s, ':');
    return colon == SIZE_MAX ? s : plm_sv_from_off(s, colon + 1);
}

/* The name as written wins over one that only differs by a prefix. */
plm_sv plm_xml_attr(const struct plm_xml *x, const char *name)
{
    plm_sv found = PLM_SV_NULL, want = plm_sv_from(name);
    for (const char **a = x->attrs; a && *a; a += 2) {
        if (strcmp(a[0], name) == 0)
            return plm_sv_from(a[1]);
        if (!found.p && plm_sv_eq(local_name(a[0]), want))
            found = plm_sv_from(a[1]);
    }
    return found;
}

bool plm_xml_is(const struct plm_xml *x, const char *path)
{
    bool is_tail = strncmp(path, "//", 2) == 0;
    plm_sv rest = plm_sv_from(is_tail ? path + 2 : path);
    size_t up = 0;
    for (; rest.p; up++) {
        size_t slash = plm_sv_rfind(rest, '/');
        plm_sv step = slash == SIZE_MAX ? rest : plm_sv_from_off(rest, slash + 1);
        plm_sv name = plm_xml_ancestor(x, up);
        if (!name.p || !plm_sv_eq(name, step))
            return false;
        rest = slash == SIZE_MAX ? PLM_SV_NULL : plm_sv_sub(rest, 0, slash);
    }
    return is_tail || up == x->depth;
}

static int fail_at(const struct plm_xml *x, plm_err **err, enum plm_code code, const char *what)
{
    return plm_fail(err, code, "%s:%llu:%llu: %s", x->source, (unsigned long long)plm_xml_line(x),
                    (unsigned long long)plm_xml_column(x), what);
}

int plm_xml_fail(const struct plm_xml *x, plm_err **err, const char *what)
{
    return fail_at(x, err, PLM_E_PARSE, what);
}

/* ---- expat's callbacks -------------------------------------------------------------------- */

static void stop(struct plm_xml *x, int failure)
{
    (void)failure;
    x->has_failed = true;
    XML_StopParser(x->parser, XML_FALSE);
}

static bool push(struct plm_xml *x, const char *qualified)
{
    if (x->depth >= x->limits->depth) {
        stop(x, fail_at(x, &x->err, PLM_E_LIMIT, "nested too deep"));
        return false;
    }
    if (x->depth == x->cap) {
        size_t cap = x->cap ? 2 * x->cap : 16;
        struct frame *more = reallocarray(x->frames, cap, sizeof(*more));
        if (!more) {
            stop(x, plm_fail_oom(&x->err));
            return false;
        }
        x->frames = more;
        x->cap = cap;
    }
    plm_sv name = local_name(qualified);
    x->frames[x->depth++] = (struct frame){.name = x->names.n, .name_n = name.n, .text = x->text.n};
    plm_buf_sv_put(&x->names, name);
    if (x->names.failed)
        stop(x, plm_buf_check(&x->names, &x->err));
    return !x->names.failed;
}

static void XMLCALL on_start(void *data, const char *name, const char **attrs)
{
    struct plm_xml *x = data;
    if (x->has_failed || !push(x, name) || !x->ops->start)
        return;
    x->attrs = attrs;
    if (x->ops->start(x->arg, x, &x->err) < 0)
        stop(x, -1);
    x->attrs = NULL;
}

static void XMLCALL on_end(void *data, const char *name)
{
    struct plm_xml *x = data;
    (void)name;
    if (x->has_failed)
        return;
    const struct frame f = x->frames[x->depth - 1];
    if (x->ops->end) {
        plm_sv text = plm_sv_trim(plm_sv_from_off(plm_buf_sv(&x->text), f.text));
        if (x->ops->end(x->arg, x, text, &x->err) < 0)
            stop(x, -1);
    }
    x->text.n = f.text;
    x->names.n = f.name;
    x->depth--;
}

/* White space between elements is most of such documents; in front of other text it is trimmed anyway. */
static void XMLCALL on_text(void *data, const char *p, int n)
{
    struct plm_xml *x = data;
    if (x->has_failed || x->depth == 0 || !x->ops->end)
        return;
    size_t k = (size_t)n;
    if (x->text.n == x->frames[x->depth - 1].text) {
        plm_sv s = plm_sv_n(p, k);
        while (s.n && (*s.p == ' ' || *s.p == '\n' || *s.p == '\t' || *s.p == '\r'))
            s = plm_sv_from_off(s, 1);
        p = s.p;
        k = s.n;
    }
    plm_buf_put(&x->text, p, k);
    if (x->text.failed == PLM_E_LIMIT)
        stop(x, fail_at(x, &x->err, PLM_E_LIMIT, "too much text in one element"));
    else if (x->text.failed)
        stop(x, plm_buf_check(&x->text, &x->err));
}

static void XMLCALL on_entity(void *data, const char *name, int is_parameter, const char *value, int value_n,
                              const char *base, const char *system_id, const char *public_id,
                              const char *notation)
{
    struct plm_xml *x = data;
    (void)name, (void)is_parameter, (void)value, (void)value_n, (void)base, (void)system_id, (void)public_id,
        (void)notation;
    if (!x->has_failed)
        stop(x, fail_at(x, &x->err, PLM_E_PARSE, "entity declarations are not accepted"));
}

/* ---- the parse ------------------------------------------------------------------------------ */

static int feed(struct plm_xml *x, const char *p, size_t n, bool is_last, plm_err **err)
{
    enum XML_Status st = XML_Parse(x->parser, p, (int)n, is_last);
    if (x->has_failed)
        return x->err ? plm_err_move(err, &x->err) : plm_fail(err, PLM_E_INTERNAL, "%s: stopped", x->source);
    if (st != XML_STATUS_ERROR)
        return 0;
    enum XML_Error e = XML_GetErrorCode(x->parser);
    if (e == XML_ERROR_NO_MEMORY)
        return plm_fail_oom(err);
    return fail_at(x, err, PLM_E_PARSE, XML_ErrorString(e));
}

static int run(struct plm_xml *x, struct plm_stream *s, plm_err **err)
{
    for (uint64_t fed = 0;;) {
        plm_sv w;
        if (plm_stream_peek(s, &w, err) < 0)
            return -1;
        size_t n = w.n < CHUNK ? w.n : CHUNK;
        if (feed(x, w.p, n, n == 0, err) < 0)
            return -1;
        if (n == 0)
            return 0;
        fed += n;
        int64_t at = current_byte(x->parser);
        if (at >= 0 && fed > (uint64_t)at && fed - (uint64_t)at > TAG_MAX + CHUNK)
            return fail_at(x, err, PLM_E_LIMIT, "a tag or comment of more than 1 MiB");
        if (plm_stream_skip(s, n, err) < 0)
            return -1;
    }
}

int plm_xml_parse(struct plm_stream *s, const struct plm_limits *limits, const struct plm_xml_ops *ops,
                  void *arg, plm_err **err)
{
    struct plm_xml x = {.parser = XML_ParserCreate(NULL),
                        .ops = ops,
                        .arg = arg,
                        .source = plm_stream_name(s),
                        .limits = limits,
                        .names = PLM_BUF(PLM_MIB(4)),
                        .text = PLM_BUF((size_t)limits->file_bytes)};
    if (!x.parser)
        return plm_fail_oom(err);
    XML_SetUserData(x.parser, &x);
    XML_SetElementHandler(x.parser, on_start, on_end);
    XML_SetCharacterDataHandler(x.parser, on_text);
    XML_SetEntityDeclHandler(x.parser, on_entity);
    int r = run(&x, s, err);
    XML_ParserFree(x.parser);
    free(x.frames);
    plm_buf_done(&x.names);
    plm_buf_done(&x.text);
    plm_err_free(x.err);
    return r;
}

int plm_xml_parse_view(plm_sv text, const char *name, const struct plm_limits *limits,
                       const struct plm_xml_ops *ops, void *arg, plm_err **err)
{
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_view(text, name, err);
    return s ? plm_xml_parse(s, limits, ops, arg, err) : -1;
}
