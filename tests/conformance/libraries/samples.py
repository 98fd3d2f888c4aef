"""Libraries of queries that come with documents to run them on, and no tests: every query over each of its samples.

The answers of all samples of a folder are held against a digest of those that `opa eval` gave. With an opa binary the
answers are compared one by one.
"""
import collections
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
KINDS = (".json", ".yaml", ".yml")


def prepare(library, source, target):
    """Gives each query a package of its own, and the samples a place in data."""
    layout = library["samples"]
    shutil.copy(HERE / "samples.rego", target)
    for name in layout["beside"]:
        for path in [source / name] if (source / name).is_file() else sorted((source / name).glob("*.rego")):
            shutil.copy(path, target)
    (target / "queries").mkdir()
    samples = {}
    for path in sorted((source / layout["queries"]).rglob("query.rego")):
        name = str(path.parent.relative_to(source / layout["queries"]))
        text, count = re.subn(r"(?m)^\s*package\s+Cx\b.*$", f'package queries["{name}"]', path.read_text())
        if count != 1:
            sys.exit(f"{path}: not the package that was expected")
        (target / "queries" / (name.replace("/", ".") + ".rego")).write_text(text)
        files = sorted(file for file in (path.parent / "test").glob("*") if file.suffix in KINDS)
        samples[name] = {file.name: file.read_text() for file in files
                         if file.name != "positive_expected_result.json" and f"{name}/{file.name}" not in library["left_out"]}
    (target / "samples_of.json").write_text(json.dumps({"samples_of": samples}))
    return samples


def answers(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    try:
        return json.loads(done.stdout)["result"][0]["expressions"][0]["value"]
    except (ValueError, KeyError):
        sys.exit(f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def by_folder(found):
    """terraform/aws and the like to the number of samples, of what was found in them, and the digest of all of it."""
    groups = collections.defaultdict(dict)
    for query, files in found.items():
        groups["/".join(query.split("/")[:2]) if query.count("/") > 1 else query.split("/")[0]][query] = files
    out = {}
    for name, queries in sorted(groups.items()):
        results = [result for files in queries.values() for result in files.values()]
        text = json.dumps(queries, sort_keys=True, ensure_ascii=True)
        out[name] = [len(results), sum(map(len, results)), hashlib.sha256(text.encode()).hexdigest()[:16]]
    return out


def run(library, source, intentgate, opa):
    """(samples that agree, samples that do not); writes opa's answers down in the library if there is an opa."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        queries = prepare(library, source, folder)
        limits = ["--max-steps", "1000000000", "--max-memory", "4096"]
        ours = answers([intentgate, "policy", "eval", "--v0", "-d", ".", "data.samples.answers", "--json", *limits], folder)
        if opa:
            theirs = answers([opa, "eval", "--v0-compatible", "-d", ".", "data.samples.answers"], folder)
            library["answers"] = by_folder(theirs)
            for query, files in theirs.items():
                for file, result in files.items():
                    if ours.get(query, {}).get(file) != result:
                        print(f"{query}/{file}: {ours.get(query, {}).get(file)}, opa eval says {result}")
    wanted, got = library["answers"], by_folder(ours)
    wrong = [name for name in wanted if got.get(name) != wanted[name]]
    for name in wrong:
        print(f"{name}: {got.get(name)}, opa eval says {wanted[name]}; run.py with --opa shows the samples")
    failed = sum(wanted[name][0] for name in wrong)
    total, results = (sum(entry[i] for entry in wanted.values()) for i in (0, 1))
    print(f"{library['module']}@{library['version']}: {len(queries)} queries, {total} samples, {results} findings, as in opa eval")
    return total - failed, failed
