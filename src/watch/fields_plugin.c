/* SPDX-License-Identifier: Apache-2.0
 *
 * Fields that only Falco's plugins fill: those of the Kubernetes API (k8smeta), of its audit log (ka) and of
 * JSON events (json, jevt). They stand here so that `watch fields` names them and a rule that uses one is
 * told apart from a rule with a slip of the pen; they have no value.
 */
#include "watch/field_int.h"

#define P (PLM_F_PLUGIN)
#define L (PLM_F_PLUGIN | PLM_F_LIST)
#define A (PLM_F_PLUGIN | PLM_F_ARG_KEY | PLM_F_ARG_NEEDED)
#define I (PLM_F_PLUGIN | PLM_F_ARG_INDEX | PLM_F_ARG_KEY)
// clang-format off
static const struct plm_field k8smeta_fields[] = {
    {"k8smeta.daemonset.label", PLM_V_STR, A, "A label of the daemon set", .get = plm_field_none},
    {"k8smeta.daemonset.labels", PLM_V_STR, P, "All labels of the daemon set", .get = plm_field_none},
    {"k8smeta.daemonset.name", PLM_V_STR, P, "Name of the daemon set", .get = plm_field_none},
    {"k8smeta.daemonset.uid", PLM_V_STR, P, "Uid of the daemon set", .get = plm_field_none},
    {"k8smeta.deployment.label", PLM_V_STR, A, "A label of the deployment", .get = plm_field_none},
    {"k8smeta.deployment.labels", PLM_V_STR, P, "All labels of the deployment", .get = plm_field_none},
    {"k8smeta.deployment.name", PLM_V_STR, P, "Name of the deployment", .get = plm_field_none},
    {"k8smeta.deployment.uid", PLM_V_STR, P, "Uid of the deployment", .get = plm_field_none},
    {"k8smeta.ns.label", PLM_V_STR, A, "A label of the namespace", .get = plm_field_none},
    {"k8smeta.ns.labels", PLM_V_STR, P, "All labels of the namespace", .get = plm_field_none},
    {"k8smeta.ns.name", PLM_V_STR, P, "Name of the namespace", .get = plm_field_none},
    {"k8smeta.ns.uid", PLM_V_STR, P, "Uid of the namespace", .get = plm_field_none},
    {"k8smeta.pod.ip", PLM_V_STR, P, "Address of the pod", .get = plm_field_none},
    {"k8smeta.pod.label", PLM_V_STR, A, "A label of the pod", .get = plm_field_none},
    {"k8smeta.pod.labels", PLM_V_STR, P, "All labels of the pod", .get = plm_field_none},
    {"k8smeta.pod.name", PLM_V_STR, P, "Name of the pod", .get = plm_field_none},
    {"k8smeta.pod.uid", PLM_V_STR, P, "Uid of the pod", .get = plm_field_none},
    {"k8smeta.rc.label", PLM_V_STR, A, "A label of the replication controller", .get = plm_field_none},
    {"k8smeta.rc.labels", PLM_V_STR, P, "All labels of the replication controller", .get = plm_field_none},
    {"k8smeta.rc.name", PLM_V_STR, P, "Name of the replication controller", .get = plm_field_none},
    {"k8smeta.rc.uid", PLM_V_STR, P, "Uid of the replication controller", .get = plm_field_none},
    {"k8smeta.rs.label", PLM_V_STR, A, "A label of the replica set", .get = plm_field_none},
    {"k8smeta.rs.labels", PLM_V_STR, P, "All labels of the replica set", .get = plm_field_none},
    {"k8smeta.rs.name", PLM_V_STR, P, "Name of the replica set", .get = plm_field_none},
    {"k8smeta.rs.uid", PLM_V_STR, P, "Uid of the replica set", .get = plm_field_none},
    {"k8smeta.svc.label", PLM_V_STR, A, "A label of the services", .get = plm_field_none},
    {"k8smeta.svc.labels", PLM_V_STR, L, "All labels of the services", .get = plm_field_none},
    {"k8smeta.svc.name", PLM_V_STR, L, "Name of the services", .get = plm_field_none},
    {"k8smeta.svc.uid", PLM_V_STR, L, "Uid of the services", .get = plm_field_none},
    {.name = NULL},
};
static const struct plm_field ka_fields[] = {
    {"ka.auditid", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.authorization.decision", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.authorization.reason", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.cluster.name", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.host_node_name", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.impuser.groups", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.impuser.name", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.binding.role", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.binding.subjects", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.configmap.name", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.configmap.obj", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.container.host_ipc", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.container.host_network", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.container.host_pid", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.container.image", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.container.image.repository", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.container.image.tag", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.container.privileged", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.add_capabilities", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.allow_privilege_escalation", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.args", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.command", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.eff_run_as_group", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.eff_run_as_user", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.host_port", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.image", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.image.repository", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.image.tag", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.privileged", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.proc_mount", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.read_only_fs", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.run_as_group", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.containers.run_as_user", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.fs_group", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.host_ipc", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.host_network", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.host_pid", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.run_as_group", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.run_as_user", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.supplemental_groups", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.volumes.flexvolume_driver", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.volumes.hostpath", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.pod.volumes.volume_type", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.role.rules", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.role.rules.apigroups", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.role.rules.nonresourceurls", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.role.rules.resources", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.role.rules.verbs", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.service.ports", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.service.type", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.req.volume.hostpath", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.resp.name", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.response.code", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.response.reason", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.sourceips", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.stage", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.target.name", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.target.namespace", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.target.pod.name", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.target.resource", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.target.subresource", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.uri", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.uri.param", PLM_V_STR, A, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.user.groups", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.user.name", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.useragent", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.validations.admission.policy.failure", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {"ka.verb", PLM_V_STR, I, "Of the Kubernetes audit log", .get = plm_field_none},
    {.name = NULL},
};
static const struct plm_field jevt_fields[] = {
    {"jevt.obj", PLM_V_STR, P, "The JSON event as text", .get = plm_field_none},
    {"jevt.rawtime", PLM_V_STR, P, "Time of the JSON event", .get = plm_field_none},
    {"jevt.time", PLM_V_STR, P, "Time of the JSON event as text", .get = plm_field_none},
    {"jevt.time.iso8601", PLM_V_STR, P, "Time of the JSON event as ISO 8601", .get = plm_field_none},
    {"jevt.value", PLM_V_STR, A, "A value of the JSON event by its pointer", .get = plm_field_none},
    {.name = NULL},
};
static const struct plm_field json_fields[] = {
    {"json.obj", PLM_V_STR, P, "The JSON event as text", .get = plm_field_none},
    {"json.rawtime", PLM_V_STR, P, "Time of the JSON event", .get = plm_field_none},
    {"json.value", PLM_V_STR, A, "A value of the JSON event by its pointer", .get = plm_field_none},
    {.name = NULL},
};
// clang-format on
static const struct plm_field_class k8smeta_class = {
    "k8smeta", "Objects of the Kubernetes API (plugin k8smeta)", k8smeta_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, k8smeta_class);
static const struct plm_field_class ka_class = {"ka", "The Kubernetes audit log (plugin k8saudit)",
                                                ka_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, ka_class);
static const struct plm_field_class jevt_class = {"jevt", "JSON events (plugin json)", jevt_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, jevt_class);
static const struct plm_field_class json_class = {"json", "JSON events (plugin json)", json_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, json_class);
