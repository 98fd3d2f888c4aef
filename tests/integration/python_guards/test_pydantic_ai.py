import asyncio
import datetime
import enum

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, RunContext
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import DeltaToolCall, FunctionModel
from pydantic_ai.toolsets import FunctionToolset

import libintentgate as ig
from conftest import BY_POLICY, ESCALATED, NOT_COVERED, NO_TOKEN, REFUSED
from libintentgate.guards.pydantic_ai import GuardedToolset


def scripted(*turns):
    """A model that makes these tool calls, one list a turn, and then says "done". ``seen`` keeps what it was told."""
    left, seen = list(turns), []

    def note(messages):
        seen[:] = [part for message in messages for part in message.parts if isinstance(part, ToolReturnPart)]
        return left.pop(0) if left else None

    def turn(messages, info):
        calls = note(messages)
        return ModelResponse([TextPart("done")] if calls is None else [ToolCallPart(name, args) for name, args in calls])

    async def stream(messages, info):
        calls = note(messages)
        if calls is None:
            yield "done"
        else:
            yield {number: DeltaToolCall(name, args) for number, (name, args) in enumerate(calls)}

    model = FunctionModel(turn, stream_function=stream)
    model.seen = seen
    return model


@pytest.fixture
def tools(calls):
    def read_file(path: str, limit: int = 3) -> str:
        """Reads a file."""
        calls.append(("read_file", path, limit))
        return f"text of {path}"

    async def delete_file(ctx: RunContext, path: str) -> str:
        """Deletes a file."""
        calls.append(("delete_file", path))
        return "gone"

    def transfer(amount: int) -> str:
        """Sends money."""
        calls.append(("transfer", amount))
        return "sent"

    return FunctionToolset([read_file, delete_file, transfer])


TURN = [("read_file", '{"path": "/data/a"}'), ("read_file", '{"path": "/etc/passwd"}'), ("delete_file", '{"path": "/data/a"}')]


def check(model):
    read, outside, deleted = sorted(model.seen, key=lambda part: ["text", "Not run: the call was refused (c"].index(
        next((start for start in ("text", "Not run: the call was refused (c") if part.content.startswith(start)), "text"))
        if part.tool_name == "read_file" else 9)
    assert (read.content, read.outcome) == ("text of /data/a", "success")
    assert outside.content.startswith(REFUSED) and outside.outcome == "failed"
    assert deleted.content == BY_POLICY


def test_parallel_calls_are_judged_one_by_one(gate, tools, token, calls, outcomes):
    model = scripted(TURN)
    with gate.use(token):
        assert Agent(model, toolsets=[GuardedToolset(tools, gate)]).run_sync("please").output == "done"
    check(model)
    assert calls == [("read_file", "/data/a", 3)] and outcomes() == ["success"]


def test_a_streamed_run_is_judged_as_well(gate, tools, token, calls):
    model = scripted(TURN)

    async def main():
        with gate.use(token):
            async with Agent(model, toolsets=[GuardedToolset(tools, gate)]).run_stream("please") as result:
                return await result.get_output()

    assert asyncio.run(main()) == "done"
    check(model)
    assert calls == [("read_file", "/data/a", 3)]


def test_many_refusals_do_not_end_the_run(gate, tools, token, calls):
    model = scripted(*[[("read_file", '{"path": "/etc/passwd"}')]] * 10)
    with gate.use(token):
        assert Agent(model, toolsets=[GuardedToolset(tools, gate)]).run_sync("please").output == "done"
    assert len(model.seen) == 10 and calls == []


def test_the_token_can_come_from_the_runs_dependencies(gate, tools, token, calls):
    agent = Agent(deps_type=str, toolsets=[GuardedToolset(tools, gate, token=lambda ctx: ctx.deps)])
    agent.run_sync("please", model=scripted(TURN), deps=token)
    assert len(calls) == 1
    model = scripted(TURN)
    agent.run_sync("please", model=model, deps="")
    assert len(calls) == 1 and all(part.content.startswith(NO_TOKEN) for part in model.seen)


def test_the_prompt_is_held_against_all_tools(gate, tools, keys, calls):
    model = scripted([("delete_file", '{"path": "/data/a"}'), ("read_file", '{"path": "/data/a"}')])
    agent = Agent(model, toolsets=[GuardedToolset(tools, gate, token=ig.mint(keys, "agent-7").token, intent=lambda ctx: ctx.prompt)])
    agent.run_sync("read the file and tell me what is in it")
    said = {part.tool_name: part.content for part in model.seen}
    assert said["delete_file"].startswith(NOT_COVERED) and said["read_file"] == "text of /data/a"


def test_typed_arguments_are_judged_as_json_and_reach_the_tool_as_types(gate, keys, calls):
    class Kind(enum.Enum):
        TEXT = "text"

    class Range(BaseModel):
        start: datetime.date
        kind: Kind = Kind.TEXT

    def read_range(range: Range, size: float = 1) -> str:
        """Reads."""
        calls.append((range, size))
        return "ok"

    token = ig.mint(keys, "agent-7", [ig.where("/range/start", prefix="2026-"), ig.where("/range/kind", equals="text")]).token
    model = scripted([("read_range", '{"range": {"start": "2026-01-02"}}'), ("read_range", '{"range": {"start": "2025-01-02"}}')])
    with gate.use(token):
        Agent(model, toolsets=[GuardedToolset(FunctionToolset([read_range]), gate)]).run_sync("please")
    assert calls == [(Range(start=datetime.date(2026, 1, 2)), 1.0)]


def test_an_escalated_call_waits_for_the_person_or_is_made_again(gate, tools, token, calls, approve):
    def run(**options):
        model = scripted([("transfer", '{"amount": 5}')])
        Agent(model, toolsets=[GuardedToolset(tools, gate, token=token, **options)]).run_sync("please")
        return [(part.outcome, part.content) for part in model.seen]

    (outcome, text), = run()
    assert outcome == "failed" and text.startswith(ESCALATED)
    approve()
    assert run() == [("success", "sent")]
    approve(later=True)
    assert run(wait_for_approval=600) == [("success", "sent")]
    assert calls == [("transfer", 5)] * 2
