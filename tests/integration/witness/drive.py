"""A real witness, torchwood's litewitness, beside the real gateway: it cosigns while the log goes on, and refuses a log that
went back.

Usage: drive.py LITEWITNESS ROUNDS. Prints `N passed, N failed`.
"""
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from support import Gateway, Upstream, run_cli  # noqa: E402

passed = failed = 0


def check(what, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAILED {what}: {detail}")


class LiteWitness:
    """The witness with a key in an ssh-agent of its own, as it wants it."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        key = folder / "witness"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        self.agent_socket = folder / "agent"
        self.agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(self.agent_socket)], stdout=subprocess.DEVNULL)
        environment = {**os.environ, "SSH_AUTH_SOCK": str(self.agent_socket)}
        # The socket is there before the agent listens at it; until then ssh-add ends with 2.
        while (added := subprocess.run(["ssh-add", "-q", key], env=environment, stderr=subprocess.DEVNULL).returncode) == 2:
            assert self.agent.poll() is None, "ssh-agent ended"
        assert added == 0, f"ssh-add ended with {added}"
        shown = subprocess.run(["ssh-keygen", "-lf", f"{key}.pub"], check=True, capture_output=True, text=True).stdout
        self.fingerprint = shown.split()[1]
        self.database = folder / "litewitness.db"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "-db", str(self.database), "-name", "witness.example", "-key", self.fingerprint,
             "-ssh-agent", str(self.agent_socket), "-listen", f"127.0.0.1:{self.port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.key = ""
        for line in self.process.stderr:
            match = re.search(r"vkey=(\S+)", line)
            if match:
                self.key = match[1].strip('"')
            if "msg=listening" in line:
                break
        assert self.key, "litewitness did not start"

    def know(self, origin, key):
        """What its operator does with witnessctl."""
        empty = base64.b64encode(hashlib.sha256(b"").digest()).decode()
        with sqlite3.connect(self.database) as database:
            database.execute("INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)", (origin, empty))
            database.execute("INSERT INTO key (origin, key) VALUES (?, ?)", (origin, key))

    def size(self, origin):
        with sqlite3.connect(self.database) as database:
            return database.execute("SELECT tree_size FROM log WHERE origin = ?", (origin,)).fetchone()[0]

    def stop(self):
        for process in (getattr(self, "process", None), self.agent):
            if process is not None:
                process.terminate()
                process.wait(20)


def copy_database(source, target):
    target.mkdir(exist_ok=True)
    for path in source.glob("intentgate.db*"):
        shutil.copy(path, target / path.name)


def waited_in_vain(gateway):
    """The suite's timeout ends a wait with SIGTERM: says which one it was, and what the gateway had to say."""
    def say(_, frame):
        traceback.print_stack(frame, limit=3)
        print("the gateway's last lines:", *gateway.log[-20:], sep="\n", flush=True)
        check("every wait ends", False)
        print(f"{passed} passed, {failed} failed")
        sys.exit(1)
    signal.signal(signal.SIGTERM, say)


def run(program, rounds, folder, upstream, witness):
    key = run_cli("audit", "keygen", "--name", "acme.example", "--out", folder / "signing.key").stdout.strip()
    witness.start()
    origin = "acme.example/audit/default/1"
    witness.know(origin, key)
    policy = folder / "witnesses"
    policy.write_text(f"witness lite {witness.key} http://127.0.0.1:{witness.port}/\nquorum lite\n")
    gateway = Gateway(folder, upstream.url, "audit:\n"
                      "  signing: {key_file: signing.key, deployment: acme.example, interval_ms: 10}\n"
                      "  publish: {witness_policy_file: witnesses, interval_ms: 10}\n").start()
    waited_in_vain(gateway)
    token = gateway.mint("--tools", "read_file")

    def status():
        return gateway.admin("GET", "/v1/admin/audit/freshness")[1]

    def witnessed(at_least):
        while True:   # the suite's own timeout ends a wait in vain
            now = status()
            if now.get("witnessed_events", 0) >= at_least:
                return now

    # One cosigned checkpoint after another, each of a longer log.
    sizes = set()
    with gateway.connect() as client:
        for _ in range(rounds):
            before = status()["next_seq"]
            client.call(token, "read_file", {"path": "/data/x"})
            sizes.add(witnessed(before + 1)["witnessed_events"])
    check(f"{rounds} checkpoints of growing logs are cosigned", len(sizes) == rounds, f"{len(sizes)} sizes")
    check("the witness followed", witness.size(origin) >= max(sizes), witness.size(origin))

    bundle = folder / "witnessed.tar"
    made = run_cli("audit", "bundle", "--config", folder / "intentgate.yaml", "--witnessed", "--out", bundle)
    check("a bundle under a witnessed checkpoint", made.returncode == 0, made.stderr)
    done = run_cli("audit", "verify", bundle, "--key", key, "--witnesses", policy)
    check("it verifies with the quorum", done.returncode == 0 and "witness.example" in done.stdout, done.stdout + done.stderr)
    other = policy.with_name("other")
    stranger = "other.example+00000000+" + "A" * 44
    check("a policy that is none is refused",
          run_cli("audit", "verify", bundle, "--key", key, "--witnesses", "/dev/null").returncode == 5)
    other.write_text(f"witness w {stranger}\nquorum w\n")
    check("nor one with a key that is none",
          run_cli("audit", "verify", bundle, "--key", key, "--witnesses", other).returncode == 5)

    # Back to an earlier database; what this machine has signed is gone as well, so that nobody here knows better.
    gateway.stop()
    copy_database(folder, folder / "backup")
    gateway.start()
    with gateway.connect() as client:
        for _ in range(5):
            client.call(token, "read_file", {"path": "/data/lost"})
    witnessed(status()["next_seq"])
    gateway.stop()
    # What a gateway records late it still has cosigned; from here on nobody but the restored one asks.
    followed = witness.size(origin)
    for path in [*folder.glob("intentgate.db*"), *folder.glob("signing.key.state*")]:
        path.unlink()
    copy_database(folder / "backup", folder)
    gateway.start()
    with gateway.connect() as client:
        client.call(token, "read_file", {"path": "/data/first"})
        while not any("has cosigned" in line and "but the chain has only" in line for line in gateway.log):
            pass
        check("the witness keeps what it has seen", witness.size(origin) == followed, witness.size(origin))
        # Grown beyond what was lost, the log still is not the one that the witness follows.
        for _ in range(20):
            client.call(token, "read_file", {"path": "/data/other"})
    while not any("two histories were signed" in line for line in gateway.log):
        pass
    check("it cosigns no other history", witness.size(origin) == followed, witness.size(origin))
    check("and none of it counts as witnessed", status().get("witnessed_events", 0) <= followed, json.dumps(status()))
    gateway.stop()


def main():
    program, rounds = sys.argv[1], int(sys.argv[2])
    upstream = Upstream()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        witness = LiteWitness(program, folder)
        try:
            run(program, rounds, folder, upstream, witness)
        finally:
            witness.stop()
            upstream.close()
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
