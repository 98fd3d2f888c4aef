"""A second verifier of audit exports, written from docs/formats/audit.md with the standard library only.

It shares no code and no author's shortcut with the C++ one, so that a mistake in both would have to be
made twice. Usage: verify_export.py [--expect intact|filtered|tampered|truncated|malformed] FILE
Without --expect the exit code is 0 for intact, 1 tampered, 2 truncated, 5 malformed.
"""

import hashlib
import json
import math
import sys

EXIT = {"intact": 0, "filtered": 0, "tampered": 1, "truncated": 2, "malformed": 5}


class Found(Exception):
    def __init__(self, verdict, message):
        super().__init__(message)
        self.verdict = verdict


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("duplicate member")
    return dict(pairs)


def refuse_constant(text):
    raise ValueError(text + " is no JSON")


def parse(raw):
    return json.loads(raw.decode("utf-8"), object_pairs_hook=no_duplicates, parse_constant=refuse_constant)


def number(value):
    """ECMAScript's Number::toString for a float."""
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    digits, exponent = ("%r" % abs(value)), 0
    if "e" in digits:
        digits, power = digits.split("e")
        exponent = int(power)
    whole, _, fraction = digits.partition(".")
    all_digits = (whole + fraction).lstrip("0")
    point = len(whole) + exponent - (len(whole + fraction) - len((whole + fraction).lstrip("0")))
    all_digits = all_digits.rstrip("0")
    sign = "-" if value < 0 else ""
    if len(all_digits) <= point <= 21:
        return sign + all_digits + "0" * (point - len(all_digits))
    if 0 < point <= 21:
        return sign + all_digits[:point] + "." + all_digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + all_digits
    mantissa = all_digits[0] + ("." + all_digits[1:] if len(all_digits) > 1 else "")
    return "%s%se%s%d" % (sign, mantissa, "+" if point > 0 else "-", abs(point - 1))


def jcs(value):
    """RFC 8785."""
    if value is None or isinstance(value, (bool, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        if int(float(value)) != value:
            raise ValueError("an integer that no double holds")
        return number(float(value))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a number that overflows")
        return number(value)
    if isinstance(value, list):
        return "[" + ",".join(jcs(v) for v in value) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be"))
    return "{" + ",".join(jcs(n) + ":" + jcs(value[n]) for n in names) + "}"


def check_event(line, header, chains):
    front, mark, rest = line.partition(b',"event":')
    if not mark or not rest.endswith(b"}"):
        raise Found("malformed", "neither an event nor the trailer")
    try:
        envelope = parse(front + b"}")
        tenant, seq = envelope["tenant"], envelope["seq"]
        prev_hash, stored_hash = envelope["prev_hash"], envelope["hash"]
    except (ValueError, KeyError) as error:
        raise Found("malformed", str(error)) from error
    canonical = rest[:-1]
    if hashlib.sha256(prev_hash.encode() + canonical).hexdigest() != stored_hash:
        raise Found("tampered", "event %s was altered" % seq)
    try:
        event = parse(canonical)
        again = jcs(event).encode("utf-8")
    except ValueError as error:
        raise Found("tampered", str(error)) from error
    if again != canonical:
        raise Found("tampered", "event %s is not canonical" % seq)
    if event["seq"] != seq or event["tenant"] != tenant or (event["kind"] == "genesis") != (seq == 0):
        raise Found("tampered", "event %s stands in another's place" % seq)
    names = []
    for value in envelope.get("private", []):
        member, salt = value["member"], bytes.fromhex(value["salt"])
        commitment = hashlib.sha256(salt + value["value"].encode("utf-8")).hexdigest()
        if len(salt) != 16 or event.get("commitments", {}).get(member) != commitment or member in event:
            raise Found("tampered", "event %s: the value of %s is another" % (seq, member))
        names.append(member)
    if names != sorted(set(names)):
        raise Found("tampered", "event %s: its values are out of order" % seq)
    if header["filter"].get("tenant", tenant) != tenant:
        raise Found("tampered", "tenant %s was not exported" % tenant)
    chain = chains.get(tenant)
    if chain is None:
        first = 0 if header["filtered"] else seq
        chain = {"events": 0, "last": first - 1, "hash": prev_hash if first else "", "first": first, "link": prev_hash, "pruned": first == 0}
    if event["kind"] == "control" and event.get("tool") == "audit/pruned":
        said = event.get("details", {})
        if said.get("first_seq", 0) > chain["first"] or (said.get("first_seq"), said.get("prev_hash")) == (chain["first"], chain["link"]):
            chain["pruned"] = True
    following = seq == chain["last"] + 1
    if seq <= chain["last"] or (not following and not header["filtered"]):
        raise Found("tampered", "event %s: one before it is missing, or it was moved" % seq)
    if following and prev_hash != chain["hash"]:
        raise Found("tampered", "event %s is not linked to the one before" % seq)
    chains[tenant] = {**chain, "events": chain["events"] + 1, "last": seq, "hash": stored_hash}


def check_trailer(line, header, chains, digest):
    try:
        trailer = parse(line)
        named = {chain["tenant"]: chain for chain in trailer["chains"]}
    except (ValueError, KeyError) as error:
        raise Found("malformed", str(error)) from error
    if set(chains) - set(named):
        raise Found("tampered", "a tenant is missing in the trailer")
    for tenant, said in named.items():
        chain = chains.get(tenant, {"events": 0, "last": -1, "hash": "", "first": 0, "pruned": True})
        if not chain["pruned"]:
            raise Found("tampered", "the first events of tenant %s are missing, and no event says that they were pruned" % tenant)
        if chain["events"] != said["events"] or (not header["filtered"] and chain["events"] < said["next_seq"] - chain["first"]):
            raise Found("truncated", "events of tenant %s are missing" % tenant)
        at_head = chain["last"] + 1 == said["next_seq"]
        if chain["last"] >= said["next_seq"] or (at_head and chain["hash"] != said["hash"]):
            raise Found("tampered", "tenant %s does not end at its head" % tenant)
    if trailer["events"] != sum(chain["events"] for chain in chains.values()):
        raise Found("truncated", "events are missing")
    if trailer["sha256"] != digest:
        raise Found("tampered", "the digest of the trailer is not that of the file")


def verify(lines):
    header, ended, chains, digest = None, False, {}, hashlib.sha256()
    for raw in lines:
        if ended:
            raise Found("malformed", "text after the trailer")
        if not raw.endswith(b"\n"):
            raise Found("truncated" if header else "malformed", "the file ends inside a line")
        line = raw[:-1]
        covered_by_hash = header is not None
        if header is None:
            try:
                header = parse(line)
                supported = header["export"] == "intentgate-audit-export-1"
            except (ValueError, KeyError, TypeError) as error:
                raise Found("malformed", "no header") from error
            if not supported or not isinstance(header.get("filtered"), bool):
                raise Found("malformed", "no header of a known format")
        elif line.startswith(b'{"trailer":'):
            check_trailer(line, header, chains, digest.hexdigest())
            ended = True
        else:
            check_event(line, header, chains)
        front, mark, _ = raw.partition(b',"event":') if covered_by_hash else (raw, b"", b"")
        digest.update(front + mark + (b"}\n" if mark else b""))
    if header is None:
        raise Found("malformed", "the file is empty")
    if not ended:
        raise Found("truncated", "the file has no trailer")
    return ("filtered" if header["filtered"] else "intact"), "%d events" % sum(c["events"] for c in chains.values())


def main(arguments):
    expected = arguments[1] if arguments[:1] == ["--expect"] else None
    with open(arguments[-1], "rb") as file:
        try:
            verdict, message = verify(file)
        except Found as found:
            verdict, message = found.verdict, str(found)
    print("%s: %s" % (verdict, message))
    if expected is not None:
        return 0 if verdict == expected else 1
    return EXIT[verdict]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
