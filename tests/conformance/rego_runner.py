#!/usr/bin/env python3
"""Runs OPA's conformance cases against the engine.

  REGO_CASES=<folder with *.yaml cases> tests/conformance/rego_runner.py build/dev/tests/conformance/rego_case [-v] [filter]

The cases are OPA's (Go module github.com/open-policy-agent/opa, folder v1/test/cases/testdata/v1); none is kept
here. Prints `N passed, N failed, N skipped`. With --v0 the modules are read as v0.
"""
import collections
import json
import os
import subprocess
import sys

import yaml


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


def judge(case, answer):
    """None if the answer is as wanted, else why not."""
    wants_error = "want_error" in case or "want_error_code" in case
    if "error" in answer:
        if not wants_error:
            return "error: " + answer["error"]
        if case.get("want_error_code") and case["want_error_code"] != answer["error_code"]:
            return "code %s, wanted %s (%s)" % (answer["error_code"], case["want_error_code"], answer["error"])
        if case.get("want_error") and case["want_error"] not in answer["error"]:
            return "text: " + answer["error"] + " | wanted: " + case["want_error"]
        return None
    if wants_error:
        return "no error, wanted " + str(case.get("want_error_code")) + " " + str(case.get("want_error"))
    if "want_result" not in case:
        return None
    got = [row["x"] for row in answer["bindings"]]
    want = [to_json(row) for row in case["want_result"] or []]
    if case.get("ignore_generated_vars"):
        got = [{k: v for k, v in row.items() if not k.startswith("__")} for row in got]
    if case.get("sort_bindings"):
        got, want = [sort_arrays(r) for r in got], [sort_arrays(r) for r in want]
    if {canonical(r) for r in got} != {canonical(r) for r in want}:
        return "got " + json.dumps(got)[:300] + " | want " + json.dumps(want)[:300]
    return None


def run_case(engine, case, v0):
    request = {"query": case["query"], "modules": case.get("modules") or [], "strict": bool(case.get("strict_error")), "v0": v0}
    if case.get("data") is not None:
        request["data"] = to_json(case["data"])
    if "input" in case:
        request["input"] = to_json(case["input"])
    if "input_term" in case:
        # A term may hold what JSON cannot.
        request["query"] += " with input as " + case["input_term"]
    return judge(case, engine.ask(request))


def main():
    args = [a for a in sys.argv[1:] if not a.startswith("-")]
    verbose, v0 = "-v" in sys.argv, "--v0" in sys.argv
    engine = Engine(args[0])
    wanted = args[1] if len(args) > 1 else ""
    passed, failed, skipped = 0, 0, 0
    by_folder = collections.Counter()
    for folder, _, files in sorted(os.walk(os.environ["REGO_CASES"])):
        for name in sorted(f for f in files if f.endswith((".yaml", ".yml"))):
            with open(os.path.join(folder, name), encoding="utf-8") as handle:
                cases = (yaml.load(handle, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}).get("cases") or []
            for case in cases:
                if wanted and wanted not in case.get("note", "") and wanted not in folder:
                    continue
                why = run_case(engine, case, v0)
                if why is None:
                    passed += 1
                    continue
                if "not granted here" in why:
                    skipped += 1
                    continue
                failed += 1
                by_folder[os.path.basename(folder)] += 1
                if verbose:
                    print("FAIL %s: %s" % (case.get("note"), why))
    for folder, count in by_folder.most_common():
        print("%4d %s" % (count, folder))
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
