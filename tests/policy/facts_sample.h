/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts with one of everything, hostile texts included.
 */
#pragma once

#include "model/facts.h"

static void sample_fact_files(struct plm_image_facts *f)
{
    static const struct plm_fact_file files[] = {
        {.path = {"/bin/\"\n\xff", 8}, .mode = 0100644, .uid = 7, .gid = 8, .size = 1, .layer = 1},
        {.path = {"/bin/su", 7}, .mode = 0104755, .size = 71912, .sha256 = {"ab", 2}, .layer = 0},
        {.path = {"/dev", 4}, .mode = 040755, .layer = PLM_NONE},
        {.path = {"/lib", 4}, .mode = 0120777, .link = {"usr/lib", 7}, .layer = 0},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct plm_fact_file *to = plm_vec_push(f->arena, &f->files);
        *to = files[i];
    }
}

static void sample_fact_config(struct plm_image_facts *f)
{
    struct plm_arena *a = f->arena;
    f->config = (struct plm_image_config){
        .architecture = PLM_SV("amd64"),
        .os = PLM_SV("linux"),
        .user = PLM_SV("web"),
        .healthcheck = {.is_set = true, .interval_ns = 5000000000, .retries = 3},
    };
    plm_sv_vec_add(a, &f->config.env, PLM_SV("PATH=/bin"));
    plm_sv_vec_add(a, &f->config.exposed_ports, PLM_SV("8080/tcp"));
    plm_sv_vec_add(a, &f->config.label_keys, PLM_SV("a\"b"));
    plm_sv_vec_add(a, &f->config.label_values, PLM_SV("</script>"));
    plm_sv_vec_add(a, &f->config.healthcheck.test, PLM_SV("CMD"));
    struct plm_image_history *h = plm_vec_push(a, &f->config.history);
    *h = (struct plm_image_history){
        .created_by = PLM_SV("/bin/sh -c #(nop)  USER web"), .is_empty_layer = true, .layer = PLM_NONE};
}

static void sample_fact_contents(struct plm_image_facts *f)
{
    struct plm_arena *a = f->arena;
    struct plm_fact_stored *s = plm_vec_push(a, &f->stored);
    *s = (struct plm_fact_stored){PLM_SV("/etc/passwd"), PLM_SV("root:x:0:0::/root:/bin/sh\n")};
    s = plm_vec_push(a, &f->stored);
    *s = (struct plm_fact_stored){PLM_SV("/bin/raw"), PLM_SV("\xff\x00\xfe!")};
    for (unsigned i = 0; i < 2; i++) {
        struct plm_fact_match *m = plm_vec_push(a, &f->secrets);
        *m = (struct plm_fact_match){
            .path = PLM_SV("/k1"),
            .pattern = i ? PLM_SV("KEY=(?i)-+BEGIN(.*)PRIVATE KEY-+, and a tail that makes the line longer")
                         : PLM_SV("AWS=A[0-9]{20}")};
        *(uint32_t *)plm_vec_push(a, &m->lines) = i;
        *(uint32_t *)plm_vec_push(a, &m->lines) = 40;
    }
    plm_sv_vec_add(a, &f->malware_scanners, PLM_SV("clamav"));
    struct plm_fact_malware *w = plm_vec_push(a, &f->malware);
    *w = (struct plm_fact_malware){PLM_SV("clamav"), PLM_SV("/tmp/x"), PLM_SV("Eicar")};
}

static void sample_fact_findings(struct plm_image_facts *f)
{
    struct plm_arena *a = f->arena;
    struct plm_fact_package *p = plm_vec_push(a, &f->packages);
    *p = (struct plm_fact_package){.name = PLM_SV("bash"),
                                   .version = PLM_SV("4.4"),
                                   .release = PLM_SV("5"),
                                   .full_version = PLM_SV("4.4-5"),
                                   .type = PLM_SV("rpm"),
                                   .license = PLM_SV("GPLv3+")};
    struct plm_fact_owned *o = plm_vec_push(a, &p->owned);
    *o = (struct plm_fact_owned){.path = PLM_SV("/bin/bash"),
                                 .algorithm = PLM_SV("md5"),
                                 .digest = PLM_SV("00"),
                                 .found = PLM_SV("11"),
                                 .size = 9};
    struct plm_fact_vulnerability *v = plm_vec_push(a, &f->vulnerabilities);
    *v = (struct plm_fact_vulnerability){.id = PLM_SV("CVE-2024-1"),
                                         .package = PLM_SV("bash"),
                                         .package_type = PLM_SV("rpm"),
                                         .severity = PLM_SV("Critical"),
                                         .detected_at = 1700000000,
                                         .epss = 0.5,
                                         .epss_percentile = 0.95,
                                         .risk = -1,
                                         .kev = true,
                                         .layer = 1,
                                         .finding = PLM_NONE};
    v->nvd = plm_arena_make(a, struct plm_fact_cvss);
    *v->nvd = (struct plm_fact_cvss){PLM_SV("3.1"), 9.8, -1, 5.9};
    v->n_nvd = 1;
    struct plm_fact_issue *s = plm_vec_push(a, &f->issues);
    *s = (struct plm_fact_issue){.kind = PLM_KIND_MISCONFIGURATION,
                                 .id = PLM_SV("4.1"),
                                 .message = PLM_SV("runs as root"),
                                 .severity = PLM_SEV_MEDIUM,
                                 .line = 3,
                                 .finding = PLM_NONE};
    plm_sv_vec_add(a, &s->aliases, PLM_SV("CIS-DI-0001"));
    struct plm_fact_registry *g = plm_vec_push(a, &f->registry);
    *g = (struct plm_fact_registry){.type = PLM_SV("npm"), .name = PLM_SV("left"), .latest = PLM_SV("2")};
}

/* The report's, which frees it. */
static struct plm_image_facts *sample_facts(struct plm_report *r)
{
    struct plm_image_facts *f = plm_image_facts_new(NULL);
    struct plm_image_facts **slot = f ? plm_vec_push(r->arena, &r->facts) : NULL;
    if (!slot)
        return NULL;
    *slot = f;
    f->known = PLM_FACT_CONFIG | PLM_FACT_FILES | PLM_FACT_VULNERABILITIES | PLM_FACT_STORED;
    f->image_id = PLM_SV("sha256:11");
    f->tag = PLM_SV("docker.io/app:1");
    f->size = 1000;
    f->architecture = PLM_SV("amd64");
    f->os = PLM_SV("linux");
    f->distro = PLM_SV("debian");
    f->dockerfile_mode = PLM_DOCKERFILE_ACTUAL;
    f->dockerfile = PLM_SV("FROM x\nUSER web\n");
    plm_sv_vec_add(f->arena, &f->layers, PLM_SV("sha256:22"));
    sample_fact_files(f);
    sample_fact_config(f);
    sample_fact_contents(f);
    sample_fact_findings(f);
    f->has_feed_for_distro = true;
    f->feed_as_of = 1700000000;
    return f;
}
