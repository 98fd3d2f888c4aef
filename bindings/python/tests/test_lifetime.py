"""Objects that are shared, copied, dropped or closed while somebody uses them, and callers whose own code raises."""
import asyncio
import copy
import gc
import pickle
import threading
import weakref

import pytest

import libintentgate as ig
from conftest import POLICY, events
from test_hostile import SETUP, run


class Raised(Exception):
    pass


def raising(*_args, **_kwargs):
    raise Raised


@pytest.mark.parametrize("member", ["keys", "__getitem__", "__len__", "__iter__"])
def test_a_mapping_that_raises_hands_its_exception_on(gate, token, member, tmp_path):
    members = {"keys": lambda self: ["path"], "__getitem__": lambda self, name: "/data/a", "__len__": lambda self: 1,
               "__iter__": lambda self: iter(["path"]), member: raising}
    asked = type("Asked", (), members)()
    if member in ("__len__", "__iter__"):     # nobody has to ask for these
        assert gate.authorize("read_file", asked, token)
        return
    with pytest.raises(Raised):
        gate.authorize("read_file", asked, token)
    assert list(gate.audit_events(ig.AuditFilter(tool="read_file"))) == []


def test_callbacks_that_raise(gate, token, tmp_path):
    refused = gate.guard("delete_file", on_refused=raising)(lambda path: path)
    failing = gate.guard("read_dir")(raising)

    async def stopping():
        raise asyncio.CancelledError

    with gate.use(token):
        with pytest.raises(Raised):
            refused("/data/a")
        with pytest.raises(Raised):
            failing()
        with pytest.raises(Raised):
            gate.run("read_dir", {}, raising)
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(gate.guard("read_dir")(stopping)())
        with pytest.raises(KeyboardInterrupt):
            gate.run("read_dir", {}, lambda args: (_ for _ in ()).throw(KeyboardInterrupt))
    outcomes = [row["outcome"] for row in events(gate, tmp_path) if row.get("outcome")]
    assert outcomes == ["tool_error", "tool_error", "cancelled", "cancelled"]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_what_holds_keys_or_threads_is_not_copied(gate, keys, copied):
    policy = ig.Policy.compile({"p.rego": POLICY})
    for one in (gate, keys, policy, gate.authorize("read_dir")):
        with pytest.raises(TypeError):
            copied(one)


def test_closing_while_threads_ask(keys, token, tmp_path):
    for store in ("memory", ig.SqliteStore(tmp_path / "gate.db")):
        gate = ig.Gate(keys=keys, policy={"p.rego": POLICY}, store=store)
        begun, wrong = threading.Semaphore(0), []

        def ask():
            try:
                while True:
                    decision = gate.authorize("read_dir", {}, token)
                    begun.release()
                    gate.record_outcome(decision) if decision else None
            except ValueError as error:
                wrong.append(str(error))
            except Exception as error:
                wrong.append(repr(error))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for _ in threads:
            begun.acquire()
        gate.close()
        for thread in threads:
            thread.join()
        assert wrong == ["the gate is closed"] * 6


def test_several_threads_close_one_gate(keys):
    for _ in range(10):
        gate = ig.Gate(keys=keys, policy={"p.rego": POLICY})
        barrier, errors = threading.Barrier(4), []

        def close():
            barrier.wait()
            try:
                gate.close()
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=close) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == [] and gate.closed


def test_a_gate_that_nobody_holds_answers_what_waits_for_it(keys, token, tmp_path):
    async def main():
        gate = ig.Gate(keys=keys, policy={"p.rego": POLICY}, store=ig.SqliteStore(tmp_path / "gate.db"))
        task = asyncio.ensure_future(gate.aauthorize("read_dir", {}, token))
        await asyncio.sleep(0)
        del gate
        gc.collect()
        assert (await task).allowed

    asyncio.run(main())


def test_objects_go_when_they_are_dropped(keys):
    gate = ig.Gate(keys=keys, policy={"p.rego": POLICY})
    gate.guard("read_dir")(lambda: None)
    gone = weakref.ref(gate)
    del gate
    gc.collect()
    assert gone() is None


def test_a_fork_while_other_threads_ask_and_wait():
    out = run(SETUP + """
import warnings
warnings.simplefilter("ignore")
asked = gate.authorize("transfer", {}, token)
begun = threading.Semaphore(0)
def ask():
    while True:
        gate.authorize("read_dir", {}, token)
        begun.release()
def wait():
    begun.release()
    gate.wait_approval(asked.approval_id)
for work in (ask, ask, wait): threading.Thread(target=work, daemon=True).start()
for _ in range(6): begun.acquire()
for _ in range(5):
    child = os.fork()
    if child == 0:
        try:
            gate.wait_approval(asked.approval_id)
        except RuntimeError as error:
            assert "opened before fork()" in str(error)
        with ig.Gate(keys=keys, policy={"p.rego": POLICY}) as own:
            assert own.authorize("read_dir", {}, token)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert gate.authorize("read_dir", {}, token)
print("whole")
""")
    assert out == "whole\n"


def test_a_multiprocessing_child_is_told():
    out = run("""
import multiprocessing, libintentgate as ig
from conftest import POLICY
def child(gate, token):
    try:
        gate.authorize("read_dir", {}, token)
    except RuntimeError as error:
        print(error, flush=True)
if __name__ == "__main__":
    keys = ig.KeyRing.parse(ig.generate_key_line("k1"))
    with ig.Gate(keys=keys, policy={"p.rego": POLICY}) as gate:
        process = multiprocessing.get_context("fork").Process(target=child, args=(gate, ig.mint(keys, "a").token))
        process.start()
        process.join()
        assert process.exitcode == 0
""")
    assert "opened before fork()" in out


def test_a_second_interpreter_is_an_error_and_no_crash():
    run("""
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import libintentgate as ig
other = interpreters.create()
code = "import sys; sys.path[:0] = " + repr(sys.path) + chr(10) + '''
try:
    import libintentgate as ig
except ImportError:
    pass
else:
    ig.mint(ig.KeyRing.parse(ig.generate_key_line("k1")), "a")
'''
interpreters.run_string(other, code)
interpreters.destroy(other)
keys = ig.KeyRing.parse(ig.generate_key_line("k1"))
assert ig.is_genuine(ig.mint(keys, "a").token, keys)
""")


def test_little_memory_is_an_exception():
    run(SETUP + """
import resource
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
text = "x" * (8 << 20)
resource.setrlimit(resource.RLIMIT_AS, (size + (48 << 20), resource.RLIM_INFINITY))
raised = 0
for count in (1, 2, 4, 7):
    try:
        gate.explain("read_dir", {"texts": [text] * count}, token)
    except MemoryError:
        raised += 1
assert raised, "the limit was to be met"
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert gate.explain("read_dir", {}, token)
""")


def test_deep_recursion_of_the_caller_is_no_crash(gate, token):
    def deeper(depth):
        return gate.authorize("read_dir", {}, token) if depth == 0 else deeper(depth - 1)

    assert deeper(500)
    with pytest.raises(RecursionError):
        deeper(10**6)
    assert gate.authorize("read_dir", {}, token)
