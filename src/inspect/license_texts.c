/* SPDX-License-Identifier: Apache-2.0
 *
 * License texts by fingerprint: a handful of phrases that one license has and its neighbours lack, looked for
 * in the text's words (lower case, everything else one blank), so that line breaks, indentation, comment
 * signs and quotes do not matter. The first row whose phrases are all there, and whose others are not,
 * decides. A text that holds several licenses, or is only like one, is not recognised: an honest "not known"
 * is better than a guess. At most TEXT_MAX bytes are looked at. O(text times rows).
 *
 * The notice at the end of the GNU texts says "or any later version" as an example, so a bare text says only
 * the version: it becomes -only, which is the stricter reading.
 */
#include "inspect/license_texts.h"

enum { TEXT_MAX = 128 * 1024, PHRASES = 4 };

// clang-format off
static const struct {
    const char *id;
    const char *has[PHRASES], *lacks[PHRASES];
} rows[] = {
    {"Apache-2.0", {"apache license version 2 0", "terms and conditions for use reproduction and distribution"}, {0}},
    {"Apache-1.1", {"the apache software license version 1 1"}, {0}},
    {"AGPL-3.0-only", {"gnu affero general public license version 3 19 november 2007"}, {0}},
    {"LGPL-3.0-only", {"gnu lesser general public license version 3 29 june 2007"}, {0}},
    {"LGPL-2.1-only", {"gnu lesser general public license version 2 1 february 1999"}, {0}},
    {"LGPL-2.0-only", {"gnu library general public license version 2 june 1991"}, {0}},
    {"GPL-3.0-only", {"gnu general public license version 3 29 june 2007", "terms and conditions"}, {0}},
    {"GPL-2.0-only", {"gnu general public license version 2 june 1991"}, {0}},
    {"GPL-1.0-only", {"gnu general public license version 1 february 1989"}, {0}},
    {"GFDL-1.3-only", {"gnu free documentation license version 1 3 3 november 2008"}, {0}},
    {"GFDL-1.2-only", {"gnu free documentation license version 1 2 november 2002"}, {0}},
    {"MPL-2.0", {"mozilla public license version 2 0", "1 definitions"}, {0}},
    {"MPL-1.1", {"mozilla public license version 1 1", "1 definitions"}, {0}},
    {"EPL-2.0", {"eclipse public license v 2 0", "the accompanying program is provided under the terms"}, {0}},
    {"EPL-1.0", {"eclipse public license v 1 0", "the accompanying program is provided under the terms"}, {0}},
    {"CDDL-1.0", {"common development and distribution license", "version 1 0", "1 definitions"}, {"version 1 1"}},
    {"CC0-1.0", {"cc0 1 0 universal", "statement of purpose"}, {0}},
    {"CC-BY-4.0", {"creative commons attribution 4 0 international public license"}, {0}},
    {"CC-BY-SA-4.0", {"creative commons attribution sharealike 4 0 international public license"}, {0}},
    {"Unlicense", {"this is free and unencumbered software released into the public domain"}, {0}},
    {"WTFPL", {"do what the fuck you want to public license"}, {0}},
    {"BSL-1.0", {"boost software license version 1 0", "permission is hereby granted free of charge"}, {0}},
    {"Artistic-2.0", {"the artistic license 2 0"}, {0}},
    {"Artistic-1.0-Perl", {"the artistic license", "the intent of this document is to state the conditions under which a package may be copied",
                           "aggregation of this package with a commercial distribution"}, {0}},
    {"PSF-2.0", {"python software foundation license version 2"}, {"beopen com license"}},
    {"Python-2.0", {"python software foundation license version 2", "beopen python open source license agreement"}, {0}},
    {"OFL-1.1", {"sil open font license version 1 1"}, {0}},
    {"Zlib", {"this software is provided as is without any express or implied warranty",
              "altered source versions must be plainly marked as such", "this notice may not be removed or altered"}, {0}},
    {"curl", {"permission to use copy modify and distribute this software for any purpose with or without fee is hereby granted provided that the above copyright notice",
              "the name of a copyright holder shall not be used in advertising"}, {0}},
    {"0BSD", {"permission to use copy modify and or distribute this software for any purpose with or without fee is hereby granted"},
             {"provided that the above copyright notice", "redistributions"}},
    {"ISC", {"distribute this software for any purpose with or without fee is hereby granted provided that the above copyright notice and this permission notice appear in all copies"},
            {"redistributions", "shall not be used in advertising"}},
    {"BSD-4-Clause", {"redistributions of source code must retain the above copyright notice", "redistributions in binary form must reproduce",
                      "all advertising materials mentioning features or use of this software must display"}, {0}},
    {"BSD-3-Clause", {"redistributions of source code must retain the above copyright notice", "redistributions in binary form must reproduce",
                      "may be used to endorse or promote products derived from this software"}, {"all advertising materials", "permission is hereby granted free of charge"}},
    {"BSD-2-Clause", {"redistributions of source code must retain the above copyright notice", "redistributions in binary form must reproduce"},
                     {"endorse or promote", "all advertising materials", "permission is hereby granted free of charge"}},
    {"MIT-0", {"permission is hereby granted free of charge to any person obtaining a copy of this software", "the software is provided as is without warranty of any kind"},
              {"the above copyright notice and this permission notice", "redistributions", "boost software license"}},
    {"MIT", {"permission is hereby granted free of charge to any person obtaining a copy of this software",
             "the above copyright notice and this permission notice", "the software is provided as is without warranty of any kind"},
            {"redistributions", "shall not be used in advertising", "except as contained in this notice"}},
    {"X11", {"permission is hereby granted free of charge to any person obtaining a copy of this software",
             "except as contained in this notice the name", "shall not be used in advertising"}, {"redistributions"}},
};
// clang-format on

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static void put_words(struct plm_buf *b, plm_sv text)
{
    plm_buf_byte(b, ' ');
    for (size_t i = 0; i < text.n && i < TEXT_MAX; i++) {
        char c = text.p[i];
        if (is_alnum(c))
            plm_buf_byte(b, (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
        else if (b->n && b->p[b->n - 1] != ' ')
            plm_buf_byte(b, ' ');
    }
}

static bool fits(size_t row, plm_sv words)
{
    for (size_t k = 0; k < PHRASES && rows[row].has[k]; k++)
        if (!plm_sv_has(words, plm_sv_from(rows[row].has[k])))
            return false;
    for (size_t k = 0; k < PHRASES && rows[row].lacks[k]; k++)
        if (plm_sv_has(words, plm_sv_from(rows[row].lacks[k])))
            return false;
    return true;
}

plm_sv plm_license_of_text(plm_sv text)
{
    plm_auto_done(plm_buf_done) struct plm_buf words = PLM_BUF(TEXT_MAX + 16);
    put_words(&words, text);
    for (size_t i = 0; !words.failed && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (fits(i, plm_buf_sv(&words)))
            return plm_sv_from(rows[i].id);
    return PLM_SV_NULL;
}
