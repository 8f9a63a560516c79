/* SPDX-License-Identifier: Apache-2.0
 *
 * Escaping for HTML, XML, Markdown and URIs. The Markdown rules are CommonMark's and GFM's
 * (backslash before ASCII punctuation; in a table cell "\|"), and what code hosts do to the
 * rendered text: they link @mentions, #123, GH-123 and addresses, which a backslash does not stop.
 * A zero-width space behind the sign does. Inside a code span nothing is linked at all; a text with
 * a backtick or a pipe, which code spans in tables cannot hold safely, becomes <code> with every
 * punctuation character as an entity (an entity never starts markup).
 */
#include "escape.h"

#include "base/text.h"

#define NO_LINK "&#8203;"

plm_sv plm_esc_clip(plm_sv s, size_t max, size_t *out_cut)
{
    size_t at = 0, kept = 0, more = 0;
    uint32_t cp;
    for (size_t i = 0; i < s.n; more++) {
        size_t n = plm_utf8_next(plm_sv_from_off(s, i), &cp);
        i += n ? n : 1;
        if (more < max) {
            at = i;
            kept++;
        }
    }
    *out_cut = more - kept;
    return plm_sv_sub(s, 0, at);
}

static void put_cut(struct plm_buf *b, size_t cut)
{
    if (cut)
        plm_buf_printf(b, "\xe2\x80\xa6 (%zu more characters)", cut);
}

static void carry(struct plm_buf *to, const struct plm_buf *from)
{
    if (from->failed && !to->failed)
        to->failed = from->failed;
}

void plm_esc_plain(struct plm_buf *b, plm_sv s, size_t max)
{
    size_t cut;
    plm_text_escape(b, plm_esc_clip(s, max, &cut));
    put_cut(b, cut);
}

void plm_esc_html(struct plm_buf *b, plm_sv s, size_t max)
{
    plm_auto_done(plm_buf_done) struct plm_buf plain = PLM_BUF(PLM_MIB(16));
    plm_esc_plain(&plain, s, max);
    plm_text_html(b, plm_buf_sv(&plain));
    carry(b, &plain);
}

void plm_esc_html_lines(struct plm_buf *b, plm_sv s, size_t max)
{
    size_t cut;
    plm_sv rest = plm_esc_clip(s, max, &cut), line;
    for (bool first = true; plm_sv_line(&rest, &line); first = false) {
        plm_buf_str(b, first ? "" : "\n");
        plm_esc_html(b, line, max);
    }
    put_cut(b, cut);
}

/* Is the character at i the hyphen of "GH-123"? */
static bool is_issue_word(plm_sv t, size_t i)
{
    return t.p[i] == '-' && i >= 2 && (t.p[i - 2] == 'G' || t.p[i - 2] == 'g') &&
           (t.p[i - 1] == 'H' || t.p[i - 1] == 'h') && i + 1 < t.n && t.p[i + 1] >= '0' && t.p[i + 1] <= '9';
}

/* Does the character at i make a list of a text that starts like "12." or "12)"? */
static bool ends_list_number(plm_sv t, size_t i)
{
    if (i == 0 || i > 9 || (t.p[i] != '.' && t.p[i] != ')'))
        return false;
    for (size_t k = 0; k < i; k++)
        if (t.p[k] < '0' || t.p[k] > '9')
            return false;
    return true;
}

void plm_esc_markdown(struct plm_buf *b, plm_sv s, size_t max)
{
    plm_auto_done(plm_buf_done) struct plm_buf plain = PLM_BUF(PLM_MIB(16));
    plm_esc_plain(&plain, s, max);
    carry(b, &plain);
    plm_sv t = plm_sv_trim(plm_buf_sv(&plain));
    for (size_t i = 0; i < t.n; i++) {
        unsigned char c = (unsigned char)t.p[i];
        if (c == '<')
            plm_buf_str(b, "&lt;");
        else if (c == '>')
            plm_buf_str(b, "&gt;");
        else if (c == '&')
            plm_buf_str(b, "&amp;");
        else if (c == '$') /* formulas */
            plm_buf_str(b, "&#36;");
        else if (c == '@' || (c == ':' && plm_sv_starts(plm_sv_from_off(t, i), PLM_SV("://"))))
            plm_buf_printf(b, "%c" NO_LINK, c);
        else if (c == '#' || is_issue_word(t, i))
            plm_buf_printf(b, "\\%c" NO_LINK, c);
        else if (c == '.' && i >= 3 && plm_sv_ieq(plm_sv_sub(t, i - 3, 3), PLM_SV("www")))
            plm_buf_str(b, NO_LINK ".");
        else if (strchr("\\`*_[]~|", c) || (i == 0 && strchr("+-=", c)) || ends_list_number(t, i))
            plm_buf_printf(b, "\\%c", c);
        else
            plm_buf_byte(b, c);
    }
}

void plm_esc_markdown_code(struct plm_buf *b, plm_sv s, size_t max)
{
    plm_auto_done(plm_buf_done) struct plm_buf plain = PLM_BUF(PLM_MIB(16));
    plm_esc_plain(&plain, s, max);
    carry(b, &plain);
    plm_sv t = plm_sv_trim(plm_buf_sv(&plain));
    if (!t.n)
        return;
    if (plm_sv_find(t, '`') == SIZE_MAX && plm_sv_find(t, '|') == SIZE_MAX) {
        plm_buf_printf(b, "`%.*s`", PLM_SV_ARG(t));
        return;
    }
    plm_buf_str(b, "<code>");
    for (size_t i = 0; i < t.n; i++) {
        unsigned char c = (unsigned char)t.p[i];
        bool is_plain =
            (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == ' ' || c >= 0x80;
        if (is_plain)
            plm_buf_byte(b, c);
        else
            plm_buf_printf(b, "&#%u;", c);
    }
    plm_buf_str(b, "</code>");
}

static bool is_dots(plm_sv segment)
{
    return plm_sv_is(segment, ".") || plm_sv_is(segment, "..");
}

void plm_esc_uri(struct plm_buf *b, plm_sv s, bool keep_slash)
{
    size_t cut;
    bool at_start = true;
    s = plm_esc_clip(s, PLM_ESC_LINE, &cut);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        plm_sv head = plm_sv_from_off(s, i), tail;
        if (at_start && keep_slash)
            plm_sv_cut(head, '/', &head, &tail);
        if (at_start && is_dots(head)) {
            plm_buf_byte(b, '_');
            i += head.n - 1;
            at_start = false;
            continue;
        }
        at_start = c == '/' && keep_slash;
        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c && strchr("-._~", c)) ||
            at_start)
            plm_buf_byte(b, c);
        else
            plm_buf_printf(b, "%%%02X", c);
    }
}
