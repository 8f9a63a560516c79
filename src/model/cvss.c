/* SPDX-License-Identifier: Apache-2.0
 *
 * CVSS scores from vector strings, after FIRST's specifications:
 *   2.0  "AV:N/AC:L/Au:N/C:P/I:P/A:P"        https://www.first.org/cvss/v2/guide
 *   3.0  "CVSS:3.0/AV:N/AC:L/PR:N/…"         https://www.first.org/cvss/v3.0/specification-document
 *   3.1  "CVSS:3.1/…"                        https://www.first.org/cvss/v3.1/specification-document
 *   4.0  "CVSS:4.0/AV:N/AC:L/AT:N/…"         https://www.first.org/cvss/v4.0/specification-document
 *
 * One metric table per version validates a vector: each mandatory metric once, each optional one at
 * most once, only values that exist. Order is not checked: published vectors do not keep to it. Versions 2
 * and 3 give the base score whatever temporal metrics follow; version 4 has one formula for all metrics, so
 * those that a vector carries count, as in the scores that publishers print.
 *
 * 3.0 uses the integer round-up that 3.1 defines: it is what 3.0 means without its floating point slips.
 * 4.0 works in tenths: a table of 270 macro vectors, then a mean of proportional distances.
 */
#include "model/model.h"

enum { METRICS_MAX = 32 };

struct metric {
    const char *name;
    const char *values; /* separated by '|'; a parsed metric is the index of its value */
    bool is_optional;
};

// clang-format off
enum { V2_AV, V2_AC, V2_AU, V2_C, V2_I, V2_A };
static const struct metric metrics2[] = {
    {"AV", "L|A|N", false}, {"AC", "H|M|L", false}, {"Au", "M|S|N", false},
    {"C", "N|P|C", false}, {"I", "N|P|C", false}, {"A", "N|P|C", false},
    {"E", "ND|U|POC|F|H", true}, {"RL", "ND|OF|TF|W|U", true}, {"RC", "ND|UC|UR|C", true},
    {"CDP", "ND|N|L|LM|MH|H", true}, {"TD", "ND|N|L|M|H", true},
    {"CR", "ND|L|M|H", true}, {"IR", "ND|L|M|H", true}, {"AR", "ND|L|M|H", true},
};

enum { V3_AV, V3_AC, V3_PR, V3_UI, V3_S, V3_C, V3_I, V3_A };
static const struct metric metrics3[] = {
    {"AV", "N|A|L|P", false}, {"AC", "L|H", false}, {"PR", "N|L|H", false}, {"UI", "N|R", false}, {"S", "U|C", false},
    {"C", "H|L|N", false}, {"I", "H|L|N", false}, {"A", "H|L|N", false},
    {"E", "X|U|P|F|H", true}, {"RL", "X|O|T|W|U", true}, {"RC", "X|U|R|C", true},
    {"CR", "X|L|M|H", true}, {"IR", "X|L|M|H", true}, {"AR", "X|L|M|H", true},
    {"MAV", "X|N|A|L|P", true}, {"MAC", "X|L|H", true}, {"MPR", "X|N|L|H", true}, {"MUI", "X|N|R", true},
    {"MS", "X|U|C", true}, {"MC", "X|H|L|N", true}, {"MI", "X|H|L|N", true}, {"MA", "X|H|L|N", true},
};

/* Values stand in order of falling severity, so an index is also the distance in tenths from the worst;
 * a modified metric has X in front of the values of its plain one. */
enum { V4_AV, V4_AC, V4_AT, V4_PR, V4_UI, V4_VC, V4_VI, V4_VA, V4_SC, V4_SI, V4_SA, V4_E, V4_CR, V4_IR, V4_AR, V4_MAV };
static const struct metric metrics4[] = {
    {"AV", "N|A|L|P", false}, {"AC", "L|H", false}, {"AT", "N|P", false}, {"PR", "N|L|H", false}, {"UI", "N|P|A", false},
    {"VC", "H|L|N", false}, {"VI", "H|L|N", false}, {"VA", "H|L|N", false},
    {"SC", "H|L|N", false}, {"SI", "H|L|N", false}, {"SA", "H|L|N", false},
    {"E", "X|A|P|U", true}, {"CR", "X|H|M|L", true}, {"IR", "X|H|M|L", true}, {"AR", "X|H|M|L", true},
    {"MAV", "X|N|A|L|P", true}, {"MAC", "X|L|H", true}, {"MAT", "X|N|P", true}, {"MPR", "X|N|L|H", true},
    {"MUI", "X|N|P|A", true}, {"MVC", "X|H|L|N", true}, {"MVI", "X|H|L|N", true}, {"MVA", "X|H|L|N", true},
    {"MSC", "X|H|L|N", true}, {"MSI", "X|S|H|L|N", true}, {"MSA", "X|S|H|L|N", true},
    {"S", "X|N|P", true}, {"AU", "X|N|Y", true}, {"R", "X|A|U|I", true}, {"V", "X|D|C", true},
    {"RE", "X|L|M|H", true}, {"U", "X|Clear|Green|Amber|Red", true},
};
// clang-format on

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Index of `value` in a '|' list, or -1. */
static int value_index(const char *list, plm_sv value)
{
    plm_sv rest = plm_sv_from(list), one;
    for (int i = 0; plm_sv_field(&rest, '|', &one); i++)
        if (plm_sv_eq(one, value))
            return i;
    return -1;
}

static bool take_metric(const struct metric *table, size_t n, plm_sv pair, int *values)
{
    plm_sv name, value;
    if (!plm_sv_cut(pair, ':', &name, &value))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!plm_sv_is(name, table[i].name))
            continue;
        if (values[i] >= 0)
            return false;
        values[i] = value_index(table[i].values, value);
        return values[i] >= 0;
    }
    return false;
}

/* Fills values[i] with the index of metric i's value; optional ones that are not there get 0. */
static bool parse(const struct metric *table, size_t n, plm_sv text, int *values)
{
    for (size_t i = 0; i < n; i++)
        values[i] = -1;
    plm_sv pair;
    while (plm_sv_field(&text, '/', &pair)) {
        if (pair.n == 0 && text.p == NULL) /* a trailing slash */
            break;
        if (!take_metric(table, n, pair, values))
            return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (values[i] >= 0)
            continue;
        if (!table[i].is_optional)
            return false;
        values[i] = 0;
    }
    return true;
}

/* ---- 2.0 ---------------------------------------------------------------------------------- */

static double score2(const int *m)
{
    static const double av[] = {0.395, 0.646, 1.0}, ac[] = {0.35, 0.61, 0.71}, au[] = {0.45, 0.56, 0.704},
                        cia[] = {0.0, 0.275, 0.660};
    double impact = 10.41 * (1 - (1 - cia[m[V2_C]]) * (1 - cia[m[V2_I]]) * (1 - cia[m[V2_A]]));
    double exploitability = 20 * av[m[V2_AV]] * ac[m[V2_AC]] * au[m[V2_AU]];
    if (impact <= 0)
        return 0;
    double raw = (0.6 * impact + 0.4 * exploitability - 1.5) * 1.176;
    return raw <= 0 ? 0 : (double)(int)(raw * 10 + 0.5 + 1e-9) / 10;
}

/* ---- 3.0, 3.1 ------------------------------------------------------------------------------ */

/* The smallest tenth that is not below x, as 3.1 appendix A defines it. */
static double round_up(double x)
{
    long n = (long)(x * 100000 + 0.5);
    long tenths = n / 10000 + (n % 10000 != 0);
    return (double)tenths / 10;
}

struct parts3 {
    double exploitability, impact;
};

static struct parts3 parts3(const int *m)
{
    static const double av[] = {0.85, 0.62, 0.55, 0.2}, ac[] = {0.77, 0.44}, ui[] = {0.85, 0.62},
                        cia[] = {0.56, 0.22, 0.0}, pr[2][3] = {{0.85, 0.62, 0.27}, {0.85, 0.68, 0.50}};
    double iss = 1 - (1 - cia[m[V3_C]]) * (1 - cia[m[V3_I]]) * (1 - cia[m[V3_A]]);
    double impact = 6.42 * iss;
    if (m[V3_S] == 1) {
        double power = 1, base = iss - 0.02;
        for (int i = 0; i < 15; i++)
            power *= base;
        impact = 7.52 * (iss - 0.029) - 3.25 * power;
    }
    return (struct parts3){8.22 * av[m[V3_AV]] * ac[m[V3_AC]] * pr[m[V3_S]][m[V3_PR]] * ui[m[V3_UI]],
                           impact > 0 ? impact : 0};
}

static double score3(const int *m)
{
    struct parts3 p = parts3(m);
    if (p.impact <= 0)
        return 0;
    double sum = p.impact + p.exploitability;
    if (m[V3_S] == 1)
        sum *= 1.08;
    return round_up(sum < 10 ? sum : 10);
}

/* ---- 4.0 ----------------------------------------------------------------------------------- */

/* Scores of the macro vectors in tenths, by [EQ1][EQ2][EQ3+EQ6: 00 01 10 11 21][EQ4][EQ5]. */
// clang-format off
static const unsigned char macro_scores[3][2][5][3][3] = {
    {
        {{{100, 98, 95}, {100, 93, 91}, {93, 89, 81}},
         {{99, 95, 92}, {96, 87, 81}, {90, 80, 68}},
         {{98, 95, 90}, {93, 89, 81}, {88, 78, 69}},
         {{95, 92, 84}, {92, 81, 65}, {80, 70, 48}},
         {{92, 82, 72}, {79, 69, 50}, {69, 55, 27}}},
        {{{99, 95, 92}, {95, 90, 84}, {92, 82, 72}},
         {{97, 92, 85}, {91, 83, 71}, {81, 71, 53}},
         {{95, 92, 85}, {92, 80, 70}, {84, 71, 50}},
         {{93, 85, 73}, {82, 72, 59}, {70, 52, 30}},
         {{86, 75, 52}, {71, 52, 29}, {63, 29, 17}}},
    },
    {
        {{{98, 94, 91}, {94, 86, 77}, {87, 74, 63}},
         {{95, 87, 81}, {89, 74, 64}, {75, 63, 49}},
         {{94, 88, 76}, {86, 74, 59}, {72, 57, 52}},
         {{89, 77, 67}, {76, 58, 50}, {57, 52, 25}},
         {{83, 70, 54}, {65, 58, 26}, {53, 21, 13}}},
        {{{95, 88, 76}, {90, 75, 61}, {77, 68, 52}},
         {{90, 76, 70}, {77, 62, 53}, {66, 59, 30}},
         {{89, 76, 62}, {74, 57, 47}, {61, 57, 24}},
         {{78, 67, 58}, {59, 57, 23}, {52, 29, 16}},
         {{71, 59, 30}, {58, 26, 15}, {23, 13, 6}}},
    },
    {
        {{{93, 86, 75}, {86, 74, 56}, {70, 52, 40}},
         {{87, 72, 58}, {74, 61, 34}, {54, 40, 22}},
         {{85, 74, 62}, {72, 55, 46}, {53, 34, 19}},
         {{75, 55, 51}, {57, 41, 19}, {36, 19, 8}},
         {{64, 51, 20}, {47, 21, 11}, {24, 9, 4}}},
        {{{88, 73, 60}, {73, 59, 41}, {54, 45, 20}},
         {{75, 53, 50}, {55, 40, 20}, {43, 22, 11}},
         {{75, 58, 40}, {61, 48, 20}, {46, 17, 8}},
         {{55, 45, 21}, {51, 18, 9}, {18, 7, 2}},
         {{53, 24, 14}, {24, 12, 5}, {10, 3, 1}}},
    },
};
// clang-format on

/* Metrics of a vector as distances from the worst value, modified metrics applied. */
enum { D_AV, D_AC, D_AT, D_PR, D_UI, D_VC, D_VI, D_VA, D_SC, D_SI, D_SA, D_E, D_CR, D_IR, D_AR, D_COUNT };

static void distances(const int *m, int *d)
{
    for (int i = V4_AV; i <= V4_SA; i++) {
        int modified = m[V4_MAV + i];
        /* SC, SI, SA count from S, which only MSI and MSA can have */
        int plain = i >= V4_SC ? m[i] + 1 : m[i];
        if (modified == 0)
            d[i] = plain;
        else
            d[i] = i == V4_SC ? modified : modified - 1;
    }
    d[D_E] = m[V4_E] ? m[V4_E] - 1 : 0;
    for (int i = 0; i < 3; i++)
        d[D_CR + i] = m[V4_CR + i] ? m[V4_CR + i] - 1 : 0;
}

struct macro {
    int eq1, eq2, eq36, eq4, eq5;
};

static struct macro macro_of(const int *d)
{
    struct macro q;
    int worst = (d[D_AV] == 0) + (d[D_PR] == 0) + (d[D_UI] == 0);
    q.eq1 = worst == 3 ? 0 : worst > 0 && d[D_AV] != 3 ? 1 : 2;
    q.eq2 = d[D_AC] == 0 && d[D_AT] == 0 ? 0 : 1;
    int eq3 = d[D_VC] == 0 && d[D_VI] == 0 ? 0 : d[D_VC] == 0 || d[D_VI] == 0 || d[D_VA] == 0 ? 1 : 2;
    bool is_required =
        (d[D_CR] == 0 && d[D_VC] == 0) || (d[D_IR] == 0 && d[D_VI] == 0) || (d[D_AR] == 0 && d[D_VA] == 0);
    q.eq36 = eq3 == 2 ? 4 : 2 * eq3 + (is_required ? 0 : 1);
    q.eq4 = d[D_SI] == 0 || d[D_SA] == 0 ? 0 : d[D_SC] == 1 || d[D_SI] == 1 || d[D_SA] == 1 ? 1 : 2;
    q.eq5 = d[D_E];
    return q;
}

/* -1: there is no such macro vector. */
static int macro_score(struct macro q)
{
    if (q.eq1 > 2 || q.eq2 > 1 || q.eq36 > 4 || q.eq4 > 2 || q.eq5 > 2)
        return -1;
    return macro_scores[q.eq1][q.eq2][q.eq36][q.eq4][q.eq5];
}

/* The worst vectors of an equivalence class: distances of the metrics named. */
struct worst {
    int of[6];
};

/* Sum of distances to the first worst vector of the class that is at least as severe in every metric. */
static int severity_distance(const int *d, const int *metrics, int n_metrics, const struct worst *list,
                             int n_list)
{
    for (int k = 0; k < n_list; k++) {
        int sum = 0, i = 0;
        for (; i < n_metrics && d[metrics[i]] >= list[k].of[i]; i++)
            sum += d[metrics[i]] - list[k].of[i];
        if (i == n_metrics)
            return sum;
    }
    return 0;
}

static int next_eq36(const struct macro *q)
{
    struct macro a = *q, b = *q;
    switch (q->eq36) {
    case 0: /* two ways down: the nearer one */
        a.eq36 = 1;
        b.eq36 = 2;
        return macro_score(a) > macro_score(b) ? macro_score(a) : macro_score(b);
    case 1:
    case 2:
        a.eq36 = 3;
        return macro_score(a);
    default:
        a.eq36++;
        return macro_score(a);
    }
}

static const int eq1_metrics[] = {D_AV, D_PR, D_UI}, eq2_metrics[] = {D_AC, D_AT},
                 eq4_metrics[] = {D_SC, D_SI, D_SA}, eq36_metrics[] = {D_VC, D_VI, D_VA, D_CR, D_IR, D_AR};
// clang-format off
static const struct worst eq1_worst[3][3] = {{{.of = {0, 0, 0}}}, {{.of = {1, 0, 0}}, {.of = {0, 1, 0}}, {.of = {0, 0, 1}}},
                                             {{.of = {3, 0, 0}}, {.of = {1, 1, 1}}}};
static const struct worst eq2_worst[2][2] = {{{.of = {0, 0}}}, {{.of = {1, 0}}, {.of = {0, 1}}}};
static const struct worst eq4_worst[3] = {{.of = {1, 0, 0}}, {.of = {1, 1, 1}}, {.of = {2, 2, 2}}};
static const struct worst eq36_worst[5][5] = {
    {{.of = {0, 0, 0, 0, 0, 0}}},
    {{.of = {0, 0, 1, 1, 1, 0}}, {.of = {0, 0, 0, 1, 1, 1}}},
    {{.of = {1, 0, 0, 0, 0, 0}}, {.of = {0, 1, 0, 0, 0, 0}}},
    {{.of = {1, 0, 1, 0, 1, 0}}, {.of = {1, 0, 0, 0, 1, 1}}, {.of = {0, 1, 0, 1, 0, 1}}, {.of = {0, 1, 1, 1, 0, 0}},
     {.of = {1, 1, 0, 0, 0, 1}}},
    {{.of = {1, 1, 1, 0, 0, 0}}},
};
static const int eq1_n[] = {1, 3, 2}, eq2_n[] = {1, 2}, eq36_n[] = {1, 2, 2, 5, 1};
/* Depth of each class in tenths: how far its mildest vector is from its worst. */
static const int eq1_depth[] = {1, 4, 5}, eq2_depth[] = {1, 2}, eq36_depth[] = {7, 6, 8, 8, 10}, eq4_depth[] = {6, 5, 4};
// clang-format on

static double score4(const int *m)
{
    int d[D_COUNT];
    distances(m, d);
    if (d[D_VC] == 2 && d[D_VI] == 2 && d[D_VA] == 2 && d[D_SC] == 3 && d[D_SI] == 3 && d[D_SA] == 3)
        return 0;
    struct macro q = macro_of(d), lower[4] = {q, q, q, q};
    lower[0].eq1++;
    lower[1].eq2++;
    lower[2].eq4++;
    lower[3].eq5++;
    const struct {
        int next, distance, depth;
    } rows[] = {
        {macro_score(lower[0]), severity_distance(d, eq1_metrics, 3, eq1_worst[q.eq1], eq1_n[q.eq1]),
         eq1_depth[q.eq1]},
        {macro_score(lower[1]), severity_distance(d, eq2_metrics, 2, eq2_worst[q.eq2], eq2_n[q.eq2]),
         eq2_depth[q.eq2]},
        {next_eq36(&q), severity_distance(d, eq36_metrics, 6, eq36_worst[q.eq36], eq36_n[q.eq36]),
         eq36_depth[q.eq36]},
        {macro_score(lower[2]), severity_distance(d, eq4_metrics, 3, &eq4_worst[q.eq4], 1), eq4_depth[q.eq4]},
        {macro_score(lower[3]), 0, 1},
    };
    int top = macro_score(q), n = 0;
    double sum = 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].next < 0)
            continue;
        n++;
        sum += (double)(top - rows[i].next) * rows[i].distance / rows[i].depth;
    }
    double tenths = n ? top - sum / n : top;
    tenths = tenths < 0 ? 0 : tenths > 100 ? 100 : tenths;
    return (double)(int)(tenths + 0.5 + 1e-5) / 10;
}

static const struct {
    const char *prefix, *version;
    const struct metric *metrics;
    size_t n;
    double (*score)(const int *m);
} versions[] = {
    {"CVSS:4.0/", "4.0", metrics4, COUNT(metrics4), score4},
    {"CVSS:3.1/", "3.1", metrics3, COUNT(metrics3), score3},
    {"CVSS:3.0/", "3.0", metrics3, COUNT(metrics3), score3},
    {"CVSS:2.0/", "2.0", metrics2, COUNT(metrics2), score2},
    {"", "2.0", metrics2, COUNT(metrics2), score2},
};

/* As databases print them: to the nearest tenth. */
static double nearest(double x)
{
    return (double)(long)(x * 10 + 0.5) / 10;
}

bool plm_cvss_parts(plm_sv vector, double *out_exploitability, double *out_impact)
{
    int values[METRICS_MAX];
    if (!plm_sv_starts(vector, PLM_SV("CVSS:3.0/")) && !plm_sv_starts(vector, PLM_SV("CVSS:3.1/")))
        return false;
    if (!parse(metrics3, COUNT(metrics3), plm_sv_from_off(vector, 9), values))
        return false;
    struct parts3 p = parts3(values);
    *out_exploitability = nearest(p.exploitability);
    *out_impact = nearest(p.impact);
    return true;
}

bool plm_cvss_score(plm_sv vector, double *out_score, plm_sv *out_version)
{
    /* NVD's old files put 2.0 vectors in parentheses */
    if (vector.n > 2 && vector.p[0] == '(' && vector.p[vector.n - 1] == ')')
        vector = plm_sv_sub(vector, 1, vector.n - 2);
    for (size_t i = 0; i < COUNT(versions); i++) {
        plm_sv prefix = plm_sv_from(versions[i].prefix);
        if (!plm_sv_starts(vector, prefix))
            continue;
        int values[METRICS_MAX];
        if (!parse(versions[i].metrics, versions[i].n, plm_sv_from_off(vector, prefix.n), values))
            return false;
        *out_score = versions[i].score(values);
        *out_version = plm_sv_from(versions[i].version);
        return true;
    }
    return false;
}
