"""Runs every snippet of the documentation.

Usage: run_snippets.py ROOT BUILD. Blocks are run by their language, each document in a scratch folder of its own:
bash blocks in one shell after another with the built `intentgate` in PATH, python and js blocks with the built
packages, yaml blocks through `intentgate serve --check`, rego blocks through `intentgate policy check`, cpp blocks
through the compiler, c blocks through the compiler and then by themselves, json blocks through a parser. `text`, `cddl`, `console` and `abnf` blocks are not run.
A block in another language, or in none, is a failure. A page that names GATEWAY_URL has a gateway in front of
a recording upstream, and a token in GATEWAY_TOKEN. NODE_MODULES names a folder with the packages of js blocks, NODE
the Node that runs them. Prints `N passed, N failed`.
"""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(\S*)\n(.*?)^```$", re.M | re.S)
NOT_RUN = {"text", "cddl", "console", "abnf"}


class Runner:
    def __init__(self, root: pathlib.Path, build: pathlib.Path) -> None:
        self.root, self.build = root, build
        self.env = dict(os.environ, PYTHONPATH=str(build / "python"))
        self.env["PATH"] = f"{build / 'server'}:{self.env['PATH']}"
        # So that a page may show a part of a configuration.
        self.env["INTENTGATE_UPSTREAM_URL"] = "http://127.0.0.1:9/mcp"
        self.env["INTENTGATE_KEYS_FILE"] = "keys"

    def python_for(self, text: str) -> str:
        """The interpreter that has the framework whose guard the snippet uses."""
        guard = re.search(r"libintentgate\.guards\.(\w+)", text)
        if guard is None:
            return sys.executable
        return str(self.root / f"build/venv-{'crewai' if guard[1] == 'crewai' else 'guards'}/bin/python")

    def command(self, *args: str, cwd: pathlib.Path) -> str:
        run = subprocess.run(args, cwd=cwd, env=self.env, capture_output=True, text=True, timeout=120)
        return "" if run.returncode == 0 else (run.stderr or run.stdout).strip() or f"exit code {run.returncode}"

    def run(self, language: str, text: str, cwd: pathlib.Path) -> str:
        """Returns what went wrong, or nothing."""
        if language == "bash":
            return self.command("bash", "-euo", "pipefail", "-c", text, cwd=cwd)
        if language == "python":
            return self.command(self.python_for(text), "-c", text, cwd=cwd)
        if language == "js":
            file = cwd / "snippet.mjs"
            file.write_text(text)
            return self.command(os.environ.get("NODE", "node"), str(file), cwd=cwd)
        if language == "rego":
            file = cwd / "snippet.rego"
            if not re.search(r"^package ", text, re.M):
                text = "package snippet\nimport rego.v1\n" + text
            file.write_text(text)
            return self.command("intentgate", "policy", "check", str(file), cwd=cwd)
        if language == "yaml":
            file = cwd / "snippet.yaml"
            file.write_text(text)
            return self.command("intentgate", "serve", "--config", str(file), "--check", cwd=cwd)
        if language == "c":
            file = cwd / "snippet.c"
            file.write_text(text)
            library = self.build / "libintentgate/capi"
            return self.command("cc", "-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{self.root}/libintentgate/include",
                                str(file), f"-L{library}", f"-Wl,-rpath,{library}", "-lintentgate", "-o", "snippet",
                                cwd=cwd) or self.command("./snippet", cwd=cwd)
        if language == "cpp":
            file = cwd / "snippet.cc"
            file.write_text(text)
            include = self.root / "libintentgate/include"
            return self.command("c++", "-std=c++20", "-fsyntax-only", f"-I{include}", str(file), cwd=cwd)
        if language == "json":
            try:
                json.loads(text)
            except ValueError as error:
                return str(error)
            return ""
        return f"nothing runs a block in {language or 'no language'!r}"

    def prepare(self, folder: pathlib.Path) -> None:
        """What a reader of the README has by then: a key file and a policy, and the packages installed."""
        (folder / "node_modules").symlink_to(pathlib.Path(os.environ["NODE_MODULES"]).resolve())
        self.command("intentgate", "keygen", "--out", "keys", cwd=folder)
        for name in ("intentgate.yaml", "policy.rego"):
            (folder / name).write_text((self.root / "examples/gateway" / name).read_text())
        (folder / "admin-token").write_text("0123456789abcdef0123456789abcdef")
        (folder / "admin-token").chmod(0o600)

    @contextlib.contextmanager
    def gateway(self, folder: pathlib.Path):
        """A running gateway for the snippets of one page."""
        sys.path.insert(0, str(self.root / "tests/e2e"))
        import support
        folder.mkdir()
        upstream = support.Upstream()
        server = support.Gateway(folder, upstream.url)
        try:
            server.start()
            self.env["GATEWAY_URL"] = f"http://127.0.0.1:{server.port}"
            self.env["GATEWAY_TOKEN"] = server.mint("--ttl", "1h", "--tools", "read_file,transfer_funds")
            yield
        finally:
            server.stop()
            upstream.close()


def main() -> int:
    root, build = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    runner = Runner(root, build)
    passed = failed = 0
    for document in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        text = document.read_text(encoding="utf-8")
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            if "GATEWAY_URL" in text:
                stack.enter_context(runner.gateway(folder / "gateway"))
            if document.name != "cli.md":
                runner.prepare(folder)
            for match in BLOCK.finditer(text):
                if match[1] in NOT_RUN:
                    continue
                wrong = runner.run(match[1], match[2], folder)
                if wrong:
                    line = text.count("\n", 0, match.start()) + 1
                    print(f"{document.relative_to(root)}:{line}: {wrong}")
                    failed += 1
                else:
                    passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
