/* SPDX-License-Identifier: Apache-2.0
 *
 * Scope-bound cleanup with move-out on success.
 *
 *     plm_auto(plm_stanza_free) struct plm_stanza *st = NULL;
 *     plm_auto_fd int fd = -1;
 *     ...
 *     *out = plm_take(st);
 *
 * A destructor used with plm_auto needs PLM_CLEANUP(type, fn) once, next to its prototype.
 * errno survives the implicit calls.
 */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define PLM_CLEANUP(type, fn)                                                                                \
    static inline void fn##_p(type **p)                                                                      \
    {                                                                                                        \
        int saved_ = errno;                                                                                  \
        if (*p)                                                                                              \
            fn(*p);                                                                                          \
        errno = saved_;                                                                                      \
    }

/* For objects that live in place: fn takes the object's address. */
#define PLM_CLEANUP_INPLACE(type, fn)                                                                        \
    static inline void fn##_ip(type *p)                                                                      \
    {                                                                                                        \
        int saved_ = errno;                                                                                  \
        fn(p);                                                                                               \
        errno = saved_;                                                                                      \
    }

#define plm_auto(fn)      __attribute__((cleanup(fn##_p)))
#define plm_auto_done(fn) __attribute__((cleanup(fn##_ip)))
#define plm_auto_free     __attribute__((cleanup(plm_cleanup_free_)))
#define plm_auto_fd       __attribute__((cleanup(plm_cleanup_fd_)))

#define plm_take(p)                                                                                          \
    ({                                                                                                       \
        __typeof__(p) *q_ = &(p);                                                                            \
        __typeof__(p) v_ = *q_;                                                                              \
        *q_ = NULL;                                                                                          \
        v_;                                                                                                  \
    })

#define plm_take_fd(fd)                                                                                      \
    ({                                                                                                       \
        int *q_ = &(fd);                                                                                     \
        int v_ = *q_;                                                                                        \
        *q_ = -1;                                                                                            \
        v_;                                                                                                  \
    })

static inline void plm_cleanup_free_(void *p)
{
    int saved = errno;
    free(*(void **)p);
    errno = saved;
}

static inline void plm_cleanup_fd_(const int *fd)
{
    int saved = errno;
    if (*fd >= 0)
        close(*fd);
    errno = saved;
}
