/* SPDX-License-Identifier: Apache-2.0
 *
 * The cache of layers and repositories: what is in it, and making it smaller.
 */
#include "base/cachedir.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"

static int need_dir(const struct plm_cli *cli, plm_err **err)
{
    if (cli->ctx.cache_dir)
        return 0;
    int rc = plm_fail_id(err, PLM_E_CONFIG, "cache.no-dir",
                         "no cache directory: neither HOME nor XDG_CACHE_HOME is set");
    plm_err_hint(err, "--cache-dir DIR");
    return rc;
}

static void put_json(const struct plm_cli *cli, struct plm_buf *b, const struct plm_cache_status *s)
{
    plm_buf_str(b, "{\"directory\": ");
    plm_text_json(b, plm_sv_from(cli->ctx.cache_dir));
    plm_buf_printf(b, ", \"records\": %llu, \"bytes\": %llu, \"parts\": {", (unsigned long long)s->records,
                   (unsigned long long)s->bytes);
    for (enum plm_cache_part i = 0; i < PLM_CACHE_PARTS_; i++)
        plm_buf_printf(b, "%s\"%s\": {\"records\": %llu, \"bytes\": %llu}", i ? ", " : "",
                       plm_cache_folder(i), (unsigned long long)s->parts[i].records,
                       (unsigned long long)s->parts[i].bytes);
    plm_buf_str(b, "}, \"oldest_used\": ");
    if (s->oldest_used) {
        plm_buf_byte(b, '"');
        plm_time_put(b, (int64_t)s->oldest_used);
        plm_buf_str(b, "\"}\n");
    } else {
        plm_buf_str(b, "null}\n");
    }
}

static int show(struct plm_cli *cli, const struct plm_cache_status *s, const char *verb, plm_err **err)
{
    bool json;
    if (plm_cli_wants_json(cli, &json, err) < 0)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    if (json) {
        put_json(cli, &b, s);
        return plm_cli_print(plm_buf_sv(&b), err);
    }
    uint64_t layers = s->parts[PLM_CACHE_PART_LAYERS].records, repo = s->parts[PLM_CACHE_PART_REPO].records;
    plm_buf_printf(&b, "%s%llu layer%s, %llu file%s of repositories, ", verb, (unsigned long long)layers,
                   layers == 1 ? "" : "s", (unsigned long long)repo, repo == 1 ? "" : "s");
    plm_text_bytes(&b, s->bytes);
    if (s->oldest_used) {
        int64_t age = plm_now(&cli->ctx) - (int64_t)s->oldest_used;
        plm_buf_str(&b, ", least recently used ");
        plm_text_age(&b, age > 0 ? age : 0);
        plm_buf_str(&b, " ago");
    }
    plm_buf_str(&b, ", in ");
    plm_text_escape(&b, plm_sv_from(cli->ctx.cache_dir));
    plm_buf_byte(&b, '\n');
    return plm_cli_print(plm_buf_sv(&b), err);
}

static int run_status(struct plm_cli *cli, plm_err **err)
{
    struct plm_cache_status s;
    if (need_dir(cli, err) < 0 || plm_cache_status(&cli->ctx, &s, err) < 0)
        return -1;
    return show(cli, &s, "", err);
}

static int run_prune(struct plm_cli *cli, plm_err **err)
{
    struct plm_cache_status removed;
    if (need_dir(cli, err) < 0 ||
        plm_cache_prune(&cli->ctx, plm_config_number(cli->config, "max-size"), 0, &removed, err) < 0)
        return -1;
    return show(cli, &removed, "removed ", err);
}

static const struct plm_command cache_status = {
    .name = "cache status",
    .summary = "what the cache of layers and repositories holds, and where",
    .run = run_status,
};
PLM_REGISTER(plm_commands, struct plm_command, cache_status);

static const struct plm_command cache_prune = {
    .name = "cache prune",
    .summary = "remove what was not used for longest",
    .help =
        "Removes the least recently used layer records and repository files until at most --max-size stays. "
        "Safe while other scans run.",
    .examples = "plimsoll cache prune --max-size 100M\tkeep 100 MiB\n"
                "plimsoll cache prune --max-size 0\tremove everything\n",
    .foreign = " clean ",
    .run = run_prune,
};
PLM_REGISTER(plm_commands, struct plm_command, cache_prune);
