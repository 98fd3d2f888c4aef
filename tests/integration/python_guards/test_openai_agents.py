import asyncio
import json

import pytest
from agents import Agent, ModelResponse, Runner, RunConfig, Usage, WebSearchTool, function_tool
from agents.models.interface import Model
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

import libintentgate as ig
from conftest import BY_POLICY, ESCALATED, NOT_COVERED, NO_TOKEN, REFUSED
from libintentgate.guards.openai_agents import guard_tools


class Scripted(Model):
    """Gives its turns one after the other: a list of calls, or a final text."""

    def __init__(self, *turns):
        self.turns = list(turns)
        self.inputs = []

    def next_output(self, given):
        self.inputs.append(given)
        turn = self.turns.pop(0)
        if isinstance(turn, str):
            text = ResponseOutputText(text=turn, type="output_text", annotations=[])
            return [ResponseOutputMessage(id="m", content=[text], role="assistant", status="completed", type="message")]
        return [ResponseFunctionToolCall(call_id=f"call-{number}", name=name, type="function_call",
                                         arguments=args if isinstance(args, str) else json.dumps(args))
                for number, (name, args) in enumerate(turn)]

    async def get_response(self, system_instructions, input, *args, **kwargs):
        return ModelResponse(output=self.next_output(input), usage=Usage(), response_id=None)

    async def stream_response(self, system_instructions, input, *args, **kwargs):
        response = Response(id="r", created_at=0, model="scripted", object="response", output=self.next_output(input),
                            tool_choice="auto", tools=[], parallel_tool_calls=True)
        yield ResponseCompletedEvent(type="response.completed", response=response, sequence_number=0)


@pytest.fixture
def tools(calls):
    @function_tool
    def read_file(path: str, limit: int = 3) -> str:
        """Reads a file."""
        calls.append(("read_file", path, limit))
        return f"text of {path}"

    @function_tool
    async def delete_file(path: str) -> str:
        """Deletes a file."""
        calls.append(("delete_file", path))
        return "gone"

    @function_tool
    def transfer(amount: int) -> str:
        """Sends money."""
        calls.append(("transfer", amount))
        return "sent"

    return [read_file, delete_file, transfer]


TURN = [("read_file", {"path": "/data/a", "limit": 3}), ("read_file", {"path": "/etc/passwd"}), ("delete_file", {"path": "/data/a"})]
CONFIG = RunConfig(tracing_disabled=True)


def outputs(model):
    return [item["output"] for item in model.inputs[-1] if item.get("type") == "function_call_output"]


def check(model):
    read, outside, deleted = outputs(model)
    assert read == "text of /data/a" and outside.startswith(REFUSED) and deleted == BY_POLICY


def test_parallel_calls_are_judged_one_by_one(gate, tools, token, calls, outcomes):
    model = Scripted(TURN, "done")
    agent = Agent(name="files", model=model, tools=guard_tools(gate, tools))
    with gate.use(token):
        assert Runner.run_sync(agent, "please", run_config=CONFIG).final_output == "done"
    check(model)
    assert calls == [("read_file", "/data/a", 3)] and outcomes() == ["success"]


def test_a_streamed_run_is_judged_as_well(gate, tools, token, calls):
    model = Scripted(TURN, "done")
    agent = Agent(name="files", model=model, tools=guard_tools(gate, tools))

    async def main():
        with gate.use(token):
            result = Runner.run_streamed(agent, "please", run_config=CONFIG)
            async for _ in result.stream_events():
                pass

    asyncio.run(main())
    check(model)
    assert calls == [("read_file", "/data/a", 3)]


def test_the_token_can_come_from_the_runs_own_context(gate, tools, token, calls):
    guarded = guard_tools(gate, tools, token=lambda context: context.context)
    for given, made in ((token, 1), (None, 1), ("", 1)):
        model = Scripted(TURN, "done")
        Runner.run_sync(Agent(name="files", model=model, tools=guarded), "please", context=given, run_config=CONFIG)
        assert len(calls) == made
    assert all(text.startswith(NO_TOKEN) for text in outputs(model))


def test_arguments_that_two_readers_could_read_differently_are_not_run(gate, tools, token, calls):
    model = Scripted([("read_file", '{"path": "/data/a", "path": "/etc/passwd"}'), ("read_file", "[1]"), ("read_file", "{"),
                      ("read_file", '{"path": NaN}')], "done")
    agent = Agent(name="files", model=model, tools=guard_tools(gate, tools))
    with gate.use(token):
        Runner.run_sync(agent, "please", run_config=CONFIG)
    assert len(outputs(model)) == 4 and all(text.startswith("Not run: the arguments cannot be judged.") for text in outputs(model))
    assert calls == []


def test_the_prompt_is_held_against_all_tools(gate, tools, keys, calls):
    token = ig.mint(keys, "agent-7").token
    model = Scripted([("delete_file", {"path": "/data/a"}), ("read_file", {"path": "/data/a"})], "done")
    agent = Agent(name="files", model=model, tools=guard_tools(gate, tools))
    with gate.use(token, intent="read the file and tell me what is in it"):
        Runner.run_sync(agent, "please", run_config=CONFIG)
    deleted, read = outputs(model)
    assert deleted.startswith(NOT_COVERED) and read == "text of /data/a"


def test_a_tool_of_the_provider_cannot_be_guarded(gate):
    with pytest.raises(TypeError, match="cannot be guarded"):
        guard_tools(gate, [WebSearchTool()])


def test_an_escalated_call_waits_for_the_person_or_is_made_again(gate, tools, token, calls, approve):
    def run(**options):
        model = Scripted([("transfer", {"amount": 5})], "done")
        Runner.run_sync(Agent(name="files", model=model, tools=guard_tools(gate, tools, token=token, **options)), "please", run_config=CONFIG)
        return outputs(model)

    assert run()[0].startswith(ESCALATED)
    approve()
    assert run() == ["sent"]
    approve(later=True)
    assert run(wait_for_approval=600) == ["sent"]
    assert calls == [("transfer", 5)] * 2
