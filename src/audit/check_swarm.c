/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups `operations` (section 6: what lies about) and `swarm` (section 7 and S1).
 *
 * A worker node may not ask for nodes, services or secrets: those checks do not apply there, the
 * managers are where they are judged.
 */
#include "audit/container_int.h"
#include "audit/image_int.h"

#include "base/time.h"

#include <inttypes.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define DAY 86400

/* ---- 6 ------------------------------------------------------------------------------------------- */

static void check_image_sprawl(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    if (d->images_failure.p || !d->is_answering) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(d->images_failure.p ? d->images_failure : d->failure));
        return;
    }
    size_t unused = 0, dangling = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < d->images.n; i++) {
        if (d->images.v[i].is_used)
            continue;
        unused++;
        dangling += d->images.v[i].is_dangling;
        bytes += d->images.v[i].size;
    }
    /* More idle than in use is sprawl; one or two beside the running ones is how updates work. */
    bool is_sprawl = unused > d->images.n / 2 && unused > 2;
    plm_say(k, is_sprawl ? PLM_OUT_FAIL : PLM_OUT_PASS,
            "images: %zu, of which %zu are used by no container (%zu without a tag; at most %" PRIu64 " MiB)",
            d->images.n, unused, dangling, bytes >> 20);
}

static void check_container_sprawl(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    if (d->containers_failure.p || !d->is_answering) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s",
                PLM_SV_ARG(d->containers_failure.p ? d->containers_failure : d->failure));
        return;
    }
    size_t stopped = 0, old = 0;
    for (size_t i = 0; i < d->containers.n; i++) {
        const struct plm_container *c = &d->containers.v[i];
        int64_t since = 0;
        if (c->is_running)
            continue;
        stopped++;
        plm_sv at = plm_json_str(c->inspect.root, "State", "FinishedAt", NULL);
        /* "0001-01-01T00:00:00Z": it never ran */
        if (!plm_time_parse(at, &since) || since <= 0)
            (void)plm_time_parse(plm_json_str(c->inspect.root, "Created", NULL), &since);
        if (since <= 0) {
            plm_say(k, PLM_OUT_UNKNOWN, "%.*s: since when it does not run is not known%s%.*s",
                    PLM_SV_ARG(c->name), c->inspect.failure.n ? ": " : "", PLM_SV_ARG(c->inspect.failure));
            continue;
        }
        int64_t idle = plm_now(k->facts->ctx) - since;
        if (idle <= 0 || (uint64_t)idle <= k->facts->opt->expect.max_idle)
            continue;
        old++;
        plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s for %" PRId64 " days", PLM_SV_ARG(c->name), PLM_SV_ARG(c->state),
                idle / DAY);
    }
    plm_say(k, old ? PLM_OUT_FAIL : PLM_OUT_PASS, "containers: %zu, of which %zu do not run", d->containers.n,
            stopped);
}

/* ---- 7 ------------------------------------------------------------------------------------------- */

static bool is_no_manager(struct plm_checking *k)
{
    yyjson_val *swarm = plm_json_at(k->daemon->info.root, "Swarm", NULL);
    if (plm_json_bool(swarm, "ControlAvailable", false))
        return false;
    plm_say(k, PLM_OUT_NA, "Swarm.ControlAvailable: false: this node is a worker, its managers judge this");
    return true;
}

static bool answer_is_missing(struct plm_checking *k, const struct plm_answer *a, const char *what)
{
    if (a->root)
        return false;
    plm_say(k, PLM_OUT_UNKNOWN, "%s: %.*s", what,
            PLM_SV_ARG(a->failure.n ? a->failure : PLM_SV("no answer")));
    return true;
}

static void check_managers(struct plm_checking *k)
{
    if (is_no_manager(k) || answer_is_missing(k, &k->daemon->nodes, "GET /nodes"))
        return;
    size_t i, n, managers = 0, reachable = 0;
    yyjson_val *v;
    yyjson_arr_foreach(k->daemon->nodes.root, i, n, v)
    {
        if (!plm_sv_is(plm_json_str(v, "Spec", "Role", NULL), "manager"))
            continue;
        managers++;
        reachable += plm_sv_is(plm_json_str(v, "ManagerStatus", "Reachability", NULL), "reachable");
    }
    bool is_good = reachable >= 3 && reachable <= 7 && reachable % 2 == 1;
    plm_say(k, is_good ? PLM_OUT_PASS : PLM_OUT_FAIL, "nodes: %zu, managers: %zu, reachable: %zu", n,
            managers, reachable);
    if (!is_good)
        plm_weigh(k, PLM_SV_NULL, n == 1 ? PLM_SEV_LOW : PLM_SEV_MEDIUM);
}

static void check_binding(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    plm_socket_vec sockets = {0};
    plm_err *e = NULL;
    if (d->is_remote || !k->facts->kernel || !d->process) {
        plm_say(k, PLM_OUT_UNKNOWN, "the listening sockets of this engine cannot be read here");
        return;
    }
    if (plm_kernel_sockets(k->facts->kernel, d->process->pid, k->facts->arena, &sockets, &e) < 0) {
        plm_auto_free char *text = plm_err_text(e);
        plm_err_free(e);
        plm_say(k, PLM_OUT_UNKNOWN, "%s", text ? text : "out of memory");
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < sockets.n; i++) {
        const struct plm_socket *s = &sockets.v[i];
        if ((s->proto != PLM_TCP && s->proto != PLM_TCP6) || s->port != 2377)
            continue;
        n++;
        plm_say(k, s->is_wildcard ? PLM_OUT_FAIL : PLM_OUT_PASS, "listening: %.*s port 2377 (%s)",
                PLM_SV_ARG(s->address), plm_socket_proto_name(s->proto));
    }
    if (!n)
        plm_say(k, PLM_OUT_NA, "nothing listens on port 2377: this node is a worker");
}

static void check_encryption(struct plm_checking *k)
{
    if (answer_is_missing(k, &k->daemon->networks, "GET /networks"))
        return;
    size_t i, max, n = 0;
    yyjson_val *v;
    yyjson_arr_foreach(k->daemon->networks.root, i, max, v)
    {
        if (!plm_sv_is(plm_json_str(v, "Driver", NULL), "overlay"))
            continue;
        n++;
        plm_sv name = plm_json_str(v, "Name", NULL);
        bool is_encrypted = plm_json_at(v, "Options", "encrypted", NULL) != NULL; /* the value may be empty */
        plm_say_on(k, name, is_encrypted ? PLM_OUT_PASS : PLM_OUT_FAIL, "network %.*s: Options.encrypted: %s",
                   PLM_SV_ARG(name), is_encrypted ? "set" : "not set");
    }
    if (!n)
        plm_say(k, PLM_OUT_NA, "there are no overlay networks");
}

static void check_secrets(struct plm_checking *k)
{
    if (is_no_manager(k) || answer_is_missing(k, &k->daemon->secrets, "GET /secrets") ||
        answer_is_missing(k, &k->daemon->services, "GET /services"))
        return;
    size_t i, n, j, m, exposed = 0;
    yyjson_val *v, *e;
    yyjson_arr_foreach(k->daemon->services.root, i, n, v)
    {
        yyjson_val *env = plm_json_at(v, "Spec", "TaskTemplate", "ContainerSpec", "Env", NULL);
        yyjson_arr_foreach(env, j, m, e)
        {
            plm_sv name, value;
            struct plm_secret_hit hit;
            if (!plm_sv_cut(plm_json_sv(e), '=', &name, &value) ||
                !plm_secret_in(k->arena, name, value, &hit))
                continue;
            plm_say(k, PLM_OUT_FAIL, "service %.*s: ContainerSpec.Env: %.*s holds %.*s (%.*s)",
                    PLM_SV_ARG(plm_json_str(v, "Spec", "Name", NULL)), PLM_SV_ARG(name), PLM_SV_ARG(hit.kind),
                    PLM_SV_ARG(hit.masked));
            exposed++;
        }
    }
    size_t secrets = yyjson_arr_size(k->daemon->secrets.root);
    plm_say(k,
            exposed   ? PLM_OUT_FAIL
            : secrets ? PLM_OUT_PASS
                      : PLM_OUT_MANUAL,
            "swarm secrets: %zu", secrets);
}

static void check_auto_lock(struct plm_checking *k)
{
    if (is_no_manager(k) || answer_is_missing(k, &k->daemon->swarm, "GET /swarm"))
        return;
    bool on = plm_json_bool(plm_json_at(k->daemon->swarm.root, "Spec", "EncryptionConfig", NULL),
                            "AutoLockManagers", false);
    plm_say(k, on ? PLM_OUT_PASS : PLM_OUT_FAIL, "Spec.EncryptionConfig.AutoLockManagers: %s",
            on ? "true" : "false");
}

static void check_unlock_key(struct plm_checking *k)
{
    if (!is_no_manager(k))
        plm_say(k, PLM_OUT_MANUAL, "the engine does not say when the unlock key was rotated last");
}

static void check_certificates(struct plm_checking *k)
{
    enum { EXPIRY_MAX_DAYS = 90 };
    if (is_no_manager(k) || answer_is_missing(k, &k->daemon->swarm, "GET /swarm"))
        return;
    int64_t ns =
        plm_json_int(plm_json_at(k->daemon->swarm.root, "Spec", "CAConfig", NULL), "NodeCertExpiry", 0);
    int64_t days = ns / 1000000000 / DAY;
    if (ns <= 0)
        plm_say(k, PLM_OUT_UNKNOWN, "Spec.CAConfig.NodeCertExpiry: not given");
    else
        plm_say(k, days > EXPIRY_MAX_DAYS ? PLM_OUT_FAIL : PLM_OUT_PASS,
                "Spec.CAConfig.NodeCertExpiry: %" PRId64 " days", days);
}

static void check_ca(struct plm_checking *k)
{
    if (is_no_manager(k) || answer_is_missing(k, &k->daemon->swarm, "GET /swarm"))
        return;
    yyjson_val *root = k->daemon->swarm.root;
    plm_sv pem = plm_json_str(root, "TLSInfo", "TrustRoot", NULL);
    BIO *bio = pem.n && pem.n < INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    int days = 0, seconds = 0;
    if (cert && ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert), NULL))
        plm_say(k, PLM_OUT_MANUAL, "TLSInfo.TrustRoot: made %d days ago", days);
    else
        plm_say(k, PLM_OUT_MANUAL, "TLSInfo.TrustRoot: cannot be read");
    X509_free(cert);
    BIO_free(bio);
    plm_say(k, PLM_OUT_MANUAL, "RootRotationInProgress: %s",
            plm_json_bool(root, "RootRotationInProgress", false) ? "true" : "false");
}

static void check_traffic(struct plm_checking *k)
{
    plm_sv at = plm_json_str(k->daemon->info.root, "Swarm", "NodeAddr", NULL);
    plm_say(k, PLM_OUT_MANUAL, "Swarm.NodeAddr: %.*s; the engine does not show its data path address",
            PLM_SV_ARG(at));
}

/* ---- S1 --------------------------------------------------------------------------------------------- */

struct service_spec {
    yyjson_val *container, *resources, *privileges;
};

static void judge_rights(struct plm_checking *k, const struct service_spec *s)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(plm_json_at(s->container, "CapabilityAdd", NULL), i, n, v)
    {
        plm_say(k, PLM_OUT_FAIL, "ContainerSpec.CapabilityAdd: %.*s", PLM_SV_ARG(plm_json_sv(v)));
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_HIGH);
    }
    plm_sv seccomp = plm_json_str(s->privileges, "Seccomp", "Mode", NULL);
    plm_sv apparmor = plm_json_str(s->privileges, "AppArmor", "Mode", NULL);
    if (plm_sv_is(seccomp, "unconfined") || plm_sv_is(apparmor, "disabled")) {
        plm_say(k, PLM_OUT_FAIL, "Privileges: seccomp %.*s, AppArmor %.*s", PLM_SV_ARG(seccomp),
                PLM_SV_ARG(apparmor));
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_HIGH);
    }
    if (!plm_json_bool(s->privileges, "NoNewPrivileges", false))
        plm_say(k, PLM_OUT_FAIL, "Privileges.NoNewPrivileges: false");
    plm_sv user = plm_json_str(s->container, "User", NULL), name;
    if (user.p && plm_user_kind(user, &name) == PLM_USER_ROOT)
        plm_say(k, PLM_OUT_FAIL, "ContainerSpec.User: %.*s", PLM_SV_ARG(user));
    if (!plm_json_bool(s->container, "ReadOnly", false))
        plm_say(k, PLM_OUT_FAIL, "ContainerSpec.ReadOnly: false");
}

static void judge_mounts(struct plm_checking *k, const struct service_spec *s)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(plm_json_at(s->container, "Mounts", NULL), i, n, v)
    {
        plm_sv source = plm_json_str(v, "Source", NULL);
        if (!plm_sv_is(plm_json_str(v, "Type", NULL), "bind"))
            continue;
        struct plm_path_risk risk =
            plm_path_risk(k->facts, k->arena, source, !plm_json_bool(v, "ReadOnly", false));
        plm_say(k, PLM_OUT_FAIL, "ContainerSpec.Mounts: bind of %.*s%s%s", PLM_SV_ARG(source),
                risk.why ? ": " : "", risk.why ? risk.why : "");
        if (risk.severity > PLM_SEV_MEDIUM) /* never below what any bind weighs */
            plm_weigh(k, PLM_SV_NULL, risk.severity);
    }
}

static void judge_limits(struct plm_checking *k, const struct service_spec *s)
{
    static const char *const limits[] = {"MemoryBytes", "NanoCPUs", "Pids"};
    yyjson_val *v = plm_json_at(s->resources, "Limits", NULL);
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        if (plm_json_int(v, limits[i], 0) <= 0)
            plm_say(k, PLM_OUT_FAIL, "Resources.Limits.%s: none", limits[i]);
}

static void judge_image(struct plm_checking *k, const struct service_spec *s)
{
    plm_sv image = plm_json_str(s->container, "Image", NULL);
    plm_say(k, plm_sv_has(image, PLM_SV("@sha256:")) ? PLM_OUT_PASS : PLM_OUT_FAIL,
            "ContainerSpec.Image: %.*s", PLM_SV_ARG(image));
    plm_sv health = plm_json_sv(yyjson_arr_get_first(plm_json_at(s->container, "Healthcheck", "Test", NULL)));
    if (plm_sv_is(health, "NONE"))
        plm_say(k, PLM_OUT_FAIL, "ContainerSpec.Healthcheck.Test: NONE");
}

static void check_service(struct plm_checking *k)
{
    yyjson_val *task = plm_json_at(k->service, "Spec", "TaskTemplate", NULL);
    const struct service_spec s = {.container = plm_json_at(task, "ContainerSpec", NULL),
                                   .resources = plm_json_at(task, "Resources", NULL),
                                   .privileges = plm_json_at(task, "ContainerSpec", "Privileges", NULL)};
    if (!s.container) {
        plm_say(k, PLM_OUT_NA, "the task is no container (Runtime: %.*s)",
                PLM_SV_ARG(plm_json_str(task, "Runtime", NULL)));
        return;
    }
    judge_rights(k, &s);
    judge_mounts(k, &s);
    judge_limits(k, &s);
    judge_image(k, &s);
}

/* ---- the tables ------------------------------------------------------------------------------------------
 */

#define SWARM .stage = PLM_STAGE_SWARM, .subject = PLM_PER_SWARM

static const struct plm_check operations_checks[] = {
    {.id = "6.1",
     .title = "no heap of unused images",
     .level = 1,
     .is_manual = true,
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_IMAGES,
     .subject = PLM_PER_DAEMON,
     .reads = "images and the containers that use them",
     .rationale = "What nobody uses nobody patches, and somebody will run it again.",
     .fix = "`docker image prune --all`",
     .impact = PLM_IMPACT_SAFE,
     .aliases = "check_6_1",
     .run = check_image_sprawl},
    {.id = "6.2",
     .title = "no heap of stopped containers",
     .level = 1,
     .is_manual = true,
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_CONTAINERS,
     .subject = PLM_PER_DAEMON,
     .reads = "State.FinishedAt, audit.max-idle",
     .rationale =
         "A stopped container keeps its image, its configuration and its data, and can be started as it was.",
     .fix = "`docker container prune --filter until=720h`",
     .impact = PLM_IMPACT_SAFE,
     .aliases = "check_6_2",
     .run = check_container_sprawl},
};
static const struct plm_check_group operations = {
    .id = "operations", .summary = "what lies about", .checks = operations_checks, .n = 2};
PLM_REGISTER(plm_check_groups, struct plm_check_group, operations);

static const struct plm_check swarm_checks[] = {
    {.id = "7.1",
     .title = "the swarm has enough managers, and an odd number",
     .level = 1,
     .severity = PLM_SEV_MEDIUM,
     SWARM,
     .reads = "Spec.Role and ManagerStatus.Reachability of every node",
     .rationale = "A swarm decides by majority: an even number adds a node that may fail and no safety.",
     .fix = "`docker node promote NODE` or `docker node demote NODE` until 3, 5 or 7 are reachable",
     .impact = PLM_IMPACT_SAFE,
     .aliases = "check_7_1",
     .run = check_managers},
    {.id = "7.2",
     .title = "the swarm listens on one address",
     .level = 1,
     .severity = PLM_SEV_MEDIUM,
     SWARM,
     .reads = "listening sockets of the engine, port 2377, IPv4 and IPv6",
     .rationale = "On every interface the management port is open to networks that have no business with it.",
     .fix = "`docker swarm init --listen-addr ADDRESS:2377 --advertise-addr ADDRESS`",
     .impact = PLM_IMPACT_MAY_BREAK,
     .aliases = "check_7_2",
     .run = check_binding},
    {.id = "7.3",
     .title = "overlay networks are encrypted",
     .level = 1,
     .severity = PLM_SEV_MEDIUM,
     SWARM,
     .reads = "Options.encrypted of every overlay network, ingress too",
     .rationale =
         "Overlay traffic crosses the wire between hosts in the clear unless the network says otherwise.",
     .fix = "`docker network create --driver overlay --opt encrypted NAME`",
     .impact = PLM_IMPACT_MAY_BREAK,
     .aliases = "check_7_3",
     .run = check_encryption},
    {.id = "7.4",
     .title = "services get secrets as secrets",
     .level = 2,
     .is_manual = true,
     .severity = PLM_SEV_HIGH,
     SWARM,
     .reads = "secrets, and ContainerSpec.Env of every service",
     .rationale =
         "An environment variable is shown to everybody who may inspect the service, and ends up in logs.",
     .fix = "`docker secret create NAME FILE`, then `--secret NAME` and a `_FILE` variable",
     .impact = PLM_IMPACT_RESTART,
     .aliases = "check_7_4",
     .run = check_secrets},
    {.id = "7.5",
     .title = "managers are locked after a restart",
     .level = 2,
     .severity = PLM_SEV_MEDIUM,
     SWARM,
     .reads = "Spec.EncryptionConfig.AutoLockManagers",
     .rationale = "Without it the keys of the swarm lie in the clear on every manager's disk.",
     .fix = "`docker swarm update --autolock=true`, and keep the key",
     .impact = PLM_IMPACT_MAY_BREAK,
     .aliases = "check_7_5",
     .run = check_auto_lock},
    {.id = "7.6",
     .title = "the unlock key is rotated",
     .level = 1,
     .is_manual = true,
     .severity = PLM_SEV_LOW,
     SWARM,
     .reads = "nothing: the engine keeps no date",
     .rationale = "A key that never changes is known to everybody who ever worked here.",
     .fix = "`docker swarm unlock-key --rotate`",
     .impact = PLM_IMPACT_SAFE,
     .aliases = "check_7_6",
     .run = check_unlock_key},
    {.id = "7.7",
     .title = "node certificates expire soon enough",
     .level = 2,
     .is_manual = true,
     .severity = PLM_SEV_LOW,
     SWARM,
     .reads = "Spec.CAConfig.NodeCertExpiry",
     .rationale = "A stolen node certificate is good until it expires.",
     .fix = "`docker swarm update --cert-expiry 2160h`",
     .impact = PLM_IMPACT_SAFE,
     .aliases = "check_7_7",
     .run = check_certificates},
    {.id = "7.8",
     .title = "the swarm's certificate authority is rotated",
     .level = 2,
     .is_manual = true,
     .severity = PLM_SEV_LOW,
     SWARM,
     .reads = "TLSInfo.TrustRoot, RootRotationInProgress",
     .rationale = "Who has the authority's key can join any node.",
     .fix = "`docker swarm ca --rotate`",
     .impact = PLM_IMPACT_SAFE,
     .aliases = "check_7_8",
     .run = check_ca},
    {.id = "7.9",
     .title = "management and data traffic are apart",
     .level = 2,
     .is_manual = true,
     .severity = PLM_SEV_LOW,
     SWARM,
     .reads = "Swarm.NodeAddr",
     .rationale = "On a network of its own the management plane does not meet application traffic.",
     .fix = "`docker swarm init --advertise-addr ADDRESS --data-path-addr OTHER`",
     .impact = PLM_IMPACT_MAY_BREAK,
     .aliases = "check_7_9",
     .run = check_traffic},
    {.id = "S1",
     .title = "services ask for least privilege and limits",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_SWARM,
     .subject = PLM_PER_SERVICE,
     .reads = "TaskTemplate.ContainerSpec and Resources.Limits of every service",
     .rationale = "A service is the template of containers on every node: what it asks for, all of them get.",
     .fix = "`docker service update --cap-drop ALL --read-only --limit-memory 512M --limit-pids 200 ...`",
     .impact = PLM_IMPACT_RESTART,
     .run = check_service},
};
static const struct plm_check_group swarm = {.id = "swarm",
                                             .summary = "swarm mode",
                                             .checks = swarm_checks,
                                             .n = sizeof(swarm_checks) / sizeof(swarm_checks[0])};
PLM_REGISTER(plm_check_groups, struct plm_check_group, swarm);
