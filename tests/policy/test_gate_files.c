/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `files`: each trigger with what fires and what does not. Messages are those of the original.
 */
#include "gate_test.h"

static struct plm_image_facts *facts(void)
{
    struct plm_image_facts *f = test_facts();
    test_file(f, "/app/key.pem", 0100644)->sha256 = PLM_SV("abc123");
    test_file(f, "/bin", 0120777)->link = PLM_SV("usr/bin");
    test_file(f, "/usr/bin/passwd", 0104755);
    test_file(f, "/usr/local", 0042755);
    test_file(f, "/usr/share", 0041777);
    return f;
}

static void test_names(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
#define NAME "Application of regex matched file found in container: file="
    both(f, "files", "name_match", PARAMS("regex", "/usr/(bin|local)"),
         ROWS(NAME "/usr/bin/passwd regexp=/usr/(bin|local)", NAME "/usr/local regexp=/usr/(bin|local)"));
    both(f, "files", "name_match", PARAMS("regex", ".*\\\\.pem"), ROWS(NAME "/app/key.pem regexp=.*\\.pem"));
    /* the start of the path, not any place of it */
    both(f, "files", "name_match", PARAMS("regex", "key"), NONE);
    both(f, "files", "name_match", PARAMS("regex", "*.pem"), ROWS(NOT_JUDGED));
}

static void test_name_without_files(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    both(f, "files", "name_match", PARAMS("regex", ".*"), NONE);
}

static void test_set_id_bits(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    both(f, "files", "suid_or_guid_set", NONE,
         ROWS("SUID or SGID found set on file /usr/bin/passwd. Mode: 0o104755",
              "SUID or SGID found set on file /usr/local. Mode: 0o42755"));
}

/* Facts are sorted by path, the document they were read from need not be. */
static void test_order_of_the_document(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    test_file(f, "/a", 0104755)->rank = 2;
    test_file(f, "/b", 0104755)->rank = 0;
    test_file(f, "/c", 0104755)->rank = 1;
    both(f, "files", "suid_or_guid_set", NONE,
         ROWS("SUID or SGID found set on file /b. Mode: 0o104755",
              "SUID or SGID found set on file /c. Mode: 0o104755",
              "SUID or SGID found set on file /a. Mode: 0o104755"));
    both(f, "files", "name_match", PARAMS("regex", "/[ab]"),
         ROWS("Application of regex matched file found in container: file=/b regexp=/[ab]",
              "Application of regex matched file found in container: file=/a regexp=/[ab]"));
}

/* Of a real bundle's allowlist: the message decides the id. */
static void test_set_id_trigger_id(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    test_file(f, "/usr/bin/chage", 0104755);
    both(f, "files", "suid_or_guid_set", NONE,
         ROWS("639f6f1177735759703e928c14714a59 => SUID or SGID found set on file /usr/bin/chage. Mode: "
              "0o104755"));
}

static void test_attributes(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    both(f, "files", "attribute_match", PARAMS("filename", "/app/key.pem", "mode", "00644"),
         ROWS("filename=/app/key.pem and mode=0o644 op=equals specified_mode=0o644"));
    both(f, "files", "attribute_match",
         PARAMS("filename", "/usr/bin/passwd", "mode", "0o755", "mode_op", "not_equals"),
         ROWS("filename=/usr/bin/passwd and mode=0o4755 op=not_equals specified_mode=0o755"));
    both(f, "files", "attribute_match", PARAMS("filename", "/usr/bin/passwd", "mode", "755"), NONE);
    both(f, "files", "attribute_match",
         PARAMS("filename", "/app/key.pem", "checksum", "abc123", "mode", "644", "checksum_algorithm",
                "sha256"),
         ROWS("filename=/app/key.pem and checksum=abc123 op=equals specified_checksum=abc123 and mode=0o644 "
              "op=equals "
              "specified_mode=0o644"));
    /* both must hold */
    both(f, "files", "attribute_match",
         PARAMS("filename", "/app/key.pem", "checksum", "abc123", "mode", "600"), NONE);
    both(f, "files", "attribute_match",
         PARAMS("filename", "/app/key.pem", "checksum", "def", "checksum_match", "not_equals"),
         ROWS("filename=/app/key.pem and checksum=abc123 op=not_equals specified_checksum=def"));
    /* nothing to check */
    both(f, "files", "attribute_match", PARAMS("filename", "/app/key.pem"), NONE);
    both(f, "files", "attribute_match", PARAMS("filename", "/app/key.pem", "mode", "rwx"), ROWS(NOT_JUDGED));
}

static void test_missing_file(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    both(f, "files", "attribute_match", PARAMS("filename", "/none", "mode", "644"), NONE);
    both(f, "files", "attribute_match", PARAMS("filename", "/none", "mode", "644", "skip_missing", "false"),
         ROWS("filename=/none and skip_missing=False"));
}

/* Hexadecimal has two spellings; a checksum that was not computed is no other checksum. */
static void test_checksums_fixed(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    rule(COMPAT, f, "files", "attribute_match", PARAMS("filename", "/app/key.pem", "checksum", "ABC123"),
         NONE);
    rule(FIXED, f, "files", "attribute_match", PARAMS("filename", "/app/key.pem", "checksum", "ABC123"),
         ROWS("filename=/app/key.pem and checksum=abc123 op=equals specified_checksum=ABC123"));
    rule(COMPAT, f, "files", "attribute_match",
         PARAMS("filename", "/usr/bin/passwd", "checksum", "x", "checksum_match", "not_equals"),
         ROWS("filename=/usr/bin/passwd and checksum= op=not_equals specified_checksum=x"));
    rule(FIXED, f, "files", "attribute_match",
         PARAMS("filename", "/usr/bin/passwd", "checksum", "x", "checksum_match", "not_equals"),
         ROWS(NOT_JUDGED));
}

static void add_content(struct plm_image_facts *f, const char *path, const char *pattern)
{
    struct plm_fact_match *m = plm_vec_push(f->arena, &f->content);
    assert_non_null(m);
    m->path = plm_sv_from(path);
    m->pattern = plm_sv_from(pattern);
}

static void test_contents(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    add_content(f, "/a", "PASS=.*password=.*");
    add_content(f, "/b", "KEY=.*key.*");
#define FOUND "File content analyzer found regexp match in container: file="
#define PASS  FOUND "/a regexp=PASS=.*password=.*"
#define KEY   FOUND "/b regexp=KEY=.*key.*"
    both(f, "files", "content_regex_match", NONE, ROWS(PASS, KEY));
    both(f, "files", "content_regex_match", PARAMS("regex_name", "PASS"), ROWS(PASS));
    both(f, "files", "content_regex_match", PARAMS("regex_name", ".*key.*"), ROWS(KEY));
    both(f, "files", "content_regex_match", PARAMS("regex_name", "NONE"), NONE);
    /* an expression of the name, or the whole text: only in fixed mode */
    rule(COMPAT, f, "files", "content_regex_match", PARAMS("regex_name", "P.*"), NONE);
    rule(FIXED, f, "files", "content_regex_match", PARAMS("regex_name", "P.*"), ROWS(PASS));
    rule(COMPAT, f, "files", "content_regex_match", PARAMS("regex_name", "KEY=.*key.*"), NONE);
    rule(FIXED, f, "files", "content_regex_match", PARAMS("regex_name", "KEY=.*key.*"), ROWS(KEY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_name_without_files),
        cmocka_unit_test(test_set_id_bits),
        cmocka_unit_test(test_set_id_trigger_id),
        cmocka_unit_test(test_order_of_the_document),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_checksums_fixed),
        cmocka_unit_test(test_contents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
