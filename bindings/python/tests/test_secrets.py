"""A call that is wrong is told what is wrong, and never shown the token, the key or the password that came with it."""
import pytest

import libintentgate as ig

LINE = ig.generate_key_line("k1")
KEYS = ig.KeyRing.parse(LINE)
TOKEN = ig.mint(KEYS, "agent-7").token
PASSWORD = "correct-horse"
STORE = ig.PostgresStore(f"postgresql://gate:{PASSWORD}@127.0.0.1:1/gate")
SOURCES = {"policy.rego": 'package intentgate.policy\ndecision := {"allow": true}\n'}
SECRETS = [TOKEN, LINE.split()[1], PASSWORD]

WRONG = {
    "a key's text for a ring, mint": (lambda: ig.mint(LINE, "agent-7"), "keys must be a KeyRing, not a str"),
    "a key's text for a ring, check": (lambda: ig.check(TOKEN, LINE, "read"), "keys must be a KeyRing, not a str"),
    "a key's text for a ring, explain": (lambda: ig.explain(TOKEN, LINE, "read"), "keys must be a KeyRing, not a str"),
    "a key's text for a ring, verify": (lambda: ig.verify(TOKEN, LINE), "keys must be a KeyRing, not a str"),
    "a key's text for a ring, is_genuine": (lambda: ig.is_genuine(TOKEN, LINE), "keys must be a KeyRing, not a str"),
    "a key's text for a ring, Gate": (lambda: ig.Gate(keys=LINE, policy=SOURCES, store=STORE), "keys must be a KeyRing, not a str"),
    "no ring": (lambda: ig.verify(TOKEN), "the argument keys is missing"),
    "an audience that is no text": (lambda: ig.check(TOKEN, KEYS, "read", audience=5), "audience must be a str, not a int"),
    "a time that is no number": (lambda: ig.check(TOKEN, KEYS, "read", now="noon"), "now must be an int or None, not a str"),
    "a subject that is no text": (lambda: ig.mint(KEYS, b"agent-7"), "subject must be a str, not a bytes"),
    "a lifetime that is no number": (lambda: ig.mint(KEYS, "agent-7", ttl=1.5), "ttl must be an int or None, not a float"),
    "two keys' texts": (lambda: ig.KeyRing.parse(LINE, LINE), "at most 1"),
    "a list of keys' texts": (lambda: ig.KeyRing.parse([LINE]), "text must be a str, not a list"),
    "a list of master keys": (lambda: ig.KeyRing.from_master_key([LINE]), "text must be a str, not a list"),
    "sources that are no texts": (lambda: ig.Gate(keys=KEYS, policy={"policy.rego": 5}, store=STORE), "policy must be texts by name"),
    "a variable that is no text": (lambda: ig.Gate.open(yaml="", environment={"INTENTGATE_MASTER_KEY": LINE, "PORT": 5}),
                                   "the variable PORT must be a str, not a int"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_message_of_a_wrong_call_says_what_is_wrong_and_no_secret(wrong):
    call, message = WRONG[wrong]
    with pytest.raises(TypeError) as raised:
        call()
    assert message in str(raised.value)
    assert not any(secret in str(raised.value) for secret in SECRETS)


@pytest.mark.parametrize("call, message", [
    (lambda gate: gate.check_token([TOKEN]), "token must be a str, not a list"),
    (lambda gate: gate.visible_tools([TOKEN], ["read"]), "token must be a str, not a list"),
    (lambda gate: gate.visible_tools(TOKEN, [5]), "a tool must be a str, not a int"),
    (lambda gate: gate.visible_tools(TOKEN, ["read"], server=5), "server must be a str, not a int"),
    (lambda gate: gate.authorize("read", {}, [TOKEN]), "token must be a str, not a list"),
    (lambda gate: gate.authorize("read", {}, TOKEN, intent=5), "intent must be a str, not a int"),
])
def test_the_message_of_a_gate_does_not_show_the_token(gate, call, message):
    with pytest.raises(TypeError) as raised:
        call(gate)
    assert message in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_the_objects_that_hold_secrets_do_not_print_them():
    minted = ig.mint(KEYS, "agent-7")
    shown = f"{KEYS!r} {KEYS} {minted!r} {minted} {STORE!r} {STORE}"
    assert minted.token not in shown
    assert not any(secret in shown for secret in SECRETS)
