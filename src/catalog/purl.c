/* SPDX-License-Identifier: Apache-2.0
 *
 * Package URLs (https://github.com/package-url/purl-spec): pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS.
 *
 * Everything but letters, digits and ".-_~:" is percent-encoded; types and qualifier keys are
 * lower case, qualifiers sorted by key and left out where empty. deb, apk: namespace and name
 * lower case. rpm: the version leaves the epoch to a qualifier of its own. Ours beyond the
 * specification: `distro` as ID-VERSION, and `upstream` (source package, @version where it
 * differs), both as other scanners write them.
 */
#include "catalog_int.h"

static void encode(struct plm_buf *b, plm_sv s, bool lower)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool upper_case = c >= 'A' && c <= 'Z';
        bool plain =
            upper_case || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr(".-_~:", c));
        if (plain) {
            plm_buf_byte(b, lower && upper_case ? (unsigned char)(c + 32) : c);
        } else {
            plm_buf_byte(b, '%');
            plm_buf_byte(b, (unsigned char)hex[c >> 4]);
            plm_buf_byte(b, (unsigned char)hex[c & 15]);
        }
    }
}

static void qualifier(struct plm_buf *b, bool *first, const char *key, plm_sv value, plm_sv more,
                      char between)
{
    if (value.n == 0)
        return;
    plm_buf_byte(b, *first ? '?' : '&');
    *first = false;
    plm_buf_str(b, key);
    plm_buf_byte(b, '=');
    encode(b, value, false);
    if (more.n) {
        char text[1] = {between};
        encode(b, plm_sv_n(text, 1), false);
        encode(b, more, false);
    }
}

/* The vendor as package URLs name it; os-release has some under other names. */
static plm_sv namespace_of(const struct plm_distro *d)
{
    static const struct {
        const char *id, *name;
    } other[] = {{"rhel", "redhat"},
                 {"opensuse-leap", "opensuse"},
                 {"opensuse-tumbleweed", "opensuse"},
                 {"ol", "oracle"},
                 {"amzn", "amazon"},
                 {"sles", "suse"},
                 {"sled", "suse"},
                 {"sles_sap", "suse"}};
    for (size_t i = 0; d && i < sizeof(other) / sizeof(other[0]); i++)
        if (plm_sv_is(d->id, other[i].id))
            return plm_sv_from(other[i].name);
    return d ? d->id : PLM_SV_NULL;
}

plm_sv plm_purl_make(struct plm_arena *a, const struct plm_package *p, const struct plm_distro *d)
{
    if (!p->type.n || !p->name.n)
        return PLM_SV_NULL;
    bool is_rpm = plm_sv_is(p->type, "rpm"), is_deb = plm_sv_is(p->type, "deb"),
         is_apk = plm_sv_is(p->type, "apk");
    bool is_system = is_rpm || is_deb || is_apk || plm_sv_is(p->type, "opkg");
    plm_sv version = p->version, epoch = PLM_SV_NULL, source_version = p->source_version, head, tail;
    if (is_rpm && plm_sv_cut(version, ':', &head, &tail)) {
        epoch = head;
        version = tail;
    }
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_buf_str(&b, "pkg:");
    encode(&b, p->type, true);
    plm_sv vendor = is_system ? namespace_of(d) : PLM_SV_NULL;
    if (vendor.n) {
        plm_buf_byte(&b, '/');
        encode(&b, vendor, true);
    }
    plm_buf_byte(&b, '/');
    encode(&b, p->name, is_deb || is_apk);
    if (version.n) {
        plm_buf_byte(&b, '@');
        encode(&b, version, false);
    }
    bool first = true;
    qualifier(&b, &first, "arch", p->arch, PLM_SV_NULL, 0);
    if (is_system && d)
        qualifier(&b, &first, "distro", d->id, d->version, '-');
    qualifier(&b, &first, "epoch", epoch, PLM_SV_NULL, 0);
    bool other_source = p->source_name.n && !plm_sv_eq(p->source_name, p->name);
    bool other_version = source_version.n && !plm_sv_eq(source_version, p->version);
    if (is_rpm && plm_sv_cut(source_version, ':', &head, &tail))
        source_version = tail;
    if (is_system && (other_source || other_version))
        qualifier(&b, &first, "upstream", p->source_name, other_version ? source_version : PLM_SV_NULL, '@');
    return plm_buf_check(&b, NULL) < 0 ? PLM_SV_NULL : plm_arena_sv(a, plm_buf_sv(&b));
}
