/* SPDX-License-Identifier: Apache-2.0
 *
 * Audit rules: text, the kernel's structure, what covers a path; and the kernel itself where it lets us.
 */
#include "base/skip.h"

#include "audit/access_int.h"

#include <linux/audit.h>

static enum plm_audit_cover cover(const char *text, const char *path, const char *wanted_why)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_audit_rules rules = {0};
    const struct plm_audit_rule *rule;
    plm_sv why;
    assert_int_equal(plm_audit_rules_parse(plm_sv_from(text), PLM_SV("x.rules"), a, &rules, NULL), 0);
    if (rules.notes.n)
        fail_msg("not understood: %.*s", PLM_SV_ARG(rules.notes.v[0].text));
    enum plm_audit_cover c = plm_audit_rules_cover(&rules, plm_sv_from(path), a, &rule, &why);
    if (wanted_why && !plm_sv_is(why, wanted_why))
        fail_msg("%s: \"%.*s\", wanted \"%s\"", text, PLM_SV_ARG(why), wanted_why);
    return c;
}

static void test_cover(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *path;
        enum plm_audit_cover wanted;
    } rows[] = {
        {"-w /usr/bin/dockerd -p wa -k docker", "/usr/bin/dockerd", PLM_COVER_WHOLE},
        {"-w /usr/bin/dockerd -k docker", "/usr/bin/dockerd", PLM_COVER_WHOLE},
        {"-w /usr/bin/dockerd -p rwxa", "/usr/bin/dockerd", PLM_COVER_WHOLE},
        {"-w /usr/bin/dockerd -p x", "/usr/bin/dockerd", PLM_COVER_PARTIAL},
        {"-w /usr/bin/dockerd -p w", "/usr/bin/dockerd", PLM_COVER_PARTIAL},
        {"-w /usr/bin/containerd-shim -p wa", "/usr/bin/containerd", PLM_COVER_NONE},
        {"-w /usr/bin/containerd -p wa", "/usr/bin/containerd-shim", PLM_COVER_NONE},
        {"-w /etc/docker -p wa", "/etc/docker/daemon.json", PLM_COVER_WHOLE},
        {"-w /etc/docker/ -p wa", "/etc/docker", PLM_COVER_WHOLE},
        {"-w /etc/dock -p wa", "/etc/docker", PLM_COVER_NONE},
        {"-w / -p wa", "/etc/docker", PLM_COVER_WHOLE},
        {"-a exit,always -F path=/run/containerd -F perm=war -k d", "/run/containerd", PLM_COVER_WHOLE},
        {"-a always,exit -F path=/etc -F perm=wa", "/etc/docker", PLM_COVER_NONE},
        {"-a always,exit -F dir=/etc -F perm=wa", "/etc/docker", PLM_COVER_WHOLE},
        {"-a always,exit -F arch=b64 -F dir=/etc -F perm=wa -F key=x", "/etc/docker", PLM_COVER_WHOLE},
        {"-a always,exit -S all -F dir=/etc -F perm=wa", "/etc/docker", PLM_COVER_WHOLE},
        {"-a always,exit -F arch=b64 -S openat -F dir=/etc", "/etc/docker", PLM_COVER_PARTIAL},
        {"-a always,exit -F dir=/etc -F perm=wa -F auid>=1000 -F auid!=-1", "/etc/docker", PLM_COVER_PARTIAL},
        {"-a always,user -F dir=/etc -F perm=wa", "/etc/docker", PLM_COVER_NONE},
        {"-a never,exit -F dir=/etc\n-w /etc/docker -p wa", "/etc/docker", PLM_COVER_SHADOWED},
        {"-w /etc/docker -p wa\n-a never,exit -F dir=/etc", "/etc/docker", PLM_COVER_WHOLE},
        {"-w /etc/docker -p wa\n-A never,exit -F dir=/etc", "/etc/docker", PLM_COVER_SHADOWED},
        {"-a never,exit -F dir=/etc -F perm=x\n-w /etc/docker -p wa", "/etc/docker", PLM_COVER_WHOLE},
        {"-a never,exit -F path=/etc/docker -F auid=0\n-w /etc/docker -p wa", "/etc/docker",
         PLM_COVER_SHADOWED},
        {"-a never,exit -F arch=b64 -S adjtimex -F auid=unset\n-w /etc/docker -p wa", "/etc/docker",
         PLM_COVER_WHOLE},
        {"-a never,exit\n-w /etc/docker -p wa", "/etc/docker", PLM_COVER_SHADOWED},
        {"-w /etc/docker -p wa\n-a task,never", "/etc/docker", PLM_COVER_SHADOWED},
        {"-w /etc/docker -p wa\n-D", "/etc/docker", PLM_COVER_NONE},
        {"-D\n-b 8192\n-f 1\n--backlog_wait_time 60000\n-w /etc/docker -p wa\n-e 2", "/etc/docker",
         PLM_COVER_WHOLE},
        {"-w /etc/docker -p wa\n-W /etc/docker -p wa", "/etc/docker", PLM_COVER_NONE},
        {"-w /etc/docker -p x\n-w /etc/docker -p wa", "/etc/docker", PLM_COVER_WHOLE},
        {"# -w /etc/docker -p wa", "/etc/docker", PLM_COVER_NONE},
        {"-w \"/var/lib/my docker\" -p wa", "/var/lib/my docker", PLM_COVER_WHOLE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (cover(rows[i].rules, rows[i].path, NULL) != rows[i].wanted)
            fail_msg("%s: %d for %s, wanted %d", rows[i].rules, (int)cover(rows[i].rules, rows[i].path, NULL),
                     rows[i].path, (int)rows[i].wanted);
    cover("-w /etc/docker -p w", "/etc/docker", "attribute changes are not recorded");
    cover("-a always,exit -F dir=/etc -F perm=wa -F auid>=1000", "/etc/docker", "only where auid>=1000");
}

static void test_state_and_notes(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_audit_rules r = {0};
    plm_sv text = PLM_SV("-w /a -p q\nwatch /b\n-a exit -F path=/c\n-e 9\n-e 2\n-w /d\n");
    assert_int_equal(plm_audit_rules_parse(text, PLM_SV("x"), a, &r, NULL), 0);
    assert_int_equal(r.notes.n, 4);
    assert_int_equal(r.rules.n, 1);
    assert_int_equal(r.rules.v[0].line, 6);
    assert_true(r.is_immutable);
    assert_false(r.is_disabled);
}

/* ---- the kernel's structure ------------------------------------------------------------------------- */

union rule_bytes {
    struct audit_rule_data head; /* its strings follow it */
    char bytes[sizeof(struct audit_rule_data) + 256];
};

static plm_sv with_field(union rule_bytes *b, uint32_t field, uint32_t value, const char *string)
{
    uint32_t i = b->head.field_count++;
    b->head.fields[i] = field;
    b->head.values[i] = string ? (uint32_t)strlen(string) : value;
    b->head.fieldflags[i] = AUDIT_EQUAL;
    if (string) {
        memcpy(b->bytes + sizeof(b->head) + b->head.buflen, string, strlen(string));
        b->head.buflen += (uint32_t)strlen(string);
    }
    return plm_sv_n((const char *)b, sizeof(b->head) + b->head.buflen);
}

static void test_decode(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_audit_rules rules = {0};
    union rule_bytes b = {.head = {.flags = AUDIT_FILTER_EXIT, .action = AUDIT_ALWAYS}};
    memset(b.head.mask, 0xff, sizeof(b.head.mask));
    with_field(&b, AUDIT_DIR, 0, "/etc/docker");
    with_field(&b, AUDIT_PERM, AUDIT_PERM_WRITE | AUDIT_PERM_ATTR, NULL);
    plm_sv bytes = with_field(&b, AUDIT_FILTERKEY, 0, "docker");
    assert_int_equal(plm_audit_rule_decode(bytes, a, &rules, NULL), 0);
    assert_int_equal(rules.rules.n, 1);
    assert_true(plm_sv_is(rules.rules.v[0].text, "-a always,exit -F dir=/etc/docker -F perm=wa -k docker"));
    const struct plm_audit_rule *by;
    plm_sv why;
    assert_int_equal(plm_audit_rules_cover(&rules, PLM_SV("/etc/docker/daemon.json"), a, &by, &why),
                     PLM_COVER_WHOLE);
    for (size_t n = 0; n < bytes.n; n++) {
        plm_auto(plm_err_free) plm_err *e = NULL;
        assert_int_equal(plm_audit_rule_decode(plm_sv_sub(bytes, 0, n), a, &rules, &e), -1);
    }
    b.head.mask[8] = 0;
    with_field(&b, AUDIT_LOGINUID, 1000, NULL);
    bytes = plm_sv_n((const char *)&b, sizeof(b.head) + b.head.buflen);
    rules.rules.n = 0;
    assert_int_equal(plm_audit_rule_decode(bytes, a, &rules, NULL), 0);
    assert_true(rules.rules.v[0].has_syscalls && plm_sv_is(rules.rules.v[0].narrowed, "auid=1000"));
    b.head.field_count = AUDIT_MAX_FIELDS + 1;
    assert_int_equal(plm_audit_rule_decode(bytes, a, &rules, NULL), -1);
    b.head.field_count = 4;
    b.head.values[0] = 1 << 20;
    assert_int_equal(plm_audit_rule_decode(bytes, a, &rules, NULL), -1);
}

/* The kernel answers, or says why not; never hangs, never both. */
static void test_kernel(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_audit_kernel k;
    assert_int_equal(plm_audit_kernel_ask(a, &k, NULL), 0);
    if (k.sys) {
        plm_arena_free(plm_take(a));
        plm_test_skip("the kernel does not list its audit rules: %s", strerror(k.sys));
    }
    assert_false(k.is_absent);
    for (size_t i = 0; i < k.rules.rules.n; i++)
        assert_true(plm_sv_is(k.rules.rules.v[i].file, "kernel"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cover), cmocka_unit_test(test_state_and_notes),
                                       cmocka_unit_test(test_decode), cmocka_unit_test(test_kernel)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
