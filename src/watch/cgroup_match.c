/* SPDX-License-Identifier: Apache-2.0
 *
 * Which container a cgroup path names (falco-rules.md part 6). Engines put the container's id at the end of
 * the path, each in its own dress; the matchers are tried in Falco's order, a table of rows per engine.
 *
 * Ids of podman, docker and the CRI engines are 64 hexadecimal digits at the end of the path, before a
 * suffix. A container that makes groups of its own below (an init system, an engine inside) is not on the
 * host because of that: when nothing stands at the end, the deepest component in such a dress counts. Groups
 * of ctr are /NAMESPACE/ID with a free id; units of systemd look alike and are told apart by their suffixes.
 */
#include "watch/meta.h"

enum { ID_DIGITS = 64, NAME_MAX_BYTES = 64 };

struct dress {
    enum plm_runtime runtime;
    const char *prefix, *suffix;
};

/* The order is the order of matching. "/" alone is docker's and, for Falco, after that the CRI's: the first
 * wins. */
static const struct dress dresses[] = {
    {PLM_RT_PODMAN, "/libpod-", ""},
    {PLM_RT_PODMAN, "/libpod-", ".scope"},
    {PLM_RT_PODMAN, "/libpod-", ".scope/container"},
    {PLM_RT_PODMAN, "/libpod-payload-", ""},
    {PLM_RT_PODMAN, "/libpod-payload-", ".scope"},
    {PLM_RT_PODMAN, "/libpod-payload-", ".scope/container"},
    {PLM_RT_DOCKER, "/", ""},
    {PLM_RT_DOCKER, "/docker-", ".scope"},
    {PLM_RT_CRI, "/crio-", ""},
    {PLM_RT_CRI, "/cri-containerd-", ".scope"},
    {PLM_RT_CRI, "/crio-", ".scope"},
    {PLM_RT_CRI, ":cri-containerd:", ""},
    {PLM_RT_CRI, "/nerdctl-", ".scope"},
};
enum { N_DRESSES = sizeof(dresses) / sizeof(dresses[0]) };

static bool is_hex(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
    }
    return true;
}

static bool ends_in(plm_sv path, const struct dress *d, plm_sv *out_id)
{
    plm_sv prefix = plm_sv_from(d->prefix), suffix = plm_sv_from(d->suffix);
    if (path.n < prefix.n + ID_DIGITS + suffix.n || !plm_sv_ends(path, suffix))
        return false;
    size_t at = path.n - suffix.n - ID_DIGITS;
    *out_id = plm_sv_sub(path, at, ID_DIGITS);
    return is_hex(*out_id) && plm_sv_ends(plm_sv_sub(path, 0, at), prefix);
}

static bool match_hex(plm_sv path, enum plm_runtime *out_runtime, plm_sv *out_id)
{
    for (size_t i = 0; i < N_DRESSES; i++)
        if (ends_in(path, &dresses[i], out_id)) {
            *out_runtime = dresses[i].runtime;
            return true;
        }
    return false;
}

/* Kubernetes' own groups around a pod say that "/ID" is a CRI container and not one of docker. */
static enum plm_runtime refine(plm_sv path, enum plm_runtime r)
{
    return r == PLM_RT_DOCKER && plm_sv_has(path, PLM_SV("/kubepods")) ? PLM_RT_CRI : r;
}

static bool match_above(plm_sv path, enum plm_runtime *out_runtime, plm_sv *out_id)
{
    for (;;) {
        size_t slash = plm_sv_rfind(path, '/');
        if (slash == SIZE_MAX || slash == 0)
            return false;
        path = plm_sv_sub(path, 0, slash);
        if (match_hex(path, out_runtime, out_id))
            return true;
    }
}

static bool is_word(plm_sv s, const char *extra)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr(extra, c)))
            return false;
    }
    return s.n > 0;
}

static bool is_unit(plm_sv s)
{
    return plm_sv_ends(s, PLM_SV(".service")) || plm_sv_ends(s, PLM_SV(".slice")) ||
           plm_sv_ends(s, PLM_SV(".scope"));
}

static bool match_containerd(plm_sv path, plm_sv *out_id)
{
    plm_sv ns, id;
    if (!plm_sv_starts(path, PLM_SV("/")) || !plm_sv_cut(plm_sv_from_off(path, 1), '/', &ns, &id))
        return false;
    if (!is_word(ns, "._-") || is_unit(ns) || id.n > NAME_MAX_BYTES || !is_word(id, "._-") || is_unit(id))
        return false;
    *out_id = id;
    return true;
}

static bool match_lxc(plm_sv path, plm_sv *out_id)
{
    static const char *const places[] = {"/lxc/", "/lxc.payload/", "/lxc.payload."};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        plm_sv place = plm_sv_from(places[i]);
        size_t at = plm_sv_find_sv(path, place);
        if (at == SIZE_MAX)
            continue;
        plm_sv rest = plm_sv_from_off(path, at + place.n), tail;
        (void)plm_sv_cut(rest, '/', out_id, &tail);
        if (out_id->n)
            return true;
    }
    return false;
}

static bool match_libvirt(plm_sv path, plm_sv *out_id)
{
    plm_sv last = PLM_SV(".libvirt-lxc"), mark = PLM_SV("-lxc\\x2d"), old = PLM_SV("/libvirt/lxc/");
    if (plm_sv_ends(path, last)) {
        size_t slash = plm_sv_rfind(path, '/');
        if (slash != SIZE_MAX && path.n - last.n > slash + 1) {
            *out_id = plm_sv_sub(path, slash + 1, path.n - last.n - slash - 1);
            return true;
        }
    }
    size_t at = plm_sv_find_sv(path, mark);
    if (at != SIZE_MAX) {
        plm_sv id = plm_sv_from_off(path, at + mark.n);
        if (plm_sv_ends(id, PLM_SV("/libvirt")))
            id.n -= sizeof("/libvirt") - 1;
        if (plm_sv_ends(id, PLM_SV(".scope")) && id.n > sizeof(".scope") - 1) {
            id.n -= sizeof(".scope") - 1;
            *out_id = id;
            return true;
        }
    }
    at = plm_sv_find_sv(path, old);
    if (at == SIZE_MAX || at + old.n == path.n)
        return false;
    *out_id = plm_sv_from_off(path, at + old.n);
    return true;
}

static bool match_bpm(plm_sv path, plm_sv *out_id)
{
    size_t at = plm_sv_find_sv(path, PLM_SV("bpm-"));
    if (at == SIZE_MAX)
        return false;
    plm_sv id = plm_sv_from_off(path, at + 4);
    size_t scope = plm_sv_find_sv(id, PLM_SV(".scope"));
    if (scope != SIZE_MAX)
        id = plm_sv_sub(id, 0, scope);
    *out_id = id;
    return is_word(id, "._-");
}

bool plm_cgroup_container(plm_sv path, enum plm_runtime *out_runtime, plm_sv *out_id)
{
    static const struct {
        enum plm_runtime runtime;
        bool (*match)(plm_sv path, plm_sv *out_id);
    } named[] = {
        {PLM_RT_LXC, match_lxc},
        {PLM_RT_LIBVIRT_LXC, match_libvirt},
        {PLM_RT_BPM, match_bpm},
        {PLM_RT_CONTAINERD, match_containerd},
    };
    if (match_hex(path, out_runtime, out_id) || match_above(path, out_runtime, out_id)) {
        *out_runtime = refine(path, *out_runtime);
        return true;
    }
    /* The free form of containerd is asked last: "/lxc/NAME" would fit it too, and means lxc. */
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
        if (named[i].match(path, out_id)) {
            *out_runtime = named[i].runtime;
            return true;
        }
    return false;
}
