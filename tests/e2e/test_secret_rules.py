# SPDX-License-Identifier: Apache-2.0
"""The secret engine against Perl: texts made from the expressions of rules, and the same texts damaged.

Perl tries each expression on each text, this file applies keywords and entropy as gitleaks documents them, and
the two verdicts must agree: that covers the reader of TOML, Go's dialect, the literals that are derived from
expressions and the windows around them. Rules: gitleaks' own where ../shared has them, and a few written here.
"""
import collections
import json
import math
import os
import pathlib
import random
import shutil
import subprocess
import tomllib

import pytest

DUMP = pathlib.Path(os.environ.get("PLIMSOLL_BUILD", "build")) / "tests/secret-dump"
OWN = r"""
[[rules]]
id = "plain"
regex = '''abc[0-9]{4}'''
[[rules]]
id = "folded"
regex = '''(?i)\bkey[ \t]{0,3}[:=][ \t]*([a-z0-9]{8,16})(?:["\s;]|$)'''
keywords = ["key"]
[[rules]]
id = "inner-flag"
regex = '''TOK-(?i)[a-f]{6}(?-i)[A-F]{2}'''
[[rules]]
id = "two-branches"
regex = '''(?:red|green)_[\w-.]{5}x|\b(?:blue[0-9]+)\z'''
[[rules]]
id = "prefix"
regex = '''[a-z]{3,8}\.corp\.[0-9a-f]{12}'''
entropy = 2.5
[[rules]]
id = "unbounded"
regex = '''begin-[\s\S]*?-end[0-9]'''
[[rules]]
id = "no-literal"
regex = '''\b[A-F0-9]{20}\b'''
keywords = ["hexkey"]
[[rules]]
id = "braces"
regex = '''a{,3}b{2}[[:digit:]]{3}'''
"""


def shared_rules():
    packed = pathlib.Path(os.environ.get("PLIMSOLL_SHARED", "../shared")) / "data/gitleaks-rules.tar.zst"
    if not packed.exists():
        return None
    for member in ("config/gitleaks.toml", "./config/gitleaks.toml"):
        out = subprocess.run(["tar", "--zstd", "-xOf", str(packed), member], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if out.returncode == 0:
            return out.stdout.decode()
    return None


class Maker:
    """A random string that an expression of Go's dialect matches (assertions are hoped for)."""
    WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
    PRINT = [chr(c) for c in range(32, 127)]
    POSIX = {"alnum": WORD[:-1], "digit": "0123456789", "alpha": WORD[:52], "xdigit": "0123456789abcdefABCDEF"}

    def __init__(self, text, rng):
        self.s, self.i, self.rng = text, 0, rng

    def make(self):
        self.i = 0
        return self.choice()

    def choice(self):
        branches, start = [self.sequence()], self.i
        while self.i < len(self.s) and self.s[self.i] == "|":
            self.i += 1
            branches.append(self.sequence())
        return self.rng.choice(branches)

    def sequence(self):
        out = []
        while self.i < len(self.s) and self.s[self.i] not in "|)":
            start = self.i
            piece = self.atom()
            low, high = self.quantifier()
            if (low, high) == (1, 1):
                out.append(piece)
                continue
            end = self.i
            count = self.rng.choice([low, low, min(high, low + self.rng.randint(0, 5))])
            for _ in range(count):
                self.i = start
                out.append(self.atom())
            self.i = end
        return "".join(out)

    def quantifier(self):
        low, high = 1, 1
        if self.i < len(self.s):
            c = self.s[self.i]
            if c in "*+?":
                low, high = {"*": (0, 1000), "+": (1, 1000), "?": (0, 1)}[c]
                self.i += 1
            elif c == "{":
                end = self.s.find("}", self.i)
                body = self.s[self.i + 1:end]
                parts = body.split(",")
                if body and all(p.isdigit() or (k and p == "") for k, p in enumerate(parts)) and len(parts) < 3:
                    low = int(parts[0])
                    high = low if len(parts) == 1 else int(parts[1] or 1000)
                    self.i = end + 1
                else:
                    return low, high
            else:
                return low, high
            if self.i < len(self.s) and self.s[self.i] == "?":
                self.i += 1
        return low, high

    def atom(self):
        c = self.s[self.i]
        self.i += 1
        if c == "(":
            if self.s.startswith("?P<", self.i):
                self.i = self.s.index(">", self.i) + 1
            elif self.s.startswith("?", self.i):
                end = min(k for k in (self.s.find(":", self.i), self.s.find(")", self.i)) if k >= 0)
                self.i = end + 1
                if self.s[end] == ")":
                    return ""
            out = self.choice()
            assert self.s[self.i] == ")", self.s[self.i:]
            self.i += 1
            return out
        if c == "[":
            return self.rng.choice(self.members())
        if c == "\\":
            return self.escape()
        if c in "^$":
            return ""
        if c == ".":
            return self.rng.choice(self.WORD)
        return c

    def escape(self):
        c = self.s[self.i]
        self.i += 1
        if c in "bBzA":
            return ""
        if c == "x":
            self.i += 2
            return chr(int(self.s[self.i - 2:self.i], 16))
        sets = {"d": "0123456789", "w": self.WORD, "s": " \t", "S": self.WORD, "D": self.WORD, "W": " ;"}
        return self.rng.choice(sets[c]) if c in sets else {"n": "\n", "r": "\r", "t": "\t"}.get(c, c)

    def members(self):
        negated = self.s[self.i] == "^"
        self.i += negated
        out, first = [], True
        while first or self.s[self.i] != "]":
            first = False
            if self.s.startswith("[:", self.i):
                end = self.s.index(":]", self.i)
                out += self.POSIX[self.s[self.i + 2:end]]
                self.i = end + 2
                continue
            c = self.s[self.i]
            self.i += 1
            if c == "\\":
                e = self.s[self.i]
                if e in "dwsSDW":
                    self.i += 1
                    out += {"d": "0123456789", "w": self.WORD, "s": " \t\n", "S": self.WORD}[e]
                    continue
                c = self.escape()
            if self.s[self.i] == "-" and self.s[self.i + 1] != "]":
                self.i += 1
                to = self.s[self.i]
                self.i += 1
                if to == "\\":
                    to = self.escape()
                out += [chr(k) for k in range(ord(c), ord(to) + 1)]
            else:
                out.append(c)
        self.i += 1
        return [c for c in self.PRINT if c not in out] if negated else out


def for_perl(regex):
    """Where Perl reads Go's dialect otherwise: a hyphen behind a class escape, the end of the text."""
    return regex.replace(r"[\w-.]", r"[\w\-.]").replace("{,3}", r"\{,3}")


PERL = r"""
use JSON::PP; $/ = undef; my $in = decode_json(<STDIN>); my @out;
my @re = map { my $x = $_; eval { qr/$x/ } or die "$x: $@" } @{$in->{re}};
for my $t (@{$in->{texts}}) { my %h; utf8::encode($t);
  for my $i (0..$#re) { if ($t =~ $re[$i]) { my ($f, $s) = (substr($t, $-[0], $+[0] - $-[0]));
      for my $g (1..$#-) { if (defined $-[$g] && $+[$g] > $-[$g]) { $s = substr($t, $-[$g], $+[$g] - $-[$g]); last } }
      $h{$i} = defined $s ? $s : $f } }
  push @out, \%h }
print JSON::PP->new->latin1->encode(\@out);
"""


def perl(regexes, texts):
    job = json.dumps({"re": [for_perl(r).replace("$)", r"\z)") for r in regexes], "texts": texts})
    out = subprocess.run(["perl", "-e", PERL], input=job.encode(), stdout=subprocess.PIPE, check=True)
    return json.loads(out.stdout.decode("latin1"))


def entropy(s):
    return -sum(n / len(s) * math.log2(n / len(s)) for n in collections.Counter(s).values())


def escaped(s):
    return s.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def ours(rules_file, pairs):
    if not DUMP.exists():
        pytest.skip(f"{DUMP} is not built")
    text = "".join(f"{name}\t{escaped(body)}\n" for name, body in pairs)
    out = subprocess.run([str(DUMP), str(rules_file), "--pairs"], input=text.encode(), stdout=subprocess.PIPE, check=True)
    rows = [json.loads(line) for line in out.stdout.splitlines() if line.startswith(b"{")]
    assert len(rows) == len(pairs), out.stdout[-500:]
    return rows


def path_for(rule):
    names = {r"(?i)\.php$": "a.php", r"(?i)\.(?:tf|hcl)$": "main.tf", r"(?i)\.ya?ml$": "s.yaml", r"(?i)nuget\.config$": "nuget.config",
             r"(?i)(?:^|\/)[^\/]+\.p(?:12|fx)$": "cert.p12"}
    return names[rule["path"]] if "path" in rule else "file.txt"


def samples(rule, rng):
    """Texts that the rule's expression should match, in a line of their own, with the keyword somewhere."""
    for _ in range(6):
        body = Maker(rule["regex"], rng).make()
        keyword = rng.choice(rule.get("keywords", [""]))
        yield f"# {keyword}\n{body}\n"
        yield f"{body}"


def damaged(text, rng):
    at = rng.randrange(len(text))
    return rng.choice([text[:at] + text[at + 1:], text[:at] + rng.choice("!~#Zz9 ") + text[at + 1:], text[:at] + "!" + text[at:]])


def expected(rule, secret, text):
    keywords = rule.get("keywords")
    if keywords and not any(k.lower() in text.lower() for k in keywords):
        return False
    return not rule.get("entropy") or entropy(secret) > rule["entropy"]


def compare(toml, tmp_path):
    rules = [r for r in tomllib.loads(toml)["rules"] if "regex" in r]
    for r in rules:
        r.pop("allowlists", None)
    file = tmp_path / "rules.toml"
    lines = []
    for r in rules:
        lines.append("[[rules]]")
        for key, value in r.items():
            lines.append(f"{key} = '''{value}'''" if isinstance(value, str) else f"{key} = {json.dumps(value)}")
    file.write_text("\n".join(lines) + "\n")
    rng = random.Random(11)
    jobs = []  # rule, name, text
    for r in rules:
        for text in samples(r, rng):
            jobs.append((r, path_for(r), text))
            jobs.extend((r, path_for(r), damaged(text, rng)) for _ in range(3))
    verdicts = perl([r["regex"] for r in rules], [text for _, _, text in jobs])
    rows = ours(file, [(name, text) for _, name, text in jobs])
    index = {r["id"]: i for i, r in enumerate(rules)}
    matched, missed = set(), set()
    for (rule, name, text), theirs, row in zip(jobs, verdicts, rows):
        mine = {h["rule"] for h in row["hits"]}
        for other in rules:
            secret = theirs.get(str(index[other["id"]]))
            want = secret is not None and path_for(other) in ("file.txt", name) and expected(other, secret, text)
            if want == (other["id"] in mine):
                continue
            # What names a source instead of a secret is dropped, and generic rules give way: both on purpose.
            if want and (secret.strip("'\" ")[:1] in ("$", "{", "<", "%", "[", "@") or "generic" in other["id"]):
                continue
            # A later match of the same rule may pass where Perl's first one does not.
            if not want and secret is not None:
                continue
            pytest.fail(f"{other['id']}: {'missed' if want else 'invented'} in {name} {text!r}\n{row}\n{theirs}")
        (matched if rule["id"] in mine else missed).add(rule["id"])
    everyone = {r["id"] for r in rules}
    assert everyone - matched == set(), "no matching text for"
    assert everyone - missed == set(), "no near miss for"
    return len(rules)


def test_own_rules(tmp_path):
    if not shutil.which("perl"):
        pytest.skip("skipped: perl is missing")
    assert compare(OWN, tmp_path) == 8


def test_all_rules_of_gitleaks(tmp_path):
    if not shutil.which("perl"):
        pytest.skip("skipped: perl is missing")
    toml = shared_rules()
    if toml is None:
        pytest.skip("skipped: ../shared is missing")
    assert compare(toml, tmp_path) == 221  # and one by path alone, below


def test_gitleaks_rule_by_path_alone(tmp_path):
    toml = shared_rules()
    if toml is None:
        pytest.skip("skipped: ../shared is missing")
    (tmp_path / "gitleaks.toml").write_text(toml)
    rows = ours(tmp_path / "gitleaks.toml", [("srv/cert.p12", "x"), ("srv/cert.P12", "\x00"), ("srv/cert.p12x", "x"), ("srv/p12", "x")])
    assert [[h["rule"] for h in row["hits"]] for row in rows] == [["pkcs12-file"], ["pkcs12-file"], [], []]
