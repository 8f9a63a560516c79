/* SPDX-License-Identifier: Apache-2.0
 *
 * How the image was built, by its history and its Dockerfile: package indexes, ADD, sudo, upgrades of the
 * distribution, caches left behind, packages that nobody verified.
 *
 * RUN texts are cut into simple commands by the shell reader, so that a name in a comment, a string or
 * another command's argument is no fault. Whether lists of packages were left is also asked of the files: a
 * cache mount leaves none, and no history tells of it.
 */
#include "inspect/names.h"
#include "inspect/steps.h"

/* clang-format off */
static const struct plm_inspect_check checks[] = {
    {.id = "4.7", .aliases = "CIS-DI-0007", .group = "image", .severity = PLM_SEV_CRITICAL, .level = "FATAL",
     .title = "the package index is refreshed in the step that installs",
     .rationale = "A refresh in a layer of its own comes out of the build cache: later installs get old packages.",
     .fix = "`RUN apt-get update && apt-get install -y ... && rm -rf /var/lib/apt/lists/*` in one step"},
    {.id = "4.9", .aliases = "CIS-DI-0009 DL3020", .group = "image", .severity = PLM_SEV_CRITICAL, .level = "FATAL",
     .title = "files are copied, not added",
     .rationale = "ADD downloads and unpacks as well: what lands in the image is not what stands in the build context.",
     .fix = "COPY; for a download `ADD --checksum=sha256:... URL`, or RUN with a check of the sum"},
    {.id = "4.11", .aliases = "CIS-DI-0011", .group = "image", .severity = PLM_SEV_MEDIUM,
     .title = "only verified packages are installed",
     .rationale = "A package or script without a verified signature is whatever the mirror, or someone in between, makes it.",
     .fix = "remove the switch and install the repository's key; download scripts to a file, compare their checksum, then run them"},
    {.id = "DKL-DI-0001", .aliases = "DL3004", .group = "image", .severity = PLM_SEV_CRITICAL, .level = "FATAL",
     .title = "no build step uses sudo",
     .rationale = "Build steps are root already where they need it; sudo in the image helps whoever gets a shell in it.",
     .fix = "`USER root` before the step and `USER app` behind it"},
    {.id = "DKL-DI-0003", .group = "image", .severity = PLM_SEV_MEDIUM, .level = "WARN",
     .title = "no build step upgrades the distribution",
     .rationale = "A distribution upgrade makes of the image something that its base's maintainers never tested, and another thing each day.",
     .fix = "use a newer tag of the base image"},
    {.id = "DKL-DI-0004", .aliases = "DL3019", .group = "image", .severity = PLM_SEV_CRITICAL, .level = "FATAL",
     .title = "apk add keeps no cache",
     .rationale = "The package index stays in the layer and makes it larger.",
     .fix = "`apk add --no-cache`"},
    {.id = "DKL-DI-0005", .aliases = "DL3009", .group = "image", .severity = PLM_SEV_CRITICAL, .level = "FATAL",
     .title = "apt's package lists are removed in the step that fetched them",
     .rationale = "The lists stay in the layer, make it larger, and let a later install take outdated versions.",
     .fix = "`&& rm -rf /var/lib/apt/lists/*` at the end of the same RUN"},
    {.id = NULL}};
/* clang-format on */
static const struct plm_inspect_checks table = {.name = "image-steps", .v = checks};
PLM_REGISTER(plm_inspect_check_tables, struct plm_inspect_checks, table);

/* ---- commands ------------------------------------------------------------------------------------- */

static bool is_in(const char *const *list, plm_sv s)
{
    for (; *list; list++)
        if (plm_sv_is(s, *list))
            return true;
    return false;
}

static const char *const apt[] = {"apt-get", "apt", "aptitude", NULL};
static const char *const rpm_managers[] = {"yum", "dnf", "microdnf", "tdnf", NULL};
static const char *const wrappers[] = {"sudo", "env", "exec", "command", "time", "nice", "eatmydata", NULL};

/* The command's words from its real name on: behind sudo, env A=b and the like. */
static size_t real_name(const struct plm_sh_command *c)
{
    size_t i = 0;
    for (; i < c->words.n; i++) {
        plm_sv w = c->words.v[i].text;
        size_t slash = plm_sv_rfind(w, '/');
        plm_sv base = slash == SIZE_MAX ? w : plm_sv_from_off(w, slash + 1);
        bool is_option = i > 0 && (plm_sv_starts(w, PLM_SV("-")) || plm_sv_find(w, '=') != SIZE_MAX);
        if (!is_option && !is_in(wrappers, base))
            break;
    }
    return i < c->words.n ? i : 0;
}

static plm_sv name_of(const struct plm_sh_command *c)
{
    if (!c->words.n)
        return PLM_SV_NULL;
    plm_sv w = c->words.v[real_name(c)].text;
    size_t slash = plm_sv_rfind(w, '/');
    return slash == SIZE_MAX ? w : plm_sv_from_off(w, slash + 1);
}

static bool has_word(const struct plm_sh_command *c, plm_sv word)
{
    for (size_t i = real_name(c) + 1; i < c->words.n; i++)
        if (plm_sv_eq(c->words.v[i].text, word))
            return true;
    return false;
}

static bool has_any(const struct plm_sh_command *c, const char *const *list)
{
    for (size_t i = real_name(c) + 1; i < c->words.n; i++)
        if (is_in(list, c->words.v[i].text))
            return true;
    return false;
}

static bool refreshes(const struct plm_sh_command *c)
{
    static const char *const rpm[] = {"makecache", "check-update", NULL}, *const zypper[] = {"refresh", "ref",
                                                                                             NULL};
    plm_sv name = name_of(c);
    if (is_in(apt, name) || plm_sv_is(name, "apk"))
        return has_word(c, PLM_SV("update"));
    return (is_in(rpm_managers, name) && has_any(c, rpm)) ||
           (plm_sv_is(name, "zypper") && has_any(c, zypper));
}

static bool uses_index(const struct plm_sh_command *c)
{
    static const char *const words[] = {"install",   "upgrade",  "dist-upgrade", "full-upgrade",
                                        "build-dep", "add",      "groupinstall", "in",
                                        "up",        "download", "source",       NULL};
    plm_sv name = name_of(c);
    bool is_manager =
        is_in(apt, name) || is_in(rpm_managers, name) || plm_sv_is(name, "apk") || plm_sv_is(name, "zypper");
    return is_manager && has_any(c, words);
}

/* "rm -rf DIR/..." in the same step. */
static bool removes(const struct plm_step *s, plm_sv dir)
{
    for (size_t i = 0; i < s->shell.commands.n; i++) {
        const struct plm_sh_command *c = &s->shell.commands.v[i];
        bool is_rm = plm_sv_is(name_of(c), "rm") || plm_sv_is(name_of(c), "find");
        for (size_t k = 1; is_rm && k < c->words.n; k++) {
            plm_sv w = c->words.v[k].text;
            bool is_parent = w.n > 1 && plm_sv_starts(dir, w) && (w.n == dir.n || dir.p[w.n] == '/');
            if (plm_sv_starts(w, dir) || is_parent)
                return true;
        }
    }
    return false;
}

/* ---- judges --------------------------------------------------------------------------------------- */

/* Each RUN; false (and said) where there is neither history nor Dockerfile. */
#define EACH_STEP(j, s)                                                                                      \
    const struct plm_steps *steps = (j)->subject;                                                            \
    if (steps->missing)                                                                                      \
        plm_judge_say(j, PLM_OUT_NA, "%s", steps->missing);                                                  \
    for (const struct plm_step *s = steps->v.v; s && s < steps->v.v + steps->v.n; s++)

static void judge_refresh(struct plm_judging *j)
{
    EACH_STEP (j, s) {
        bool is_refresh = false, is_used = false;
        for (size_t i = 0; i < s->shell.commands.n; i++) {
            is_refresh = is_refresh || refreshes(&s->shell.commands.v[i]);
            is_used = is_used || uses_index(&s->shell.commands.v[i]);
        }
        if (is_refresh && !is_used)
            plm_step_fail(j, s, "the package index is refreshed and not used");
    }
}

static bool is_archive(plm_sv word)
{
    static const char *const ends[] = {".tar",     ".tar.gz", ".tgz",     ".tar.xz",   ".txz",
                                       ".tar.bz2", ".tbz2",   ".tar.zst", ".tar.lzma", NULL};
    for (size_t i = 0; ends[i]; i++)
        if (plm_sv_ends(word, plm_sv_from(ends[i])))
            return true;
    return false;
}

/* Why ADD is wrong for this source; NULL: it is what ADD is for. */
static const char *add_fault(const struct plm_df_instr *in, plm_sv source)
{
    bool is_url = plm_sv_has(source, PLM_SV("://")) || plm_sv_starts(source, PLM_SV("git@"));
    if (is_url)
        return plm_df_flag(in, "checksum").p ? NULL : "ADD downloads without a checksum";
    return is_archive(source) ? NULL : "ADD where COPY would do";
}

static void judge_add(struct plm_judging *j)
{
    EACH_STEP (j, s) {
        if (s->in->kind != PLM_DF_ADD || s->in->words.n < 2)
            continue;
        plm_sv to = s->in->words.v[s->in->words.n - 1];
        const char *why = NULL;
        for (size_t i = 0; !why && i + 1 < s->in->words.n; i++)
            why = add_fault(s->in, s->in->words.v[i]);
        bool is_root = s->is_first && plm_sv_is(to, "/"); /* the base image's own file system */
        if (why && !is_root)
            plm_step_fail(j, s, "%s", why);
    }
}

static void judge_sudo(struct plm_judging *j)
{
    EACH_STEP (j, s) {
        for (size_t i = 0; i < s->shell.commands.n; i++)
            if (plm_sv_is(plm_sh_base(&s->shell.commands.v[i]), "sudo")) {
                plm_step_fail(j, s, "sudo");
                break;
            }
    }
}

static bool upgrades_distribution(const struct plm_sh_command *c)
{
    static const char *const of_apt[] = {"dist-upgrade", "full-upgrade", NULL},
                             *const of_zypper[] = {"dist-upgrade", "dup", NULL},
                             *const of_rpm[] = {"distro-sync", "system-upgrade", NULL};
    plm_sv name = name_of(c);
    return plm_sv_is(name, "do-release-upgrade") || (is_in(apt, name) && has_any(c, of_apt)) ||
           (plm_sv_is(name, "zypper") && has_any(c, of_zypper)) ||
           (is_in(rpm_managers, name) && has_any(c, of_rpm));
}

static void judge_upgrade(struct plm_judging *j)
{
    EACH_STEP (j, s) {
        for (size_t i = 0; i < s->shell.commands.n; i++)
            if (upgrades_distribution(&s->shell.commands.v[i])) {
                plm_step_fail(j, s, "the distribution is upgraded");
                break;
            }
    }
}

static void judge_apk(struct plm_judging *j)
{
    EACH_STEP (j, s) {
        for (size_t i = 0; i < s->shell.commands.n; i++) {
            const struct plm_sh_command *c = &s->shell.commands.v[i];
            if (!plm_sv_is(name_of(c), "apk") || !has_word(c, PLM_SV("add")) ||
                plm_sh_has_flag(c, "no-cache") || removes(s, PLM_SV("/var/cache/apk")))
                continue;
            plm_step_fail(j, s, "apk add without --no-cache");
            break;
        }
    }
}

/* ---- apt's lists ---------------------------------------------------------------------------------- */

/* The first list file of the merged view, or NULL; *out_known: the files would tell. */
static const struct plm_fact_file *left_list(const struct plm_inspection *in, bool *out_known)
{
    const plm_sv dir = PLM_SV("/var/lib/apt/lists/");
    bool has_apt = false;
    for (size_t i = 0; in->facts->known & PLM_FACT_FILES && i < in->facts->files.n; i++) {
        plm_sv path = in->facts->files.v[i].path;
        has_apt = has_apt || plm_sv_is(path, "/var/lib/apt");
        if (plm_sv_starts(path, dir) && plm_sv_find(plm_sv_from_off(path, dir.n), '/') == SIZE_MAX &&
            plm_sv_find(path, '_') != SIZE_MAX)
            return &in->facts->files.v[i];
    }
    *out_known = has_apt;
    return NULL;
}

static bool is_removed_later(const struct plm_steps *steps, const struct plm_step *from)
{
    for (const struct plm_step *s = from + 1; s < steps->v.v + steps->v.n; s++)
        if (removes(s, PLM_SV("/var/lib/apt/lists")))
            return true;
    return false;
}

static void judge_lists(struct plm_judging *j)
{
    bool is_known = false, is_told = false;
    const struct plm_fact_file *left = left_list(j->in, &is_known);
    EACH_STEP (j, s) {
        bool fetches = false;
        for (size_t i = 0; i < s->shell.commands.n; i++)
            fetches = fetches ||
                      (is_in(apt, name_of(&s->shell.commands.v[i])) && refreshes(&s->shell.commands.v[i]));
        bool is_clean = is_known && !left && !is_removed_later(steps, s);
        if (!fetches || removes(s, PLM_SV("/var/lib/apt/lists")) || is_clean)
            continue;
        plm_step_fail(j, s, "apt's lists are left in this layer");
        is_told = true;
    }
    if (left && !is_told)
        plm_judge_fail(j, PLM_SV("/var/lib/apt/lists"), "file", 0, left->layer, "%.*s is left",
                       PLM_SV_ARG(left->path));
}

/* ---- 4.11 ----------------------------------------------------------------------------------------- */

static const char *unverified_word(plm_sv w)
{
    static const char *const exact[] = {"--allow-unauthenticated",
                                        "--nogpgcheck",
                                        "--no-gpg-check",
                                        "--no-gpg-checks",
                                        "--allow-untrusted",
                                        "--force-yes",
                                        "--trusted-host",
                                        "--nosignature",
                                        "--nodigest",
                                        "--unsafe-perm",
                                        "--no-verify-ssl",
                                        "--allow-insecure-repositories",
                                        "--nosslcheck",
                                        "--no-check-gpg",
                                        NULL};
    static const char *const inside[] = {"AllowUnauthenticated=true",
                                         "AllowUnauthenticated=1",
                                         "AllowInsecureRepositories=true",
                                         "AllowInsecureRepositories=1",
                                         "trusted=yes",
                                         "gpgcheck=0",
                                         "--trusted-host=",
                                         NULL};
    for (size_t i = 0; exact[i]; i++)
        if (plm_sv_is(w, exact[i]))
            return exact[i];
    for (size_t i = 0; inside[i]; i++)
        if (plm_sv_has(w, plm_sv_from(inside[i])))
            return inside[i];
    return NULL;
}

static const char *unverified_switch(const struct plm_step *s)
{
    for (size_t i = 0; i < s->shell.commands.n; i++) {
        const struct plm_sh_command *c = &s->shell.commands.v[i];
        for (size_t k = 0; k < c->words.n; k++) {
            const char *why = unverified_word(c->words.v[k].text);
            if (why)
                return why;
        }
        for (size_t k = 0; k < c->redirects.n; k++)
            if (plm_sv_has(c->redirects.v[k].heredoc, PLM_SV("gpgcheck=0")) ||
                plm_sv_has(c->redirects.v[k].heredoc, PLM_SV("trusted=yes")))
                return "a repository without signatures";
    }
    return NULL;
}

static bool is_download(const struct plm_sh_command *c)
{
    plm_sv name = name_of(c);
    return plm_sv_is(name, "curl") || plm_sv_is(name, "wget") || plm_sv_is(name, "fetch");
}

static bool is_interpreter(const struct plm_sh_command *c)
{
    static const char *const names[] = {"sh",   "bash", "ash",  "dash", "zsh",    "ksh", "python", "python3",
                                        "perl", "ruby", "node", "eval", "source", ".",   "php",    NULL};
    return is_in(names, name_of(c));
}

/* Does what command i prints end in an interpreter? */
static bool feeds_interpreter(const struct plm_shell *sh, size_t i)
{
    const struct plm_sh_command *from = &sh->commands.v[i];
    for (size_t k = i + 1; from->is_piped && k < sh->commands.n; k++) {
        const struct plm_sh_command *c = &sh->commands.v[k];
        if (c->group == from->group && c->link != PLM_SH_PIPE)
            return false;
        if (c->group == from->group && is_interpreter(c))
            return true;
    }
    return false;
}

/* "curl ... | sh", "sh -c "$(curl ...)"", "bash <(curl ...)": what came is run before anyone could compare
 * it. */
static bool runs_download(const struct plm_step *s)
{
    bool has_subst = false, has_interpreter = false;
    for (size_t i = 0; i < s->shell.commands.n; i++) {
        const struct plm_sh_command *c = &s->shell.commands.v[i];
        has_subst = has_subst || (c->is_subst && is_download(c));
        has_interpreter = has_interpreter || (!c->is_subst && is_interpreter(c));
        if (is_download(c) && feeds_interpreter(&s->shell, i))
            return true;
    }
    return has_subst && has_interpreter;
}

static void judge_verified(struct plm_judging *j)
{
    EACH_STEP (j, s) {
        const char *why = unverified_switch(s);
        if (why)
            plm_step_fail(j, s, "packages are installed unverified: %s", why);
        else if (runs_download(s))
            plm_step_fail(j, s, "a download is run without comparing a checksum");
    }
}

static const struct plm_judge judges[] = {
    {"4.7", judge_refresh, NULL},         {"4.9", judge_add, NULL},
    {"4.11", judge_verified, NULL},       {"DKL-DI-0001", judge_sudo, NULL},
    {"DKL-DI-0003", judge_upgrade, NULL}, {"DKL-DI-0004", judge_apk, NULL},
    {"DKL-DI-0005", judge_lists, NULL},
};

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->wants[PLM_KIND_MISCONFIGURATION];
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_steps steps;
    if (!scratch)
        return plm_fail_oom(err);
    if (plm_steps_read(in, scratch, &steps, err) < 0)
        return -1;
    return plm_judge_all_of(in, &steps, judges, sizeof(judges) / sizeof(judges[0]), err);
}

static const struct plm_inspector image_steps = {
    .id = "image-steps",
    .summary = "how the image was built, by its history and its Dockerfile: indexes, ADD, sudo, caches, "
               "unverified packages",
    .needs_entries = true,
    .needs_config = true,
    .is_wanted = is_wanted,
    .inspect = inspect,
    .order = 10,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, image_steps);
