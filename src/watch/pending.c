/* SPDX-License-Identifier: Apache-2.0
 *
 * Weak stand-ins for parts of runtime detection that are not there yet; a real definition wins over them.
 */
#include "notify/notify.h"
#include "watch/kfilter.h"
#include "watch/watch.h"

#define W __attribute__((weak))
#pragma GCC diagnostic ignored "-Wunused-parameter"

W void plm_param_text(const struct plm_view *view, unsigned index, struct plm_buf *raw,
                      struct plm_buf *resolved)
{
}
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
W const char *plm_response_action_name(enum plm_action action)
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
