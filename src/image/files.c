/* SPDX-License-Identifier: Apache-2.0
 *
 * The merged view as a list of files, for those who judge files and not only packages.
 */
#include "image/image_int.h"
#include "image/record.h"

#include <sys/stat.h>

enum plm_entry_type plm_entry_type_of(uint32_t mode)
{
    if (S_ISREG(mode))
        return PLM_ENTRY_FILE;
    if (S_ISDIR(mode))
        return PLM_ENTRY_DIR;
    if (S_ISLNK(mode))
        return PLM_ENTRY_SYMLINK;
    if (S_ISCHR(mode))
        return PLM_ENTRY_CHAR;
    if (S_ISBLK(mode))
        return PLM_ENTRY_BLOCK;
    return S_ISFIFO(mode) ? PLM_ENTRY_FIFO : PLM_ENTRY_OTHER;
}

static uint32_t type_bits(enum plm_entry_type t)
{
    switch (t) {
    case PLM_ENTRY_FILE:
    case PLM_ENTRY_HARDLINK:
        return S_IFREG;
    case PLM_ENTRY_DIR:
        return S_IFDIR;
    case PLM_ENTRY_SYMLINK:
        return S_IFLNK;
    case PLM_ENTRY_CHAR:
        return S_IFCHR;
    case PLM_ENTRY_BLOCK:
        return S_IFBLK;
    case PLM_ENTRY_FIFO:
        return S_IFIFO;
    case PLM_ENTRY_OTHER: /* nothing else has a name in a file system */
        return S_IFSOCK;
    case PLM_ENTRY_NONE:
    case PLM_ENTRY_COUNT_:
        break;
    }
    return 0;
}

void plm_analysis_add_file(struct plm_analysis *a, struct plm_arena *arena, const struct plm_record_entry *e,
                           uint32_t layer)
{
    if (!e->path.n || e->type == PLM_ENTRY_NONE)
        return; /* the root itself; a whiteout */
    struct plm_fact_file *f = plm_vec_push(arena, &a->files);
    if (!f)
        return; /* seen by the caller of all */
    bool is_hard = e->type == PLM_ENTRY_HARDLINK, is_implicit = (e->flags & PLM_ENTRY_IMPLICIT) != 0;
    *f = (struct plm_fact_file){
        .path = plm_arena_printf(arena, "/%.*s", PLM_SV_ARG(e->path)),
        .mode = type_bits(e->type) | (is_implicit ? 0755 : e->mode),
        .uid = e->uid,
        .gid = e->gid,
        .size = e->size,
        .link = !e->link.n ? PLM_SV_NULL
                : is_hard  ? plm_arena_printf(arena, "/%.*s", PLM_SV_ARG(e->link))
                           : plm_arena_sv(arena, e->link),
        .layer = layer,
    };
}

static int by_path(const void *pa, const void *pb)
{
    return plm_sv_cmp(((const struct plm_fact_file *)pa)->path, ((const struct plm_fact_file *)pb)->path);
}

void plm_analysis_sort_files(struct plm_analysis *a)
{
    if (a->files.n)
        qsort(a->files.v, a->files.n, sizeof(*a->files.v), by_path);
    a->has_files = true;
}
