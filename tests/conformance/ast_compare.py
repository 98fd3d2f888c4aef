"""Compares the syntax trees that the engine and OPA give for the modules of OPA's conformance cases.

  ast_compare.py build/release/tests/conformance/rego_case ORACLE CASES [--allow FILE]

CASES is the folder testdata of OPA's Go module. A module that both refuse counts as equal; FILE names what may differ, by
a part of the module's text, each with its reason. Prints every difference and closes with `N compared, N different`.
"""
import argparse
import json
import pathlib
import sys

from rego_runner import Engine, load


def modules(folder):
    """(text, is v0), each once."""
    seen = set()
    for version in ("v1", "v0"):
        for _, case in load(folder / version):
            for text in case.get("modules") or []:
                if (text, version) not in seen:
                    seen.add((text, version))
                    yield text, version == "v0"


def difference(ours, theirs, path=""):
    """Where two trees part; None if they do not."""
    if type(ours) is not type(theirs):
        return f"{path}: {json.dumps(ours)[:200]} | opa: {json.dumps(theirs)[:200]}"
    if isinstance(ours, dict):
        if set(ours) != set(theirs):
            return f"{path}: members {sorted(ours)} | opa: {sorted(theirs)}"
        pairs = [(key, ours[key], theirs[key]) for key in ours]
    elif isinstance(ours, list):
        if len(ours) != len(theirs):
            return f"{path}: {len(ours)} items | opa: {len(theirs)}"
        pairs = [(i, a, b) for i, (a, b) in enumerate(zip(ours, theirs))]
    else:
        return None if ours == theirs else f"{path}: {json.dumps(ours)} | opa: {json.dumps(theirs)}"
    for key, a, b in pairs:
        found = difference(a, b, f"{path}/{key}")
        if found is not None:
            return found
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("oracle")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--allow", type=pathlib.Path)
    args = parser.parse_args()
    allowed = json.loads(args.allow.read_text(encoding="utf-8")) if args.allow else {}
    ours, theirs = Engine(args.binary), Engine(args.oracle)
    compared = different = 0
    for text, v0 in modules(args.folder):
        request = {"parse": text, "v0": v0}
        a, b = ours.ask(request), theirs.ask(request)
        compared += 1
        if "error" in a and "error" in b:
            continue
        found = difference(a, b)
        if found is None or any(part in text for part in allowed):
            continue
        different += 1
        print(f"DIFFERS {found}\n{text}")
    print(f"{compared} compared, {different} different")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
