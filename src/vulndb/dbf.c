/* SPDX-License-Identifier: Apache-2.0
 *
 * One feed's sections, decoded row by row (format.md). The bytes may be anything: each row
 * number and each ref is checked when it is followed, nothing is trusted because it was
 * checked before. Reader, builder and verification all read through these functions.
 */
#include "base/rd.h"
#include "vulndb/vulndb_int.h"

static const char *const section_names[PLM_SEC_END_] = {
    [PLM_SEC_META] = "meta",
    [PLM_SEC_STRINGS] = "strings",
    [PLM_SEC_ECOSYSTEMS] = "ecosystems",
    [PLM_SEC_SLOTS] = "slots",
    [PLM_SEC_GROUPS] = "groups",
    [PLM_SEC_RANGES] = "ranges",
    [PLM_SEC_VERSIONS] = "versions",
    [PLM_SEC_ATTRIBUTES] = "attributes",
    [PLM_SEC_ADVISORIES] = "advisories",
    [PLM_SEC_DICTIONARY] = "dictionary",
    [PLM_SEC_BLOCKS] = "blocks",
    [PLM_SEC_TEXTS] = "texts",
    [PLM_SEC_KEV] = "kev",
    [PLM_SEC_EPSS] = "epss",
    [PLM_SEC_EOL] = "eol",
    [PLM_SEC_ALIAS_STRINGS] = "alias strings",
    [PLM_SEC_ALIAS_IDS] = "alias ids",
    [PLM_SEC_ALIAS_MEMBERS] = "alias members",
};

const char *plm_sec_name(uint32_t type)
{
    return type < PLM_SEC_END_ && section_names[type] ? section_names[type] : "unknown";
}

int plm_dbf_corrupt(const struct plm_dbf *f, const char *what, uint64_t i, plm_err **err)
{
    int r = plm_fail_id(err, PLM_E_PARSE, "db.corrupt", "vulnerability data: feed %.*s: bad %s row %llu",
                        PLM_SV_ARG(f->name), what, (unsigned long long)i);
    if (err)
        plm_err_hint(err, "plimsoll db verify; then plimsoll db update or db import");
    return r;
}

void plm_dbf_meta_put(struct plm_buf *out, const struct plm_dbf *f)
{
    plm_buf_view(out, f->name);
    plm_buf_view(out, f->format);
    plm_buf_u64le(out, (uint64_t)f->as_of);
    plm_buf_varint(out, f->records);
    plm_buf_varint(out, f->ranges);
    plm_buf_varint(out, f->bad);
    plm_buf_view(out, f->origin.url);
    plm_buf_view(out, f->origin.etag);
    plm_buf_u64le(out, (uint64_t)f->origin.last_modified);
    plm_buf_varint(out, f->bad_kept);
    plm_buf_sv_put(out, f->bad_rows);
}

int plm_dbf_meta(struct plm_dbf *f, plm_err **err)
{
    struct plm_rd r = PLM_RD(f->sec[PLM_SEC_META]);
    f->name = plm_rd_view(&r);
    f->format = plm_rd_view(&r);
    f->as_of = (int64_t)plm_rd_u64le(&r);
    f->records = plm_rd_varint(&r);
    f->ranges = plm_rd_varint(&r);
    f->bad = plm_rd_varint(&r);
    f->origin.url = plm_rd_view(&r);
    f->origin.etag = plm_rd_view(&r);
    f->origin.last_modified = (int64_t)plm_rd_u64le(&r);
    f->bad_kept = plm_rd_count(&r, PLM_DB_BAD_KEPT);
    if (r.failed || !f->name.n)
        return plm_fail_id(err, PLM_E_PARSE, "db.corrupt", "vulnerability data: bad description of a feed");
    f->bad_rows = plm_sv_from_off(f->sec[PLM_SEC_META], r.at);
    return 0;
}

bool plm_dbf_advisory(const struct plm_dbf *f, uint32_t i, struct plm_adv_row *out)
{
    const unsigned char *p = plm_dbf_row(f->sec[PLM_SEC_ADVISORIES], i, PLM_ROW_ADVISORY);
    if (!p)
        return false;
    plm_sv pool = f->sec[PLM_SEC_STRINGS];
    if (!plm_pool_get(pool, plm_le32(p), &out->id) || !plm_pool_get(pool, plm_le32(p + 4), &out->severity) ||
        !plm_pool_get(pool, plm_le32(p + 8), &out->lists) || !out->id.p)
        return false;
    out->block = plm_le32(p + 12);
    out->text_at = plm_le32(p + 16);
    out->published = plm_le32(p + 20);
    out->modified = plm_le32(p + 24);
    out->withdrawn = plm_le32(p + 28);
    out->flags = plm_le32(p + 32);
    return true;
}

static bool read_refs(const struct plm_dbf *f, struct plm_rd *r, struct plm_arena *a, plm_sv_vec *out)
{
    size_t n = plm_rd_count(r, plm_rd_left(r)); /* a ref takes a byte at least */
    for (size_t i = 0; i < n && !r->failed; i++) {
        plm_sv s;
        if (!plm_pool_get(f->sec[PLM_SEC_STRINGS], (uint32_t)plm_rd_count(r, UINT32_MAX), &s))
            return false;
        plm_sv *slot = r->failed ? NULL : plm_vec_push(a, out);
        if (!slot)
            return false;
        *slot = s;
    }
    return !r->failed;
}

bool plm_dbf_lists(const struct plm_dbf *f, plm_sv lists, struct plm_arena *a, struct plm_advisory *out)
{
    if (lists.n == 0)
        return true;
    struct plm_rd r = PLM_RD(lists);
    plm_sv pool = f->sec[PLM_SEC_STRINGS];
    if (!read_refs(f, &r, a, &out->aliases) || !read_refs(f, &r, a, &out->covers))
        return false;
    size_t n = plm_rd_count(&r, plm_rd_left(&r));
    for (size_t i = 0; i < n && !r.failed; i++) {
        struct plm_cvss *c = plm_vec_push(a, &out->cvss);
        if (!c || !plm_pool_get(pool, (uint32_t)plm_rd_count(&r, UINT32_MAX), &c->version) ||
            !plm_pool_get(pool, (uint32_t)plm_rd_count(&r, UINT32_MAX), &c->vector) ||
            !plm_pool_get(pool, (uint32_t)plm_rd_count(&r, UINT32_MAX), &c->source))
            return false;
        uint8_t tenths = plm_rd_u8(&r);
        c->score = tenths > 100 ? -1.0 : tenths / 10.0;
    }
    return !r.failed;
}

/* Text and key of a version; ref 0 leaves both null. */
static bool version_get(const struct plm_dbf *f, uint32_t ref, plm_sv *text, plm_sv *key)
{
    *text = *key = PLM_SV_NULL;
    if (ref == 0)
        return true;
    const unsigned char *p = plm_dbf_row(f->sec[PLM_SEC_VERSIONS], ref - 1, PLM_ROW_VERSION);
    plm_sv pool = f->sec[PLM_SEC_STRINGS];
    return p && plm_pool_get(pool, plm_le32(p), text) && text->p && plm_pool_get(pool, plm_le32(p + 4), key);
}

static bool attribute_get(const struct plm_dbf *f, uint32_t i, struct plm_db_hit *out, uint8_t *out_end)
{
    const unsigned char *p = plm_dbf_row(f->sec[PLM_SEC_ATTRIBUTES], i, PLM_ROW_ATTRIBUTE);
    if (!p)
        return false;
    plm_sv *const texts[] = {&out->scheme,          &out->arch, &out->modularity, &out->channel,
                             &out->native_severity, &out->note};
    for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++)
        if (!plm_pool_get(f->sec[PLM_SEC_STRINGS], plm_le32(p + 4 * k), texts[k]))
            return false;
    if (p[24] >= PLM_FIX_COUNT_ || p[25] >= PLM_SEV_COUNT_ || p[26] > PLM_ATTR_BINARY || p[27] > PLM_END_LAST)
        return false;
    out->state = (enum plm_fix_state)p[24];
    out->severity = (enum plm_severity)p[25];
    out->is_binary = p[26] & PLM_ATTR_BINARY;
    *out_end = p[27];
    return true;
}

bool plm_dbf_range(const struct plm_dbf *f, uint32_t i, struct plm_db_hit *out)
{
    const unsigned char *p = plm_dbf_row(f->sec[PLM_SEC_RANGES], i, PLM_ROW_RANGE);
    struct plm_adv_row adv;
    uint8_t end;
    plm_sv end_text, end_key;
    if (!p || !plm_dbf_advisory(f, plm_le32(p), &adv) ||
        !version_get(f, plm_le32(p + 4), &out->introduced, &out->introduced_key) ||
        !version_get(f, plm_le32(p + 8), &end_text, &end_key) ||
        !attribute_get(f, plm_le32(p + 12), out, &end))
        return false;
    out->advisory = plm_le32(p);
    out->id = adv.id;
    out->withdrawn = adv.flags & PLM_ADV_WITHDRAWN;
    out->is_malware = adv.flags & PLM_ADV_MALWARE;
    out->fixed = out->fixed_key = out->last_affected = out->last_affected_key = PLM_SV_NULL;
    if ((end == PLM_END_NONE) != (end_text.p == NULL))
        return false;
    if (end == PLM_END_FIXED) {
        out->fixed = end_text;
        out->fixed_key = end_key;
    } else if (end == PLM_END_LAST) {
        out->last_affected = end_text;
        out->last_affected_key = end_key;
    }
    return true;
}
