/* SPDX-License-Identifier: Apache-2.0
 *
 * Weak stand-ins for parts of runtime detection that are not there yet; a real definition wins over them.
 */
#include "notify/notify.h"
#include "watch/kfilter.h"
#include "watch/watch.h"

#define W __attribute__((weak))
#pragma GCC diagnostic ignored "-Wunused-parameter"

W const struct plm_evtype *plm_evtype_get(unsigned id)
{
    return NULL;
}
W const struct plm_evtype *plm_evtype_find(plm_sv name)
{
    return NULL;
}
W const struct plm_evtype *plm_evtype_of_syscall(int nr)
{
    return NULL;
}
W unsigned plm_evtype_count(void)
{
    return 0;
}
W int plm_evtype_param(const struct plm_evtype *t, plm_sv name)
{
    return 0;
}
W void plm_param_text(const struct plm_view *view, unsigned index, struct plm_buf *raw,
                      struct plm_buf *resolved)
{
}
W const char *plm_fdtype_name(enum plm_fdtype t)
{
    return NULL;
}
W char plm_fdtype_char(enum plm_fdtype t)
{
    return 0;
}
W const char *plm_errno_name(int e)
{
    return NULL;
}
W void plm_ip_text(const struct plm_ip *ip, struct plm_buf *out) {}
W void plm_addr_text(const struct plm_addr *addr, struct plm_buf *out) {}
W struct plm_meta *plm_meta_new(const struct plm_ctx *ctx, const struct plm_meta_config *conf, plm_err **err)
{
    return NULL;
}
W void plm_meta_free(struct plm_meta *m) {}
W bool plm_cgroup_container(plm_sv path, enum plm_runtime *out_runtime, plm_sv *out_id)
{
    return false;
}
W struct plm_container *plm_meta_of_cgroup(struct plm_meta *m, plm_sv path, int32_t pid)
{
    return NULL;
}
W int plm_meta_put(struct plm_meta *m, const struct plm_container *c, plm_err **err)
{
    return 0;
}
W struct plm_container *plm_meta_find(struct plm_meta *m, plm_sv id)
{
    return NULL;
}
W size_t plm_meta_count(const struct plm_meta *m)
{
    return 0;
}
W int plm_meta_fd(const struct plm_meta *m)
{
    return -1;
}
W size_t plm_meta_poll(struct plm_meta *m)
{
    return 0;
}
W void plm_meta_prime(struct plm_meta *m, unsigned wait_ms) {}
W bool plm_meta_user(struct plm_meta *m, const struct plm_container *c, int32_t pid, uint32_t uid,
                     struct plm_user *out)
{
    return false;
}
W plm_sv plm_meta_group(struct plm_meta *m, const struct plm_container *c, int32_t pid, uint32_t gid)
{
    return PLM_SV_NULL;
}
W int plm_meta_put_user(struct plm_meta *m, const struct plm_container *c, uint32_t uid,
                        const struct plm_user *u, plm_err **err)
{
    return 0;
}
W int plm_meta_put_group(struct plm_meta *m, const struct plm_container *c, uint32_t gid, plm_sv name,
                         plm_err **err)
{
    return 0;
}
W struct plm_procs *plm_procs_new(const struct plm_procs_config *conf, plm_err **err)
{
    return NULL;
}
W void plm_procs_free(struct plm_procs *p) {}
W int plm_procs_put(struct plm_procs *p, const struct plm_task_info *info, plm_err **err)
{
    return 0;
}
W void plm_procs_resync_begin(struct plm_procs *p) {}
W void plm_procs_resync_end(struct plm_procs *p) {}
W struct plm_thread *plm_procs_apply(struct plm_procs *p, const struct plm_event *e)
{
    return NULL;
}
W void plm_procs_after(struct plm_procs *p, const struct plm_event *e) {}
W struct plm_thread *plm_procs_find(struct plm_procs *p, int32_t tid)
{
    return NULL;
}
W uint64_t plm_procs_epoch(const struct plm_procs *p)
{
    return 0;
}
W uint32_t plm_procs_capacity(const struct plm_procs *p)
{
    return 0;
}
W void plm_procs_stats_get(const struct plm_procs *p, struct plm_procs_stats *out) {}
W plm_sv plm_procs_intern(struct plm_procs *p, plm_sv s)
{
    return PLM_SV_NULL;
}
W struct plm_thread *plm_thread_ancestor(const struct plm_thread *t, unsigned n)
{
    return NULL;
}
W struct plm_thread *plm_thread_session_leader(struct plm_procs *p, const struct plm_thread *t)
{
    return NULL;
}
W struct plm_thread *plm_thread_group_leader(struct plm_procs *p, const struct plm_thread *t)
{
    return NULL;
}
W struct plm_thread *plm_thread_vgroup_leader(struct plm_procs *p, const struct plm_thread *t)
{
    return NULL;
}
W plm_sv plm_strings_get(plm_sv strings, size_t i)
{
    return PLM_SV_NULL;
}
W const char *plm_op_name(enum plm_op op)
{
    return NULL;
}
W struct plm_cond *plm_cond_parse(plm_sv text, struct plm_arena *a, size_t *out_offset, plm_err **err)
{
    return NULL;
}
W void plm_cond_text(const struct plm_cond *c, struct plm_buf *out) {}
W int plm_field_resolve(plm_sv text, struct plm_fieldref *out, plm_err **err)
{
    return 0;
}
W const struct plm_field *plm_field_find(plm_sv name)
{
    return NULL;
}
W int plm_field_get(const struct plm_view *view, const struct plm_fieldref *ref, struct plm_values *out)
{
    return 0;
}
W struct plm_value *plm_values_add(const struct plm_view *view, struct plm_values *out)
{
    return NULL;
}
W bool plm_field_text(const struct plm_view *view, const struct plm_fieldref *ref, struct plm_buf *out)
{
    return false;
}
W void plm_value_text(enum plm_vtype type, const struct plm_value *v, struct plm_buf *out) {}
W const char *plm_vtype_name(enum plm_vtype t)
{
    return NULL;
}
W struct plm_output_format *plm_output_compile(plm_sv text, struct plm_arena *a, size_t *out_offset,
                                               plm_err **err)
{
    return NULL;
}
W void plm_output_text(const struct plm_output_format *f, const struct plm_view *view, struct plm_buf *out) {}
W int plm_operand_get(const struct plm_operand *o, const struct plm_view *view, enum plm_vtype *out_type,
                      struct plm_values *out)
{
    return 0;
}
W int plm_operand_resolve(struct plm_operand *o, struct plm_arena *a, enum plm_vtype *out_type,
                          bool *out_is_list, plm_err **err)
{
    return 0;
}
W const char *plm_priority_name(enum plm_priority p)
{
    return NULL;
}
W bool plm_priority_parse(plm_sv text, enum plm_priority *out)
{
    return false;
}
W const char *plm_load_code_name(enum plm_load_code c)
{
    return NULL;
}
W const char *plm_load_code_short(enum plm_load_code c)
{
    return NULL;
}
W const char *plm_load_code_long(enum plm_load_code c)
{
    return NULL;
}
W struct plm_rules *plm_rules_load(const struct plm_ctx *ctx, const struct plm_rules_config *conf,
                                   struct plm_arena *a, struct plm_load_report *report, plm_err **err)
{
    return NULL;
}
W struct plm_rules *plm_rules_ref(struct plm_rules *r)
{
    return NULL;
}
W void plm_rules_unref(struct plm_rules *r) {}
W size_t plm_rules_count(const struct plm_rules *r)
{
    return 0;
}
W const struct plm_rule *plm_rules_get(const struct plm_rules *r, size_t i)
{
    return NULL;
}
W const struct plm_rule *plm_rules_find(const struct plm_rules *r, plm_sv name)
{
    return NULL;
}
W const struct plm_evset *plm_rules_types(const struct plm_rules *r)
{
    return NULL;
}
W uint32_t plm_rules_needs(const struct plm_rules *r)
{
    return 0;
}
W bool plm_rules_match_all(const struct plm_rules *r)
{
    return false;
}
W plm_sv plm_rules_digest(const struct plm_rules *r)
{
    return PLM_SV_NULL;
}
W struct plm_rule_matcher *plm_rule_matcher_new(struct plm_rules *r, plm_err **err)
{
    return NULL;
}
W void plm_rule_matcher_free(struct plm_rule_matcher *m) {}
W size_t plm_rule_matcher_run(struct plm_rule_matcher *m, const struct plm_view *view, const struct plm_rule **out,
                         size_t max)
{
    return 0;
}
W void plm_rule_matcher_drop_cache(void *cache) {}
W void plm_rule_matcher_measure(struct plm_rule_matcher *m, bool is_on) {}
W void plm_rule_matcher_stats(const struct plm_rule_matcher *m, size_t rule, struct plm_rule_stats *out) {}
W int plm_rule_matcher_explain(struct plm_rule_matcher *m, const struct plm_view *view, const struct plm_rule *rule,
                          struct plm_arena *a, struct plm_explained **out, size_t *out_n, bool *out_matched,
                          plm_err **err)
{
    return 0;
}
W struct plm_alert *plm_alert_make(const struct plm_rule *rule, const struct plm_view *view,
                                   const struct plm_alert_options *o, plm_err **err)
{
    return NULL;
}
W struct plm_alert *plm_alert_internal(plm_sv rule, enum plm_priority priority, plm_sv message, uint64_t ts,
                                       const struct plm_alert_field *fields, size_t n_fields, plm_err **err)
{
    return NULL;
}
W void plm_alert_free(struct plm_alert *a) {}
W void plm_alert_line(const struct plm_alert *a, const struct plm_alert_options *o, struct plm_buf *out) {}
W void plm_alert_falco_json(const struct plm_alert *a, const struct plm_alert_options *o, struct plm_buf *out)
{
}
W const struct plm_sink_class *plm_sink_find(plm_sv name)
{
    return NULL;
}
W struct plm_outputs *plm_outputs_new(const struct plm_ctx *ctx, const struct plm_outputs_config *conf,
                                      const struct plm_alert_options *o, struct plm_sink **sinks, size_t n,
                                      plm_err **err)
{
    return NULL;
}
W void plm_outputs_push(struct plm_outputs *o, struct plm_alert *a) {}
W void plm_outputs_reopen(struct plm_outputs *o) {}
W void plm_outputs_stats_get(struct plm_outputs *o, struct plm_outputs_stats *out) {}
W void plm_outputs_close(struct plm_outputs *o, uint64_t wait_ms) {}
W const char *plm_action_name(enum plm_action action)
{
    return NULL;
}
W int plm_response_parse(plm_sv text, struct plm_response *out, plm_err **err)
{
    return 0;
}
W int plm_responses_parse(const plm_sv *texts, size_t n, struct plm_arena *a, struct plm_respond_config *out,
                          plm_err **err)
{
    return 0;
}
W struct plm_responder *plm_responder_new(const struct plm_ctx *ctx, const struct plm_respond_config *conf,
                                          plm_err **err)
{
    return NULL;
}
W void plm_responder_free(struct plm_responder *r) {}
W void plm_responder_act(struct plm_responder *r, struct plm_alert *a, const struct plm_view *view) {}
W struct plm_drift *plm_drift_start(const struct plm_ctx *ctx, const struct plm_drift_config *conf,
                                    void (*on_denied)(void *data, int32_t pid, plm_sv path, bool was_denied),
                                    void *data, plm_err **err)
{
    return NULL;
}
W void plm_drift_hint(struct plm_drift *d, int32_t pid) {}
W void plm_drift_stats_get(struct plm_drift *d, struct plm_drift_stats *out) {}
W void plm_drift_stop(struct plm_drift *d) {}
W const char *plm_kdim_name(enum plm_kdim d)
{
    return NULL;
}
W struct plm_kplan *plm_kplan_make(struct plm_rules *rules, struct plm_arena *a, plm_err **err)
{
    return NULL;
}
W const struct plm_kfilter *plm_kplan_filter(const struct plm_kplan *p)
{
    return NULL;
}
W void plm_kplan_mask(const struct plm_kplan *p, const struct plm_view *view, struct plm_kmask *out) {}
W void plm_kplan_explain(const struct plm_kplan *p, struct plm_buf *out) {}
W bool plm_kfilter_passes(const struct plm_kfilter *f, const struct plm_kmask *task,
                          const struct plm_view *view)
{
    return false;
}
W struct plm_source *plm_sensor_open(const struct plm_ctx *ctx, const struct plm_sensor_config *conf,
                                     const struct plm_kfilter *filter, struct plm_arena *a,
                                     struct plm_sensor_part **out_parts, size_t *out_n_parts, plm_err **err)
{
    return NULL;
}
W int plm_sensor_rescan(struct plm_source *s, plm_err **err)
{
    return 0;
}
