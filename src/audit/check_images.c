/* SPDX-License-Identifier: Apache-2.0
 *
 * Group `images`: section 4 of the benchmark and the I checks, on every image of an engine, used or
 * not. What an image contains is judged by scans (facts->report) where this run made one.
 *
 * History comes from two builders that write differently: the classic one wraps instructions in
 * "/bin/sh -c #(nop) ADD file:… in /" and build arguments in "|1 A=b /bin/sh -c …"; BuildKit writes
 * "ADD app.tar.gz / # buildkit" and "RUN /bin/sh -c … # buildkit".
 */
#include "audit/image_int.h"

#include <inttypes.h>

#include "audit/container_int.h"

/* ---- what is known of an image ------------------------------------------------------------------- */

/* The scan of this image in the report, or NULL. Engines with the containerd store name images by manifest.
 */
const struct plm_target *plm_image_scan(const struct plm_checking *k, uint32_t *out_index)
{
    const struct plm_report *r = k->facts->report;
    for (uint32_t i = 0; i < r->targets.n; i++) {
        const struct plm_target *t = &r->targets.v[i];
        bool is_it = (t->image_id.n && plm_sv_eq(t->image_id, k->image->id)) ||
                     (t->digest.n && plm_sv_eq(t->digest, k->image->id)) ||
                     (plm_sv_is(t->scheme, "docker") && plm_sv_eq(t->reference, k->image->id));
        if (is_it) {
            *out_index = i;
            return t;
        }
    }
    return NULL;
}

/* No scan: said once for the check, as what it is. */
void plm_image_say_no_scan(struct plm_checking *k)
{
    if (k->image->is_used)
        plm_say(k, PLM_OUT_UNKNOWN,
                "the image was not scanned in this run (plimsoll check scans images in use)");
    else
        plm_say(k, PLM_OUT_NA, "no container uses the image, so it was not scanned");
}

static bool image_is_missing(struct plm_checking *k)
{
    if (k->image->inspect.root)
        return false;
    plm_say(k, PLM_OUT_UNKNOWN, "inspect: %.*s",
            PLM_SV_ARG(k->image->inspect.failure.n ? k->image->inspect.failure : PLM_SV("no answer")));
    return true;
}

static bool history_is_missing(struct plm_checking *k)
{
    if (k->image->history.root)
        return false;
    plm_say(k, PLM_OUT_UNKNOWN, "history: %.*s",
            PLM_SV_ARG(k->image->history.failure.n ? k->image->history.failure : PLM_SV("no answer")));
    return true;
}

/* ---- 4.1 user ------------------------------------------------------------------------------------- */

enum plm_user_kind plm_user_kind(plm_sv user, plm_sv *out_name)
{
    plm_sv name, group;
    uint64_t uid;
    (void)plm_sv_cut(user, ':', &name, &group);
    *out_name = name;
    if (plm_is_root_user(user))
        return PLM_USER_ROOT;
    if (name.n && name.p[0] == '+')
        name = plm_sv_from_off(name, 1);
    return plm_sv_u64(name, &uid) ? PLM_USER_OTHER : PLM_USER_NAMED;
}

/* uid of a name in passwd text; false if it has no such line. */
static bool find_uid(plm_sv passwd, plm_sv name, uint64_t *out)
{
    plm_sv line;
    while (plm_sv_line(&passwd, &line)) {
        plm_sv field, rest = line;
        if (!plm_sv_field(&rest, ':', &field) || !plm_sv_eq(field, name))
            continue;
        bool has_password = plm_sv_field(&rest, ':', &field);
        return has_password && plm_sv_field(&rest, ':', &field) && plm_sv_u64(field, out);
    }
    return false;
}

/* The image's own /etc/passwd, from its overlay layers (upper first): the first layer that has it decides. */
static bool read_passwd(const struct plm_image_facts *image, struct plm_buf *out)
{
    yyjson_val *data = plm_json_at(image->inspect.root, "GraphDriver", "Data", NULL);
    plm_sv dirs[2] = {plm_json_str(data, "UpperDir", NULL), plm_json_str(data, "LowerDir", NULL)}, dir;
    for (int i = 0; i < 2; i++) {
        plm_sv rest = dirs[i];
        while (rest.p && plm_sv_field(&rest, ':', &dir)) {
            plm_auto_free char *path = dir.n ? strndup(dir.p, dir.n) : NULL;
            plm_auto_fd int fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
            plm_auto(plm_err_free) plm_err *e = NULL;
            if (fd < 0)
                return false; /* what the layer holds is not known, so neither is what lies below it */
            if (plm_fs_read_in(fd, "/etc/passwd", PLM_MIB(1), out, &e) >= 0)
                return true;
            if (plm_err_code(e) != PLM_E_NOTFOUND)
                return false; /* a whiteout, or unreadable: a lower file is not the image's */
        }
    }
    return false;
}

static void judge_image_user(struct plm_checking *k)
{
    if (image_is_missing(k))
        return;
    plm_sv user = plm_json_str(k->image->config, "User", NULL), name;
    enum plm_user_kind kind = plm_user_kind(user, &name);
    uint64_t uid = 0;
    if (kind == PLM_USER_NAMED) {
        plm_auto_done(plm_buf_done) struct plm_buf passwd = PLM_BUF(PLM_MIB(1));
        if (k->daemon->is_remote || !read_passwd(k->image, &passwd)) {
            plm_say(k, PLM_OUT_UNKNOWN, "Config.User: %.*s; the image's /etc/passwd cannot be read here",
                    PLM_SV_ARG(user));
            return;
        }
        if (!find_uid(plm_buf_sv(&passwd), name, &uid)) {
            plm_say(k, PLM_OUT_UNKNOWN, "Config.User: %.*s is not in the image's /etc/passwd",
                    PLM_SV_ARG(user));
            return;
        }
        plm_say(k, uid ? PLM_OUT_PASS : PLM_OUT_FAIL,
                "Config.User: %.*s, uid %" PRIu64 " in the image's /etc/passwd", PLM_SV_ARG(user), uid);
    } else {
        plm_say(k, kind == PLM_USER_ROOT ? PLM_OUT_FAIL : PLM_OUT_PASS, "Config.User: %.*s",
                PLM_SV_ARG(user.n ? user : PLM_SV("(empty: root)")));
    }
}

/* The user of the image, and on rows of their own the users of the containers made from it. */
static void check_user(struct plm_checking *k)
{
    judge_image_user(k);
    for (size_t i = 0; i < k->daemon->containers.n; i++)
        if (plm_sv_eq(k->daemon->containers.v[i].image_id, k->image->id))
            plm_say_container_user(k, &k->daemon->containers.v[i]);
}

/* ---- 4.2 registries ---------------------------------------------------------------------------------- */

plm_sv plm_image_registry(plm_sv reference)
{
    plm_sv head, rest;
    if (plm_sv_cut(reference, '/', &head, &rest) &&
        (plm_sv_find(head, '.') != SIZE_MAX || plm_sv_find(head, ':') != SIZE_MAX ||
         plm_sv_is(head, "localhost")))
        return head;
    return PLM_SV("docker.io");
}

/* "registry.example/team" allows everything below; "docker.io" also stands for names without a host. */
static bool is_allowed_registry(const struct plm_expectations *e, plm_sv reference)
{
    plm_sv registry = plm_image_registry(reference);
    for (size_t i = 0; i < e->allowed_registries.n; i++) {
        plm_sv allowed = e->allowed_registries.v[i];
        if (plm_sv_glob(allowed, registry))
            return true;
        if (plm_sv_starts(reference, allowed) && (reference.n == allowed.n || reference.p[allowed.n] == '/'))
            return true;
    }
    return false;
}

static void check_registry(struct plm_checking *k)
{
    const struct plm_expectations *e = &k->facts->opt->expect;
    const plm_sv_vec *names = k->image->digests.n ? &k->image->digests : &k->image->tags;
    if (!names->n) {
        plm_say(k, PLM_OUT_MANUAL, "RepoDigests: none: the image was built or imported here");
        return;
    }
    for (size_t i = 0; i < names->n; i++) {
        bool is_local = names == &k->image->tags;
        enum plm_outcome o = !e->allowed_registries.n              ? PLM_OUT_MANUAL
                             : is_allowed_registry(e, names->v[i]) ? PLM_OUT_PASS
                             : is_local                            ? PLM_OUT_MANUAL
                                                                   : PLM_OUT_FAIL;
        plm_say(k, o, "%s: %.*s%s", is_local ? "RepoTags" : "RepoDigests", PLM_SV_ARG(names->v[i]),
                is_local ? " (no registry's digest: built or imported here)" : "");
    }
    if (!e->allowed_registries.n)
        plm_say(k, PLM_OUT_MANUAL, "audit.allowed-registries is not set");
}

/* ---- 4.3 packages ------------------------------------------------------------------------------------- */

static const char *const needless[] = {
    "openssh-server", "dropbear",    "telnetd",  "telnet",  "rsh-server",  "gcc*",
    "g++*",           "clang*",      "make",     "gdb",     "strace",      "tcpdump",
    "nmap",           "netcat*",     "ncat",     "socat",   "sudo",        "curl",
    "wget",           "git",         "binutils", "busybox", "python3-pip", "ftp",
    "rsync",          "bash",        "apt",      "dnf",     "yum",         "apk-tools",
    "docker*",        "containerd*", "buildah",  "podman",  "kubectl",
};

static void check_packages(struct plm_checking *k)
{
    uint32_t target;
    if (!plm_image_scan(k, &target)) {
        plm_image_say_no_scan(k);
        return;
    }
    const struct plm_report *r = k->facts->report;
    plm_sv_vec found = {0};
    size_t n = 0;
    for (size_t i = 0; i < r->packages.n; i++) {
        if (r->packages.v[i].target != target)
            continue;
        n++;
        for (size_t j = 0; j < sizeof(needless) / sizeof(needless[0]); j++)
            if (plm_sv_glob(plm_sv_from(needless[j]), r->packages.v[i].name))
                plm_sv_vec_add(k->arena, &found, r->packages.v[i].name);
    }
    plm_sv_vec_sort_unique(&found);
    plm_say(k, found.n ? PLM_OUT_MANUAL : PLM_OUT_PASS, "packages: %zu", n);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    for (size_t i = 0; i < found.n; i++)
        plm_buf_printf(&b, "%s%.*s", i ? ", " : "", PLM_SV_ARG(found.v[i]));
    if (found.n)
        plm_say(k, PLM_OUT_MANUAL, "shells, compilers, package and network tools: %.*s",
                PLM_SV_ARG(plm_buf_sv(&b)));
}

/* ---- 4.4, I5: scans ------------------------------------------------------------------------------------ */

/* An image that is never rebuilt never gets the fixes of its base: low. */
static void judge_age(struct plm_checking *k)
{
    int64_t age = plm_now(k->facts->ctx) - k->image->created;
    if (!k->image->created) {
        plm_say(k, PLM_OUT_UNKNOWN, "Created: not known");
        return;
    }
    bool is_old = age > 0 && (uint64_t)age > k->facts->opt->expect.max_image_age;
    plm_say(k, is_old ? PLM_OUT_FAIL : PLM_OUT_PASS, "Created: %" PRId64 " days ago",
            age > 0 ? age / 86400 : 0);
    if (is_old)
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_LOW);
}

static void check_scanned(struct plm_checking *k)
{
    uint32_t target;
    judge_age(k);
    const struct plm_target *t = plm_image_scan(k, &target);
    if (!t) {
        plm_image_say_no_scan(k);
        return;
    }
    const struct plm_report *r = k->facts->report;
    size_t n[PLM_SEV_COUNT_] = {0}, updates = 0;
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        if (f->target != target || f->kind != PLM_KIND_VULNERABILITY || f->suppressed ||
            f->fix != PLM_FIX_FIXED)
            continue;
        n[f->severity]++;
        updates += f->severity == PLM_SEV_UNKNOWN;
    }
    size_t serious = n[PLM_SEV_CRITICAL] + n[PLM_SEV_HIGH];
    plm_say(
        k, serious || updates ? PLM_OUT_FAIL : PLM_OUT_PASS,
        "vulnerabilities with a fix: %zu critical, %zu high, %zu medium, %zu low, %zu of unknown severity",
        n[PLM_SEV_CRITICAL], n[PLM_SEV_HIGH], n[PLM_SEV_MEDIUM], n[PLM_SEV_LOW], n[PLM_SEV_UNKNOWN]);
    if (n[PLM_SEV_CRITICAL])
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_CRITICAL);
    else if (serious)
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_HIGH);
    else if (updates)
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_MEDIUM);
    if (t->is_incomplete)
        plm_say(k, PLM_OUT_UNKNOWN, "a part of the image could not be scanned, see the diagnostics of %.*s",
                PLM_SV_ARG(t->id));
    plm_refix(
        k, PLM_SV_NULL,
        "rebuild %.*s on an updated base (`docker build --pull --no-cache`) and recreate its containers",
        PLM_SV_ARG(k->object));
}

static void check_end_of_life(struct plm_checking *k)
{
    uint32_t target;
    const struct plm_target *t = plm_image_scan(k, &target);
    if (!t) {
        plm_image_say_no_scan(k);
        return;
    }
    plm_sv name = t->distro.pretty.n ? t->distro.pretty : t->distro.id;
    if (!t->distro.id.n) {
        plm_say(k, PLM_OUT_NA, "os-release: none");
        return;
    }
    switch (t->distro.eol) {
    case PLM_EOL_ENDED:
        plm_say(k, PLM_OUT_FAIL, "os-release: %.*s is past its end of life", PLM_SV_ARG(name));
        return;
    case PLM_EOL_SUPPORTED:
        plm_say(k, PLM_OUT_PASS, "os-release: %.*s is supported", PLM_SV_ARG(name));
        return;
    case PLM_EOL_UNKNOWN:
        plm_say(k, PLM_OUT_UNKNOWN, "os-release: the end of life of %.*s is not known", PLM_SV_ARG(name));
        return;
    }
}

/* ---- 4.5, 4.6 --------------------------------------------------------------------------------------------
 */

static void check_content_trust(struct plm_checking *k)
{
    plm_say(k, PLM_OUT_NA,
            "retired: content trust (Notary v1) is a setting of each client's shell, and its public service "
            "ends on "
            "2026-12-08; pin images by digest and verify signatures instead");
}

static void check_health(struct plm_checking *k)
{
    if (image_is_missing(k))
        return;
    yyjson_val *test = plm_json_at(k->image->config, "Healthcheck", "Test", NULL);
    plm_sv first = plm_json_sv(yyjson_arr_get_first(test));
    if (!yyjson_arr_size(test))
        plm_say(k, PLM_OUT_FAIL, "Config.Healthcheck: none");
    else if (plm_sv_is(first, "NONE"))
        plm_say(k, PLM_OUT_FAIL, "Config.Healthcheck.Test: NONE");
    else
        plm_say(k, PLM_OUT_PASS, "Config.Healthcheck.Test: %.*s", PLM_SV_ARG(first));
}

/* ---- history: 4.7, 4.9, 4.11
 * -------------------------------------------------------------------------------- */

/* Calls judge for every step, bottom first; it returns true where the step is a failure. */
static void judge_steps(struct plm_checking *k, bool (*is_bad)(plm_sv step, bool is_first))
{
    if (history_is_missing(k))
        return;
    yyjson_val *list = k->image->history.root;
    size_t n = yyjson_arr_size(list), bad = 0;
    for (size_t i = n; i-- > 0;) {
        plm_sv step = plm_json_str(yyjson_arr_get(list, i), "CreatedBy", NULL);
        if (!is_bad(step, i == n - 1))
            continue;
        bad++;
        plm_say(k, PLM_OUT_FAIL, "history, step %zu of %zu: %.*s", n - i, n,
                PLM_SV_ARG(plm_sv_sub(step, 0, 300)));
    }
    if (!bad)
        plm_say(k, PLM_OUT_PASS, "history: %zu steps", n);
}

static bool has_any(plm_sv text, const char *const *list)
{
    for (; *list; list++)
        if (plm_sv_has(text, plm_sv_from(*list)))
            return true;
    return false;
}

bool plm_step_only_refreshes(plm_sv step, bool is_first)
{
    static const char *const refresh[] = {"apt-get update",
                                          "apt update",
                                          "apt-get -y update",
                                          "apt-get -q update",
                                          "apt-get -qq update",
                                          "apk update",
                                          "yum makecache",
                                          "dnf makecache",
                                          "yum check-update",
                                          "zypper refresh",
                                          NULL};
    static const char *const use[] = {" install",      " upgrade",   "dist-upgrade", "apk add",
                                      " groupinstall", "zypper in ", "build-dep",    NULL};
    (void)is_first;
    return has_any(step, refresh) && !has_any(step, use);
}

static bool is_archive(plm_sv word)
{
    static const char *const ends[] = {".tar",     ".tar.gz", ".tgz",     ".tar.xz", ".txz",
                                       ".tar.bz2", ".tbz2",   ".tar.zst", NULL};
    for (size_t i = 0; ends[i]; i++)
        if (plm_sv_ends(word, plm_sv_from(ends[i])))
            return true;
    return false;
}

bool plm_step_adds(plm_sv step, bool is_first)
{
    size_t nop = plm_sv_find_sv(step, PLM_SV("#(nop)"));
    plm_sv rest = plm_sv_trim(nop == SIZE_MAX ? step : plm_sv_from_off(step, nop + 6)), word;
    if (!plm_sv_starts(rest, PLM_SV("ADD ")) || is_first) /* the first one is the base image's own root */
        return false;
    (void)plm_sv_word(&rest, &word);
    while (plm_sv_word(&rest, &word)) {
        if (plm_sv_starts(word, PLM_SV("file:")) || plm_sv_starts(word, PLM_SV("multi:")) ||
            plm_sv_starts(word, PLM_SV("dir:")) || plm_sv_has(word, PLM_SV("://")) || is_archive(word) ||
            plm_sv_ends(word, PLM_SV(".git")))
            return true;
    }
    return false;
}

/* A download that is piped into a shell: "curl … | sh", also "| sudo bash". */
static bool pipes_to_shell(plm_sv step)
{
    size_t at = plm_sv_find_sv(step, PLM_SV("curl "));
    size_t other = plm_sv_find_sv(step, PLM_SV("wget "));
    at = other < at ? other : at;
    if (at == SIZE_MAX)
        return false;
    plm_sv rest = plm_sv_from_off(step, at), part;
    (void)plm_sv_field(&rest, '|', &part);
    while (plm_sv_field(&rest, '|', &part)) {
        plm_sv words = part, word;
        if (!plm_sv_word(&words, &word) || (plm_sv_is(word, "sudo") && !plm_sv_word(&words, &word)))
            continue;
        size_t slash = plm_sv_rfind(word, '/');
        word = slash == SIZE_MAX ? word : plm_sv_from_off(word, slash + 1);
        if (plm_sv_is(word, "sh") || plm_sv_is(word, "bash") || plm_sv_is(word, "ash") ||
            plm_sv_is(word, "dash"))
            return true;
        if (plm_sv_ends(plm_sv_trim(part), PLM_SV(";")))
            break;
    }
    return false;
}

bool plm_step_is_unverified(plm_sv step, bool is_first)
{
    static const char *const flags[] = {"--allow-unauthenticated",
                                        "--no-gpg-check",
                                        "--nogpgcheck",
                                        "--allow-untrusted",
                                        "--trusted-host",
                                        "--unsafe-perm",
                                        "trusted=yes",
                                        "--no-verify-ssl",
                                        "AllowUnauthenticated=true",
                                        "gpgcheck=0",
                                        "--force-yes",
                                        NULL};
    (void)is_first;
    return has_any(step, flags) || pipes_to_shell(step);
}

static void check_refresh(struct plm_checking *k)
{
    judge_steps(k, plm_step_only_refreshes);
}

static void check_add(struct plm_checking *k)
{
    judge_steps(k, plm_step_adds);
}

static void check_verified(struct plm_checking *k)
{
    judge_steps(k, plm_step_is_unverified);
}

/* ---- I1 to I3
 * -------------------------------------------------------------------------------------------------- */

static void check_tag(struct plm_checking *k)
{
    size_t mutable_tags = 0;
    for (size_t i = 0; i < k->image->tags.n; i++) {
        plm_sv tag = k->image->tags.v[i];
        if (!plm_sv_ends(tag, PLM_SV(":latest")))
            continue;
        mutable_tags++;
        plm_say(k, PLM_OUT_FAIL, "RepoTags: %.*s", PLM_SV_ARG(tag));
    }
    if (!k->image->tags.n && k->image->is_used)
        plm_say(k, PLM_OUT_FAIL, "RepoTags: none, but a container uses the image");
    else if (!mutable_tags)
        plm_say(k, PLM_OUT_PASS, "RepoTags: %zu, none of them latest", k->image->tags.n);
}

static void check_unused(struct plm_checking *k)
{
    const struct plm_image_facts *i = k->image;
    int64_t age = i->created ? plm_now(k->facts->ctx) - i->created : 0;
    if (i->is_used)
        plm_say(k, PLM_OUT_PASS, "used by a container");
    else if (i->is_dangling)
        plm_say(k, PLM_OUT_FAIL, "no tag and no container");
    else if (!i->created)
        plm_say(k, PLM_OUT_UNKNOWN, "no container uses it; Created: not known");
    else
        plm_say(k, age > 0 && (uint64_t)age > k->facts->opt->expect.max_idle ? PLM_OUT_FAIL : PLM_OUT_PASS,
                "no container uses it; created %" PRId64 " days ago", age > 0 ? age / 86400 : 0);
}

static void check_exposed(struct plm_checking *k)
{
    static const struct {
        const char *port, *what;
    } dangerous[] = {
        {"22/tcp", "ssh"},          {"23/tcp", "telnet"},          {"2375/tcp", "Docker API"},
        {"2376/tcp", "Docker API"}, {"3389/tcp", "RDP"},           {"5900/tcp", "VNC"},
        {"6379/tcp", "Redis"},      {"9200/tcp", "Elasticsearch"}, {"11211/tcp", "memcached"},
        {"27017/tcp", "MongoDB"},   {"111/tcp", "rpcbind"},        {"445/tcp", "SMB"},
        {"10250/tcp", "kubelet"},   {"2379/tcp", "etcd"},          {"512/tcp", "rexec"},
        {"514/tcp", "rsh"},
    };
    if (image_is_missing(k))
        return;
    size_t i, n, bad = 0;
    yyjson_val *key, *v;
    yyjson_val *ports = plm_json_at(k->image->config, "ExposedPorts", NULL);
    yyjson_obj_foreach(ports, i, n, key, v)
    {
        for (size_t j = 0; j < sizeof(dangerous) / sizeof(dangerous[0]); j++)
            if (plm_sv_is(plm_json_sv(key), dangerous[j].port)) {
                plm_say(k, PLM_OUT_FAIL, "Config.ExposedPorts: %s (%s)", dangerous[j].port,
                        dangerous[j].what);
                bad++;
            }
    }
    if (!bad)
        plm_say(k, PLM_OUT_PASS, "Config.ExposedPorts: %zu, none of them dangerous", yyjson_obj_size(ports));
}

/* ---- the table
 * ---------------------------------------------------------------------------------------------------- */

#define IMAGE .stage = PLM_STAGE_IMAGES, .subject = PLM_PER_IMAGE

static const struct plm_check checks[] = {
    {.id = "4.1",
     .title = "the image runs as a user that is not root",
     .level = 1,
     .severity = PLM_SEV_MEDIUM,
     IMAGE,
     .reads = "Config.User, and names in the image's own /etc/passwd",
     .rationale = "A process that breaks out of a container keeps its user id; root inside is root outside "
                  "unless user "
                  "namespaces are remapped.",
     .fix = "`RUN useradd --uid 10001 app` and `USER 10001` in the Dockerfile; Compose: `user: \"10001\"`",
     .impact = PLM_IMPACT_MAY_BREAK,
     .aliases = "check_4_1 CIS-DI-0001 DS002",
     .run = check_user},
    {.id = "4.2",
     .title = "images come from registries that are trusted",
     .level = 1,
     .is_manual = true,
     .severity = PLM_SEV_MEDIUM,
     IMAGE,
     .reads = "RepoDigests, RepoTags, audit.allowed-registries",
     .rationale = "Whoever controls the registry controls the code that runs here.",
     .fix = "pull from an allowed registry, or add it to `audit.allowed-registries`",
     .impact = PLM_IMPACT_RESTART,
     .aliases = "check_4_2",
     .run = check_registry},
    {.id = "4.3",
     .title = "the image holds no tools that it does not need",
     .level = 1,
     .is_manual = true,
     .severity = PLM_SEV_LOW,
     IMAGE,
     .reads = "the package list of the image's scan",
     .rationale = "Shells, compilers and download tools are what an intruder looks for first, and every "
                  "package brings "
                  "its own flaws.",
     .fix = "build in one stage and copy the result into a slim or distroless one",
     .impact = PLM_IMPACT_MAY_BREAK,
     .aliases = "check_4_3",
     .run = check_packages},
    {.id = "4.4",
     .title = "images are scanned, and rebuilt with the fixes there are",
     .level = 1,
     .is_manual = true,
     .severity = PLM_SEV_MEDIUM,
     IMAGE,
     .reads = "vulnerabilities with a fix, from the image's scan; Created, audit.max-image-age",
     .rationale = "A fix that is published is also published to those who attack.",
     .fix = "rebuild the image on an updated base (`docker build --pull --no-cache`) and recreate its "
            "containers",
     .impact = PLM_IMPACT_RESTART,
     .aliases = "check_4_4",
     .run = check_scanned},
    {.id = "4.5",
     .title = "content trust is replaced by digests and signatures",
     .level = 2,
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_IMAGES,
     .subject = PLM_PER_DAEMON,
     .reads = "nothing: a client's environment variable",
     .rationale = "The variable is one of each client's shell, so no host check can see it, and the service "
                  "behind it is "
                  "being retired.",
     .fix = "pin images by digest; verify signatures before they run",
     .impact = PLM_IMPACT_SAFE,
     .aliases = "check_4_5 CIS-DI-0005",
     .run = check_content_trust},
    {.id = "4.6",
     .title = "the image has a health check",
     .level = 1,
     .severity = PLM_SEV_LOW,
     IMAGE,
     .reads = "Config.Healthcheck",
     .rationale = "Without one the engine knows only that a process exists, not that it works.",
     .fix = "`HEALTHCHECK CMD ...` in the Dockerfile; Compose: `healthcheck:`",
     .impact = PLM_IMPACT_SAFE,
     .aliases = "check_4_6 CIS-DI-0006 DS026",
     .run = check_health},
    {.id = "4.7",
     .title = "the package index is refreshed in the step that installs",
     .level = 1,
     .is_manual = true,
     .severity = PLM_SEV_LOW,
     IMAGE,
     .reads = "the image's history",
     .rationale = "A layer that only refreshes the index is cached, and later steps install old versions.",
     .fix = "`RUN apt-get update && apt-get install -y ...` in one step",
     .impact = PLM_IMPACT_SAFE,
     .aliases = "check_4_7 CIS-DI-0007 DL3009 DS017",
     .run = check_refresh},
    {.id = "4.9",
     .title = "files are copied, not added",
     .level = 1,
     .is_manual = true,
     .severity = PLM_SEV_LOW,
     IMAGE,
     .reads = "the image's history",
     .rationale = "ADD fetches from the network and unpacks archives without checking either.",
     .fix = "`COPY` for local files; for downloads `ADD --checksum=` or `curl` with a checksum",
     .impact = PLM_IMPACT_SAFE,
     .aliases = "check_4_9 CIS-DI-0009 DL3020 DS005",
     .run = check_add},
    {.id = "4.11",
     .title = "only verified packages are installed",
     .level = 2,
     .is_manual = true,
     .severity = PLM_SEV_MEDIUM,
     IMAGE,
     .reads = "the image's history",
     .rationale = "A build that skips signatures, or pipes a download into a shell, installs whatever the "
                  "network says.",
     .fix =
         "drop the flag that turns verification off; import the repository's key; download, verify, then run",
     .impact = PLM_IMPACT_SAFE,
     .aliases = "check_4_11",
     .run = check_verified},
    {.id = "I1",
     .title = "images have a tag that does not move",
     .severity = PLM_SEV_LOW,
     IMAGE,
     .reads = "RepoTags",
     .rationale = "`latest` names another image tomorrow, so nobody can say what ran.",
     .fix = "tag with a version and run by digest (`name@sha256:...`)",
     .impact = PLM_IMPACT_SAFE,
     .aliases = "DKL-DI-0006 DL3007 DS001",
     .run = check_tag},
    {.id = "I2",
     .title = "no image lies about unused",
     .severity = PLM_SEV_LOW,
     IMAGE,
     .reads = "containers of the engine, Created, audit.max-idle",
     .rationale = "Old images hold old flaws, one `docker run` away.",
     .fix = "`docker image prune --all --filter until=720h`",
     .impact = PLM_IMPACT_SAFE,
     .run = check_unused},
    {.id = "I3",
     .title = "the image exposes no remote-control or database port",
     .severity = PLM_SEV_MEDIUM,
     IMAGE,
     .reads = "Config.ExposedPorts",
     .rationale = "Remote shells and unauthenticated stores in an image tend to end up on a host's address.",
     .fix = "drop the `EXPOSE` line and the service behind it, or keep it on an internal network",
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_exposed},
    {.id = "I5",
     .title = "the image's distribution is still supported",
     .severity = PLM_SEV_HIGH,
     IMAGE,
     .reads = "os-release, from the image's scan",
     .rationale = "Past its end of life new flaws are not even published for it.",
     .fix = "move to a supported release of the base image",
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_end_of_life},
};
static const struct plm_check_group images = {.id = "images",
                                              .summary = "images and how they were built",
                                              .checks = checks,
                                              .n = sizeof(checks) / sizeof(checks[0])};
PLM_REGISTER(plm_check_groups, struct plm_check_group, images);
