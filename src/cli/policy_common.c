/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies and facts by name.
 */
#include "cli/policy_common.h"

#include "base/fs.h"

#define POLICY_MAX PLM_MIB(64)

enum plm_policy_mode plm_cli_policy_mode(const struct plm_cli *cli)
{
    return plm_sv_is(plm_config_text(cli->config, "mode"), "compat") ? PLM_POLICY_COMPAT : PLM_POLICY_FIXED;
}

struct plm_policy *plm_cli_policy_open(struct plm_cli *cli, plm_sv name, enum plm_policy_mode mode,
                                       plm_err **err)
{
    const char *path = plm_arena_cstr(cli->arena, name);
    if (!path)
        return PLM_NULL(plm_fail_oom(err));
    for (size_t i = 0; i < plm_policy_builtins_n; i++) {
        const struct plm_policy_builtin *b = &plm_policy_builtins[i];
        if (plm_sv_is(name, b->name))
            return plm_policy_load(&cli->ctx, plm_sv_n(b->text, *b->n), b->name, mode, err);
    }
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(POLICY_MAX);
    if (plm_fs_read(path, text.max, &text, err) < 0) {
        if (err && *err)
            (*err)->code = PLM_E_CONFIG;
        plm_err_hint(err, "a file, or one of: default, strict, cis-docker, nist-800-190");
        return NULL;
    }
    struct plm_policy *p = plm_policy_load(&cli->ctx, plm_buf_sv(&text), path, mode, err);
    if (!p && err && *err && ((*err)->code == PLM_E_PARSE || (*err)->code == PLM_E_UNSUPPORTED))
        (*err)->code = PLM_E_CONFIG;
    return p;
}

/* ---- facts --------------------------------------------------------------------------------- */

bool plm_cli_is_facts(const char *path)
{
    enum { HEAD = 4096 };
    static const char *const others[] = {"\"plimsoll/report/", "\"bomFormat\"", "\"spdxVersion\""};
    static const char *const own[] = {"\"plimsoll/facts", "\"image_id\"", "\"dockerfile_mode\"",
                                      "\"dockerfile_contents\""};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(POLICY_MAX);
    struct stat st;
    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || plm_fs_read(path, b.max, &b, NULL) < 0)
        return false;
    plm_sv head = plm_sv_trim(plm_sv_sub(plm_buf_sv(&b), 0, HEAD));
    if (!plm_sv_starts(head, PLM_SV("{")))
        return false;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (plm_sv_has(head, plm_sv_from(others[i])))
            return false;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (plm_sv_has(head, plm_sv_from(own[i])))
            return true;
    return false;
}

struct plm_report *plm_cli_facts_report(struct plm_cli *cli, const char *path, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(cli->ctx.limits->json_bytes);
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(err);
    if (!r || plm_fs_read(path, b.max, &b, err) < 0)
        return NULL;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f =
        plm_policy_facts_read(&cli->ctx, plm_buf_sv(&b), path, err);
    if (!f)
        return NULL;
    struct plm_target *t = plm_report_target(r);
    struct plm_image_facts **slot = plm_vec_push(r->arena, &r->facts);
    if (!t || !slot)
        return PLM_NULL(plm_arena_check(r->arena, err));
    t->scheme = PLM_SV("facts");
    t->reference = plm_arena_sv(r->arena, f->tag.n ? f->tag : plm_sv_from(path));
    t->id = plm_arena_printf(r->arena, "facts:%s", path);
    t->image_id = plm_arena_sv(r->arena, f->image_id);
    t->digest = plm_arena_sv(r->arena, f->digest);
    t->distro.id = plm_arena_sv(r->arena, f->distro);
    t->distro.version = plm_arena_sv(r->arena, f->distro_version);
    f->target = 0;
    *slot = plm_take(f);
    return plm_arena_check(r->arena, err) < 0 ? NULL : plm_take(r);
}

/* ---- looking ------------------------------------------------------------------------------- */

int plm_cli_policy_look_for(const struct plm_policy_wants *wants, struct plm_scan_setup *s, plm_err **err)
{
    struct plm_inspect_options *in = &s->scan.inspect;
    uint32_t facts = wants->facts;
    static const struct {
        uint32_t fact;
        enum plm_kind kind;
    } kinds[] = {{PLM_FACT_SECRET_RULES, PLM_KIND_SECRET},
                 {PLM_FACT_CHECKS, PLM_KIND_MISCONFIGURATION},
                 {PLM_FACT_LICENSES, PLM_KIND_LICENSE},
                 {PLM_FACT_MALWARE, PLM_KIND_MALWARE}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        in->wants[kinds[i].kind] = in->wants[kinds[i].kind] || (facts & kinds[i].fact);
    in->want_files = in->want_files || (facts & PLM_FACT_FILES);
    in->want_owned = in->want_owned || (facts & PLM_FACT_OWNED);
    in->want_licenses = in->want_licenses || (facts & PLM_FACT_LICENSES);
    in->want_anchore_secrets = in->want_anchore_secrets || (facts & PLM_FACT_SECRETS);
    for (size_t i = 0; i < wants->retrieve.n; i++)
        if (!plm_sv_vec_add(s->arena, &in->retrieve, wants->retrieve.v[i]))
            return plm_arena_check(s->arena, err);
    for (size_t i = 0; i < wants->digests.n; i++)
        if (!plm_sv_vec_add(s->arena, &in->digests, wants->digests.v[i]))
            return plm_arena_check(s->arena, err);
    s->scan.want_facts = true;
    return 0;
}

struct plm_report *plm_cli_policy_facts(struct plm_cli *cli, struct plm_scan_setup *s, const char *word,
                                        plm_err **err)
{
    if (plm_cli_is_facts(word))
        return plm_cli_facts_report(cli, word, err);
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(err);
    if (!r || plm_scan_word(&cli->ctx, word, &s->scan, r, err) < 0 ||
        plm_scan_finish(&cli->ctx, &s->scan, NULL, r, err) < 0)
        return NULL;
    if (r->facts.n)
        return plm_take(r);
    return PLM_NULL(plm_fail(err, PLM_E_EMPTY, "%s: nothing that a policy could read", word));
}
