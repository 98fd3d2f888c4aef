"""Asks both engines and says whether they answered the same."""
import concurrent.futures
import json
import re
import resource
import subprocess

# OPA's programs are made to fail rather than to take the machine's memory.
MOST_ADDRESSES = 6 << 30
CODE = re.compile(r"(eval_[a-z_]+error|rego_[a-z_]+error): (.*)", re.S)


class Engine:
    """A program that answers one line for each line. One that ends is started again behind the request that it ended at."""

    def __init__(self, program):
        self.program = program

    def ask(self, requests):
        answers = []
        while len(answers) < len(requests):
            text = "".join(json.dumps(r) + "\n" for r in requests[len(answers):])
            done = subprocess.run([self.program], input=text, capture_output=True, encoding="utf-8", errors="replace", check=False,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES)))
            answers += [json.loads(line, parse_int=Digits, parse_float=Digits) for line in done.stdout.split("\n") if line]
            if len(answers) < len(requests):
                answers.append({"error_code": "crash", "error": "crash: " + done.stderr[:200]})
        return answers


def ask_both(ours, theirs, requests):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda engine: engine.ask(requests), (ours, theirs)))


class Digits(str):
    """A number as it was written; a float would hide the last digits."""


def plain(value):
    """Something that compares and prints; numbers keep their digits."""
    if isinstance(value, Digits):
        return {"#": str(value)}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def result(answer, message):
    """What must agree: the answers, or the kind of error, and with `message` its text too."""
    if "error" in answer:
        code = answer["error_code"]
        if code.startswith("rego_"):
            return ("error", "compile", "")
        found = CODE.search(answer["error"])
        return ("error", code, found.group(2) if found and message else "")
    return ("ok", json.dumps([plain(b) for b in answer.get("bindings") or []], sort_keys=True))
