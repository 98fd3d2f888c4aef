"""A second verifier of auditor's bundles, written from docs/formats/bundle.md alone, so that it shares no mistake with ours.

Usage: verify_bundle.py BUNDLE [KEY]. Prints the verdict; exits with the code of the format's table.
"""
import base64
import hashlib
import json
import re
import sys

import ed25519

CODES = {"intact": 0, "tampered": 1, "truncated": 2, "not covered": 2, "unknown key": 4, "malformed": 5}


class Verdict(Exception):
    pass


def require(fits, verdict, why):
    if not fits:
        raise Verdict(verdict, why)


def sha(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha(b"\x01" + left + right)


def jcs(value):
    # Good for the files of a bundle, which hold no fractions and only ASCII names.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def read_archive(data):
    """[(name, mtime, bytes)]; holds every header against the one spelling."""
    files, at = [], 0
    while True:
        block = data[at:at + 512]
        require(len(block) == 512, "truncated" if files else "malformed", "the archive ends too early")
        if block == bytes(512):
            require(len(data) >= at + 1024, "truncated", "the archive ends too early")
            require(data[at + 512:] == bytes(512), "malformed", "something stands behind the archive")
            return files
        name = block[:100].rstrip(b"\0")
        try:
            size, mtime = int(block[124:135], 8), int(block[136:147], 8)
        except ValueError:
            raise Verdict("malformed", "a header's number") from None
        body = block[:148] + b" " * 8 + block[156:]
        wanted = (name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0%011o\0" % (size, mtime) +
                  b"%06o\0 " % sum(body) + b"0" + bytes(100) + b"ustar\x0000").ljust(512, b"\0")
        require(block == wanted, "malformed", f"the header of {name!r}")
        content = data[at + 512:at + 512 + size]
        end = at + 512 + (size + 511) // 512 * 512
        require(len(content) == size and len(data) >= end, "truncated", "the archive ends too early")
        require(not any(data[at + 512 + size:end]), "malformed", "bytes behind a file")
        files.append((name.decode(), mtime, content))
        at = end


def read_key(text):
    name, key_id, data = text.split("+", 2)
    raw = base64.b64decode(data)
    require(sha(name.encode() + b"\n" + raw)[:4].hex() == key_id and raw[0] == 1, "malformed", "the key")
    return name, bytes.fromhex(key_id), raw[1:]


def read_checkpoint(note, key):
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    origin, size, root = text.splitlines()
    require(key is not None, "unknown key", "no key was given")
    name, key_id, public = key
    found = False
    for line in signatures.splitlines():
        dash, signer, blob = line.split(" ")
        require(dash == "\u2014", "malformed", "a signature line")
        raw = base64.b64decode(blob)
        if signer == name and raw[:4] == key_id:
            require(ed25519.verify(public, text.encode(), raw[4:]), "tampered", "the signature is wrong")
            found = True
    require(found, "unknown key", "the key did not sign")
    return int(size), base64.b64decode(root)


class Tree:
    """A compact range."""

    def __init__(self, size, hashes):
        self.size, self.hashes = size, list(hashes)

    def add(self, leaf):
        self.hashes.append(leaf)
        size = self.size
        while size & 1:
            right, left = self.hashes.pop(), self.hashes.pop()
            self.hashes.append(node(left, right))
            size >>= 1
        self.size += 1

    def add_subtree(self, level, subtree):
        self.hashes.append(subtree)
        size = self.size >> level
        while size & 1:
            right, left = self.hashes.pop(), self.hashes.pop()
            self.hashes.append(node(left, right))
            size >>= 1
        self.size += 1 << level

    def root(self):
        if not self.hashes:
            return sha(b"")
        out = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            out = node(left, out)
        return out


def path_root(leaf, index, size, path_at):
    last, level, out = size - 1, 0, leaf
    while last:
        if index & 1:
            out = node(path_at[level], out)
        elif index < last:
            out = node(out, path_at[level])
        index, last, level = index >> 1, last >> 1, level + 1
    return out


def levels_of(index, size):
    last, level = size - 1, 0
    while last:
        if index & 1 or index < last:
            yield level
        index, last, level = index >> 1, last >> 1, level + 1


LINE = re.compile(rb'\{"tenant":("(?:[^"\\]|\\.)*"),"seq":(0|[1-9]\d*),"prev_hash":"([0-9a-f]*)","hash":"([0-9a-f]{64})"'
                  rb'(?:,"private":(\[\{"member":.*?"\}\]))?(?:,"proof":"([A-Za-z0-9+/=]*)")?,"event":(\{.*\})\}')


def check_values(text, event):
    values = json.loads(text)
    spelled = "[" + ",".join('{"member":%s,"salt":"%s","value":%s}' % (
        json.dumps(v["member"], ensure_ascii=False), v["salt"], json.dumps(v["value"], ensure_ascii=False)) for v in values) + "]"
    names = [v["member"] for v in values]
    return (spelled.encode() == text and names == sorted(set(names)) and
            all(len(v["salt"]) == 32 and v["member"] not in event and event.get("commitments", {}).get(v["member"]) ==
                sha(bytes.fromhex(v["salt"]) + v["value"].encode()).hex() for v in values))


def verify(data, key):
    files = read_archive(data)
    names = [name for name, _, _ in files]
    require(names[:2] == ["README.txt", "manifest.json"], "malformed", "it does not begin as a bundle")
    content = {name: body for name, _, body in files}
    require(len(content) == len(files), "tampered", "a file twice")
    manifest = json.loads(content["manifest.json"])
    require(jcs(manifest) == content["manifest.json"] and manifest["bundle"] == "intentgate-audit-bundle-1", "malformed", "manifest")
    first, end, covered = manifest["first_seq"], manifest["next_seq"], manifest["covered"]
    filtered, signed = manifest["filtered"], "checkpoint.note" in manifest["files"]
    front = ["README.txt"] + ["checkpoint.note"] * signed + ["range.proof"] * (signed and not filtered) + ["anchor.json"] * (first > 0)
    require(sorted(front) == sorted(manifest["files"]), "tampered", "the manifest's files")
    segments = [name for name in names if name.startswith("events/")]
    order = [front[0], "manifest.json"] + front[1:] + [f"events/{i:06}.ndjson" for i in range(len(segments))] + ["end.json"]
    require(names != order[:-1], "truncated", "end.json is missing")
    require(names == order, "tampered", "the order of the files")
    require(len({mtime for _, mtime, _ in files[2:]}) == 1, "tampered", "a file of another time")
    for name, digest in manifest["files"].items():
        require(sha(content[name]).hex() == digest, "tampered", f"the digest of {name}")
    archive = manifest.get("archive", False)
    require(covered >= end and signed and not filtered if archive else covered <= end, "tampered" if archive else "truncated",
            "the checkpoint's size")
    last_leaf = end if archive else covered

    root, tree, link = None, None, ""
    if signed:
        size, root = read_checkpoint(content["checkpoint.note"].decode(), key)
        require(size == covered, "tampered", "the checkpoint's size")
    if signed and not filtered:
        lines = content["range.proof"].decode().splitlines()
        require(lines[:2] == ["intentgate-range-proof-1", f"{first} {last_leaf} {covered}"], "tampered", "range.proof")
        tree = Tree(first, [base64.b64decode(line.removeprefix("left ")) for line in lines[2:] if line.startswith("left ")])
        right = [base64.b64decode(line.removeprefix("right ")) for line in lines[2:] if line.startswith("right ")]
        require(archive or not right, "tampered", "range.proof")
    if first > 0:
        link = json.loads(content["anchor.json"])["prev_hash"]
    anchor = link

    last, count, pruned, path_at, proved = first - 1, 0, 0, {}, None
    for text in b"".join(content[name] for name in segments).splitlines():
        match = LINE.fullmatch(text)
        require(match, "tampered", "a line")
        tenant, seq, prev, stated, values, proof, canonical = match.groups()
        seq = int(seq)
        require(last < seq < end and (filtered or seq == last + 1), "tampered", f"event {seq}: place")
        digest = sha(prev + canonical)
        require(digest.hex() == stated.decode(), "tampered", f"event {seq}: altered")
        event = json.loads(canonical)
        require(event["tenant"] == json.loads(tenant) == manifest["tenant"] and event["seq"] == seq, "tampered", f"event {seq}: misplaced")
        require((event["kind"] == "genesis") == (seq == 0), "tampered", f"event {seq}: genesis")
        require(values is None or (manifest.get("values") and check_values(values, event)), "tampered", f"event {seq}: a private value")
        if seq == last + 1:
            require(prev.decode() == link, "tampered", f"event {seq}: link")
        require((proof is not None) == (filtered and seq < covered), "tampered", f"event {seq}: proof")
        leaf = sha(b"\x00" + digest)
        if tree and seq < covered:
            tree.add(leaf)
        if proof is not None:
            packed, shared = base64.b64decode(proof), 64 if proved is None else (proved ^ seq).bit_length()
            for level in levels_of(seq, covered):
                if level < shared:
                    path_at[level], packed = packed[:32], packed[32:]
            require(not packed and path_root(leaf, seq, covered, path_at) == root, "tampered", f"event {seq}: not in the log")
            proved = seq
        if event["kind"] == "control" and event.get("tool") == "audit/pruned":
            said = event["details"]
            if said["first_seq"] != first or said["prev_hash"] == anchor:
                pruned = max(pruned, said["first_seq"])
        last, link, count = seq, stated.decode(), count + 1

    require(filtered or last == end - 1, "truncated", "events are missing at the end")
    if tree:
        # Each further hash is that of the largest complete subtree that begins where the tree ends and fits.
        while right:
            level = min((tree.size & -tree.size).bit_length() - 1 if tree.size else 63, (covered - tree.size).bit_length() - 1)
            require(level >= 0, "tampered", "range.proof")
            tree.add_subtree(level, right.pop(0))
        require(tree.size == covered, "tampered", "range.proof")
    require(tree is None or tree.root() == root, "tampered", "not the events that the checkpoint signs")
    require(filtered or archive or pruned >= first, "truncated", "nothing says that the first events were pruned")
    wanted = {"end": "intentgate-audit-bundle-1", "events": count, "segments": len(segments), "last_hash": link if count else "",
              "manifest_sha256": sha(content["manifest.json"]).hex()}
    require(json.loads(content["end.json"]) == wanted and jcs(wanted) == content["end.json"], "tampered", "end.json")
    require(signed or key is None, "not covered", "there is no checkpoint")
    return count


def judge(data, key_text):
    try:
        return "intact", f"{verify(data, read_key(key_text) if key_text else None)} events"
    except Verdict as found:
        return found.args
    except (ValueError, KeyError, TypeError, IndexError, UnicodeDecodeError) as error:
        return "malformed", str(error)


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        verdict, why = judge(file.read(), sys.argv[2] if len(sys.argv) > 2 else "")
    print(f"{verdict}: {why}")
    sys.exit(CODES[verdict])
