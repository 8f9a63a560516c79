/* SPDX-License-Identifier: Apache-2.0
 *
 * The tar reader against libarchive, over archives that GNU tar and Python write.
 */
#include "base/buf.h"
#include "base/fs.h"
#include "codec/hash.h"
#include "codec/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

static char dir[] = "/tmp/plm-tar-XXXXXX";

static int shell(const char *command)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (chdir(dir) == 0)
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return status;
}

static struct plm_stream *open_in_dir(const char *name)
{
    plm_auto_free char *path = plm_fs_join(dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return plm_stream_fd(fd, name, NULL);
}

/* "type name -> link mode uid gid size sha256" of each entry. */
static void list_ours(const char *name, struct plm_buf *out)
{
    plm_auto(plm_stream_free) struct plm_stream *s = open_in_dir(name);
    plm_auto(plm_tar_free) struct plm_tar *t = plm_tar_new(s, &plm_limits_default, NULL);
    struct plm_tar_entry e;
    plm_err *err = NULL;
    int r;
    while ((r = plm_tar_next(t, &e, &err)) > 0) {
        plm_sv n = e.name;
        while (n.n > 1 && n.p[n.n - 1] == '/')
            n.n--;
        plm_auto_done(plm_buf_done) struct plm_buf data = PLM_BUF(PLM_MIB(64));
        unsigned char hash[PLM_SHA256_BYTES];
        char text[PLM_DIGEST_CHARS + 1] = "-";
        plm_buf_printf(out, "%d %.*s -> %.*s %o %llu %llu", (int)e.type, PLM_SV_ARG(n), PLM_SV_ARG(e.link),
                       e.mode, (unsigned long long)e.uid, (unsigned long long)e.gid);
        plm_sv attribute = plm_tar_xattr(&e, "user.note");
        plm_buf_printf(out, " [%.*s]", PLM_SV_ARG(attribute));
        if (e.type == PLM_TAR_FILE) {
            assert_int_equal(plm_tar_slurp(t, data.max, &data, NULL), 0);
            assert_int_equal(data.n, e.size);
            plm_sha256_of(plm_buf_sv(&data), hash);
            plm_digest_text(hash, text);
        }
        plm_buf_printf(out, " %s\n", text);
    }
    if (r < 0)
        fail_msg("%s: %s", name, err->message);
}

static enum plm_tar_type type_of(const struct archive_entry *e)
{
    if (archive_entry_hardlink((struct archive_entry *)(uintptr_t)e))
        return PLM_TAR_HARDLINK;
    switch (archive_entry_filetype((struct archive_entry *)(uintptr_t)e)) {
    case AE_IFREG:
        return PLM_TAR_FILE;
    case AE_IFDIR:
        return PLM_TAR_DIR;
    case AE_IFLNK:
        return PLM_TAR_SYMLINK;
    case AE_IFCHR:
        return PLM_TAR_CHAR;
    case AE_IFBLK:
        return PLM_TAR_BLOCK;
    case AE_IFIFO:
        return PLM_TAR_FIFO;
    default:
        return PLM_TAR_OTHER;
    }
}

static void list_theirs(const char *name, struct plm_buf *out)
{
    plm_auto_free char *path = plm_fs_join(dir, name);
    struct archive *a = archive_read_new();
    struct archive_entry *e;
    archive_read_support_format_tar(a);
    assert_int_equal(archive_read_open_filename(a, path, 65536), ARCHIVE_OK);
    int r;
    while ((r = archive_read_next_header(a, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
        plm_sv n = plm_sv_from(archive_entry_pathname(e));
        while (n.n > 1 && n.p[n.n - 1] == '/')
            n.n--;
        const char *link = archive_entry_hardlink(e) ? archive_entry_hardlink(e) : archive_entry_symlink(e);
        enum plm_tar_type type = type_of(e);
        plm_auto_done(plm_buf_done) struct plm_buf data = PLM_BUF(PLM_MIB(64));
        unsigned char hash[PLM_SHA256_BYTES];
        char text[PLM_DIGEST_CHARS + 1] = "-";
        plm_buf_printf(out, "%d %.*s -> %s %o %lld %lld", (int)type, PLM_SV_ARG(n), link ? link : "",
                       archive_entry_perm(e), (long long)archive_entry_uid(e),
                       (long long)archive_entry_gid(e));
        const char *key;
        const void *value;
        size_t size;
        plm_sv note = {0};
        archive_entry_xattr_reset(e);
        while (archive_entry_xattr_next(e, &key, &value, &size) == ARCHIVE_OK)
            if (strcmp(key, "user.note") == 0)
                note = plm_sv_n(value, size);
        plm_buf_printf(out, " [%.*s]", PLM_SV_ARG(note));
        if (type == PLM_TAR_FILE) {
            const void *block;
            la_int64_t offset;
            while (archive_read_data_block(a, &block, &size, &offset) == ARCHIVE_OK) {
                while (data.n < (size_t)offset)
                    plm_buf_byte(&data, 0);
                plm_buf_put(&data, block, size);
            }
            while (data.n < (size_t)archive_entry_size(e))
                plm_buf_byte(&data, 0);
            plm_sha256_of(plm_buf_sv(&data), hash);
            plm_digest_text(hash, text);
        }
        plm_buf_printf(out, " %s\n", text);
    }
    assert_int_equal(r, ARCHIVE_EOF);
    archive_read_free(a);
}

static const char *const archives[] = {
    "v7:     tar --format=v7 -cf v7 short hard link dir",
    "ustar:  tar --format=ustar -cf ustar short hard link dir deep fifo",
    "gnu:    tar --format=gnu -cf gnu short hard link dir deep fifo long*",
    "pax:    tar --format=pax -cf pax short hard link dir deep fifo long*",
    "paxx:   tar --format=pax --xattrs -cf paxx short noted",
    "gsp:    tar --format=gnu -S -cf gsp sparse short manyholes",
    "psp00:  tar --format=pax --sparse-version=0.0 -S -cf psp00 sparse short manyholes",
    "psp01:  tar --format=pax --sparse-version=0.1 -S -cf psp01 sparse short manyholes",
    "psp10:  tar --format=pax --sparse-version=1.0 -S -cf psp10 sparse short manyholes",
    "bigid:  tar --format=gnu --owner=x:3000000 --group=y:4000000 -cf bigid short dir",
    "python: python3 -c \"import tarfile; t = tarfile.open('python', 'w', format=tarfile.PAX_FORMAT); "
    "t.add('dir'); t.add('deep'); "
    "t.add('link')\"",
};

static void every_format_reads_like_libarchive(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(archives) / sizeof(archives[0]); i++) {
        plm_sv name, command;
        plm_sv_cut(plm_sv_from(archives[i]), ':', &name, &command);
        assert_int_equal(shell(command.p), 0);
        plm_auto_done(plm_buf_done) struct plm_buf ours = PLM_BUF(PLM_MIB(8)), theirs = PLM_BUF(PLM_MIB(8));
        char file[16];
        snprintf(file, sizeof(file), "%.*s", PLM_SV_ARG(name));
        list_ours(file, &ours);
        list_theirs(file, &theirs);
        assert_string_equal(plm_buf_cstr(&ours), plm_buf_cstr(&theirs));
        assert_true(ours.n > 50);
    }
}

/* Every prefix and many single-byte changes: an error or an end, never a crash or a hang. */
static void damage_is_an_error(void **state)
{
    (void)state;
    plm_auto_free char *path = plm_fs_join(dir, "psp10");
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    assert_int_equal(plm_fs_read(path, b.max, &b, NULL), 0);
    size_t errors = 0;
    for (size_t k = 0; k < 3000; k++) {
        size_t n = k < 1500 ? b.n * k / 1500 : b.n, at = k * 2654435761u % 6000 % b.n;
        char was = b.p[at];
        b.p[at] = k < 1500 ? was : (char)(was ^ (1 << k % 8));
        plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_view(plm_sv_n(b.p, n), "damaged", NULL);
        plm_auto(plm_tar_free) struct plm_tar *t = plm_tar_new(s, &plm_limits_default, NULL);
        struct plm_tar_entry e;
        plm_err *err = NULL;
        int r = 0;
        char sink[4096];
        ssize_t got = 0;
        while (got >= 0 && (r = plm_tar_next(t, &e, &err)) > 0)
            while ((got = plm_tar_read(t, sink, sizeof(sink), &err)) > 0)
                ;
        errors += r < 0 || got < 0;
        plm_err_free(err);
        b.p[at] = was;
    }
    assert_true(errors > 1000);
}

static void limits_hold(void **state)
{
    (void)state;
    struct plm_limits l = plm_limits_default;
    l.path_bytes = 100;
    plm_auto(plm_stream_free) struct plm_stream *s = open_in_dir("gnu");
    plm_auto(plm_tar_free) struct plm_tar *t = plm_tar_new(s, &l, NULL);
    struct plm_tar_entry e;
    plm_err *err = NULL;
    int r;
    while ((r = plm_tar_next(t, &e, &err)) > 0)
        ;
    assert_int_equal(r, -1);
    assert_int_equal(plm_err_code(err), PLM_E_LIMIT);
    plm_err_free(err);
    err = NULL;
    l.pax_bytes = 10;
    plm_auto(plm_stream_free) struct plm_stream *s2 = open_in_dir("pax");
    plm_auto(plm_tar_free) struct plm_tar *t2 = plm_tar_new(s2, &l, NULL);
    while ((r = plm_tar_next(t2, &e, &err)) > 0)
        ;
    assert_int_equal(plm_err_code(err), PLM_E_LIMIT);
    plm_err_free(err);
}

/* A header as a hostile or careless writer makes it; checksum right. */
static void put_header(struct plm_buf *b, const char *name, char flag, const char *size, const char *contents)
{
    char h[512] = {0};
    unsigned sum = 0;
    snprintf(h, 100, "%s", name);
    memcpy(h + 100, "0000644", 7);
    memcpy(h + 108, "0000000", 7);
    memcpy(h + 116, "0000000", 7);
    memcpy(h + 124, size, strlen(size));
    memcpy(h + 136, "00000000000", 11);
    memset(h + 148, ' ', 8);
    h[156] = flag;
    memcpy(h + 257, "ustar", 6);
    memcpy(h + 263, "00", 2);
    for (size_t i = 0; i < sizeof(h); i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
    plm_buf_put(b, h, sizeof(h));
    plm_buf_str(b, contents);
    while (b->n % 512)
        plm_buf_byte(b, 0);
}

/* "name type size;" of each entry, then "END" or the error's message. */
static void list_short(plm_sv archive, const struct plm_limits *limits, struct plm_buf *out)
{
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_view(archive, "t", NULL);
    plm_auto(plm_tar_free) struct plm_tar *t = plm_tar_new(s, limits, NULL);
    struct plm_tar_entry e;
    plm_err *err = NULL;
    int r;
    while ((r = plm_tar_next(t, &e, &err)) > 0)
        plm_buf_printf(out, "%.*s %d %llu;", PLM_SV_ARG(e.name), (int)e.type, (unsigned long long)e.size);
    plm_buf_str(out, r == 0 ? "END" : err->message);
    plm_err_free(err);
}

static void odd_archives_are_read_as_docker_does(void **state)
{
    (void)state;
    static const char zero[1024] = {0};
    static const struct {
        const char *name[3];
        char flag[3];
        const char *size[3], *contents[3];
        size_t zeroes; /* bytes between the second and the third header */
        const char *want;
    } rows[] = {
        {{"pax", "a", "b"},
         "g00",
         {"00000000011", "00000000000", "00000000000"},
         {"9 path=x\n", "", ""},
         0,
         "a 0 0;b 0 0;END"},
        {{"pax", "a", "b"},
         "x00",
         {"00000000011", "00000000000", "00000000000"},
         {"9 path=x\n", "", ""},
         0,
         "x 0 0;b 0 0;END"},
        {{"pax", "a", "b"},
         "x00",
         {"00000000011", "00000000003", "00000000000"},
         {"9 size=2\n", "yz", ""},
         0,
         "a 0 2;b 0 0;END"},
        {{"pax", "a", "b"},
         "x00",
         {"00000000011", "00000000000", "00000000000"},
         {"8 path=x\n", "", ""},
         0,
         "t: malformed extended header at offset 0"},
        {{"a", "b", "c"},
         "000",
         {"0", "0", "0"},
         {"", "", ""},
         512,
         "a 0 0;b 0 0;t: a lone zero block at offset 1024"},
        {{"a", "b", "c"}, "000", {"0", "0", "0"}, {"", "", ""}, 1024, "a 0 0;b 0 0;END"},
        {{"d/", "e/", "f"},
         {'0', 0, '5'},
         {"1", "0", "00000001000"},
         {"x", "", ""},
         0,
         "d/ 0 1;e/ 1 0;f 1 0;END"},
        {{"a", "b", "c"}, "012", {"0", "00000001000", "7"}, {"", "", ""}, 0, "a 0 0;b 3 0;c 2 0;END"},
        {{"a", "b", "c"},
         "00S",
         {"0", "9", "0"},
         {"", "", ""},
         0,
         "a 0 0;t: unusable number in a header at offset 512"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1)), out = PLM_BUF(PLM_MIB(1));
        for (size_t k = 0; k < 3; k++) {
            if (k == 2)
                plm_buf_put(&b, zero, rows[i].zeroes);
            put_header(&b, rows[i].name[k], rows[i].flag[k], rows[i].size[k], rows[i].contents[k]);
        }
        list_short(plm_buf_sv(&b), &plm_limits_default, &out);
        assert_string_equal(plm_buf_cstr(&out), rows[i].want);
    }
}

static void the_last_padding_may_be_missing_and_contents_may_not(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1)), out = PLM_BUF(PLM_MIB(1));
    put_header(&b, "a", '0', "00000000003", "xyz");
    list_short(plm_sv_n(b.p, 515), &plm_limits_default, &out);
    assert_string_equal(plm_buf_cstr(&out), "a 0 3;END");
    plm_buf_clear(&out);
    list_short(plm_sv_n(b.p, 514), &plm_limits_default, &out);
    assert_true(plm_sv_starts(plm_buf_sv(&out), PLM_SV("a 0 3;t: ends at offset 514")));
}

static void slurp_fills_a_buffer_that_fits_exactly(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1)), out = PLM_BUF(3);
    put_header(&b, "a", '0', "00000000003", "xyz");
    for (size_t max = 2; max <= 3; max++) {
        plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_view(plm_buf_sv(&b), "t", NULL);
        plm_auto(plm_tar_free) struct plm_tar *t = plm_tar_new(s, &plm_limits_default, NULL);
        struct plm_tar_entry e;
        plm_err *err = NULL;
        assert_int_equal(plm_tar_next(t, &e, NULL), 1);
        assert_int_equal(plm_tar_slurp(t, max, &out, &err), max == 3 ? 0 : -1);
        assert_int_equal(err ? err->code : 0, max == 3 ? 0 : PLM_E_LIMIT);
        plm_err_free(err);
    }
    assert_memory_equal(out.p, "xyz", 3);
}

static int make_files(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    return shell(
        "printf hello >short; ln short hard; ln -s short link; mkdir -p dir/sub; echo x >dir/sub/f; mkfifo "
        "fifo; "
        "n=$(printf 'a%.0s' $(seq 60)); mkdir -p deep/$n/$n; echo y >deep/$n/$n/file; "
        "l=$(printf 'l%.0s' $(seq 200)); echo z >long$l; ln -s $l$l longlink; "
        "truncate -s 3M sparse; printf middle | dd of=sparse bs=1 seek=1000000 conv=notrunc status=none; "
        "truncate -s 4M manyholes; for i in $(seq 40); do printf piece$i | dd of=manyholes bs=1 seek=$((i * "
        "98304)) conv=notrunc "
        "status=none; done; cp short noted; python3 -c \"import os; os.setxattr('noted', 'user.note', "
        "b'seen')\" || true");
}

static int remove_files(void **state)
{
    (void)state;
    return shell("rm -rf \"$PWD\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_reads_like_libarchive),
        cmocka_unit_test(damage_is_an_error),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(odd_archives_are_read_as_docker_does),
        cmocka_unit_test(the_last_padding_may_be_missing_and_contents_may_not),
        cmocka_unit_test(slurp_fills_a_buffer_that_fits_exactly),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
