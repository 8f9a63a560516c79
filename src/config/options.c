/* SPDX-License-Identifier: Apache-2.0
 *
 * The one table of options. A row is a flag, a key of plimsoll.yaml, a variable, a line of help,
 * of the man page and of the completion, and the hint for those who type another tool's name.
 *
 * system_only marks what a plimsoll.yaml out of a pull request may not decide: which data judge the
 * project, which machines are asked, where files are written.
 */
#include "config_int.h"

static const char *const auto_always_never[] = {"auto", "always", "never", NULL};
static const char *const auto_never[] = {"auto", "never", NULL};
static const char *const kinds[] = {"vulnerability", "secret", "misconfiguration", "license", "malware",
                                    "signature",     "audit",  "runtime",          "code",    NULL};
static const char *const levels[] = {"unknown", "negligible", "low", "medium", "high", "critical", NULL};
static const char *const groups[] = {"fix", "package", "layer", "severity", "none", NULL};
static const char *const sorts[] = {"severity", "risk", "epss", "package", "id", NULL};
static const char *const allowed[] = {"incomplete", "empty", NULL};
static const char *const frameworks[] = {"cis", "controls", "nist", "pci", "attack", NULL};
static const char *const policy_modes[] = {"fixed", "compat", NULL};
static const char *const policy_forms[] = {"plimsoll", "anchore", "anchore-v2", NULL};
static const char *const scopes[] = {"merged", "all-layers", NULL};

#define ALL               "*"
#define SCAN              ",scan,explain,find,diff,check,audit,policy check,policy explain,policy diff,"
#define SCAN_AND_WATCH    SCAN "watch,watch run,watch record,"
#define REPORTS           ",scan,report,check,audit,policy check,"
#define REPORTS_AND_WATCH ",scan,report,check,audit,policy check,watch,watch run,watch replay,"
#define AUDIT             ",audit,check,"
#define EXCEPTION         ",exception add,exception import,"
#define WATCH             ",watch,watch run,watch record,watch replay,"
#define WATCH_LIVE        ",watch,watch run,watch record,"
#define WATCH_RULES       ",watch,watch run,watch record,watch replay,watch explain,watch why,"
#define AUDIT_AND_SCAN    ",audit,check,scan,"
#define JUDGE             ",scan,check,audit,policy check,"
#define JUDGE_AND_WATCH   ",scan,check,audit,policy check,watch,watch run,watch replay,"
#define POLICY            ",scan,policy check,policy explain,"
#define DATA                                                                                                 \
    ",scan,explain,find,diff,check,audit,policy check,policy explain,policy diff,db update,db build,db "     \
    "import,db export,db status,db search,db "                                                               \
    "diff,db "                                                                                               \
    "verify,"

// clang-format off
const struct plm_option plm_options[] = {
    /* what comes out */
    {.name = "output", .letter = 'o', .key = "output", .type = PLM_OPT_LIST, .argument = "FORMAT[=FILE|=DIR/]",
     .help = "format of the result, to standard output or into a file; repeatable",
     .commands = ",watch,watch run,watch record,watch replay,watch explain,watch why,scan,explain,find,diff,check,audit,report,list,version,config,exception list,policy check,policy lint,policy diff,db status,db search,db diff,cache status,cache prune,watch check,watch fields,notify test,",
     .foreign = " --format --output-format -f --report --output-file "},
    {.name = "fail-on", .key = "fail-on", .type = PLM_OPT_WORDS, .argument = "COND,...",
     .help = "conditions that fail the run (exit 1): [KIND:]LEVEL[:fixable][:own][:new], update, kev, epss>=N, risk>=N, none",
     .commands = JUDGE_AND_WATCH, .foreign = " --exit-code --fail-on-severity --severity-threshold --exit-on-eol "},
    {.name = "policy", .letter = 'p', .key = "policy.use", .type = PLM_OPT_TEXT, .argument = "FILE|NAME",
     .help = "judge by a policy: an Anchore bundle, a file of our YAML, or default, strict, cis-docker, nist-800-190; check judges the images by it, and by default where nothing is said",
     .commands = ",scan,check,policy check,policy explain,", .foreign = " --policy-bundle --bundle -b "},
    {.name = "mode", .key = "policy.mode", .type = PLM_OPT_CHOICE, .argument = "fixed|compat", .choices = policy_modes, .fallback = "fixed",
     .help = "how a policy is read: as it is documented, or as the original evaluates it, defects included",
     .commands = ",scan,policy check,policy explain,policy lint,policy diff,policy convert,policy test,"},
    {.name = "tag", .type = PLM_OPT_TEXT, .argument = "REF", .help = "judge the image as this reference",
     .commands = ",scan,policy check,policy explain,policy diff,"},
    {.name = "fail-on-warn", .key = "fail-on-warn", .type = PLM_OPT_FLAG, .help = "a verdict of warn fails too (exit 1)",
     .commands = ",scan,policy check,"},
    {.name = "detail", .type = PLM_OPT_FLAG, .help = "the findings too, not only the verdict", .commands = ",policy check,"},
    {.name = "modes", .type = PLM_OPT_FLAG, .help = "compare one policy in both modes", .commands = ",policy diff,"},
    {.name = "to", .type = PLM_OPT_CHOICE, .argument = "FORM", .choices = policy_forms,
     .help = "what to write: plimsoll (YAML), anchore (1_0) or anchore-v2", .commands = ",policy convert,"},
    {.name = "min-severity", .key = "min-severity", .type = PLM_OPT_CHOICE, .argument = "LEVEL", .choices = levels,
     .help = "show only findings of this level and above; the verdict stays the same", .commands = REPORTS_AND_WATCH, .foreign = " --severity "},
    {.name = "only-fixed", .key = "only-fixed", .type = PLM_OPT_FLAG,
     .help = "suppress vulnerabilities without a fix; moves the verdict", .commands = JUDGE,
     .foreign = " --ignore-unfixed --ignore-states "},
    {.name = "sort", .key = "sort", .type = PLM_OPT_CHOICE, .argument = "ORDER", .choices = sorts, .fallback = "severity",
     .help = "order of findings in the table", .commands = REPORTS, .foreign = " --sort-by "},
    {.name = "group-by", .key = "group-by", .type = PLM_OPT_CHOICE, .argument = "WHAT", .choices = groups, .fallback = "fix",
     .help = "how the table groups findings; fix: by the upgrade that closes most", .commands = REPORTS, .foreign = " --by-cve --dependency-tree "},
    {.name = "show-suppressed", .key = "show-suppressed", .type = PLM_OPT_FLAG,
     .help = "list suppressed findings too", .commands = REPORTS_AND_WATCH},
    {.name = "against", .key = "against", .type = PLM_OPT_TEXT, .argument = "REPORT|SOURCE",
     .help = "compare with a saved report or another source: what is new or worse", .commands = JUDGE, .foreign = " --baseline "},
    {.name = "allow", .key = "allow", .type = PLM_OPT_WORDS, .argument = "incomplete,empty", .choices = allowed,
     .help = "do not fail where a part could not be read (exit 3) or nothing could be evaluated (exit 5)", .commands = JUDGE_AND_WATCH},

    /* what is examined */
    {.name = "only", .key = "only", .type = PLM_OPT_WORDS, .argument = "KIND,...", .choices = kinds, .alias = "scanners",
     .help = "examine only these kinds", .commands = JUDGE, .foreign = " --security-checks --vuln-type --pkg-types "},
    {.name = "skip", .key = "skip", .type = PLM_OPT_WORDS, .argument = "KIND,...", .choices = kinds,
     .help = "leave out these kinds", .commands = JUDGE, .foreign = " --skip-checks "},
    {.name = "exceptions", .key = "exceptions", .type = PLM_OPT_LIST, .argument = "FILE",
     .help = "accepted findings, in our format or another tool's ignore file; repeatable",
     .commands = ",watch,watch run,watch replay,scan,check,audit,policy check,policy explain,exception add,exception list,exception lint,exception import,",
     .foreign = " --ignorefile --ignore-file --ignore-policy --vex "},
    {.name = "platform", .key = "platform", .type = PLM_OPT_TEXT, .argument = "OS/ARCH[/VARIANT]",
     .help = "which image of a multi-platform one; default: this machine's", .commands = SCAN},
    {.name = "dockerfile", .key = "dockerfile", .type = PLM_OPT_FILE, .argument = "FILE",
     .help = "the Dockerfile that the image was built from: judged with it, and compared", .commands = ",scan,policy check,policy explain,",
     .foreign = " --file "},
    {.name = "base", .key = "base", .type = PLM_OPT_TEXT, .argument = "REF",
     .help = "the base image, to tell its findings from the image's own", .commands = SCAN},
    {.name = "verify-diff-ids", .key = "verify-diff-ids", .type = PLM_OPT_FLAG,
     .help = "hash compressed layers a second time, uncompressed, and compare with the image's config; "
             "--base and exceptions by layer do so by themselves", .commands = SCAN},
    {.name = "scope", .key = "scope", .type = PLM_OPT_CHOICE, .argument = "SCOPE", .choices = scopes, .fallback = "merged",
     .help = "all-layers: also what later layers deleted or replaced", .commands = SCAN},
    {.name = "root", .key = "root", .type = PLM_OPT_DIR, .argument = "DIR", .system_only = true,
     .help = "for host: and container:, a mounted disk instead of /", .commands = SCAN},
    {.name = "sources", .key = "sources", .type = PLM_OPT_FILE, .argument = "FILE|-", .system_only = true,
     .help = "read sources from a file, one a line", .commands = ",scan,"},
    {.name = "host", .letter = 'H', .key = "host", .type = PLM_OPT_TEXT, .argument = "URL", .system_only = true,
     .help = "address of the container engine", .commands = SCAN_AND_WATCH, .foreign = " --docker-host "},
    {.name = "context", .key = "context", .type = PLM_OPT_TEXT, .argument = "NAME", .system_only = true,
     .help = "Docker context that names the engine", .commands = SCAN},
    {.name = "engine-export", .key = "engine-export", .type = PLM_OPT_FLAG, .system_only = true,
     .help = "read engine images through the export stream, never from the engine's own storage", .commands = SCAN},
    {.name = "no-cache", .key = "no-cache", .type = PLM_OPT_FLAG, .help = "read every layer again", .commands = SCAN,
     .foreign = " --clear-cache --reset "},
    {.name = "package", .type = PLM_OPT_TEXT, .argument = "NAME", .help = "for this package only", .commands = ",explain,exception add,"},
    {.name = "in", .type = PLM_OPT_LIST, .argument = "running|images|host|FILE", .help = "where to look; repeatable", .commands = ",find,"},

    /* audit and check */
    {.name = "check", .key = "audit.checks", .type = PLM_OPT_WORDS, .argument = "ID,...", .system_only = true,
     .help = "run only these checks; one that ends unknown makes the run incomplete", .commands = AUDIT, .foreign = " --include --checks "},
    {.name = "skip-check", .key = "audit.skip-checks", .type = PLM_OPT_LIST, .argument = "ID=REASON", .system_only = true,
     .help = "do not run a check, and say why; repeatable", .commands = AUDIT, .foreign = " --exclude "},
    {.name = "framework", .type = PLM_OPT_CHOICE, .argument = "cis|controls|nist|pci|attack", .choices = frameworks,
     .help = "only checks that map to it", .commands = AUDIT, .foreign = " --compliance --spec "},
    {.name = "level", .type = PLM_OPT_NUMBER, .argument = "1|2", .help = "only checks of the CIS levels up to this", .commands = AUDIT},
    {.name = "fix-dir", .type = PLM_OPT_TEXT, .argument = "DIR",
     .help = "write scripts, settings and rules that mend what failed, and undo.sh, into a new folder; nothing is run",
     .commands = ",audit,", .foreign = " --fix --remediate "},
    {.name = "filter", .type = PLM_OPT_LIST, .argument = "KEY=VALUE",
     .help = "only containers with name=, image=, status= or label=KEY[=VALUE]; patterns; repeatable", .commands = AUDIT},
    {.name = "learn", .type = PLM_OPT_FILE, .argument = "FILE", .help = "audit host: write what runs here now as the allowed set", .commands = ",audit,"},
    {.name = "watch", .type = PLM_OPT_FLAG, .help = "show it again whenever the engine or a file that decides changes", .commands = ",check,", .foreign = " --watch-interval "},
    {.name = "accept-key", .key = "inspect.accept-keys", .type = PLM_OPT_LIST, .argument = "NAME",
     .help = "environment variable that is no credential whatever its name says; repeatable", .commands = JUDGE, .foreign = " -ak "},
    {.name = "accept-file", .key = "inspect.accept-files", .type = PLM_OPT_LIST, .argument = "PATH|NAME",
     .help = "file that is no credential and no left-over; a pattern; repeatable", .commands = JUDGE, .foreign = " -af "},
    {.name = "accept-extension", .key = "inspect.accept-extensions", .type = PLM_OPT_LIST, .argument = "EXT", .alias = "accept-file-extension",
     .help = "extension of files that are no keys; repeatable", .commands = JUDGE, .foreign = " -ae "},
    {.name = "sensitive-word", .key = "inspect.sensitive-words", .type = PLM_OPT_LIST, .argument = "WORD",
     .help = "word that makes an environment variable a credential, beside the built-in ones; repeatable", .commands = JUDGE, .foreign = " -sw "},
    {.name = "sensitive-file", .key = "inspect.sensitive-files", .type = PLM_OPT_LIST, .argument = "PATH|NAME",
     .help = "file that must not be in an image, beside the built-in names; a pattern; repeatable", .commands = JUDGE, .foreign = " -sf "},
    {.name = "sensitive-extension", .key = "inspect.sensitive-extensions", .type = PLM_OPT_LIST, .argument = "EXT", .alias = "sensitive-file-extension",
     .help = "extension of files that must not be in an image; repeatable", .commands = JUDGE, .foreign = " -sfe "},
    {.name = "allow-license", .key = "license.allow", .type = PLM_OPT_WORDS, .argument = "ID,...",
     .help = "licenses that packages may have: SPDX ids, patterns (LicenseRef-*), ID WITH EXCEPTION; anything else is a finding", .commands = JUDGE},
    {.name = "deny-license", .key = "license.deny", .type = PLM_OPT_WORDS, .argument = "ID,...",
     .help = "licenses that packages must not have, written as for --allow-license", .commands = JUDGE, .foreign = " --ignored-licenses "},
    {.name = "license-severity", .key = "license.severity", .type = PLM_OPT_CHOICE, .argument = "LEVEL", .choices = levels, .fallback = "high",
     .help = "severity of a license that is denied; one that is only not allowed is one level lower", .commands = JUDGE},
    {.name = "clamd", .key = "malware.clamd", .type = PLM_OPT_TEXT, .argument = "PATH|HOST:PORT", .system_only = true,
     .help = "socket of a ClamAV daemon that files are sent to when malware is looked for (--only malware)", .commands = JUDGE},
    {.name = "yara-rules", .key = "malware.yara-rules", .type = PLM_OPT_FILE, .argument = "FILE", .system_only = true,
     .help = "YARA rules that files are matched with when malware is looked for (--only malware)", .commands = JUDGE},
    {.name = "verify-packages", .key = "inspect.verify-packages", .type = PLM_OPT_FLAG,
     .help = "hash all files and compare those of packages with what dpkg, apk and rpm recorded", .commands = JUDGE},
    {.name = "hadolint-config", .key = "inspect.hadolint-config", .type = PLM_OPT_FILE, .argument = "FILE",
     .help = "a .hadolint.yaml whose ignored rules, registries, label schema and severities hold for Dockerfiles", .commands = ",scan,policy check,policy explain,"},
    {.name = "secret-config", .key = "inspect.secret-config", .type = PLM_OPT_FILE, .argument = "FILE", .alias = "secret-rules",
     .help = "rules of the secret search: plimsoll's YAML, or gitleaks' TOML", .commands = JUDGE, .foreign = " --gitleaks-config "},
    {.name = "trusted-users", .key = "audit.trusted-users", .type = PLM_OPT_WORDS, .argument = "USER,...", .system_only = true,
     .help = "who may reach the engine beside root", .commands = AUDIT},
    {.name = "allowed-registries", .key = "audit.allowed-registries", .type = PLM_OPT_WORDS, .argument = "HOST[/PATH],...", .system_only = true,
     .help = "registries that images may come from", .commands = AUDIT_AND_SCAN},
    {.name = "allowed-mounts", .key = "audit.allowed-mounts", .type = PLM_OPT_WORDS, .argument = "PATH[:ro][@IMAGE],...", .system_only = true,
     .help = "host paths that containers may mount", .commands = AUDIT},
    {.name = "allowed-capabilities", .key = "audit.allowed-capabilities", .type = PLM_OPT_WORDS, .argument = "CAP,...", .system_only = true,
     .help = "capabilities that containers may have beyond the engine's default", .commands = AUDIT},
    {.name = "allowed-runtimes", .key = "audit.allowed-runtimes", .type = PLM_OPT_WORDS, .argument = "NAME,...", .system_only = true,
     .help = "runtimes beside runc", .commands = AUDIT},
    {.name = "log-drivers", .key = "audit.log-drivers", .type = PLM_OPT_WORDS, .argument = "NAME,...", .system_only = true,
     .fallback = "awslogs,fluentd,gcplogs,gelf,journald,logentries,splunk,syslog",
     .help = "log drivers that take logs off the engine", .commands = AUDIT},
    {.name = "allowed-processes", .key = "audit.allowed-processes", .type = PLM_OPT_WORDS, .argument = "PATH,...", .system_only = true,
     .help = "programs that may run on the host, beside the built-in list; patterns", .commands = AUDIT},
    {.name = "allowed-services", .key = "audit.allowed-services", .type = PLM_OPT_WORDS, .argument = "UNIT,...", .system_only = true,
     .help = "services and timers that may be enabled, beside the built-in list; patterns", .commands = AUDIT},
    {.name = "allowed-listeners", .key = "audit.allowed-listeners", .type = PLM_OPT_WORDS, .argument = "PORT/PROTO,...", .system_only = true, .fallback = "22/tcp",
     .help = "ports that the host may listen on", .commands = AUDIT},
    {.name = "allowed-setuid", .key = "audit.allowed-setuid", .type = PLM_OPT_WORDS, .argument = "PATH,...", .system_only = true,
     .help = "set-uid programs beside the built-in list; patterns", .commands = AUDIT_AND_SCAN},
    {.name = "allowed-ports", .key = "audit.allowed-ports", .type = PLM_OPT_WORDS, .argument = "PORT,...", .system_only = true,
     .help = "privileged host ports that containers may publish", .commands = AUDIT_AND_SCAN},
    {.name = "low-port", .key = "audit.low-port", .type = PLM_OPT_NUMBER, .argument = "PORT", .fallback = "1024", .system_only = true,
     .help = "host ports below this are privileged", .commands = AUDIT},
    {.name = "restart-max", .key = "audit.restart-max", .type = PLM_OPT_NUMBER, .argument = "N", .fallback = "5", .system_only = true,
     .help = "restarts that a container may try", .commands = AUDIT},
    {.name = "max-image-age", .key = "audit.max-image-age", .type = PLM_OPT_DURATION, .argument = "DUR", .fallback = "90d", .system_only = true,
     .help = "images older than this should be rebuilt", .commands = AUDIT},
    {.name = "max-idle", .key = "audit.max-idle", .type = PLM_OPT_DURATION, .argument = "DUR", .fallback = "30d", .system_only = true,
     .help = "how long a stopped container or an unused image may lie", .commands = AUDIT},
    {.name = "severities", .key = "audit.severities", .type = PLM_OPT_WORDS, .argument = "ID=LEVEL,...", .system_only = true,
     .help = "what a failure of a check weighs here", .commands = AUDIT},

    /* runtime detection */
    {.name = "rules", .letter = 'r', .key = "watch.rules", .type = PLM_OPT_LIST, .argument = "FILE|DIR", .system_only = true,
     .help = "rule files in Falco's language, or directories of them; repeatable, in order; default: the built-in rules",
     .commands = WATCH_RULES, .foreign = " --rules-file "},
    {.name = "falco-config", .letter = 'c', .key = "watch.falco-config", .type = PLM_OPT_FILE, .argument = "FILE", .system_only = true,
     .help = "a falco.yaml: its rules, outputs and switches are carried over, what is not is named; -o KEY=VALUE overrides", .commands = WATCH_RULES},
    {.name = "priority", .key = "watch.priority", .type = PLM_OPT_TEXT, .argument = "LEVEL", .system_only = true,
     .help = "load only rules of this priority and more severe ones", .commands = WATCH_RULES},
    {.name = "skip-tag", .letter = 'T', .key = "watch.skip-tags", .type = PLM_OPT_WORDS, .argument = "TAG,...", .system_only = true,
     .help = "rules with this tag are off; repeatable", .commands = WATCH_RULES},
    {.name = "only-tag", .letter = 't', .key = "watch.only-tags", .type = PLM_OPT_WORDS, .argument = "TAG,...", .system_only = true,
     .help = "only rules with this tag are on; repeatable", .commands = WATCH_RULES},
    {.name = "skip-rule", .letter = 'D', .key = "watch.skip-rules", .type = PLM_OPT_LIST, .argument = "TEXT", .system_only = true,
     .help = "rules whose name has this text in it are off; * as wildcard; repeatable", .commands = WATCH_RULES},
    {.name = "validate", .letter = 'V', .type = PLM_OPT_LIST, .argument = "FILE",
     .help = "check rule files and end, as plimsoll watch check FILE does", .commands = ",watch,watch run,"},
    {.name = "all-events", .letter = 'A', .type = PLM_OPT_FLAG,
     .help = "accepted for Falco's sake: rules get every event that they name, I/O calls too, so nothing is left to switch on",
     .commands = WATCH_LIVE},
    {.name = "for", .type = PLM_OPT_DURATION, .argument = "DUR", .help = "end after this time: 30s, 5m", .commands = WATCH_LIVE},
    {.name = "seconds", .letter = 'M', .type = PLM_OPT_NUMBER, .argument = "N", .help = "the same in seconds, as Falco has it", .commands = WATCH_LIVE},
    {.name = "replay", .type = PLM_OPT_FILE, .argument = "FILE|-", .help = "events of a recording instead of the kernel's",
     .commands = ",watch,watch run,"},
    {.name = "record", .type = PLM_OPT_FILE, .argument = "FILE|-", .help = "write what was evaluated into a recording", .commands = ",watch,watch run,watch replay,"},
    {.name = "around", .type = PLM_OPT_DURATION, .argument = "DUR",
     .help = "record only what happened within this time before and after an alert", .commands = WATCH},
    {.name = "metadata-wait", .key = "watch.metadata-wait", .type = PLM_OPT_DURATION, .argument = "DUR", .fallback = "500ms", .system_only = true,
     .help = "how long the alert of a new container waits for its name and image", .commands = WATCH},
    {.name = "metrics-listen", .key = "watch.metrics-listen", .type = PLM_OPT_TEXT, .argument = "[HOST:]PORT", .system_only = true,
     .help = "serve /healthz, /versions and /metrics (Prometheus) there; without HOST on loopback only", .commands = WATCH_LIVE,
     .foreign = " --listen-port "},
    {.name = "metrics-interval", .key = "watch.metrics-interval", .type = PLM_OPT_DURATION, .argument = "DUR", .system_only = true,
     .help = "an internal message with the counters every so often", .commands = WATCH_LIVE},
    {.name = "respond", .key = "respond.actions", .type = PLM_OPT_LIST, .argument = "ACTION:WHAT", .system_only = true,
     .help = "kill, pause, stop or disconnect where an alert fits: kill:rule=NAME, pause:tag=TAG,priority=critical; repeatable, the first that fits", .commands = ",watch,watch run,watch replay,"},
    {.name = "respond-dry-run", .key = "respond.dry-run", .type = PLM_OPT_FLAG, .system_only = true,
     .help = "say what would be done, and do nothing; drift prevention too", .commands = ",watch,watch run,watch replay,"},
    {.name = "respond-never", .key = "respond.never", .type = PLM_OPT_LIST, .argument = "NAME", .system_only = true,
     .help = "processes, containers, images and executables that are never touched; * as wildcard; repeatable", .commands = ",watch,watch run,watch replay,"},
    {.name = "prevent-drift", .key = "respond.prevent-drift", .type = PLM_OPT_FLAG, .system_only = true,
     .help = "deny the execution of files that a container's image did not contain (needs CAP_SYS_ADMIN)", .commands = ",watch,watch run,"},
    {.name = "drift-fail-closed", .key = "respond.drift-fail-closed", .type = PLM_OPT_FLAG, .system_only = true,
     .help = "deny what cannot be judged, too", .commands = ",watch,watch run,"},
    {.name = "event", .type = PLM_OPT_NUMBER, .argument = "N", .help = "only this event of the recording, by its number", .commands = ",watch explain,watch why,"},
    {.name = "rule", .type = PLM_OPT_LIST, .argument = "NAME", .help = "only this rule, * as wildcard; repeatable", .commands = ",watch explain,watch why,"},

    /* vulnerability data */
    {.name = "db", .key = "db.file", .type = PLM_OPT_FILE, .argument = "FILE", .system_only = true,
     .help = "the vulnerability store", .commands = DATA, .foreign = " --db-repository --db-path "},
    {.name = "db-max-age", .key = "db.max-age", .type = PLM_OPT_DURATION, .argument = "DUR", .fallback = "5d", .system_only = true,
     .help = "older data end with exit 4; none: any age", .commands = ",scan,check,audit,policy check,policy explain,policy diff,db status,", .foreign = " --max-db-age "},
    {.name = "db-update", .key = "db.update", .type = PLM_OPT_CHOICE, .argument = "auto|never", .choices = auto_never, .fallback = "auto",
     .system_only = true, .help = "fetch vulnerability data by itself where they are missing or a day old", .commands = SCAN,
     .foreign = " --skip-db-update --skip-update --no-update --skip-java-db-update --auto-refresh "},
    {.name = "feed", .key = "db.feeds", .type = PLM_OPT_LIST, .argument = "[NAME:]FORMAT=PATH|URL", .system_only = true,
     .help = "a feed of the store; repeatable", .commands = ",db build,db update,"},
    {.name = "from", .type = PLM_OPT_LIST, .argument = "FILE|DIR", .help = "take feeds from here instead of the network; repeatable", .commands = ",db update,"},
    {.name = "out", .type = PLM_OPT_FILE, .argument = "FILE", .help = "file to write", .commands = ",db build,db export,"},
    {.name = "as-of", .type = PLM_OPT_TIME, .argument = "RFC3339", .help = "date of the data, where they do not say it themselves", .commands = ",db build,db update,db import,"},
    {.name = "sign", .type = PLM_OPT_FILE, .argument = "KEY",
     .help = "sign with this Ed25519 private key (PEM)", .commands = ",db export,"},
    {.name = "key", .key = "db.key", .type = PLM_OPT_FILE, .argument = "KEY", .system_only = true,
     .help = "Ed25519 public key (PEM) that must have signed the file", .commands = ",db import,db update,"},
    {.name = "channels", .key = "channels", .type = PLM_OPT_WORDS, .argument = "NAME,...",
     .help = "advisory channels that are off by default: esm, elts", .commands = SCAN},

    /* repository feed */
    {.name = "repo", .key = "repo.use", .type = PLM_OPT_CHOICE, .argument = "auto|never", .choices = auto_never, .fallback = "auto",
     .system_only = true, .help = "ask the distribution's own repositories", .commands = SCAN},
    {.name = "repo-mirror", .key = "repo.mirrors", .type = PLM_OPT_LIST, .argument = "DISTRO[/main|/security]=URL[ KEYRING]", .system_only = true,
     .help = "mirror of a distribution, tried before this machine's own; repeatable", .commands = SCAN},
    {.name = "repo-from-image", .key = "repo.from-image", .type = PLM_OPT_FLAG, .system_only = true,
     .help = "also use public mirror addresses that are written inside an image", .commands = SCAN},
    {.name = "repo-allow-unverified", .key = "repo.allow-unverified", .type = PLM_OPT_FLAG, .system_only = true,
     .help = "use repository indices whose signature cannot be verified", .commands = SCAN},
    {.name = "repo-max-age", .key = "repo.max-age", .type = PLM_OPT_DURATION, .argument = "DUR", .fallback = "1h", .system_only = true,
     .help = "how long a fetched repository index is good for", .commands = SCAN},

    /* cache */
    {.name = "max-size", .key = "cache.max-size", .type = PLM_OPT_SIZE, .argument = "SIZE", .fallback = "1GiB", .system_only = true,
     .help = "bytes that the cache of layers and repositories may keep", .commands = ",scan,check,audit,cache prune,"},

    /* exceptions */
    {.name = "reason", .type = PLM_OPT_TEXT, .argument = "TEXT", .help = "why it is acceptable", .commands = EXCEPTION},
    {.name = "owner", .type = PLM_OPT_TEXT, .argument = "NAME", .help = "who decided", .commands = EXCEPTION},
    {.name = "until", .type = PLM_OPT_TEXT, .argument = "DATE|DUR|never", .help = "its last day: 2027-01-31, or 90d from now", .commands = EXCEPTION},
    {.name = "ticket", .type = PLM_OPT_TEXT, .argument = "TEXT", .help = "where it was decided", .commands = EXCEPTION},
    {.name = "where", .type = PLM_OPT_LIST, .argument = "KEY=PATTERN",
     .help = "only there: purl=, image=, path=, layer=, check=, object=, kind=, base=true|false; repeatable", .commands = ",exception add,"},

    /* configuration commands */
    {.name = "force", .letter = 'f', .type = PLM_OPT_FLAG, .help = "overwrite the file", .commands = ",config init,"},

    /* every command */
    {.name = "config", .type = PLM_OPT_FILE, .argument = "FILE", .help = "configuration file above the project's and the user's", .commands = ALL, .foreign = " -c "},
    {.name = "no-project-config", .key = "no-project-config", .type = PLM_OPT_FLAG, .system_only = true,
     .help = "do not read ./plimsoll.yaml", .commands = ALL},
    {.name = "cache-dir", .key = "cache-dir", .type = PLM_OPT_DIR, .argument = "DIR", .system_only = true,
     .help = "database, layers, repository results; default $XDG_CACHE_HOME/plimsoll", .commands = ALL},
    {.name = "events", .type = PLM_OPT_FLAG,
     .help = "the events and their parameters instead of the fields", .commands = ",watch fields,", .foreign = " --list-events "},
    {.name = "markdown", .type = PLM_OPT_FLAG,
     .help = "as a Markdown table", .commands = ",watch fields,"},
    {.name = "names-only", .letter = 'N', .type = PLM_OPT_FLAG,
     .help = "names only, one a line", .commands = ",watch fields,"},
    {.name = "explain-filter", .type = PLM_OPT_FLAG,
     .help = "print what of each rule the kernel tests before it sends an event", .commands = ",watch check,"},
    {.name = "notify", .key = "watch.notify", .type = PLM_OPT_WORDS, .argument = "NAME,...", .system_only = true,
     .help = "send alerts to these targets of notify: in plimsoll.yaml; all: every one", .commands = ",watch,watch run,watch replay,"},
    {.name = "notify-dir", .key = "notify-queue.dir", .type = PLM_OPT_DIR, .argument = "DIR", .system_only = true,
     .help = "where messages wait for targets that cannot be reached; default /var/lib/plimsoll/notify, for users $XDG_STATE_HOME/plimsoll/notify",
     .commands = ",watch,watch run,watch replay,"},
    {.name = "notify-max-size", .key = "notify-queue.max-size", .type = PLM_OPT_SIZE, .argument = "SIZE", .fallback = "16MiB", .system_only = true,
     .help = "how much may wait there for one target; what comes after that is counted and said later", .commands = ",watch,watch run,watch replay,"},
    {.name = "offline", .key = "offline", .type = PLM_OPT_FLAG, .system_only = true,
     .help = "open no IP socket at all", .commands = ALL, .foreign = " --offline-scan "},
    {.name = "jobs", .letter = 'j', .key = "jobs", .type = PLM_OPT_NUMBER, .argument = "N",
     .help = "work in parallel; default: the processors", .commands = ALL, .foreign = " --parallel --parallelism --concurrency "},
    {.name = "timeout", .key = "timeout", .type = PLM_OPT_DURATION, .argument = "DUR", .fallback = "none",
     .help = "end the run after this time", .commands = ALL},
    {.name = "quiet", .letter = 'q', .key = "quiet", .type = PLM_OPT_FLAG,
     .help = "nothing on standard error but errors", .commands = ALL, .foreign = " -s --silent "},
    {.name = "verbose", .letter = 'v', .key = "verbose", .type = PLM_OPT_COUNT,
     .help = "say more; twice: debugging", .commands = ALL, .foreign = " --debug -d "},
    {.name = "color", .key = "color", .type = PLM_OPT_CHOICE, .argument = "auto|always|never", .choices = auto_always_never, .fallback = "auto",
     .help = "colors; NO_COLOR is honoured", .commands = ALL, .foreign = " --no-color --no-colour --colour "},
    {.name = "progress", .key = "progress", .type = PLM_OPT_CHOICE, .argument = "auto|never", .choices = auto_never, .fallback = "auto",
     .help = "progress on standard error when it is a terminal", .commands = ALL, .foreign = " --no-progress "},
    {.name = "now", .type = PLM_OPT_TIME, .argument = "RFC3339",
     .help = "pretend that this is the time; the report is marked", .commands = ALL},
    {.name = "help", .letter = 'h', .type = PLM_OPT_FLAG, .help = "help of the command", .commands = ALL},
};
// clang-format on
const size_t plm_options_n = sizeof(plm_options) / sizeof(plm_options[0]);

/* Words of other tools that are no option here but something else. */
static const struct {
    const char *words, *advice;
} foreign_words[] = {
    {" --input --file -i ", "name the file as the source: plimsoll scan ./FILE"},
    {" --image ", "name the image as the source: plimsoll scan NAME"},
    {" --version -V ", "plimsoll version"},
    {" --ignore-rule --ignore-vuln ", "write an exception: --exceptions FILE"},
    {" --list-all-pkgs ", "the json report always lists all packages: -o json"},
    {" --light --no-sbom --only-update ", "plimsoll help scan lists what there is"},
    {" --download-db-only ", "plimsoll db update"},
};

static bool word_in(const char *words, plm_sv word)
{
    plm_sv rest = plm_sv_from(words), w;
    while (words && plm_sv_word(&rest, &w))
        if (plm_sv_eq(w, word))
            return true;
    return false;
}

const char *plm_option_foreign_hint(plm_sv word, struct plm_buf *scratch)
{
    for (size_t i = 0; i < sizeof(foreign_words) / sizeof(foreign_words[0]); i++)
        if (word_in(foreign_words[i].words, word))
            return foreign_words[i].advice;
    for (size_t i = 0; i < plm_options_n; i++) {
        const struct plm_option *o = &plm_options[i];
        if (!word_in(o->foreign, word))
            continue;
        plm_buf_printf(scratch, "here it is --%s", o->name);
        if (o->argument)
            plm_buf_printf(scratch, " %s", o->argument);
        return plm_buf_cstr(scratch);
    }
    return NULL;
}

const struct plm_option *plm_option_find(plm_sv name)
{
    for (size_t i = 0; i < plm_options_n; i++)
        if (plm_sv_is(name, plm_options[i].name) ||
            (plm_options[i].alias && plm_sv_is(name, plm_options[i].alias)))
            return &plm_options[i];
    return NULL;
}

const struct plm_option *plm_option_by_letter(char c)
{
    for (size_t i = 0; c && i < plm_options_n; i++)
        if (plm_options[i].letter == c)
            return &plm_options[i];
    return NULL;
}

const struct plm_option *plm_option_by_key(plm_sv key)
{
    for (size_t i = 0; i < plm_options_n; i++)
        if (plm_options[i].key && plm_sv_is(key, plm_options[i].key))
            return &plm_options[i];
    return NULL;
}

bool plm_option_is_of(const struct plm_option *o, const char *command)
{
    if (o->commands[0] == '*')
        return true;
    plm_sv rest = plm_sv_from(o->commands), name;
    while (plm_sv_field(&rest, ',', &name))
        if (name.n && plm_sv_is(name, command))
            return true;
    return false;
}

void plm_option_variable(const struct plm_option *o, struct plm_buf *out)
{
    plm_buf_str(out, "PLIMSOLL_");
    for (const char *p = o->name; *p; p++)
        plm_buf_byte(out, (unsigned char)(*p == '-' ? '_' : (*p >= 'a' && *p <= 'z') ? *p - 32 : *p));
}

/* Optimal string alignment over three rows; O(a × b) with both at most 64. */
size_t plm_word_distance(plm_sv a, plm_sv b)
{
    enum { MAX = 64 };
    if (a.n > MAX || b.n > MAX)
        return SIZE_MAX;
    size_t rows[3][MAX + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.n; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t best = above[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1];
            if (swapped && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        size_t *t = before;
        before = above;
        above = row;
        row = t;
    }
    return above[b.n];
}

const struct plm_option *plm_option_nearest(plm_sv word, bool by_key, const char *command)
{
    const struct plm_option *best = NULL;
    size_t best_d = 1 + word.n / 3;
    for (size_t i = 0; i < plm_options_n; i++) {
        const struct plm_option *o = &plm_options[i];
        const char *name = by_key ? o->key : o->name;
        if (!name || (command && !plm_option_is_of(o, command)))
            continue;
        size_t d = plm_word_distance(word, plm_sv_from(name));
        if (d < best_d || (d == best_d && !best)) {
            best = o;
            best_d = d;
        }
    }
    return best;
}
