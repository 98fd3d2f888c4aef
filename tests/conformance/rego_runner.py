"""Runs OPA's conformance cases against the engine.

  rego_runner.py build/release/tests/conformance/rego_case CASES [--skips FILE] [--results FILE] [--cases TEXT]

CASES is the folder testdata of OPA's Go module, with the folders v1 and v0; no case is kept here. The file of skips
names cases by their note, each with a reason. Prints every failure, the failing folders, and closes with
`N passed, N failed, N skipped`. A skip that names no case, or a case that passes, is a failure too.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

import yaml



class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """As OPA's loader reads them: `on` and `yes` are strings."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
    for first, resolvers in Loader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def to_json(value):
    if isinstance(value, dict):
        return {k if isinstance(k, str) else json.dumps(k): to_json(v) for k, v in value.items()}
    if isinstance(value, list):
        return [to_json(v) for v in value]
    return value


def canonical(value):
    """Numbers by value; text that can be compared."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return repr(float(value))
    if isinstance(value, list):
        return "[" + ",".join(canonical(v) for v in value) + "]"
    return "{" + ",".join(sorted(json.dumps(k) + ":" + canonical(v) for k, v in value.items())) + "}"


def sort_arrays(binding):
    return {k: sorted(v, key=canonical) if isinstance(v, list) else v for k, v in binding.items()}


class Engine:
    def __init__(self, binary):
        self.binary = binary
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (json.JSONDecodeError, BrokenPipeError):
            self.start()
            return {"error_code": "crash", "error": "the engine ended"}


def judge_error(case, answer):
    if case.get("want_error_code") and case["want_error_code"] != answer["error_code"]:
        return "code %s, wanted %s (%s)" % (answer["error_code"], case["want_error_code"], answer["error"])
    if case.get("want_error") and case["want_error"] not in answer["error"]:
        return "text: " + answer["error"] + " | wanted: " + case["want_error"]
    return None


def judge(case, answer):
    """None if the answer is as wanted, else why not."""
    wants_error = "want_error" in case or "want_error_code" in case
    if "error" in answer:
        return judge_error(case, answer) if wants_error else "error: " + answer["error"]
    if wants_error:
        return "no error, wanted " + str(case.get("want_error_code")) + " " + str(case.get("want_error"))
    if "want_result" not in case:
        return "the case wants neither a result nor an error"
    got = answer["bindings"]
    want = [to_json(row) for row in case["want_result"] or []]
    if case.get("ignore_generated_vars"):
        got = [{k: v for k, v in row.items() if not k.startswith("__localq")} for row in got]
    if case.get("sort_bindings"):
        got, want = [sort_arrays(r) for r in got], [sort_arrays(r) for r in want]
    if {canonical(r) for r in got} != {canonical(r) for r in want}:
        return "got " + json.dumps(got)[:300] + " | want " + json.dumps(want)[:300]
    return None


def run_case(engine, case, v0):
    request = {"query": case["query"], "modules": case.get("modules") or [], "strict": bool(case.get("strict_error")), "v0": v0}
    for name in ("data", "input"):
        if case.get(name) is not None:
            request[name] = to_json(case[name])
    if "input_term" in case:
        # A term may hold what JSON cannot.
        request["query"] += " with input as " + case["input_term"]
    return judge(case, engine.ask(request))


def load(folder):
    """(folder's name, case) of every file below it."""
    for path in sorted(folder.rglob("*.y*ml")):
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=Loader) or {}
        for case in document.get("cases") or []:
            yield path.parent.name, case


def write_result(path, passed, total):
    rows = []
    if path.exists():
        rows = [row for row in json.loads(path.read_text(encoding="utf-8")) if row["name"] != "rego.conformance_passed"]
    rows.append({"name": "rego.conformance_passed", "unit": "cases", "value": passed, "peers": {}, "settings": "of %d" % total})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--skips", type=pathlib.Path)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--cases", default="")
    args = parser.parse_args()
    skips = json.loads(args.skips.read_text(encoding="utf-8")) if args.skips else {}
    engine = Engine(args.binary)
    unused = set(skips)
    passed = failed = skipped = 0
    by_folder = collections.Counter()
    for version in ("v1", "v0"):
        for folder, case in load(args.folder / version):
            note = case.get("note", "")
            if args.cases not in note and args.cases not in folder:
                continue
            unused.discard(note)
            why = run_case(engine, case, version == "v0")
            if note in skips:
                if why is not None:
                    skipped += 1
                    continue
                why = "is in the list of skips and passes"
            if why is None:
                passed += 1
                continue
            failed += 1
            by_folder[version + " " + folder] += 1
            print("FAIL %s %s: %s" % (version, note, why))
    if unused and not args.cases:
        failed += len(unused)
        print("FAIL the list of skips names no case: " + ", ".join(sorted(unused)))
    for folder, count in by_folder.most_common():
        print("%4d %s" % (count, folder))
    if args.results and not args.cases:
        write_result(args.results, passed, passed + failed + skipped)
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
