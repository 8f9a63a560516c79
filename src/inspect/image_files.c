/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of an image by their names, modes and kinds: setuid and setgid programs, what everyone may write,
 * what builds leave behind.
 *
 * One walk over the sorted list of entries for each check; O(entries x names).
 */
#include "inspect/names.h"

#include <sys/stat.h>

/* clang-format off */
static const struct plm_inspect_check checks[] = {
    {.id = "4.8", .aliases = "CIS-DI-0008", .group = "files", .severity = PLM_SEV_NEGLIGIBLE, .level = "INFO",
     .title = "no file has the set-uid or set-gid bit",
     .rationale = "A flaw in such a program gives whoever may start it the rights of its owner.",
     .fix = "`RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +`, or accept single ones by `audit.allowed-setuid`"},
    {.id = "DKL-LI-0003", .group = "files", .severity = PLM_SEV_NEGLIGIBLE, .level = "INFO",
     .title = "nothing is left over from building and editing",
     .rationale = "Caches make the image large; a repository, an editor's or a shell's files tell an intruder what the source looks like.",
     .fix = "list them in .dockerignore, or copy only what the program needs from a build stage"},
    {.id = "I6", .group = "files", .severity = PLM_SEV_MEDIUM,
     .title = "nothing in the image can be written by everyone",
     .rationale = "A program, setting or directory that every user may change lets a process without rights replace what another one will run. A directory for all needs the sticky bit.",
     .fix = "`chmod o-w` on files, `chmod +t` on directories that really are for all"},
    {.id = NULL}};
/* clang-format on */
static const struct plm_inspect_checks table = {.name = "image-files", .v = checks};
PLM_REGISTER(plm_inspect_check_tables, struct plm_inspect_checks, table);

/* ---- the walk ------------------------------------------------------------------------------------- */

static bool files_are_missing(struct plm_judging *j)
{
    if (j->in->facts->known & PLM_FACT_FILES)
        return false;
    plm_judge_say(j, PLM_OUT_UNKNOWN, "the list of files was not read");
    return true;
}

/* ---- 4.8 ------------------------------------------------------------------------------------------ */

static void judge_setuid(struct plm_judging *j)
{
    const struct plm_image_facts *facts = j->in->facts;
    if (files_are_missing(j))
        return;
    for (size_t i = 0; i < facts->files.n; i++) {
        const struct plm_fact_file *f = &facts->files.v[i];
        if (!S_ISREG(f->mode) || !(f->mode & (S_ISUID | S_ISGID)) ||
            plm_path_matches(&j->in->opt->accepted_setuid, f->path))
            continue;
        const char *what =
            f->mode & S_ISUID ? f->mode & S_ISGID ? "set-uid and set-gid" : "set-uid" : "set-gid";
        plm_judge_fail(j, f->path, "file", 0, f->layer, "%.*s is %s: mode %04o, owner %u:%u",
                       PLM_SV_ARG(f->path), what, f->mode & 07777, f->uid, f->gid);
    }
}

/* ---- I6 ------------------------------------------------------------------------------------------- */

static void judge_writable(struct plm_judging *j)
{
    const struct plm_image_facts *facts = j->in->facts;
    if (files_are_missing(j))
        return;
    for (size_t i = 0; i < facts->files.n; i++) {
        const struct plm_fact_file *f = &facts->files.v[i];
        bool is_dir = S_ISDIR(f->mode);
        if ((!is_dir && !S_ISREG(f->mode)) || !(f->mode & S_IWOTH) || (is_dir && (f->mode & S_ISVTX)))
            continue;
        plm_judge_fail(j, f->path, "file", 0, f->layer, "%.*s is a %s that everyone may write: mode %04o",
                       PLM_SV_ARG(f->path), is_dir ? "directory without the sticky bit" : "file",
                       f->mode & 07777);
    }
}

/* ---- DKL-LI-0003 ------------------------------------------------------------------------------------ */

static const char *const left_files[] = {"Dockerfile",
                                         "Dockerfile.*",
                                         "*.Dockerfile",
                                         "Containerfile",
                                         "docker-compose.yml",
                                         "docker-compose.yaml",
                                         "docker-compose.*.yml",
                                         "compose.yml",
                                         "compose.yaml",
                                         ".dockerignore",
                                         ".vimrc",
                                         ".viminfo",
                                         ".*.swp",
                                         ".*.swo",
                                         ".DS_Store",
                                         "Thumbs.db",
                                         ".bash_history",
                                         ".ash_history",
                                         ".python_history",
                                         ".node_repl_history",
                                         ".mysql_history",
                                         ".psql_history",
                                         NULL};
static const char *const left_dirs[] = {".cache",        ".git",          ".svn",    ".hg",    ".vscode",
                                        ".idea",         ".npm",          ".aws",    ".azure", ".gcp",
                                        ".node-gyp",     ".parcel-cache", ".gradle", ".m2",    ".nyc_output",
                                        ".pytest_cache", ".ccache",       NULL};
/* Files below these mean that a package manager was not told to clean up. */
static const char *const cache_dirs[] = {"/var/cache/apt/archives/*.deb",
                                         "/var/cache/apk/*",
                                         "/var/cache/yum/**",
                                         "/var/cache/dnf/**",
                                         "/var/cache/zypp/**",
                                         NULL};

static bool is_one_of(const char *const *patterns, plm_sv s)
{
    for (; *patterns; patterns++)
        if (plm_sv_glob(plm_sv_from(*patterns), s))
            return true;
    return false;
}

/* Is there a regular file below the directory of entry `at`? The list is sorted by path, so that all of it
 * follows closely; other names may stand between ("/a-b" before "/a/b"). */
static bool has_file_below(const struct plm_image_facts *facts, size_t at)
{
    plm_sv dir = facts->files.v[at].path;
    for (size_t i = at + 1; i < facts->files.n && plm_sv_starts(facts->files.v[i].path, dir); i++) {
        plm_sv path = facts->files.v[i].path;
        if (path.p[dir.n] == '/' && S_ISREG(facts->files.v[i].mode))
            return true;
    }
    return false;
}

static void judge_leftovers(struct plm_judging *j)
{
    const struct plm_image_facts *facts = j->in->facts;
    plm_sv_vec dirs = {0};
    plm_sv inside = PLM_SV_NULL; /* the directory that was told last */
    if (files_are_missing(j))
        return;
    for (size_t i = 0; i < facts->files.n; i++) {
        const struct plm_fact_file *f = &facts->files.v[i];
        plm_sv base = plm_path_base(f->path);
        bool is_told =
            inside.n && plm_sv_starts(f->path, inside) && f->path.n > inside.n && f->path.p[inside.n] == '/';
        if (is_told || plm_path_is_library(f->path) || plm_path_matches(&j->in->opt->accepted_files, f->path))
            continue;
        if (S_ISDIR(f->mode) && is_one_of(left_dirs, base) && has_file_below(facts, i)) {
            inside = f->path;
            plm_judge_fail(j, f->path, "file", 0, f->layer, "%.*s is a left-over directory",
                           PLM_SV_ARG(f->path));
        } else if (S_ISREG(f->mode) && is_one_of(left_files, base)) {
            plm_judge_fail(j, f->path, "file", 0, f->layer, "%.*s is a left-over file", PLM_SV_ARG(f->path));
        } else if (S_ISREG(f->mode) && is_one_of(cache_dirs, f->path)) {
            plm_sv dir = plm_sv_sub(f->path, 0, f->path.n - base.n - 1);
            if (!dirs.n || !plm_sv_eq(dirs.v[dirs.n - 1], dir))
                plm_judge_fail(j, dir, "file", 0, f->layer, "%.*s holds the cache of a package manager",
                               PLM_SV_ARG(dir));
            plm_sv_vec_add(j->in->report->arena, &dirs, dir);
        }
    }
}

static const struct plm_judge judges[] = {
    {"4.8", judge_setuid, NULL}, {"I6", judge_writable, NULL}, {"DKL-LI-0003", judge_leftovers, NULL}};

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->wants[PLM_KIND_MISCONFIGURATION];
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    return plm_judge_all(in, judges, sizeof(judges) / sizeof(judges[0]), err);
}

static const struct plm_inspector image_files = {
    .id = "image-files",
    .summary =
        "files of the image: set-uid programs, what everyone may write, names of credentials, left-overs",
    .needs_entries = true,
    .is_wanted = is_wanted,
    .inspect = inspect,
    .order = 10,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, image_files);
