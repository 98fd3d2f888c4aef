"""A second reader of v5 tokens, written from docs/formats/token.md and sharing nothing with the library.

    v5_reference.py v5_vectors.json

reads every vector, checks content or refusal, and says how many agree. Standard library only.
"""
import base64
import hashlib
import hmac
import json
import re
import sys

MAX_CHARS, MAX_CAVEATS, MAX_HOPS, MAX_TTL, MAX_TIME, MAX_INT = 16384, 64, 32, 7776000, 2**40 - 1, 2**63 - 1
MAX_NESTING = 32


class Refused(Exception):
    def __init__(self, reason):
        super().__init__(reason)
        self.reason = "capability.token_" + reason


def require(condition, reason="malformed"):
    if not condition:
        raise Refused(reason)


class Number(str):
    """The text of a JSON number."""


def b64(text):
    require(re.fullmatch(r"[A-Za-z0-9_-]*", text) and len(text) % 4 != 1)
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    require(base64.urlsafe_b64encode(data).decode().rstrip("=") == text)
    return data


class Cbor:
    def __init__(self, data):
        self.data, self.pos = data, 0

    def head(self):
        require(self.pos < len(self.data))
        first = self.data[self.pos]
        self.pos += 1
        major, info = first >> 5, first & 31
        if major == 7:
            require(info in (20, 21, 22))
            return major, info
        require(major != 6 and info < 28)
        if info < 24:
            return major, info
        size = 1 << (info - 24)
        raw = self.data[self.pos:self.pos + size]
        require(len(raw) == size)
        self.pos += size
        value = int.from_bytes(raw, "big")
        require(value >= (24 if size == 1 else 1 << (size * 4)))
        return major, value

    def raw(self, size):
        require(size <= len(self.data) - self.pos)
        self.pos += size
        return self.data[self.pos - size:self.pos]

    def item(self, depth):
        """Arrays become lists, maps lists of pairs behind a marker, text str, bytes bytes, the rest itself."""
        major, value = self.head()
        if major == 0:
            return value
        if major == 1:
            return -1 - value
        if major == 2:
            return self.raw(value)
        if major == 3:
            try:
                return self.raw(value).decode("utf-8")
            except UnicodeDecodeError:
                raise Refused("malformed") from None
        if major == 7:
            return {20: False, 21: True, 22: None}[value]
        require(depth > 0)
        require(value * (1 if major == 4 else 2) <= len(self.data) - self.pos)
        if major == 4:
            return [self.item(depth - 1) for _ in range(value)]
        pairs, last = [], None
        for _ in range(value):
            start = self.pos
            key = self.item(depth - 1)
            encoded = self.data[start:self.pos]
            require(last is None or encoded > last)
            last = encoded
            pairs.append((key, self.item(depth - 1)))
        return {"map": pairs}


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def to_json(value):
    if is_int(value):
        require(-MAX_INT - 1 <= value <= MAX_INT)
        return Number(value)
    if isinstance(value, bytes):
        try:
            text = value.decode("ascii")
        except UnicodeDecodeError:
            raise Refused("malformed") from None
        require(re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", text))
        plain = re.fullmatch(r"0|-?[1-9][0-9]*", text) and -MAX_INT - 1 <= int(text) <= MAX_INT
        require(not plain)
        return Number(text)
    if isinstance(value, list):
        return [to_json(element) for element in value]
    if isinstance(value, dict):
        require(all(isinstance(name, str) for name, _ in value["map"]))
        return {name: to_json(inner) for name, inner in value["map"]}
    return value


class LaterVersion(Exception):
    """A constraint of a kind that this version does not have."""


def texts(values, least=0):
    require(isinstance(values, list) and len(values) >= least and all(isinstance(v, str) for v in values))
    return list(values)


def nonneg(value, most=MAX_INT):
    require(is_int(value) and 0 <= value <= most)
    return value


def bounds(parts):
    require(len(parts) == 2)
    out = {}
    for name, part in zip(("min", "max"), parts):
        if part is not None:
            require(is_int(part) or isinstance(part, bytes))
            out[name] = str(to_json(part))
    return out


def constraint(value):
    require(isinstance(value, list) and len(value) >= 2)
    kind, parts = nonneg(value[0], 2**64 - 1), value[1:]
    names = ["equals", "one_of", "prefix", "glob", "regex", "range", "length", "subpath", "url", "cidr", "contains", "subset",
             "not", "all", "any"]
    if kind >= len(names):
        raise LaterVersion
    name = names[kind]
    if name in ("equals", "prefix", "glob", "regex", "subpath", "not"):
        require(len(parts) == 1)
    if name == "equals":
        return {name: to_json(parts[0])}
    if name in ("one_of", "contains", "subset"):
        return {name: [to_json(part) for part in parts]}
    if name in ("prefix", "glob", "regex", "subpath"):
        return {name: texts(parts)[0]}
    if name in ("range", "length"):
        return {name: bounds(parts)}
    if name == "cidr":
        return {name: texts(parts)}
    if name == "url":
        require(len(parts) in (2, 3))
        rule = {"schemes": texts(parts[0], 1), "hosts": texts(parts[1], 1)}
        if len(parts) == 3:
            require(isinstance(parts[2], list) and parts[2])
            rule["ports"] = [Number(nonneg(port)) for port in parts[2]]
        return {name: rule}
    inner, later = [], False
    for part in parts:
        try:
            inner.append(constraint(part))
        except LaterVersion:
            later = True
    if later:
        raise LaterVersion
    return {name: inner[0] if name == "not" else inner}


def caveat(value):
    require(isinstance(value, list) and value)
    kind, parts = nonneg(value[0], 2**64 - 1), value[1:]
    numbers = {0: ("exp", "exp"), 4: ("max_calls", "max_calls"), 5: ("step_up", "step_up_at"), 8: ("rate_limit", "rate_per_min"),
               9: ("max_cost", "max_cents"), 10: ("risk_max", "risk_max")}
    lists = {2: ("tool_allow", "tools"), 3: ("tool_deny", "tools"), 7: ("mcp_allow", "servers")}
    if kind in numbers:
        require(len(parts) == 1)
        name, member = numbers[kind]
        number = nonneg(parts[0])
        return {"t": name, member: Number(number)} if number else {"t": name}
    if kind in lists:
        name, member = lists[kind]
        return {"t": name, member: texts(parts)} if parts else {"t": name}
    if kind == 1:
        require(len(parts) == 1)
        agent = texts(parts)[0]
        return {"t": "agent_lock", "agent": agent} if agent else {"t": "agent_lock"}
    if kind == 6:
        require(len(parts) == 2)
        out = {"t": "callee_allow"}
        for member, part in zip(("callees", "callee_zones"), parts):
            if texts(part):
                out[member] = texts(part)
        return out
    if kind == 11:
        require(len(parts) in (2, 3) and isinstance(parts[0], str))
        require(len(parts) == 2 or (isinstance(parts[2], str) and parts[2]))
        try:
            out = {"t": "arg", "at": parts[0], "is": constraint(parts[1])}
        except LaterVersion:
            return {"t": "arg with an unknown constraint"}
        if len(parts) == 3:
            out["tool"] = parts[2]
        return out
    if kind == 12:
        require(len(parts) == 1)
        thumbprint = texts(parts)[0]
        return {"t": "holder", "jkt": thumbprint}
    return {"t": "type-%d" % kind}


def read_map(segment, last_key):
    reader = Cbor(segment)
    # The caveats' own nesting, below the map and the list.
    value = reader.item(MAX_NESTING + 2)
    require(isinstance(value, dict) and reader.pos == len(segment))
    members = dict(value["map"])
    require(all(is_int(key) and 1 <= key <= last_key for key in members))
    return members


def required_text(members, key, default=None, most=MAX_CHARS):
    if key not in members and default is not None:
        return default
    text = members.get(key)
    require(isinstance(text, str) and text and text != default and len(text.encode()) <= most)
    return text


def read_id(members, key):
    require(isinstance(members.get(key), bytes) and len(members[key]) == 12)
    return base64.urlsafe_b64encode(members[key]).decode()


def read_caveats(members, key, have):
    if key not in members:
        return []
    require(isinstance(members[key], list) and members[key])
    require(len(members[key]) <= MAX_CAVEATS - have, "too_large")
    return [caveat(value) for value in members[key]]


def read_segments(segments):
    root = read_map(segments[0], 12)
    require(5 in root and 3 in root and 4 in root)
    content = {"v": Number(5), "kid": required_text(root, 1, most=32)}
    hop_id = read_id(root, 2)
    content["root_jti"] = hop_id
    require("" == root.get(7, "x") or required_text(root, 7, "intentgate"))
    content["iss"] = root.get(7, "intentgate")
    content["tenant"] = required_text(root, 6, "default")
    content["zone"] = required_text(root, 8, "default")
    content["sub"] = required_text(root, 5)
    if 9 in root:
        content["aud"] = required_text(root, 9)
    issued, ttl = nonneg(root[3], MAX_TIME), nonneg(root[4])
    require(ttl > 0)
    content["iat"] = Number(issued)
    if 10 in root:
        content["nbf"] = Number(nonneg(root[10], MAX_TIME))
    if 11 in root:
        content["max_depth"] = Number(nonneg(root[11], MAX_HOPS))
    caveats = read_caveats(root, 12, 0)
    hops = [{"id": hop_id, "caveats": Number(len(caveats))}]
    sealed = False
    for segment in segments[1:]:
        require(not sealed, "sealed_extended")
        hop = read_map(segment, 4)
        require(3 in hop or 4 in hop)
        hop_id = read_id(hop, 1)
        added = read_caveats(hop, 3, len(caveats))
        caveats += added
        hops.append({"id": hop_id, "caveats": Number(len(added))})
        if 2 in hop:
            hops[-1]["label"] = required_text(hop, 2, most=64)
        if 4 in hop:
            require(hop[4] is True)
            sealed = True
    require(ttl <= MAX_TTL, "ttl_too_long")
    require(11 not in root or len(segments) - 1 <= root[11], "depth_exceeded")
    expiries = [issued + ttl] + [int(c["exp"]) if "exp" in c else 0 for c in caveats if c["t"] == "exp"]
    content.update(jti=hop_id, exp=Number(min(expiries)), cav=caveats, hops=hops)
    if sealed:
        content["sealed"] = True
    return content, sealed


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def tag_of(secret, content, segments, sealed):
    pseudo_random_key = mac(content["kid"].encode(), secret)
    subkey = mac(pseudo_random_key, b"intentgate/ig5/tenant/", content["tenant"].encode(), b"\x01")
    tag = mac(subkey, b"ig5/root\0", segments[0])
    for segment in segments[1:]:
        tag = mac(tag, b"ig5/hop\0", segment)
    return mac(tag, b"ig5/seal\0") if sealed else tag


def verify(text, keys, audience, now):
    require(len(text) <= MAX_CHARS, "too_large")
    if not text.startswith("ig5."):
        require(not re.match(r"ig[0-9]+\.", text), "version")
        raise Refused("malformed")
    require(len(text) >= 8, "truncated")
    frame = b64(text[4:7])
    require(text[7] == ".")
    stated = int.from_bytes(frame, "big")
    require(len(text) >= stated, "truncated")
    require(len(text) == stated)
    parts = text[8:].split(".")
    require(len(parts) >= 2 and len(parts[-1]) == 43)
    tag = b64(parts[-1])
    segments = []
    for part in parts[:-1]:
        require(len(segments) <= MAX_HOPS, "depth_exceeded")
        segments.append(b64(part))
    content, sealed = read_segments(segments)
    key = next((k for k in keys if k["id"] == content["kid"]), None)
    require(key is not None, "unknown_key")
    expected = tag_of(bytes.fromhex(key["secret_hex"]), content, segments, sealed)
    require(hmac.compare_digest(expected, tag), "bad_mac")
    require("accept_until" not in key or now < int(key["accept_until"]), "key_retired")
    require("aud" not in content or content["aud"] == audience, "wrong_audience")
    return content


def main(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file, parse_int=Number, parse_float=Number)
    keys, now = vectors["keys"], int(vectors["now"])
    passed = failed = 0
    for row in vectors["accepted"] + vectors["refused"]:
        try:
            outcome = verify(row["token"], keys, row["audience"], now)
        except Refused as refused:
            outcome = refused.reason
        if outcome == row.get("content", row.get("reason")):
            passed += 1
        else:
            failed += 1
            print("differs:", row["name"], outcome)
    print(passed, "passed,", failed, "failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
