/* SPDX-License-Identifier: Apache-2.0
 *
 * Escaping of untrusted text. The set of characters that are hidden from a terminal:
 * C0 and C1 controls, DEL, soft hyphen, zero-width and bidirectional controls
 * (U+200B..200F, 202A..202E, 2060..206F, FEFF), line and paragraph separators, tags
 * (U+E0000..E007F), the non-characters that XML forbids: what terminal injection and "Trojan Source" use.
 */
#include "base/text.h"

size_t plm_utf8_next(plm_sv s, uint32_t *out_cp)
{
    if (s.n == 0)
        return 0;
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
               : (p[0] & 0xf0) == 0xe0       ? 3
               : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                             : 0;
    if (n == 0 || n > s.n)
        return 0;
    uint32_t cp = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        cp = cp << 6 | (p[i] & 0x3f);
    }
    if ((n == 3 && (cp < 0x800 || (cp >= 0xd800 && cp < 0xe000))) ||
        (n == 4 && (cp < 0x10000 || cp > 0x10ffff)))
        return 0;
    *out_cp = cp;
    return n;
}

bool plm_utf8_valid(plm_sv s)
{
    uint32_t cp;
    while (s.n) {
        size_t n = plm_utf8_next(s, &cp);
        if (n == 0)
            return false;
        s = plm_sv_from_off(s, n);
    }
    return true;
}

static bool is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || c == 0xfffe || c == 0xffff || (c >= 0xe0000 && c <= 0xe007f);
}

void plm_text_escape(struct plm_buf *b, plm_sv s)
{
    while (s.n) {
        uint32_t cp;
        size_t n = plm_utf8_next(s, &cp);
        if (n == 0) {
            plm_buf_printf(b, "\\x%02x", (unsigned char)s.p[0]);
            n = 1;
        } else if (!is_hidden(cp)) {
            plm_buf_put(b, s.p, n);
        } else if (cp == '\n') {
            plm_buf_str(b, "\\n");
        } else if (cp == '\t') {
            plm_buf_str(b, "\\t");
        } else if (cp == '\r') {
            plm_buf_str(b, "\\r");
        } else if (cp < 0x80) {
            plm_buf_printf(b, "\\x%02x", cp);
        } else {
            plm_buf_printf(b, "\\u{%x}", cp);
        }
        s = plm_sv_from_off(s, n);
    }
}

void plm_text_json(struct plm_buf *b, plm_sv s)
{
    plm_buf_byte(b, '"');
    while (s.n) {
        uint32_t cp;
        size_t n = plm_utf8_next(s, &cp);
        if (n == 0) {
            plm_buf_str(b, "\xef\xbf\xbd");
            n = 1;
        } else if (cp == '"' || cp == '\\') {
            plm_buf_byte(b, '\\');
            plm_buf_byte(b, (unsigned char)cp);
        } else if (cp == '\n') {
            plm_buf_str(b, "\\n");
        } else if (cp == '\t') {
            plm_buf_str(b, "\\t");
        } else if (cp < 0x10000 &&
                   is_hidden(cp)) { /* a terminal would obey what a parser of JSON does not mind */
            plm_buf_printf(b, "\\u%04x", cp);
        } else {
            plm_buf_put(b, s.p, n);
        }
        s = plm_sv_from_off(s, n);
    }
    plm_buf_byte(b, '"');
}

void plm_text_html(struct plm_buf *b, plm_sv s)
{
    while (s.n) {
        uint32_t cp;
        size_t n = plm_utf8_next(s, &cp);
        if (n == 0 || (is_hidden(cp) && cp != '\n' && cp != '\t')) {
            plm_buf_str(b, "\xef\xbf\xbd");
            n = n ? n : 1;
        } else if (cp == '<') {
            plm_buf_str(b, "&lt;");
        } else if (cp == '>') {
            plm_buf_str(b, "&gt;");
        } else if (cp == '&') {
            plm_buf_str(b, "&amp;");
        } else if (cp == '"') {
            plm_buf_str(b, "&quot;");
        } else if (cp == '\'') {
            plm_buf_str(b, "&#39;");
        } else {
            plm_buf_put(b, s.p, n);
        }
        s = plm_sv_from_off(s, n);
    }
}

/* Independent of the locale: the East Asian wide blocks and emoji are 2, combining marks 0. */
static size_t width_of(uint32_t c)
{
    if ((c >= 0x300 && c <= 0x36f) || (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe00 && c <= 0xfe0f) ||
        is_hidden(c))
        return 0;
    if ((c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
        (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
        (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd))
        return 2;
    return 1;
}

size_t plm_text_width(plm_sv s)
{
    size_t w = 0;
    while (s.n) {
        uint32_t cp;
        size_t n = plm_utf8_next(s, &cp);
        w += n ? width_of(cp) : 1;
        s = plm_sv_from_off(s, n ? n : 1);
    }
    return w;
}

void plm_text_base64(struct plm_buf *b, plm_sv s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        unsigned v = 0;
        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (i + k < s.n ? (unsigned char)s.p[i + k] : 0u);
        for (unsigned k = 0; k < 4; k++)
            plm_buf_byte(b, k > s.n - i ? '=' : (unsigned char)digits[v >> (18 - 6 * k) & 63]);
    }
}

void plm_text_hex(struct plm_buf *b, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        plm_buf_byte(b, (unsigned char)"0123456789abcdef"[p[i] >> 4]);
        plm_buf_byte(b, (unsigned char)"0123456789abcdef"[p[i] & 15]);
    }
}

void plm_text_bytes(struct plm_buf *b, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        plm_buf_printf(b, "%llu B", (unsigned long long)bytes);
        return;
    }
    size_t u = 0;
    uint64_t whole = bytes;
    uint64_t rest = 0;
    for (; whole >= 1024 && u < 6; u++) {
        rest = whole % 1024;
        whole /= 1024;
    }
    plm_buf_printf(b, "%llu.%llu %s", (unsigned long long)whole, (unsigned long long)(rest * 10 / 1024),
                   units[u - 1]);
}

void plm_text_age(struct plm_buf *b, int64_t seconds)
{
    long long s = seconds < 0 ? 0 : seconds;
    if (s < 60)
        plm_buf_printf(b, "%lld s", s);
    else if (s < 3600)
        plm_buf_printf(b, "%lld min", s / 60);
    else if (s < 86400)
        plm_buf_printf(b, "%lld h", s / 3600);
    else
        plm_buf_printf(b, "%lld d", s / 86400);
}
