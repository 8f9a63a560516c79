/* SPDX-License-Identifier: Apache-2.0
 *
 * Each rule with a Dockerfile that breaks it and one that does not; ignores, options, severities.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "inspect/dockerfile_rules_int.h"

#define SCHEMA                                                                                               \
    "label-schema: {author: text, u: url, t: rfc3339, l: spdx, h: hash, s: semver, e: "                      \
    "email}\nstrict-labels: "                                                                                \
    "true\n"

static const struct row {
    const char *id, *bad, *good, *options;
} rows[] = {
    {"DL1001", "# hadolint ignore=DL3006\nFROM a\n", "# a comment\nFROM a\n", "override: {info: [DL1001]}"},
    {"DL3000", "FROM a:1\nWORKDIR usr/x\n", "FROM a:1\nWORKDIR /usr\nWORKDIR $X\nWORKDIR C:\\\\x\n", NULL},
    {"DL3001", "FROM a:1\nRUN x; top\n", "FROM a:1\nRUN apt-get install ssh\n", NULL},
    {"DL3002", "FROM a:1\nUSER root\n", "FROM a:1\nUSER root\nRUN x\nUSER app\n", NULL},
    {"DL3002", "FROM a:1\nUSER app\nUSER 0:0\n", "FROM a:1 AS x\nUSER root\nFROM b:1\nRUN x\n", NULL},
    {"DL3003", "FROM a:1\nRUN cd /x && ls\n", "FROM a:1\nWORKDIR /x\nRUN echo cd\n", NULL},
    {"DL3004", "FROM a:1\nRUN sudo ls\n", "FROM a:1\nRUN apt-get install sudo\n", NULL},
    {"DL3006", "FROM debian\n", "FROM debian:12 AS b\nFROM b\nFROM scratch\nFROM a@sha256:12\n", NULL},
    {"DL3006", "ARG B=debian\nFROM $B\n", "ARG B=debian:12\nFROM $B\nFROM $UNKNOWN\n", NULL},
    {"DL3007", "FROM debian:latest\n", "FROM debian:12\nFROM a:latest@sha256:12\nFROM localhost:5000/a\n",
     NULL},
    {"DL3008", "FROM a:1\nRUN apt-get install -y python\n",
     "FROM a:1\nRUN apt-get install -y -t stable python=2.7 ./x.deb && apt-get update\n", NULL},
    {"DL3009", "FROM a:1\nRUN apt-get update && apt-get install x\n",
     "FROM a:1\nRUN apt-get update && rm -rf /var/lib/apt/lists/*\nRUN "
     "--mount=type=cache,target=/var/lib/apt "
     "apt-get update\n",
     NULL},
    {"DL3009", "FROM a:1 AS b\nRUN apt-get update\nFROM b\nUSER x\n",
     "FROM a:1 AS b\nRUN apt-get update\nFROM c:1\nCOPY --from=b /x /x\n", NULL},
    {"DL3010", "FROM a:1\nCOPY x.tar.gz /t/\nRUN tar -xzf /t/x.tar.gz\n",
     "FROM a:1\nCOPY x.tar.gz /t/\nRUN tar -czf y.tar.gz /t\nADD z.tgz /\n", NULL},
    {"DL3011", "FROM a:1\nEXPOSE 80000\n", "FROM a:1\nEXPOSE 65535/tcp 80-90 $P\n", NULL},
    {"DL3012", "FROM a:1\nHEALTHCHECK CMD x\nHEALTHCHECK CMD y\n",
     "FROM a:1\nHEALTHCHECK CMD x\nFROM b:1\nHEALTHCHECK CMD y\n", NULL},
    {"DL3013", "FROM a:1\nRUN pip3 install --user django\n",
     "FROM a:1\nRUN pip install -i http://x 'django==1.9' ./y && pip install -r requirements.txt && pip "
     "install "
     "git+https://x/y@v1\n",
     NULL},
    {"DL3013", "FROM a:1\nRUN python3 -m pip install x\n",
     "FROM a:1\nRUN pipenv install x && pip install .\n", NULL},
    {"DL3014", "FROM a:1\nRUN apt-get install python=1\n",
     "FROM a:1\nRUN apt-get install -qqy a && apt-get -y install b && apt-get install --yes c && apt-get "
     "install "
     "-qq d\n",
     NULL},
    {"DL3015", "FROM a:1\nRUN apt-get install -y x\n",
     "FROM a:1\nRUN apt-get install -y --no-install-recommends x && apt-get install -o "
     "APT::Install-Recommends=false x\n",
     NULL},
    {"DL3016", "FROM a:1\nRUN npm install -g express\n",
     "FROM a:1\nRUN npm install && npm install express@4 @scope/x@1 git+https://x/y#1 ./z x.tgz\n", NULL},
    {"DL3016", "FROM a:1\nRUN npm install @scope/x\n", "FROM a:1\nRUN npm ci\n", NULL},
    {"DL3018", "FROM a:1\nRUN apk add --no-cache curl\n",
     "FROM a:1\nRUN apk add --no-cache -t deps curl=8.1 jq~1 ./x.apk\n", NULL},
    {"DL3019", "FROM a:1\nRUN apk add curl=1\n",
     "FROM a:1\nRUN apk add --no-cache curl=1\nRUN --mount=type=cache,target=/var/cache/apk apk add x=1\n",
     NULL},
    {"DL3020", "FROM a:1\nADD file /x\n", "FROM a:1\nADD x.tar /\nADD https://a/b /c\n", NULL},
    {"DL3021", "FROM a:1\nCOPY a b c\n", "FROM a:1\nCOPY a b c/\nCOPY [\"a\", \"b\", \"c/\"]\nCOPY a b\n",
     NULL},
    {"DL3022", "FROM a:1\nCOPY --from=b x /y\n",
     "FROM a:1 AS b\nFROM c:1\nCOPY --from=b x /y\nCOPY --from=0 x /y\nCOPY --from=img:1 x /y\n", NULL},
    {"DL3023", "FROM a:1 AS b\nCOPY --from=b x /y\n", "FROM a:1 AS b\nFROM c:1 AS d\nCOPY --from=b x /y\n",
     NULL},
    {"DL3024", "FROM a:1 AS b\nFROM c:1 AS b\n", "FROM a:1 AS b\nFROM c:1 AS d\n", NULL},
    {"DL3025", "FROM a:1\nCMD a b\n", "FROM a:1\nCMD [\"a\", \"b\"]\nHEALTHCHECK CMD x\n", NULL},
    {"DL3025", "FROM a:1\nENTRYPOINT a\n", "FROM a:1\nENTRYPOINT [\"a\"]\n", NULL},
    {"DL3026", "FROM evil.org/a:1\n", "FROM good.org/a:1\nFROM x.good.net/b:1\nFROM scratch\n",
     "trustedRegistries: [good.org, '*.good.net']"},
    {"DL3026", "FROM debian:1\n", "FROM debian:1\n# no list\n", "trustedRegistries: [good.org]"},
    {"DL3027", "FROM a:1\nRUN apt install x\n", "FROM a:1\nRUN apt-get install x\n", NULL},
    {"DL3028", "FROM a:1\nRUN gem install bundler\n",
     "FROM a:1\nRUN gem install bundler:1.1 && gem install x -v 2\n", NULL},
    {"DL3029", "FROM --platform=linux/amd64 a:1\n", "FROM --platform=$BUILDPLATFORM a:1\n", NULL},
    {"DL3030", "FROM a:1\nRUN yum install x-1\n", "FROM a:1\nRUN yum install -y x-1 && yum -y install y-1\n",
     NULL},
    {"DL3032", "FROM a:1\nRUN yum install -y x-1\n",
     "FROM a:1\nRUN yum install -y x-1 && yum clean all\nRUN yum install x && rm -rf /var/cache/yum\n", NULL},
    {"DL3033", "FROM a:1\nRUN yum install -y httpd\n",
     "FROM a:1\nRUN yum install -y httpd-2.24 x.rpm && yum module install -y a:1\n", NULL},
    {"DL3033", "FROM a:1\nRUN yum install -y openssl-devel\n",
     "FROM a:1\nRUN yum install -y openssl-devel-1.1\n", NULL},
    {"DL3034", "FROM a:1\nRUN zypper install x=1\n",
     "FROM a:1\nRUN zypper -n install x=1 && zypper in -y y=1\n", NULL},
    {"DL3035", "FROM a:1\nRUN zypper dup\n", "FROM a:1\nRUN zypper refresh\n", NULL},
    {"DL3036", "FROM a:1\nRUN zypper -n in x=1\n", "FROM a:1\nRUN zypper -n in x=1 && zypper clean\n", NULL},
    {"DL3037", "FROM a:1\nRUN zypper -n in x\n", "FROM a:1\nRUN zypper -n in x=1 'y>=2' z.rpm\n", NULL},
    {"DL3038", "FROM a:1\nRUN dnf install x-1\n",
     "FROM a:1\nRUN dnf install -y x-1 && microdnf install -y y-1\n", NULL},
    {"DL3040", "FROM a:1\nRUN dnf clean all && dnf install -y x-1\n",
     "FROM a:1\nRUN dnf install -y x-1 && dnf clean all\n", NULL},
    {"DL3041", "FROM a:1\nRUN microdnf install -y x\n",
     "FROM a:1\nRUN dnf install -y x-1.2 && dnf module install -y a:1\n", NULL},
    {"DL3041", "FROM a:1\nRUN dnf module install -y a\n", "FROM a:1\nRUN dnf remove x\n", NULL},
    {"DL3042", "FROM a:1\nRUN pip install x==1\n",
     "FROM a:1\nRUN pip install --no-cache-dir x==1\nENV PIP_NO_CACHE_DIR=1\nRUN pip install y==1\n", NULL},
    {"DL3042", "FROM a:1\nENV PIP_NO_CACHE_DIR=0\nRUN pip install x==1\n",
     "FROM a:1\nRUN PIP_NO_CACHE_DIR=1 pip install y==1\nRUN pipx install z\n", NULL},
    {"DL3043", "FROM a:1\nONBUILD FROM b\n", "FROM a:1\nONBUILD RUN x\n", NULL},
    {"DL3044", "FROM a:1\nENV A=1 B=$A/x\n", "FROM a:1\nENV A=1\nENV A=2 B=$A C=$AB D=\\$D\n", NULL},
    {"DL3045", "FROM a:1\nCOPY x y\n", "FROM a:1\nCOPY x /y\nCOPY x $Y\nWORKDIR /\nCOPY x y\n", NULL},
    {"DL3045", "FROM a:1 AS b\nFROM b\nCOPY x y\n", "FROM a:1 AS b\nWORKDIR /w\nFROM b\nCOPY x y\n", NULL},
    {"DL3046", "FROM a:1\nRUN useradd -u 123456 x\n",
     "FROM a:1\nRUN useradd -l -u 123456 x && useradd -u 12345 y\n", NULL},
    {"DL3047", "FROM a:1\nRUN wget http://x\n",
     "FROM a:1\nRUN wget --progress=dot:giga x && wget -nv y && wget -qO- z\n", NULL},
    {"DL3048", "FROM a:1\nLABEL +x=1\n", "FROM a:1\nLABEL org.x-y.z1=1\n", NULL},
    {"DL3048", "FROM a:1\nLABEL com.docker.x=1\n", "FROM a:1\nLABEL com.example=1\n", NULL},
    {"DL3049", "FROM a:1\nLABEL u=http://x\n",
     "FROM a:1 AS b\nLABEL author=x u=http://x t=2020-01-01T00:00:00Z l=MIT h=abcdef0 s=1.0.0 e=a@b.c\nFROM "
     "b\n",
     SCHEMA},
    {"DL3050", "FROM a:1\nLABEL other=1\n", "FROM a:1\nLABEL author=1\n", SCHEMA},
    {"DL3051", "FROM a:1\nLABEL author=\n", "FROM a:1\nLABEL author=x other=\n", SCHEMA},
    {"DL3052", "FROM a:1\nLABEL u=not-a-url\n", "FROM a:1\nLABEL u=https://x.y/z\n", SCHEMA},
    {"DL3053", "FROM a:1\nLABEL t=2020-13-01\n", "FROM a:1\nLABEL t=2021-03-10T10:26:33.56+01:00\n", SCHEMA},
    {"DL3054", "FROM a:1\nLABEL l=not-spdx\n", "FROM a:1\nLABEL l=\"MIT OR BSD-3-Clause\"\n", SCHEMA},
    {"DL3055", "FROM a:1\nLABEL h=xyz\n", "FROM a:1\nLABEL h=2dbfae9\n", SCHEMA},
    {"DL3056", "FROM a:1\nLABEL s=1.2.3.4\n", "FROM a:1\nLABEL s=1.2.3-rc.1+b\n", SCHEMA},
    {"DL3057", "FROM a:1\nCMD [\"x\"]\n", "FROM a:1\nHEALTHCHECK CMD x\n", "override: {warning: [DL3057]}"},
    {"DL3058", "FROM a:1\nLABEL e=nobody\n", "FROM a:1\nLABEL e=a@b.org\n", SCHEMA},
    {"DL3059", "FROM a:1\nRUN a\nRUN b\n",
     "FROM a:1\nRUN a\nUSER x\nRUN b\nRUN --mount=type=ssh c\nRUN a && b && c\n", NULL},
    {"DL3060", "FROM a:1\nRUN yarn install\n", "FROM a:1\nRUN yarn install && yarn cache clean\n", NULL},
    {"DL3061", "USER x\nFROM a:1\n", "# c\nARG A=1\nFROM a:1\n", NULL},
    {"DL3062", "FROM a:1\nRUN go install golang.org/x/tools/gopls@latest\n",
     "FROM a:1\nRUN go install golang.org/x/tools/gopls@v0.1 && go install ./... && go run main.go\n", NULL},
    {"DL3063", "FROM a:1 AS scratch\n", "FROM a:1 AS base\n", NULL},
    {"DL3064", "FROM a:1\nARG NPM_TOKEN\n", "FROM a:1\nARG VERSION\nENV HOME=/x\n", NULL},
    {"DL3065", "FROM --platform=$TARGETPLATFORM a:1\n", "FROM --platform=$BUILDPLATFORM a:1\n", NULL},
    {"DL3066", "FROM a:1\nUSER app:app\n", "FROM a:1\nUSER 1000:app\n", NULL},
    {"DL3067", "FROM a:1 AS b\nFROM c:1\nCOPY --from=b / /\n",
     "FROM a:1 AS b\nFROM c:1\nCOPY --from=b / /x\n", NULL},
    {"DL4000", "FROM a:1\nMAINTAINER x\n", "FROM a:1\nLABEL maintainer=x\n", NULL},
    {"DL4001", "FROM a:1\nRUN wget -q x\nRUN curl y\n", "FROM a:1\nRUN wget -q x\nFROM b:1\nRUN curl y\n",
     NULL},
    {"DL4003", "FROM a:1\nCMD [\"a\"]\nCMD [\"b\"]\n", "FROM a:1\nCMD [\"a\"]\nFROM b:1\nCMD [\"b\"]\n",
     NULL},
    {"DL4004", "FROM a:1\nENTRYPOINT [\"a\"]\nENTRYPOINT [\"b\"]\n", "FROM a:1\nENTRYPOINT [\"a\"]\n", NULL},
    {"DL4005", "FROM a:1\nRUN ln -sf /bin/bash /bin/sh\n", "FROM a:1\nRUN ln -s a b\n", NULL},
    {"DL4006", "FROM a:1\nRUN wget -O - x | wc -l\n",
     "FROM a:1\nRUN set -o pipefail && a | b\nRUN a || b\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", "
     "\"-c\"]\nRUN a | "
     "b\nSHELL [\"pwsh\", \"-c\"]\nRUN a | b\n",
     NULL},
    {"DL4006", "FROM a:1\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nFROM b:1\nRUN a | b\n",
     "FROM a:1\nRUN echo 'a | b'\n", NULL},
    {"DL3008", "FROM a:1\nONBUILD RUN apt-get install -y x\n", "FROM a:1\nRUN [\"apt-get\", \"update\"]\n",
     NULL},
    {"DL3008", "FROM a:1\nRUN <<EOF\nset -e\napt-get install -y x\nEOF\n",
     "FROM a:1\nRUN <<EOF python3\napt-get install -y x\nEOF\n", NULL},
    {"SC2046", "FROM a:1\nRUN rm $(cat list)\n", "FROM a:1\nRUN rm \"$(cat list)\" && x=$(ls)\n", NULL},
    {"SC2086", "FROM a:1\nENV D=1\nRUN rm $D\n", "FROM a:1\nENV D=1\nRUN rm \"$D\" && x=$D && echo $?\n",
     NULL},
    {"SC2154", "FROM a:1\nRUN rm \"$dir/x\"\n", "FROM a:1\nARG dir\nRUN rm \"$dir/x\" && y=1 && rm \"$y\"\n",
     NULL},
    {"SC2155", "FROM a:1\nRUN export x=$(ls); ls\n", "FROM a:1\nRUN x=$(ls); export x\n", NULL},
    {"SC2164", "FROM a:1\nRUN cd /x; ls\n", "FROM a:1\nRUN cd /x && ls; cd /y || exit; set -e; cd /z; ls\n",
     NULL},
};

struct judged {
    struct plm_arena *arena;
    struct plm_report *report;
};

static void judge(const char *text, const char *yaml, struct judged *j)
{
    j->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    j->report = plm_report_new(NULL);
    assert_non_null(j->report);
    uint32_t target = (uint32_t)j->report->targets.n;
    assert_non_null(plm_report_target(j->report));
    struct plm_dockerfile_options o = {0};
    if (yaml)
        assert_int_equal(plm_dockerfile_options_read(plm_sv_from(yaml), "h.yaml", j->arena, &o, NULL), 0);
    o.no_shellcheck = true;
    assert_int_equal(
        plm_dockerfile_check(plm_sv_from(text), PLM_SV("Dockerfile"), &o, j->report, target, NULL), 0);
}

static void done(struct judged *j)
{
    plm_report_free(j->report);
    plm_arena_free(j->arena);
}

static const struct plm_finding *find(const struct judged *j, const char *id)
{
    for (size_t i = 0; i < j->report->findings.n; i++) {
        const struct plm_finding *f = &j->report->findings.v[i];
        if (plm_sv_is(f->id, id))
            return f;
        for (size_t k = 0; k < f->aliases.n; k++)
            if (plm_sv_is(f->aliases.v[k], id))
                return f;
    }
    return NULL;
}

static void each_rule_has_a_bad_and_a_good_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct judged j;
        judge(rows[i].bad, rows[i].options, &j);
        if (!find(&j, rows[i].id))
            fail_msg("%s is not found in\n%s", rows[i].id, rows[i].bad);
        assert_true(find(&j, rows[i].id)->line > 0);
        done(&j);
        bool has_list = !plm_sv_has(plm_sv_from(rows[i].good), PLM_SV("# no list"));
        judge(rows[i].good, has_list ? rows[i].options : NULL, &j);
        const struct plm_finding *f = find(&j, rows[i].id);
        if (f)
            fail_msg("%s: line %u: %.*s in\n%s", rows[i].id, f->line, PLM_SV_ARG(f->evidence.v[0]),
                     rows[i].good);
        done(&j);
    }
}

/* The 71 of the specification; each has a descriptor and a row above. */
static void all_rules_are_there(void **state)
{
    (void)state;
    const struct plm_df_rule *const tables[] = {plm_df_rules_stage, plm_df_rules_run, plm_df_rules_packages,
                                                plm_df_rules_labels};
    size_t n = 0;
    for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
        for (const struct plm_df_rule *r = tables[t]; r->id; r++, n++) {
            bool has_row = false;
            for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
                has_row = has_row || strcmp(rows[i].id, r->id) == 0;
            if (!has_row || !plm_df_check_of(r->id))
                fail_msg("%s has no test or no descriptor", r->id);
        }
    assert_int_equal(n, 71);
}

static void ids_of_the_same_fault(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *check;
    } same[] = {{"DL3002", "4.1"},         {"DL3004", "DKL-DI-0001"}, {"DL3009", "DKL-DI-0005"},
                {"DL3019", "DKL-DI-0004"}, {"DL3020", "4.9"},         {"DL3057", "4.6"}};
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
        assert_string_equal(plm_df_check_of(same[i].rule)->id, same[i].check);
}

static void ignored_ones_are_suppressed(void **state)
{
    (void)state;
    struct judged j;
    judge("# hadolint ignore=DL3006\nFROM a\nUSER x\n", NULL, &j);
    const struct plm_finding *f = find(&j, "DL3006");
    assert_non_null(f->suppressed);
    assert_non_null(strstr(f->suppressed->reason.p, "line 1"));
    assert_null(find(&j, "DL3066")->suppressed);
    done(&j);
    judge("# hadolint ignore=DL3006\nFROM a\n", "disable-ignore-pragma: true", &j);
    assert_null(find(&j, "DL3006")->suppressed);
    done(&j);
    judge("# hadolint global ignore=DL3066\nFROM a:1\nUSER x\nUSER y\n", NULL, &j);
    for (size_t i = 0; i < j.report->findings.n; i++)
        assert_non_null(j.report->findings.v[i].suppressed);
    done(&j);
    judge("FROM a\n", "ignored: [DL3006]", &j);
    assert_non_null(find(&j, "DL3006")->suppressed);
    done(&j);
}

static void severities(void **state)
{
    (void)state;
    struct judged j;
    judge("FROM a\nWORKDIR x\nLABEL +x=1\nUSER u\n", "override: {style: [DL3006]}", &j);
    assert_int_equal(find(&j, "DL3000")->severity, PLM_SEV_HIGH);
    assert_int_equal(find(&j, "DL3006")->severity, PLM_SEV_NEGLIGIBLE);
    assert_int_equal(find(&j, "DL3048")->severity, PLM_SEV_NEGLIGIBLE);
    assert_int_equal(find(&j, "DL3066")->severity, PLM_SEV_LOW);
    done(&j);
}

static void options_that_do_not_read(void **state)
{
    (void)state;
    static const char *const bad[] = {"[a]",
                                      "nonsense: 1",
                                      "ignored: DL3006",
                                      "strict-labels: maybe",
                                      "override: {fatal: [DL3006]}",
                                      "label-schema: {a: colour}",
                                      "failure-threshold: loud",
                                      "a: [",
                                      "ignored: [[a]]"};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct plm_dockerfile_options o = {0};
        plm_err *err = NULL;
        if (plm_dockerfile_options_read(plm_sv_from(bad[i]), "h.yaml", a, &o, &err) == 0)
            fail_msg("%s is taken", bad[i]);
        assert_int_equal(err->code, PLM_E_CONFIG);
        assert_non_null(strstr(err->message, "h.yaml"));
        plm_err_free(err);
    }
    struct plm_dockerfile_options o = {0};
    assert_int_equal(plm_dockerfile_options_read(PLM_SV(""), "h", a, &o, NULL), 0);
    assert_int_equal(
        plm_dockerfile_options_read(PLM_SV("failure-threshold: warning\nno-fail: true\nformat: tty\n"), "h",
                                    a, &o, NULL),
        0);
    assert_int_equal(o.failure_threshold, PLM_SEV_MEDIUM);
}

static void faults_make_it_incomplete(void **state)
{
    (void)state;
    struct judged j;
    judge("FROM a:1\nRUNN x\n", NULL, &j);
    assert_int_equal(j.report->diagnostics.n, 1);
    assert_true(plm_sv_is(j.report->diagnostics.v[0].code, "dockerfile.invalid"));
    assert_true(plm_sv_has(j.report->diagnostics.v[0].message, PLM_SV("line 2, column 1")));
    assert_true(j.report->targets.v[0].is_incomplete);
    done(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_has_a_bad_and_a_good_case),
        cmocka_unit_test(all_rules_are_there),
        cmocka_unit_test(ids_of_the_same_fault),
        cmocka_unit_test(ignored_ones_are_suppressed),
        cmocka_unit_test(severities),
        cmocka_unit_test(options_that_do_not_read),
        cmocka_unit_test(faults_make_it_incomplete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
