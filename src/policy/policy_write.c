/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy as our YAML, or as an Anchore bundle of the old (`1_0`) or the new format. Reading what is written
 * gives the same model. The names of triggers: our form keeps the words of the original (ids of findings
 * depend on them); a bundle has those of its format, so an allowlist that holds ids made of messages ends for
 * those triggers, which is said in a note. What only our form has (reason, reference) goes into the
 * description, where a rule has none.
 */
#include "policy_int.h"

#include "base/buf.h"
#include "base/text.h"
#include "codec/yaml.h"

struct writer {
    const struct plm_policy *p;
    enum plm_policy_form form;
    struct plm_arena *a;
    struct plm_buf *b;
    plm_sv_vec *notes;
    unsigned depth;
    bool is_first;
};

static void __attribute__((format(printf, 2, 3))) note(struct writer *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_sv text = plm_arena_vprintf(w->a, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < w->notes->n; i++)
        if (plm_sv_eq(w->notes->v[i], text))
            return;
    bool is_added = plm_sv_vec_add(w->a, w->notes, text);
    (void)is_added; /* the arena says it at the end */
}

/* ---- YAML ------------------------------------------------------------------------------------ */

static void yaml_key(struct writer *w, unsigned indent, const char *key, plm_sv value)
{
    if (!value.p)
        return;
    plm_buf_printf(w->b, "%*s%s: ", (int)indent, "", key);
    plm_yaml_put(w->b, value, false);
    plm_buf_byte(w->b, '\n');
}

/* A text that a null view stands for is left out; so is an empty one. */
static void yaml_some(struct writer *w, unsigned indent, const char *key, plm_sv value)
{
    yaml_key(w, indent, key, value.n ? value : PLM_SV_NULL);
}

/* "- key: value", then the rest two further in. */
static void yaml_item(struct writer *w, unsigned indent, const char *key, plm_sv value)
{
    plm_buf_printf(w->b, "%*s- ", (int)indent, "");
    plm_yaml_put(w->b, plm_sv_from(key), false);
    plm_buf_str(w->b, ": ");
    plm_yaml_put(w->b, value, false);
    plm_buf_byte(w->b, '\n');
}

/* On one line where it is short. */
static void yaml_params(struct writer *w, unsigned indent, const struct plm_policy_rule *r)
{
    enum { LINE = 100 };
    plm_auto_done(plm_buf_done) struct plm_buf flow = PLM_BUF(PLM_MIB(4));
    for (size_t i = 0; i < r->params.n; i++) {
        plm_buf_str(&flow, i ? ", " : "");
        plm_yaml_put(&flow, r->params.v[i].name, true);
        plm_buf_str(&flow, ": ");
        plm_yaml_put(&flow, r->params.v[i].value, true);
    }
    if (flow.n + indent + 8 <= LINE) {
        plm_buf_printf(w->b, "%*swith: {", (int)indent, "");
        plm_buf_sv_put(w->b, plm_buf_sv(&flow));
        plm_buf_str(w->b, "}\n");
        return;
    }
    plm_buf_printf(w->b, "%*swith:\n", (int)indent, "");
    for (size_t i = 0; i < r->params.n; i++) {
        plm_buf_printf(w->b, "%*s", (int)indent + 2, "");
        plm_yaml_put(w->b, r->params.v[i].name, false);
        plm_buf_str(w->b, ": ");
        plm_yaml_put(w->b, r->params.v[i].value, false);
        plm_buf_byte(w->b, '\n');
    }
}

/* "1_0" is what a text without a version becomes. */
static plm_sv yaml_version(plm_sv version)
{
    return plm_sv_is(version, "1_0") ? PLM_SV_NULL : version;
}

static void yaml_rules(struct writer *w, unsigned indent, const struct plm_policy_set *set)
{
    static const char *const actions[] = {"stop", "warn", "go"}; /* by enum plm_action */
    plm_buf_printf(w->b, "%*srules:%s\n", (int)indent, "", set->rules.n ? "" : " []");
    for (size_t i = 0; i < set->rules.n; i++) {
        const struct plm_policy_rule *r = &set->rules.v[i];
        plm_sv name =
            plm_arena_printf(w->a, "%.*s.%.*s", PLM_SV_ARG(r->gate_text), PLM_SV_ARG(r->trigger_text));
        yaml_item(w, indent + 2, actions[r->action], name);
        yaml_some(w, indent + 4, "id", r->id);
        if (r->params.n)
            yaml_params(w, indent + 4, r);
        yaml_some(w, indent + 4, "description", r->description);
        yaml_some(w, indent + 4, "recommendation", r->recommendation);
        yaml_some(w, indent + 4, "reason", r->reason);
        yaml_some(w, indent + 4, "reference", r->reference);
    }
}

static void yaml_items(struct writer *w, unsigned indent, const struct plm_policy_allowlist *list)
{
    plm_buf_printf(w->b, "%*sallow:%s\n", (int)indent, "", list->items.n ? "" : " []");
    for (size_t i = 0; i < list->items.n; i++) {
        const struct plm_policy_item *x = &list->items.v[i];
        const char *gate = plm_arena_cstr(w->a, x->gate);
        yaml_item(w, indent + 2, gate ? gate : "", x->trigger_id);
        yaml_some(w, indent + 4, "id", x->id);
        yaml_some(w, indent + 4, "until", x->expires_text);
        yaml_some(w, indent + 4, "reason", x->description);
    }
}

static void yaml_ids(struct writer *w, unsigned indent, const char *key, const plm_sv_vec *ids)
{
    plm_buf_printf(w->b, "%*s%s: [", (int)indent, "", key);
    for (size_t i = 0; i < ids->n; i++) {
        plm_buf_str(w->b, i ? ", " : "");
        plm_yaml_put(w->b, ids->v[i], true);
    }
    plm_buf_str(w->b, "]\n");
}

static void yaml_selector(struct writer *w, const struct plm_policy_selector *s)
{
    yaml_item(w, 2, "registry", s->registry);
    yaml_key(w, 4, "repository", s->repository);
    yaml_key(w, 4,
             plm_sv_is(s->type, "id")       ? "image_id"
             : plm_sv_is(s->type, "digest") ? "digest"
                                            : "tag",
             s->value);
    yaml_some(w, 4, "id", s->id);
    yaml_some(w, 4, "name", s->name);
}

static bool is_any(const struct plm_policy_selector *s)
{
    return plm_sv_is(s->registry, "*") && plm_sv_is(s->repository, "*") && plm_sv_is(s->type, "tag") &&
           plm_sv_is(s->value, "*") && plm_sv_is(s->id, "every-image") && !s->name.n;
}

/* One rule set and one allowlist by the names that the short form gives them, for every image. */
static bool is_short(const struct plm_policy *p)
{
    const struct plm_policy_set *s = p->sets.v;
    const struct plm_policy_allowlist *l = p->allowlists.v;
    if (p->sets.n != 1 || p->allowlists.n > 1 || p->mappings.n != 1 || !is_any(&p->mappings.v[0].select))
        return false;
    const struct plm_policy_mapping *m = &p->mappings.v[0];
    if (!plm_sv_is(s->id, "rules") || s->name.n || yaml_version(s->version).n || s->description.n ||
        s->artifact_type.n)
        return false;
    if (p->allowlists.n &&
        (!plm_sv_is(l->id, "allow") || l->name.n || yaml_version(l->version).n || l->description.n))
        return false;
    return m->set_ids.n == 1 && m->allowlist_ids.n == p->allowlists.n;
}

static void yaml_sets(struct writer *w)
{
    const struct plm_policy *p = w->p;
    plm_buf_printf(w->b, "rule_sets:%s\n", p->sets.n ? "" : " []");
    for (size_t i = 0; i < p->sets.n; i++) {
        const struct plm_policy_set *s = &p->sets.v[i];
        yaml_item(w, 2, "id", s->id);
        yaml_some(w, 4, "name", s->name);
        yaml_some(w, 4, "version", yaml_version(s->version));
        yaml_some(w, 4, "description", s->description);
        yaml_some(w, 4, "artifact_type", s->artifact_type);
        yaml_rules(w, 4, s);
    }
    if (p->allowlists.n)
        plm_buf_str(w->b, "allowlists:\n");
    for (size_t i = 0; i < p->allowlists.n; i++) {
        const struct plm_policy_allowlist *l = &p->allowlists.v[i];
        yaml_item(w, 2, "id", l->id);
        yaml_some(w, 4, "name", l->name);
        yaml_some(w, 4, "version", yaml_version(l->version));
        yaml_some(w, 4, "description", l->description);
        yaml_items(w, 4, l);
    }
}

static void put_yaml(struct writer *w)
{
    const struct plm_policy *p = w->p;
    yaml_key(w, 0, "policy", p->id);
    yaml_some(w, 0, "name", p->name);
    yaml_some(w, 0, "version", yaml_version(p->version));
    yaml_some(w, 0, "description", p->description);
    if (is_short(p)) {
        yaml_rules(w, 0, &p->sets.v[0]);
        if (p->allowlists.n)
            yaml_items(w, 0, &p->allowlists.v[0]);
    } else {
        yaml_sets(w);
        plm_buf_printf(w->b, "mappings:%s\n", p->mappings.n ? "" : " []");
        for (size_t i = 0; i < p->mappings.n; i++) {
            yaml_selector(w, &p->mappings.v[i].select);
            yaml_ids(w, 4, "rule_sets", &p->mappings.v[i].set_ids);
            yaml_ids(w, 4, "allowlists", &p->mappings.v[i].allowlist_ids);
        }
    }
    if (p->allowed.n)
        plm_buf_str(w->b, "allowed_images:\n");
    for (size_t i = 0; i < p->allowed.n; i++)
        yaml_selector(w, &p->allowed.v[i]);
    if (p->denied.n)
        plm_buf_str(w->b, "denied_images:\n");
    for (size_t i = 0; i < p->denied.n; i++)
        yaml_selector(w, &p->denied.v[i]);
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static void line(struct writer *w)
{
    plm_buf_printf(w->b, "%s\n%*s", w->is_first ? "" : ",", (int)(2 * w->depth), "");
    w->is_first = false;
}

static void json_name(struct writer *w, const char *key)
{
    line(w);
    if (key) {
        plm_text_json(w->b, plm_sv_from(key));
        plm_buf_str(w->b, ": ");
    }
}

static void json_key(struct writer *w, const char *key, plm_sv value)
{
    json_name(w, key);
    plm_text_json(w->b, value);
}

static void json_some(struct writer *w, const char *key, plm_sv value)
{
    if (value.n)
        json_key(w, key, value);
}

/* key NULL: an item of an array. */
static void json_open(struct writer *w, const char *key, char bracket)
{
    json_name(w, key);
    plm_buf_byte(w->b, (unsigned char)bracket);
    w->depth++;
    w->is_first = true;
}

static void json_close(struct writer *w, char bracket)
{
    w->depth--;
    if (!w->is_first)
        plm_buf_printf(w->b, "\n%*s", (int)(2 * w->depth), "");
    plm_buf_byte(w->b, (unsigned char)bracket);
    w->is_first = false;
}

static bool is_v2(const struct writer *w)
{
    return w->form == PLM_POLICY_FORM_V2;
}

static const char *word(const struct writer *w, const char *legacy, const char *v2)
{
    return is_v2(w) ? v2 : legacy;
}

/* The name of the trigger in the format's words. */
static plm_sv trigger_of(struct writer *w, const struct plm_policy_rule *r)
{
    if (!r->trigger || !r->trigger->legacy_name)
        return r->trigger_text;
    const char *name = is_v2(w) ? r->trigger->name : r->trigger->legacy_name;
    if (!plm_sv_ieq(r->trigger_text, plm_sv_from(name)))
        note(w, "%.*s.%.*s is %.*s.%s there: ids made of its messages, in allowlists, change with it",
             PLM_SV_ARG(r->gate_text), PLM_SV_ARG(r->trigger_text), PLM_SV_ARG(r->gate_text), name);
    return plm_sv_from(name);
}

static plm_sv value_of(const struct writer *w, const struct plm_policy_param *p)
{
    static const char *const words[][2] = {{"whitelist", "allowlist"}, {"blacklist", "denylist"}};
    for (size_t i = 0; i < 2 && plm_sv_is(p->name, "type"); i++)
        if (plm_sv_is(p->value, words[i][!is_v2(w)]))
            return plm_sv_from(words[i][is_v2(w)]);
    return p->value;
}

/* What only our form has, for readers of the other. */
static plm_sv description_of(struct writer *w, const struct plm_policy_rule *r)
{
    if (!r->reason.n && !r->reference.n)
        return r->description;
    if (r->description.n) {
        note(w, "the format has no place for the reason and the reference of a rule with a description");
        return r->description;
    }
    note(w, "reasons and references became descriptions");
    if (!r->reference.n)
        return r->reason;
    return plm_arena_printf(w->a, "%.*s%s[%.*s]", PLM_SV_ARG(r->reason), r->reason.n ? " " : "",
                            PLM_SV_ARG(r->reference));
}

static void json_rule(struct writer *w, const struct plm_policy_rule *r, size_t number)
{
    static const char *const actions[] = {"STOP", "WARN", "GO"};
    json_open(w, NULL, '{');
    if (r->id.n)
        json_key(w, "id", r->id);
    else if (is_v2(w)) /* required there */
        json_key(w, "id", plm_arena_printf(w->a, "rule-%zu", number + 1));
    json_key(w, "gate", r->gate_text);
    json_key(w, "trigger", trigger_of(w, r));
    json_key(w, "action", plm_sv_from(actions[r->action]));
    json_open(w, "params", '[');
    for (size_t i = 0; i < r->params.n; i++) {
        json_open(w, NULL, '{');
        json_key(w, "name", r->params.v[i].name);
        json_key(w, "value", value_of(w, &r->params.v[i]));
        json_close(w, '}');
    }
    json_close(w, ']');
    json_some(w, "description", description_of(w, r));
    json_some(w, "recommendation", r->recommendation);
    if (r->gate && r->gate->origin == PLM_ORIGIN_OURS)
        note(w, "the gate %.*s is plimsoll's own: Anchore refuses a bundle with it",
             PLM_SV_ARG(r->gate_text));
    json_close(w, '}');
}

static plm_sv version_of(const struct writer *w, plm_sv own)
{
    bool is_legacy = plm_sv_is(own, "1_0");
    if (is_v2(w))
        return own.n && !is_legacy ? own : PLM_SV("2");
    return PLM_SV("1_0");
}

/* The keys that v2 requires of an object; the old format does with less. */
static void json_head(struct writer *w, plm_sv id, plm_sv name, plm_sv version, plm_sv description)
{
    json_key(w, "id", id);
    if (name.n || is_v2(w))
        json_key(w, "name", name.n ? name : id);
    json_key(w, "version", version_of(w, version));
    json_some(w, word(w, "comment", "description"), description);
}

static void json_sets(struct writer *w)
{
    json_open(w, word(w, "policies", "rule_sets"), '[');
    for (size_t i = 0; i < w->p->sets.n; i++) {
        const struct plm_policy_set *s = &w->p->sets.v[i];
        json_open(w, NULL, '{');
        json_head(w, s->id, s->name, s->version, s->description);
        if (is_v2(w))
            json_some(w, "artifact_type", s->artifact_type);
        json_open(w, "rules", '[');
        for (size_t k = 0; k < s->rules.n; k++)
            json_rule(w, &s->rules.v[k], k);
        json_close(w, ']');
        json_close(w, '}');
    }
    json_close(w, ']');
}

static void json_allowlists(struct writer *w)
{
    json_open(w, word(w, "whitelists", "allowlists"), '[');
    for (size_t i = 0; i < w->p->allowlists.n; i++) {
        const struct plm_policy_allowlist *l = &w->p->allowlists.v[i];
        json_open(w, NULL, '{');
        json_head(w, l->id, l->name, l->version, l->description);
        json_open(w, "items", '[');
        for (size_t k = 0; k < l->items.n; k++) {
            const struct plm_policy_item *x = &l->items.v[k];
            json_open(w, NULL, '{');
            if (x->id.n)
                json_key(w, "id", x->id);
            else if (is_v2(w))
                json_key(w, "id", plm_arena_printf(w->a, "item-%zu", k + 1));
            json_key(w, "gate", x->gate);
            json_key(w, "trigger_id", x->trigger_id);
            json_some(w, "expires_on", x->expires_text);
            json_some(w, word(w, "comment", "description"), x->description);
            json_close(w, '}');
        }
        json_close(w, ']');
        json_close(w, '}');
    }
    json_close(w, ']');
}

static void json_selector(struct writer *w, const struct plm_policy_selector *s, const char *kind,
                          size_t number)
{
    plm_sv made = plm_arena_printf(w->a, "%s-%zu", kind, number + 1);
    if (s->id.n || is_v2(w))
        json_key(w, "id", s->id.n ? s->id : made);
    json_key(w, "name", s->name.n ? s->name : s->id.n ? s->id : made);
    json_key(w, "registry", s->registry);
    json_key(w, "repository", s->repository);
    json_open(w, "image", '{');
    json_key(w, "type", s->type);
    json_key(w, "value", s->value);
    json_close(w, '}');
}

static void json_ids(struct writer *w, const char *key, const plm_sv_vec *ids)
{
    json_open(w, key, '[');
    for (size_t i = 0; i < ids->n; i++)
        json_key(w, NULL, ids->v[i]);
    json_close(w, ']');
}

static void put_json(struct writer *w)
{
    const struct plm_policy *p = w->p;
    plm_buf_byte(w->b, '{');
    w->depth = 1;
    w->is_first = true;
    json_head(w, p->id, p->name, p->version, p->description);
    json_sets(w);
    json_allowlists(w);
    json_open(w, "mappings", '[');
    for (size_t i = 0; i < p->mappings.n; i++) {
        const struct plm_policy_mapping *m = &p->mappings.v[i];
        json_open(w, NULL, '{');
        json_selector(w, &m->select, "mapping", i);
        json_ids(w, word(w, "policy_ids", "rule_set_ids"), &m->set_ids);
        json_ids(w, word(w, "whitelist_ids", "allowlist_ids"), &m->allowlist_ids);
        json_close(w, '}');
    }
    json_close(w, ']');
    for (int is_denied = 0; is_denied < 2; is_denied++) {
        const struct plm_policy_selector *v = is_denied ? p->denied.v : p->allowed.v;
        size_t n = is_denied ? p->denied.n : p->allowed.n;
        json_open(w,
                  is_denied ? word(w, "blacklisted_images", "denylisted_images")
                            : word(w, "whitelisted_images", "allowlisted_images"),
                  '[');
        for (size_t i = 0; i < n; i++) {
            json_open(w, NULL, '{');
            json_selector(w, &v[i], "image", i);
            json_close(w, '}');
        }
        json_close(w, ']');
    }
    plm_buf_str(w->b, "\n}\n");
}

int plm_policy_write(const struct plm_policy *p, enum plm_policy_form form, struct plm_arena *a,
                     struct plm_buf *out, plm_sv_vec *out_notes, plm_err **err)
{
    struct writer w = {.p = p, .form = form, .a = a, .b = out, .notes = out_notes};
    switch (form) {
    case PLM_POLICY_FORM_OURS:
        put_yaml(&w);
        break;
    case PLM_POLICY_FORM_LEGACY:
    case PLM_POLICY_FORM_V2:
        put_json(&w);
        break;
    }
    return plm_buf_check(out, err) < 0 ? -1 : plm_arena_check(a, err);
}
