/* SPDX-License-Identifier: Apache-2.0
 *
 * A report with one of everything, hostile names included, for the tests of the formats.
 */
#pragma once

#include "model/model.h"

#include <stddef.h>

static void sample_package(struct plm_report *r, const char *name, const char *version, const char *source,
                           const char *source_version, uint32_t layer)
{
    struct plm_package *p = plm_report_package(r, 0);
    p->type = PLM_SV("deb");
    p->name = plm_sv_from(name);
    p->version = plm_sv_from(version);
    p->arch = PLM_SV("amd64");
    p->source_name = plm_sv_from(source);
    p->source_version = plm_sv_from(source_version);
    p->purl = plm_arena_printf(r->arena, "pkg:deb/debian/%s@%s?arch=amd64&distro=debian-12", name, version);
    p->cataloger = PLM_SV("dpkg");
    p->status = PLM_SV("installed");
    plm_sv_vec_add(r->arena, &p->licenses, PLM_SV("MIT"));
    struct plm_location *l = plm_vec_push(r->arena, &p->locations);
    l->path = PLM_SV("/var/lib/dpkg/status");
    l->layer = layer;
}

static struct plm_finding *sample_flaw(struct plm_report *r, const char *id, enum plm_severity severity,
                                       uint32_t package, const char *fixed)
{
    struct plm_finding *f = plm_report_finding(r, 0, PLM_KIND_VULNERABILITY);
    f->id = plm_sv_from(id);
    f->severity = severity;
    f->package = package;
    f->layer = r->packages.v[package].locations.v[0].layer;
    f->is_base = f->layer == 0;
    f->title = PLM_SV("a buffer is read beyond its end when a peer sends a short record");
    f->fix = fixed ? PLM_FIX_FIXED : PLM_FIX_NOT_FIXED;
    if (fixed)
        plm_sv_vec_add(r->arena, &f->fix_versions, plm_sv_from(fixed));
    struct plm_matched *m = plm_vec_push(r->arena, &f->matched);
    *m = (struct plm_matched){.feed = PLM_SV("debian-dsa"),
                              .record = PLM_SV("DSA-5001-1"),
                              .range = PLM_SV("< 3.0.15-1"),
                              .scheme = PLM_SV("deb"),
                              .by = PLM_SV("source-package")};
    return f;
}

static void sample_target(struct plm_report *r)
{
    struct plm_target *t = plm_report_target(r);
    t->id = t->reference = PLM_SV("app.tar");
    t->scheme = PLM_SV("docker-archive");
    t->platform = PLM_SV("linux/amd64");
    t->image_id = PLM_SV("sha256:1111111111111111111111111111111111111111111111111111111111111111");
    t->created = 1763000000;
    t->distro = (struct plm_distro){.id = PLM_SV("debian"),
                                    .version = PLM_SV("12"),
                                    .codename = PLM_SV("bookworm"),
                                    .pretty = PLM_SV("Debian GNU/Linux 12 (bookworm)"),
                                    .ecosystem = PLM_SV("Debian:12"),
                                    .eol = PLM_EOL_SUPPORTED,
                                    .eol_date = 1846454400};
    for (int i = 0; i < 2; i++) {
        struct plm_layer *l = plm_vec_push(r->arena, &t->layers);
        l->diff_id = plm_arena_printf(r->arena, "sha256:%064d", i);
        l->created_by = i ? PLM_SV("RUN apt-get install -y openssl curl # buildkit")
                          : PLM_SV("ADD rootfs.tar.xz / # buildkit");
        l->size = 1000;
        l->is_base = i == 0;
    }
}

static void sample_others(struct plm_report *r)
{
    struct plm_finding *f = plm_report_finding(r, 0, PLM_KIND_SECRET);
    f->id = PLM_SV("private-key");
    f->severity = PLM_SEV_HIGH;
    f->path = PLM_SV("/root/\033[31mkey\n.pem");
    f->line = 3;
    f->title = PLM_SV("private key");
    struct plm_control *control = plm_vec_push(r->arena, &f->controls);
    *control = (struct plm_control){PLM_SV("cis-docker"), PLM_SV("1.6.0"), PLM_SV("4.10")};
    struct plm_check_row *c = plm_report_check(r, 0);
    c->id = PLM_SV("4.1");
    c->outcome = PLM_OUT_NA;
    struct plm_diagnostic *d =
        plm_diag(r, "layer.truncated", PLM_SEV_HIGH, 0, PLM_SV("sha256:00ff"), "ends at offset %d", 512);
    d->hint = PLM_SV("pull the image again");
    plm_diag(r, "repo.no-mirror", PLM_SEV_LOW, PLM_NONE, PLM_SV_NULL, "no mirror of debian is known");
}

static struct plm_report *sample_report(void)
{
    struct plm_report *r = plm_report_new(NULL);
    r->version = PLM_SV("0.1.0");
    r->started = 1763280000;
    r->elapsed_ms = 1210;
    r->host_name = PLM_SV("host1");
    plm_sv_vec_add(r->arena, &r->network, PLM_SV("deb.example.org"));
    struct plm_stage_row *stage = plm_vec_push(r->arena, &r->stages);
    *stage = (struct plm_stage_row){PLM_SV("match"), 4};
    r->db_built = 1763270000;
    struct plm_feed_row *feed = plm_vec_push(r->arena, &r->feeds);
    *feed = (struct plm_feed_row){PLM_SV("debian-dsa"), 1763269200, 5000};
    sample_target(r);
    sample_package(r, "openssl", "3.0.11-1", "openssl", "3.0.11-1", 1);
    sample_package(r, "libssl3", "3.0.11-1", "openssl", "3.0.11-1", 1);
    sample_package(r, "libc6", "2.36-9+deb12u4", "glibc", "2.36-9+deb12u4", 0);
    sample_package(r, "=cmd|'/C calc'!A0", "1,0\"\n\033[2J\xe2\x80\xae", "\xff\xfe", "1", 1);
    for (uint32_t p = 0; p < 2; p++) {
        struct plm_finding *f = sample_flaw(r, "CVE-2024-5535", PLM_SEV_CRITICAL, p, "3.0.15-1~deb12u1");
        struct plm_cvss *c = plm_vec_push(r->arena, &f->cvss);
        *c = (struct plm_cvss){PLM_SV("3.1"), PLM_SV("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:H"),
                               PLM_SV("nvd"), 9.1};
        f->epss = 0.04123;
        f->kev = true;
        sample_flaw(r, "CVE-2023-5678", PLM_SEV_MEDIUM, p, "3.0.13-1~deb12u1");
    }
    plm_sv_vec_add(r->arena, &r->findings.v[0].aliases, PLM_SV("GHSA-aaaa-bbbb-cccc"));
    plm_sv_vec_add(r->arena, &r->findings.v[0].references, PLM_SV("https://example.org/advisory"));
    sample_flaw(r, "CVE-2010-4756", PLM_SEV_NEGLIGIBLE, 2, NULL);
    sample_flaw(r, "CVE-2019-1010022", PLM_SEV_NEGLIGIBLE, 2, NULL)->fix = PLM_FIX_WONT_FIX;
    struct plm_finding *hidden = sample_flaw(r, "CVE-2018-20796", PLM_SEV_LOW, 2, NULL);
    hidden->suppressed = plm_arena_make(r->arena, struct plm_suppressed);
    *hidden->suppressed = (struct plm_suppressed){PLM_SV("exception"), PLM_SV("not reachable"), PLM_SV("ops"),
                                                  PLM_SV("2027-01-31")};
    sample_flaw(r, "CVE-2025-0001", PLM_SEV_HIGH, 3, "2,0");
    sample_others(r);
    r->verdict.result = PLM_RESULT_FAIL;
    plm_sv_vec_add(r->arena, &r->verdict.reasons, PLM_SV("high:fixable matched 2 findings"));
    r->targets.v[0].verdict.result = PLM_RESULT_FAIL;
    r->exit_code = 1;
    int *also = plm_vec_push(r->arena, &r->exit_also);
    *also = 3;
    return r;
}
