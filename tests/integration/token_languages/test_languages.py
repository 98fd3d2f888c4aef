"""Tokens narrowed in C++, Python and Node are the same bytes: 1,000 random ones with hostile strings and every caveat.

The only bytes that may differ are those that are random on purpose: a v5 hop's id, and the tag that follows from it.
"""
import base64
import json
import os
import pathlib
import random
import subprocess

import pytest

import libintentgate as ig

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = ROOT / "build/release"
TOKENS = 1000
SEED = 20261128

HOSTILE = ["<script>&\"'\\", "\u2028\u2029", "\x00\x01\x1f\x7f", "\b\f\n\r\t", "ünïcödé", "\U0001f600\U0010ffff", "\ufeff\ufffe\uffff", "e\u0301",
           "\u202e\u200b", "'; DROP TABLE", "%00%2e", "{\"t\":\"x\"}", "a" * 300, " ", "\ud7ff\ue000", "</", "\\u0041", "__proto__"]
# No integer beyond 2^53 and no float that is whole, which JavaScript cannot tell apart; and none that Python spells in a way
# of its own (1e-07), because C++ keeps the spelling of a number that it reads.
NUMBERS = [0, 1, -1, 2**31, 2**53 - 1, -(2**53 - 1), 0.1, -2.5, 1.5e-10, 1.7976931348623157e308, 123456.789, 5e-324]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self):
        if self.random.random() < 0.5:
            return self.random.choice(HOSTILE)
        codes = (self.random.choice((0x20, 0x80, 0x2000, 0x10000)) + self.random.randrange(0x60) for _ in range(self.random.randrange(1, 12)))
        return "".join(map(chr, codes))

    def texts(self):
        return [self.text() for _ in range(self.random.randrange(1, 4))]

    def value(self, depth=2):
        kinds = [lambda: None, lambda: self.random.random() < 0.5, lambda: self.random.choice(NUMBERS), self.text]
        if depth:
            kinds += [lambda: [self.value(depth - 1) for _ in range(self.random.randrange(3))],
                      lambda: {self.text(): self.value(depth - 1) for _ in range(self.random.randrange(3))}]
        return self.random.choice(kinds)()

    def constraint(self, depth=2):
        low = self.random.randrange(-1000, 1000)
        kinds = [
            lambda: {"equals": self.value()}, lambda: {"one_of": [self.value(), self.value()]}, lambda: {"prefix": self.text()},
            lambda: {"glob": "**/" + self.random.choice(["*.csv", "[!a]?", "é*"])}, lambda: {"regex": self.random.choice([".*", "[a-z]{1,3}", "(a|ü)+"])},
            lambda: {"range": {"min": str(low), "max": f"{low + 5}.25"}}, lambda: {"length": {"max": self.random.randrange(100)}},
            lambda: {"subpath": "/data/" + self.random.choice(["ü", "q3", "<&>"])},
            lambda: {"url": {"schemes": ["https"], "hosts": ["*.example.com"], "ports": [self.random.randrange(1, 65536)]}},
            lambda: {"cidr": ["10.0.0.0/8", "2001:db8::/32"]}, lambda: {"contains": [self.value()]}, lambda: {"subset": [self.value()]},
        ]
        if depth:
            kinds += [lambda: {"not": self.constraint(depth - 1)}, lambda: {"all": [self.constraint(depth - 1)]},
                      lambda: {"any": [self.constraint(depth - 1), self.constraint(depth - 1)]}]
        return self.random.choice(kinds)()

    def caveat(self, version):
        n = self.random.randrange(1, 10**6)
        kinds = [lambda: ig.tools(*self.texts()), lambda: ig.deny_tools(*self.texts()), lambda: ig.max_calls(n), lambda: ig.expires(n + 10**9),
                 lambda: ig.agent(self.text()), lambda: ig.step_up(n)]
        if version >= 4:
            kinds += [lambda: ig.rate_limit(n), lambda: ig.max_cost(n), lambda: ig.servers(*self.texts()), lambda: ig.risk_max(n),
                      lambda: ig.callees(*self.texts(), zones=self.texts())]
        if version == 5:
            kinds += [lambda: ig.where("/" + self.random.choice(["path", "a~1b", "ü/0"]), constraint=self.constraint(), tool=self.text())] * 8
        return self.random.choice(kinds)()

    def case(self, keys, number):
        version = 3 + number % 3
        root = ig.mint(keys, "a" + self.text(), format=version, tenant="t" + str(number), issuer=self.text()).token
        return {"version": version, "token": root, "caveats": [self.caveat(version) for _ in range(self.random.randrange(1, 5))],
                "seal": version == 5 and number % 9 == 2, "label": self.text()[:16] if version == 5 else ""}


@pytest.fixture(scope="module")
def keys():
    return ig.KeyRing.parse(ig.generate_key_line("k1"))


@pytest.fixture(scope="module")
def cases(keys):
    made = Maker(SEED)
    return [made.case(keys, number) for number in range(TOKENS)]


def in_python(case):
    try:
        child = ig.attenuate(case["token"], case["caveats"], seal=case["seal"], label=case["label"])
    except ig.IntentGateError as error:
        return {"error": error.code}
    return {"child": child, "decoded": ig.decode(child)}


def by_program(command, cases):
    run = subprocess.run(command, input="".join(json.dumps(case) + "\n" for case in cases), text=True, encoding="utf-8", capture_output=True,
                         timeout=120, env={**os.environ, "LIBINTENTGATE": str(BUILD / "node/lib/index.mjs")})
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.split("\n") if line]


def fixed_bytes(child, decoded):
    """The token without what is random in it."""
    if not child.startswith("ig5."):
        return child
    *parts, _tag = child.split(".")
    hop = base64.urlsafe_b64decode(parts[-1] + "==")
    own_id = base64.urlsafe_b64decode(decoded["hops"][-1]["id"] + "==")
    assert hop.count(own_id) == 1
    return parts[:-1], hop.replace(own_id, bytes(len(own_id)))


def without_id(child, decoded):
    text = json.dumps(decoded, sort_keys=True)
    return text.replace(decoded["jti"], "") if child.startswith("ig5.") else text


@pytest.mark.parametrize("command", [[BUILD / "tests/integration/token_languages/token_cases"],
                                     ["node", pathlib.Path(__file__).with_name("token_cases.mjs")]], ids=["C++", "Node"])
def test_the_bytes_are_those_of_python(cases, keys, command):
    ours, theirs = [in_python(case) for case in cases], by_program(list(map(str, command)), cases)
    assert len(theirs) == len(ours) == TOKENS
    for case, mine, other in zip(cases, ours, theirs):
        assert mine.get("error") == other.get("error"), case
        if "child" in mine:
            assert fixed_bytes(**mine) == fixed_bytes(**other), case
            assert without_id(**mine) == without_id(**other), case
            assert ig.is_genuine(other["child"], keys), case


def test_the_cases_are_worth_it(cases):
    """Nearly all are accepted, every caveat and every constraint occurs, and so does every hostile text."""
    assert sum("child" in in_python(case) for case in cases) > TOKENS * 0.95
    text = json.dumps([case["caveats"] for case in cases], ensure_ascii=False)
    kinds = {caveat["t"] for case in cases for caveat in case["caveats"]}
    assert kinds == {"tool_allow", "tool_deny", "max_calls", "exp", "agent_lock", "step_up", "rate_limit", "max_cost", "mcp_allow", "risk_max",
                     "callee_allow", "arg"}
    for name in ("equals", "one_of", "prefix", "glob", "regex", "range", "length", "subpath", "url", "cidr", "contains", "subset", "not",
                 "all", "any"):
        assert f'"{name}"' in text, name
    assert all(json.dumps(hostile, ensure_ascii=False)[1:-1] in text for hostile in HOSTILE)
