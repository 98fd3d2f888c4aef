"""Public policy libraries and their own tests, as `opa test` answers them.

  run.py INTENTGATE GO [--opa OPA] [--update]

Each library of libraries.json is fetched by the go client and checked against its sum. Builtins that the library's own
program adds are rewritten to calls of a module of ours (stub_*.rego); both engines get the same text. Without --opa the
answers are held against those that `opa test` gave, which --update writes down. Libraries without tests are evaluated over
their samples (samples.py). Closes with `N passed, N failed`, a test or a sample of a library for each.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import samples

HERE = pathlib.Path(__file__).parent


def fetch(go, library):
    """The folder of the module, or None with the reason printed."""
    name = f"{library['module']}@{library['version']}"
    done = subprocess.run([go, "mod", "download", "-json", name], cwd="/", capture_output=True, text=True)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        found = {}
    if "Dir" not in found:
        print(f"{name}: cannot be fetched; left out ({found.get('Error', done.stderr).strip()[:200]})")
        return None
    if found["Sum"] != library["sum"]:
        sys.exit(f"{name}: has the sum {found['Sum']}, not the one of libraries.json")
    return pathlib.Path(found["Dir"])


def prepare(library, source, target):
    """Copies the policies and rewrites the builtins that are not OPA's."""
    calls = {re.compile(r"\b" + re.escape(name) + r"\("): f"data.stub.{to}(" for name, to in library["builtins"].items()}
    for folder in library["folders"]:
        for path in sorted((source / folder).rglob("*.rego")):
            text = path.read_text()
            for pattern, to in calls.items():
                text = pattern.sub(to, text)
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(text)
    shutil.copy(HERE / f"stub_{library.get('stub', library['language'])}.rego", target / "stub.rego")


def answers(command, folder):
    """Name of each test to how it ended."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode not in (0, 2):
        sys.exit(f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    out = {}
    for result in json.loads(done.stdout):
        outcome = next((word for word in ("skip", "error", "fail") if result.get(word)), "pass")
        cases = {name: bool(case.get("fail")) for name, case in result.get("sub_results", {}).items()}
        out[f"{result['location']['file']}:{result['location']['row']} {result['package']}.{result['name']}"] = [outcome, cases]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("intentgate")
    parser.add_argument("go")
    parser.add_argument("--opa")
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    listed = HERE / "libraries.json"
    libraries = json.loads(listed.read_text())
    passed = failed = 0
    for library in libraries:
        source = fetch(options.go, library)
        if source is None:
            continue
        if "samples" in library:
            good, bad = samples.run(library, source, options.intentgate, options.opa)
            passed, failed = passed + good, failed + bad
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            prepare(library, source, folder)
            old = ["--v0-compatible"] if library["language"] == "v0" else []
            ours = answers([options.intentgate, "policy", "test", *old, ".", "--json"], folder)
            if options.opa:
                theirs = answers([options.opa, "test", *old, ".", "--format", "json"], folder)
                library["tests"] = len(theirs)
                library["not_passed"] = {test: end for test, end in sorted(theirs.items()) if end[0] != "pass"}
            # Libraries keep to opa's layout; so must the formatter.
            moved = subprocess.run([options.intentgate, "policy", "fmt", *old, "-l", "--ignore", "stub.rego", "."], cwd=folder,
                                   capture_output=True, text=True)
            failed += moved.returncode != 0
            for path in moved.stdout.split():
                print(f"{path}: policy fmt would change it, opa fmt would not")
                failed += 1
        print(moved.stderr, end="")
        wanted = {test: library["not_passed"].get(test, ["pass", end[1]]) for test, end in ours.items()}
        wrong = [test for test in ours if ours[test] != wanted[test]]
        wrong += [test for test in library["not_passed"] if test not in ours]
        missing = abs(library["tests"] - len(ours))
        for test in wrong[:20]:
            print(f"{test}: {ours.get(test)}, opa test says {wanted.get(test, library['not_passed'].get(test))}")
        if missing:
            print(f"{library['module']}: {len(ours)} tests were found, opa test finds {library['tests']}")
        print(f"{library['module']}@{library['version']}: {len(ours)} tests, {len(library['not_passed'])} of them not passing, as in opa test")
        failed += len(wrong) + missing
        passed += len(ours) - len(wrong)
    if options.update:
        listed.write_text(json.dumps(libraries, indent=2) + "\n")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
