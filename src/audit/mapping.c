/* SPDX-License-Identifier: Apache-2.0
 *
 * Which controls of which frameworks a check serves, as data: a new numbering is new rows.
 *
 * Ids in a row are exact ("H-SOCK"), ranges of the last number ("1.1.3-1.1.18", "R1-R6") or all that
 * begin so ("3.*"). Every row that names a check counts. Frameworks: NIST SP 800-190 countermeasures,
 * PCI DSS v4.0.1 requirements, MITRE ATT&CK techniques (Enterprise and Containers), implementation
 * groups of CIS Controls v8, numbers of the CIS Docker Benchmark.
 */
#include "audit/audit.h"

// clang-format off
static const struct {
    const char *ids, *nist, *pci, *attack;
} rows[] = {
    {"1.1.1 H-DISK", "4.5.1 4.5.5", "2.2.1", "T1499"},
    {"1.1.2 H-SOCK H-GROUP", "4.5.4 4.3.1", "7.2.1 7.2.2 7.2.5", "T1078 T1552.007 T1609"},
    {"1.1.3-1.1.18 H-LOG", "4.5.4 4.5.5", "10.2.1 10.2.1.2 10.3.2 11.5.2", "T1562.012 T1070"},
    {"1.2.1 H-PROC H-LISTEN H-SVC H-PKG H-SUID", "4.5.1", "2.2.1 2.2.3 2.2.4 1.2.5", "T1190 T1133 T1046"},
    {"1.2.2 H-UPD H-REBOOT H-KERN D7", "4.4.1 4.5.3", "6.3.1 6.3.3 11.3.1", "T1068 T1611 T1190"},
    {"2.1 2.9 5.31 H-USERNS", "4.5.2 4.4.3", "2.2.6 7.2.2", "T1611"},
    {"2.2 5.30 7.3 7.9", "4.3.3 4.4.2", "1.3.1 1.4.1 4.2.1", "T1040 T1557 T1021"},
    {"2.3 2.13 R15", "4.5.4", "10.2.1 10.3.3", "T1562 T1070.002"},
    {"2.4 H-FW 5.8 5.9 5.14", "4.4.2", "1.2.5 1.3.1 1.4.2", "T1133 T1046"},
    {"2.5 D8", "4.2.1", "4.2.1 2.2.7", "T1557 T1195.002"},
    {"2.7 D2 D3", "4.3.1 4.3.2 4.5.4", "2.2.7 8.3.2 1.4.2", "T1133 T1552.007 T1610 T1613"},
    {"2.12", "4.3.1 4.4.5", "7.2.1 7.3.1", "T1609 T1610 T1612"},
    {"2.14 5.26 4.8", "4.4.3 4.1.2", "2.2.6", "T1548.001"},
    {"2.15 5.15 5.27 4.6", "4.4.3", "2.2.1", "T1499"},
    {"2.16 2.18 2.6 2.10 2.11 2.17", "4.4.3 4.4.1", "2.2.1 2.2.4", "T1611"},
    {"3.* F*", "4.5.4 4.5.5", "7.2.2 2.2.6 11.5.2", "T1222.002 T1552.001 T1552.004 T1543.005"},
    {"3.13-3.14 F6", "", "3.6.1", ""},
    {"4.1", "4.1.2", "2.2.6 7.2.2", "T1611 T1548"},
    {"4.2 4.5 4.11 4.12 H-DCT", "4.1.5", "6.3.2 6.2.4", "T1195.002 T1525 T1204.003"},
    {"4.3 4.4 I5", "4.1.1 4.2.2", "6.3.1 6.3.3 11.3.1", "T1190 T1059"},
    {"4.7 4.9 I1 5.28 6.1", "4.2.2 4.1.2", "6.3.3", "T1525"},
    {"4.10 R14 F2", "4.1.4", "8.6.2 3.5.1", "T1552.001 T1552.007"},
    {"5.2 5.3 5.22 H-LSM R4", "4.4.3 4.4.4", "2.2.6", "T1611 T1562.001"},
    {"5.4 5.5 5.18 R1-R6 R9 R12", "4.4.3", "2.2.6 7.2.2", "T1611 T1068"},
    {"5.6 5.20 5.32 R19", "4.5.5 4.4.3", "7.2.2 11.5.2", "T1611 T1552.007 T1053.003 T1543.005"},
    {"5.7 5.23 5.24", "4.4.3 4.3.1", "2.2.4 8.2.2", "T1021.004 T1609"},
    {"5.10 5.16 5.17 5.21 R7 R8", "4.4.3 4.3.4", "2.2.3", "T1611 T1613 T1057"},
    {"5.11 5.12 5.19 5.29 R10", "4.4.3", "2.2.6", "T1496 T1499"},
    {"5.13 R16 R17", "4.4.4 4.5.5", "11.5.2", "T1036.005 T1105 T1554"},
    {"R23 6.2", "4.4.5", "2.2.4 12.5.1", "T1610 T1036"},
    {"5.1 7.1-7.8", "4.3.1 4.3.5", "8.3.2 3.7.4", "T1552.004"},
    {"H-CPU H-SYSCTL H-MOD H-LOCK", "4.5.1 4.5.2 4.6", "2.2.6 6.3.3", "T1068 T1547.006"},
};

/* CIS Controls v8: the lowest implementation group that asks for it. */
static const struct {
    const char *ids, *group;
} groups[] = {
    {"1.1.2 1.1.3 2.1 2.13 2.14 3.* 4.8 4.11 5.5 5.14 5.18 5.22-5.26 5.32 7.2 7.6-7.8", "IG1"},
    {"1.1.1 1.1.4-1.1.18 1.2.1-1.2.2 2.2-2.5 2.7 2.8 2.11 2.15 2.16 2.18 4.2-4.4 4.7 4.9 5.1-5.4 5.7 5.10-5.12 5.16 5.17 "
     "5.19 5.21 5.27 5.30 5.31 6.1-6.2 7.3 7.5 7.9", "IG2"},
    {"4.6 4.12 5.8 5.9", "IG3"},
};

/* Older and newer numberings, only where they are known. from-to: ids of 1.6.0; shift: what the last number
 * becomes; whole: the id itself. */
static const struct {
    const char *version, *ids;
    int shift;
    const char *whole;
} numberings[] = {
    {"1.2.0", "5.1", 0, "7.1"},
    {"1.2.0", "5.2-5.32", -1, NULL},
    {"1.4.0", "5.1", 0, "7.1"},
    {"1.4.0", "2.2-2.18", -1, NULL},
    {"1.4.0", "5.2-5.32", -1, NULL},
    {"1.5.0", "1.* 2.* 3.* 4.* 5.* 6.* 7.*", 0, NULL},
    {"1.7.0", "1.1.1-1.1.18 1.2.1-1.2.2 2.1-2.7", 0, NULL},
};
// clang-format on
const char *const plm_cis_versions[] = {"1.2.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0", NULL};

/* "5.12" to "5." and 12; false if it does not end in a number. */
static bool split_last(plm_sv id, plm_sv *head, uint64_t *last)
{
    size_t n = id.n;
    while (n && id.p[n - 1] >= '0' && id.p[n - 1] <= '9')
        n--;
    *head = plm_sv_sub(id, 0, n);
    return n < id.n && plm_sv_u64(plm_sv_from_off(id, n), last);
}

static bool is_in_range(plm_sv from, plm_sv to, plm_sv id)
{
    plm_sv h1, h2, h;
    uint64_t a, b, x;
    return split_last(from, &h1, &a) && split_last(to, &h2, &b) && split_last(id, &h, &x) &&
           plm_sv_eq(h1, h2) && plm_sv_eq(h1, h) && a <= x && x <= b;
}

/* A "-" makes a range only between two ids that end in numbers: "H-SOCK" is a name. */
static bool ids_name(const char *ids, plm_sv id)
{
    plm_sv rest = plm_sv_from(ids), word, from, to;
    while (plm_sv_word(&rest, &word)) {
        if (plm_sv_eq(word, id))
            return true;
        if (plm_sv_ends(word, PLM_SV("*"))) {
            plm_sv prefix = plm_sv_sub(word, 0, word.n - 1);
            /* "F*" are F1 to F6, not whatever begins with an F */
            if (plm_sv_starts(id, prefix) && id.n > prefix.n && id.p[prefix.n] >= '0' &&
                id.p[prefix.n] <= '9')
                return true;
        } else if (plm_sv_cut(word, '-', &from, &to) && is_in_range(from, to, id)) {
            return true;
        }
    }
    return false;
}

static bool is_cis_id(plm_sv id)
{
    return id.n && id.p[0] >= '0' && id.p[0] <= '9';
}

typedef PLM_VEC(struct plm_control) control_vec;

static void add(struct plm_arena *a, control_vec *out, const char *framework, const char *version, plm_sv id)
{
    for (size_t i = 0; i < out->n; i++)
        if (plm_sv_is(out->v[i].framework, framework) && plm_sv_eq(out->v[i].id, id))
            return;
    struct plm_control *c = plm_vec_push(a, out);
    if (c)
        *c = (struct plm_control){
            .framework = plm_sv_from(framework), .version = plm_sv_from(version), .id = id};
}

static void add_words(struct plm_arena *a, control_vec *out, const char *framework, const char *version,
                      const char *words)
{
    plm_sv rest = plm_sv_from(words), word;
    while (plm_sv_word(&rest, &word))
        add(a, out, framework, version, word);
}

int plm_check_controls(const struct plm_check *c, struct plm_arena *a, struct plm_control **out,
                       size_t *out_n, plm_err **err)
{
    plm_sv id = plm_sv_from(c->id);
    control_vec v = {0};
    if (is_cis_id(id))
        add(a, &v, "cis-docker", "1.6.0", id);
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (ids_name(groups[i].ids, id))
            add(a, &v, "cis-controls", "8", plm_sv_from(groups[i].group));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!ids_name(rows[i].ids, id))
            continue;
        add_words(a, &v, "nist-800-190", "2017", rows[i].nist);
        add_words(a, &v, "pci-dss", "4.0.1", rows[i].pci);
        add_words(a, &v, "attack", NULL, rows[i].attack);
    }
    *out = v.v;
    *out_n = v.n;
    return plm_arena_check(a, err);
}

plm_sv plm_check_cis_id(const struct plm_check *c, const char *version, struct plm_arena *a)
{
    plm_sv id = plm_sv_from(c->id), head;
    uint64_t last;
    if (is_cis_id(id) && strcmp(version, "1.6.0") == 0)
        return id;
    for (size_t i = 0; i < sizeof(numberings) / sizeof(numberings[0]); i++) {
        if (strcmp(numberings[i].version, version) != 0 || !ids_name(numberings[i].ids, id))
            continue;
        if (numberings[i].whole)
            return plm_sv_from(numberings[i].whole);
        if (numberings[i].shift == 0)
            return id;
        if (split_last(id, &head, &last))
            return plm_arena_printf(a, "%.*s%llu", PLM_SV_ARG(head),
                                    (unsigned long long)(last - (uint64_t)-numberings[i].shift));
    }
    return PLM_SV_NULL;
}

static const struct {
    const char *words, *name;
} frameworks[] = {
    {"cis cis-docker", "cis-docker"},      {"controls cis-controls", "cis-controls"},
    {"nist nist-800-190", "nist-800-190"}, {"pci pci-dss", "pci-dss"},
    {"attack mitre att&ck", "attack"},
};

plm_sv plm_framework_name(plm_sv word)
{
    for (size_t i = 0; i < sizeof(frameworks) / sizeof(frameworks[0]); i++) {
        plm_sv rest = plm_sv_from(frameworks[i].words), w;
        while (plm_sv_word(&rest, &w))
            if (plm_sv_ieq(w, word))
                return plm_sv_from(frameworks[i].name);
    }
    return PLM_SV_NULL;
}

bool plm_check_is_of(const struct plm_check *c, plm_sv framework)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_control *v;
    size_t n = 0;
    if (!a || plm_check_controls(c, a, &v, &n, NULL) < 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (plm_sv_eq(v[i].framework, framework))
            return true;
    return false;
}
