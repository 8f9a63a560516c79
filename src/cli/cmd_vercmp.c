/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares versions. Each pair is answered as soon as it was read, so that another program
 * can use this one as a coprocess.
 */
#include "cli/cli.h"
#include "version/version.h"

#include <stdio.h>

#define LINE_MAX_BYTES PLM_MIB(1)

static int answer(const struct plm_scheme *s, plm_sv a, plm_sv b, plm_err **err)
{
    int c = s->compare(a, b);
    return plm_cli_print(c < 0 ? PLM_SV("<\n") : c > 0 ? PLM_SV(">\n") : PLM_SV("=\n"), err);
}

static int read_pairs(const struct plm_scheme *s, plm_err **err)
{
    plm_auto_free char *line = NULL;
    size_t cap = 0, number = 0;
    for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
        number++;
        plm_sv a, b, text = plm_sv_n(line, (size_t)n);
        if (text.n > LINE_MAX_BYTES)
            return plm_fail(err, PLM_E_LIMIT, "standard input, line %zu: longer than a mebibyte", number);
        while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
            text.n--;
        if (!plm_sv_cut(text, '\t', &a, &b))
            return plm_fail(err, PLM_E_USAGE, "standard input, line %zu: not two versions with a tab between",
                            number);
        if (answer(s, a, b, err) < 0)
            return -1;
    }
    if (ferror(stdin))
        return plm_fail_sys(err, "standard input");
    return PLM_EXIT_PASSED;
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    const struct plm_scheme *s = plm_scheme_find(plm_sv_from(words[0]));
    int rc = 0;
    if (!s) {
        rc = plm_fail_id(err, PLM_E_USAGE, "usage.scheme", "%s: no such version scheme", words[0]);
        plm_err_hint(err, "plimsoll list schemes");
    } else if (n == 2) {
        rc = plm_fail_id(err, PLM_E_USAGE, "usage.arguments",
                         "%s: one version and nothing to compare it with", words[1]);
        plm_err_hint(err, "plimsoll vercmp %s %s OTHER", words[0], words[1]);
    } else if (n == 1) {
        rc = read_pairs(s, err);
    } else {
        for (size_t i = 1; i < 3; i++)
            if (!s->valid(plm_sv_from(words[i])))
                plm_cli_note(cli, "%s is not a valid %s version; compared all the same", words[i], s->id);
        rc = answer(s, plm_sv_from(words[1]), plm_sv_from(words[2]), err);
    }
    return rc;
}

static const struct plm_command vercmp = {
    .name = "vercmp",
    .arguments = "SCHEME [A B]",
    .summary = "compare two versions as an ecosystem's own tools do",
    .help = "Prints <, = or >. Without A and B it reads one tab-separated pair a line from standard input "
            "and prints one "
            "answer a line.\n\n"
            "SCHEME is the id of a version scheme, or the name of an ecosystem or distribution that uses it "
            "(Debian, "
            "Alpine:v3.20, \"Rocky Linux\").",
    .examples = "plimsoll vercmp deb 1.0~rc1-1 1.0-1\tprints <\n"
                "plimsoll vercmp rpm 1:1.0-1 2.0-1\tprints >: the epoch counts first\n"
                "cut -f2,3 pairs.tsv | plimsoll vercmp apk\tone answer a line\n",
    .min_words = 1,
    .max_words = 3,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, vercmp);
