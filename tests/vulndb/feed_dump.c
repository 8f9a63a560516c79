/* SPDX-License-Identifier: Apache-2.0
 *
 * feed-dump FORMAT ROOT < PATHS: what a feed format makes of plain files, as JSON lines (sink.h).
 * Paths are relative to ROOT, one a line. For tests that compare a feed with an independent reading.
 */
#include "base/fs.h"
#include "sink.h"

#include <string.h>

static int fail(plm_err *err)
{
    plm_auto_free char *text = plm_err_text(err);
    fprintf(stderr, "%s\n", text ? text : "out of memory");
    plm_err_free(err);
    return 1;
}

static int run(struct test_sink *t, const struct plm_feed_format *f, const char *root, plm_err **err)
{
    plm_auto_free char *line = NULL;
    size_t cap = 0;
    for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
        if (line[n - 1] == '\n')
            line[n - 1] = '\0';
        plm_auto_free char *path = plm_fs_join(root, line);
        plm_auto_done(plm_buf_done) struct plm_buf data = PLM_BUF(PLM_MIB(1024));
        if (!path || plm_fs_read(path, data.max, &data, err) < 0)
            return -1;
        struct plm_feed_file file = {.name = plm_sv_from(line), .data = plm_buf_sv(&data)};
        if (f->file(&t->sink, &file, err) < 0)
            return -1;
        fwrite(t->out.p, 1, t->out.n, stdout);
        plm_buf_clear(&t->out);
    }
    if (f->finish && f->finish(&t->sink, err) < 0)
        return -1;
    fwrite(t->out.p, 1, t->out.n, stdout);
    return 0;
}

int main(int argc, char **argv)
{
    const struct plm_feed_format *f = argc == 3 ? test_format(argv[1]) : NULL;
    if (!f) {
        fprintf(stderr, "usage: feed-dump FORMAT ROOT < PATHS\n");
        return 2;
    }
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct test_sink t;
    plm_err *err = NULL;
    test_sink_init(&t, &ctx, PLM_MIB(256));
    int rc = run(&t, f, argv[2], &err);
    test_sink_done(&t);
    return rc < 0 ? fail(err) : 0;
}
