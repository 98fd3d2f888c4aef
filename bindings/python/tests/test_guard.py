import asyncio
import contextvars
import inspect
import json
import threading

import pytest

import libintentgate as ig
from conftest import events


@pytest.fixture
def seen():
    return []


def outcomes(gate, tmp_path):
    return [row["outcome"] for row in events(gate, tmp_path) if row.get("outcome")]


def test_a_function_runs_only_when_the_gate_allows(gate, token, seen, tmp_path):
    @gate.guard("read_file")
    def read_file(path: str, limit: int = 10) -> str:
        """Reads."""
        seen.append((path, limit))
        return path

    with gate.use(token):
        assert read_file("/data/a") == "/data/a"
        assert read_file(path="/data/b", limit=3) == "/data/b"
        with pytest.raises(ig.Denied) as denied:
            read_file("/etc/passwd")
    assert denied.value.code == "capability.argument_refused"
    assert denied.value.decision.args == {"path": "/etc/passwd", "limit": 10}
    assert seen == [("/data/a", 10), ("/data/b", 3)]
    assert outcomes(gate, tmp_path) == ["success", "success"]
    assert read_file.__name__ == "read_file" and read_file.__doc__ == "Reads."
    assert list(inspect.signature(read_file).parameters) == ["path", "limit"]


def test_without_a_token_nothing_runs(gate, seen):
    @gate.guard("read_file")
    def read_file(path: str) -> None:
        seen.append(path)

    for call in (lambda: read_file("/data/a"), lambda: read_file("/data/a", gate_token="")):
        with pytest.raises(ig.Denied) as denied:
            call()
        assert denied.value.code == "capability.no_token"
    assert seen == []


def test_a_token_that_is_given_beats_the_one_around(gate, token, keys):
    @gate.guard("read_file")
    def read_file(path: str) -> str:
        return path

    assert read_file("/data/a", gate_token=token) == "/data/a"
    other = ig.mint(keys, "a", [ig.deny_tools("read_file")]).token
    with gate.use(other):
        assert read_file("/data/a", gate_token=token) == "/data/a"
        with pytest.raises(ig.Denied):
            read_file("/data/a")
        with pytest.raises(ig.Denied):
            read_file("/data/a", gate_token="")
        with gate.use(token, intent="please read_file the report and tell me what it says"):
            assert read_file("/data/a") == "/data/a"


def test_the_function_gets_what_was_judged_and_not_the_callers_object(gate, token):
    @gate.guard("read_file")
    def read_file(path: str, options: dict, *rest, **more):
        return path, options, rest, more

    options = {"deep": [1, 2]}
    with gate.use(token):
        path, judged, rest, more = read_file("/data/a", options, (3,), 4, key="value")
    assert (path, judged, rest, more) == ("/data/a", {"deep": [1, 2]}, ([3], 4), {"key": "value"})
    assert judged is not options


def test_an_argument_cannot_say_one_thing_to_the_gate_and_another_to_the_tool(gate, token, seen):
    class Path(str):
        def __str__(self):
            return "/etc/passwd"

    @gate.guard("read_file")
    def read_file(path):
        seen.append(path)

    with gate.use(token), pytest.raises(TypeError, match="/path"):
        read_file(Path("/data/a"))
    assert seen == []


def test_methods_and_parameters_that_are_no_arguments(gate, token):
    class Files:
        @gate.guard("read_file", exclude=["session"])
        def read(self, path: str, session: object):
            return self, path, session

    files, session = Files(), object()
    with gate.use(token):
        assert files.read("/data/a", session) == (files, "/data/a", session)


def test_functions_that_cannot_be_guarded_say_so_at_once(gate):
    with pytest.raises(TypeError, match="gate_token"):
        gate.guard("x")(lambda gate_token: None)
    with pytest.raises(TypeError, match="exclude"):
        gate.guard("x", exclude=["nothing"])(lambda a: None)

    def both(a, /, **more):
        pass

    with pytest.raises(TypeError, match="positional-only"):
        gate.guard("x")(both)
    with pytest.raises(TypeError, match="the tool's name"):
        gate.guard(lambda: None)


def test_a_refusal_can_be_an_answer(gate, token, seen):
    @gate.guard("read_file", on_refused=lambda decision: f"refused: {decision.code}")
    def read_file(path: str) -> str:
        seen.append(path)
        return "text"

    with gate.use(token):
        assert read_file("/etc/passwd") == "refused: capability.argument_refused"
        assert read_file("/data/a") == "text"
    assert seen == ["/data/a"]


def test_what_became_of_a_call_is_recorded(gate, token, tmp_path):
    errors = [ValueError("x"), TimeoutError("x"), KeyboardInterrupt()]

    @gate.guard("read_dir")
    def read_dir(number: int):
        raise errors[number]

    with gate.use(token):
        for number, error in enumerate(errors):
            with pytest.raises(type(error)):
                read_dir(number)
    assert outcomes(gate, tmp_path) == ["tool_error", "timeout", "cancelled"]


def test_coroutine_functions(gate, token, seen, tmp_path):
    @gate.guard("read_file")
    async def read_file(path: str, wait: float = 0) -> str:
        seen.append(path)
        await asyncio.sleep(wait)
        return path

    async def main():
        with gate.use(token):
            assert await asyncio.gather(*(read_file(f"/data/{i}") for i in range(50))) == [f"/data/{i}" for i in range(50)]
            task = asyncio.create_task(read_file("/data/slow", 3600))
            while "/data/slow" not in seen:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(ig.Denied):
                await read_file("/etc/passwd")
        with pytest.raises(ig.Denied) as denied:
            await read_file("/data/a")
        assert denied.value.code == "capability.no_token"

    assert inspect.iscoroutinefunction(read_file)
    asyncio.run(main())
    assert len(seen) == 51
    assert outcomes(gate, tmp_path) == ["success"] * 50 + ["cancelled"]


def test_generators_are_judged_before_their_first_step(gate, token, seen):
    @gate.guard("read_file")
    def lines(path: str):
        seen.append(path)
        yield 1
        got = yield 2
        return got

    @gate.guard("read_file")
    async def alines(path: str):
        seen.append(path)
        yield 1
        yield 2

    async def collect(path):
        return [item async for item in alines(path)]

    with gate.use(token):
        assert list(lines("/data/a")) == [1, 2]
        assert asyncio.run(collect("/data/b")) == [1, 2]
        with pytest.raises(ig.Denied):
            next(lines("/etc/passwd"))
        with pytest.raises(ig.Denied):
            asyncio.run(collect("/etc/passwd"))
    assert seen == ["/data/a", "/data/b"]


def test_credentials_reach_tasks_and_not_other_threads(gate, token):
    @gate.guard("read_dir")
    def read_dir():
        return "listed"

    async def main():
        with gate.use(token):
            assert await asyncio.create_task(asyncio.to_thread(read_dir)) == "listed"

    asyncio.run(main())
    said = []

    def work():
        try:
            said.append(read_dir())
        except ig.Denied as denied:
            said.append(denied.code)

    with gate.use(token):
        for target in (work, lambda: context.run(work)):
            context = contextvars.copy_context()
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert said[1] == "listed"
    assert said[0] in ("capability.no_token", "listed")  # newer builds of Python can inherit the context


def test_run_hands_on_the_snapshot(gate, token, tmp_path):
    with gate.use(token):
        assert gate.run("read_file", {"path": "/data/a"}, lambda args: args["path"]) == "/data/a"
        with pytest.raises(ig.Denied):
            gate.run("read_file", {"path": "/etc/passwd"}, lambda args: pytest.fail("the call was made"))
    with pytest.raises(ig.Denied):
        gate.run("read_file", {"path": "/data/a"}, lambda args: pytest.fail("the call was made"))

    async def call(args):
        return json.dumps(args)

    assert asyncio.run(gate.arun("read_file", {"path": "/data/a"}, call, token=token)) == '{"path": "/data/a"}'
    assert outcomes(gate, tmp_path) == ["success", "success"]


def test_a_token_does_not_print(gate, token):
    with gate.use(token, intent="x") as credentials:
        assert token not in repr(credentials) and credentials.token == token
