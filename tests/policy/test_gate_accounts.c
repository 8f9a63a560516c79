/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates `passwd_file`, `retrieved_files` and `secret_scans`: contents of files.
 */
#include "gate_test.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
                             "bin:x:1:1:bin:/bin:/usr/bin/false\n"
                             "redis:x:41:29:redis:/var/redis:/bin/zsh\n";

static struct plm_image_facts *with_passwd(const char *text)
{
    struct plm_image_facts *f = test_facts();
    test_stored(f, "/etc/passwd", text);
    return f;
}

#define ROOT  "root:x:0:0:root:/root:/bin/sh"
#define BIN   "bin:x:1:1:bin:/bin:/usr/bin/false"
#define REDIS "redis:x:41:29:redis:/var/redis:/bin/zsh"

static void test_account_triggers(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = with_passwd(passwd);
    both(f, "passwd_file", "blacklist_usernames", PARAMS("user_names", "redis, bin"),
         ROWS("Blacklisted user 'bin' found in image's /etc/passwd: pentry=" BIN,
              "Blacklisted user 'redis' found in image's /etc/passwd: pentry=" REDIS));
    both(f, "passwd_file", "blacklist_userids", PARAMS("useridblacklist", "0,7"),
         ROWS("Blacklisted uid '0' found in image's /etc/passwd: pentry=" ROOT));
    both(f, "passwd_file", "blacklist_groupids", PARAMS("group_ids", "029"),
         ROWS("Blacklisted gid '29' found in image's /etc/passwd: pentry=" REDIS));
    both(f, "passwd_file", "blacklist_shells", PARAMS("shells", "/bin/zsh"),
         ROWS("Blacklisted shell '/bin/zsh' found in image's /etc/passwd: pentry=" REDIS));
    both(f, "passwd_file", "blacklist_full_entry", PARAMS("entry", " " BIN " "),
         ROWS("Blacklisted pentry '" BIN "' found in image's /etc/passwd: pentry=" BIN));
    rule_v2(FIXED, f, "passwd_file", "denylist_usernames", PARAMS("user_names", "root"),
            ROWS("Denylisted user 'root' found in image's /etc/passwd: pentry=" ROOT));
}

static void test_accounts_silent(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = with_passwd(passwd);
    both(f, "passwd_file", "content_not_available", NONE, NONE);
    both(f, "passwd_file", "blacklist_usernames", PARAMS("user_names", "roo,Bin"), NONE);
    both(f, "passwd_file", "blacklist_userids", PARAMS("user_ids", "4,100"), NONE);
    both(f, "passwd_file", "blacklist_groupids", PARAMS("group_ids", "2"), NONE);
    both(f, "passwd_file", "blacklist_shells", PARAMS("shells", "/bin/bash"), NONE);
    both(f, "passwd_file", "blacklist_full_entry", PARAMS("entry", "root"), NONE);
}

static void test_no_passwd(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    plm_auto(plm_image_facts_free) struct plm_image_facts *empty = with_passwd("");
    static const char message[] =
        "Cannot locate /etc/passwd in image stored files archive: check analyzer settings.";
    both(f, "passwd_file", "content_not_available", NONE, ROWS(message));
    both(f, "passwd_file", "blacklist_userids", PARAMS("user_ids", "0"), NONE);
    both(empty, "passwd_file", "content_not_available", NONE, ROWS(message));
}

/* The original loses the whole evaluation at a line without a uid; a user name needs none. */
static void test_short_lines(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f =
        with_passwd("root:x:0:0:r:/:/b\n\nshort:x\n# note\n");
    rule(COMPAT, f, "passwd_file", "blacklist_userids", PARAMS("user_ids", "0"), ROWS(NOT_JUDGED));
    rule(FIXED, f, "passwd_file", "blacklist_userids", PARAMS("user_ids", "0"),
         ROWS("Blacklisted uid '0' found in image's /etc/passwd: pentry=root:x:0:0:r:/:/b"));
    both(f, "passwd_file", "blacklist_usernames", PARAMS("user_names", "short"),
         ROWS("Blacklisted user 'short' found in image's /etc/passwd: pentry=short:x"));
}

/* A second line of a name: the original sees only that one, in the place of the first. */
static void test_duplicate_names(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f =
        with_passwd("a:x:0:0::/:/s\nb:x:1:1::/:\na:x:5:5::/:/s\n");
    rule(COMPAT, f, "passwd_file", "blacklist_userids", PARAMS("user_ids", "0,5"),
         ROWS("Blacklisted uid '5' found in image's /etc/passwd: pentry=a:x:5:5::/:/s"));
    rule(FIXED, f, "passwd_file", "blacklist_userids", PARAMS("user_ids", "0,5"),
         ROWS("Blacklisted uid '0' found in image's /etc/passwd: pentry=a:x:0:0::/:/s",
              "Blacklisted uid '5' found in image's /etc/passwd: pentry=a:x:5:5::/:/s"));
    /* an empty shell is /bin/sh (passwd(5)) */
    rule(COMPAT, f, "passwd_file", "blacklist_shells", PARAMS("shells", "/bin/sh"), NONE);
    rule(FIXED, f, "passwd_file", "blacklist_shells", PARAMS("shells", "/bin/sh"),
         ROWS("Blacklisted shell '/bin/sh' found in image's /etc/passwd: pentry=b:x:1:1::/:"));
}

/* ---- retrieved_files --------------------------------------------------------------------- */

static void test_retrieved_content(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    test_stored(f, "/etc/app.conf", "Listen 80\n  Root on\nroot yes\n");
#define CONTENT(re, check)                                                                                   \
    "r+file:///etc/app.conf => Content regex '" re "' check '" check                                         \
    "' found in retrieved file '/etc/app.conf'"
    both(f, "retrieved_files", "content_regex",
         PARAMS("path", "/etc/app.conf", "regex", "root", "check", "match"), ROWS(CONTENT("root", "match")));
    both(f, "retrieved_files", "content_regex",
         PARAMS("path", "/etc/app.conf", "regex", "oot", "check", "match"), NONE);
    both(f, "retrieved_files", "content_regex",
         PARAMS("path", "/etc/app.conf", "regex", "oot", "check", "no_match"),
         ROWS(CONTENT("oot", "no_match")));
    both(f, "retrieved_files", "content_regex", PARAMS("path", "/none", "regex", "x", "check", "no_match"),
         NONE);
    both(f, "retrieved_files", "content_regex",
         PARAMS("path", "/etc/app.conf", "regex", "*", "check", "match"), ROWS(NOT_JUDGED));
    /* words in the original, lines as meant */
    rule(COMPAT, f, "retrieved_files", "content_regex",
         PARAMS("path", "/etc/app.conf", "regex", "Listen 80", "check", "match"), NONE);
    rule(FIXED, f, "retrieved_files", "content_regex",
         PARAMS("path", "/etc/app.conf", "regex", "Listen 80", "check", "match"),
         ROWS(CONTENT("Listen 80", "match")));
    rule(COMPAT, f, "retrieved_files", "content_regex",
         PARAMS("path", "/etc/app.conf", "regex", "on$", "check", "match"), ROWS(CONTENT("on$", "match")));
    rule(FIXED, f, "retrieved_files", "content_regex",
         PARAMS("path", "/etc/app.conf", "regex", "on$", "check", "match"), NONE);
}

static void test_retrieved_missing(void **state)
{
    (void)state;
    static const char message[] = "Cannot locate file in the image analysis";
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    rule(COMPAT, f, "retrieved_files", "content_not_available", PARAMS("path", "/a"), ROWS(message, message));
    rule(FIXED, f, "retrieved_files", "content_not_available", PARAMS("path", "/a"), ROWS(message));
    test_stored(f, "/b", "");
    both(f, "retrieved_files", "content_not_available", PARAMS("path", "/a"), ROWS(message));
    both(f, "retrieved_files", "content_not_available", PARAMS("path", "/b"), NONE);
}

/* ---- secret_scans ------------------------------------------------------------------------ */

static void add_secret(struct plm_image_facts *f, const char *path, const char *pattern)
{
    struct plm_fact_match *m = plm_vec_push(f->arena, &f->secrets);
    assert_non_null(m);
    m->path = plm_sv_from(path);
    m->pattern = plm_sv_from(pattern);
}

static void test_secret_scans(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    add_secret(f, "/etc/a", "AWS=x.*");
    add_secret(f, "/home/b", "PRIV_KEY=-+BEGIN");
#define SECRET "Secret content search analyzer found regexp match in container: file="
#define AWS    SECRET "/etc/a regexp=AWS=x.*"
#define PRIV   SECRET "/home/b regexp=PRIV_KEY=-+BEGIN"
    both(f, "secret_scans", "content_regex_checks", NONE, ROWS(AWS, PRIV));
    both(f, "secret_scans", "content_regex_checks", PARAMS("content_regex_name", "AWS"), ROWS(AWS));
    both(f, "secret_scans", "content_regex_checks", PARAMS("content_regex_name", "PRIV_KEY, AWS"),
         ROWS(AWS, PRIV));
    both(f, "secret_scans", "content_regex_checks", PARAMS("content_regex_name", "-+BEGIN"), ROWS(PRIV));
    both(f, "secret_scans", "content_regex_checks", PARAMS("filename_regex", "/etc"), ROWS(AWS));
    both(f, "secret_scans", "content_regex_checks", PARAMS("filename_regex", "etc"), NONE);
    both(f, "secret_scans", "content_regex_checks", PARAMS("filename_regex", "*"), ROWS(NOT_JUDGED));
    both(f, "secret_scans", "content_regex_checks", PARAMS("match_type", "notfound"), NONE);
    both(f, "secret_scans", "content_regex_checks",
         PARAMS("match_type", "notfound", "content_regex_name", "JWT"),
         ROWS("Secret content search analyzer did not find regexp match in container: filename_regex=* "
              "content_regex_name=JWT"));
    both(f, "secret_scans", "content_regex_checks",
         PARAMS("match_type", "notfound", "filename_regex", "/none"),
         ROWS("Secret content search analyzer did not find regexp match in container: filename_regex=/none "
              "content_regex_name=all"));
    /* the original looks for the name in the parameter */
    rule(COMPAT, f, "secret_scans", "content_regex_checks", PARAMS("content_regex_name", "XPRIV_KEYX"),
         ROWS(PRIV));
    rule(FIXED, f, "secret_scans", "content_regex_checks", PARAMS("content_regex_name", "XPRIV_KEYX"), NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_account_triggers),  cmocka_unit_test(test_accounts_silent),
        cmocka_unit_test(test_no_passwd),         cmocka_unit_test(test_short_lines),
        cmocka_unit_test(test_duplicate_names),   cmocka_unit_test(test_retrieved_content),
        cmocka_unit_test(test_retrieved_missing), cmocka_unit_test(test_secret_scans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
