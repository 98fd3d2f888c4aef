import asyncio
import json
import os

import pytest

# Before the import: nothing of a test run goes anywhere.
os.environ.update(CREWAI_DISABLE_TELEMETRY="true", OTEL_SDK_DISABLED="true", CREWAI_TRACING_ENABLED="false")

from crewai import Agent, Crew, Task
from crewai.llms.base_llm import BaseLLM
from crewai.tools import BaseTool, tool

import libintentgate as ig
from conftest import BY_POLICY, ESCALATED, NOT_COVERED, NO_TOKEN, REFUSED
from libintentgate.guards.crewai import guard_tools


class Scripted(BaseLLM):
    """Writes the tool calls it is given as text, one a turn, and then a final answer."""

    turns: list = []
    seen: list = []

    def call(self, messages, *args, **kwargs):
        self.seen.append(str(messages))
        if not self.turns:
            return "Thought: I know enough\nFinal Answer: done"
        name, arguments = self.turns.pop(0)
        return f"Thought: I need a tool\nAction: {name}\nAction Input: {json.dumps(arguments)}"

    async def acall(self, messages, *args, **kwargs):
        return self.call(messages)

    def supports_function_calling(self):
        return False


class ReadFile(BaseTool):
    name: str = "read_file"
    description: str = "Reads a file."
    done: list = []

    def _run(self, path: str, limit: int = 3) -> str:
        self.done.append(("read_file", path, limit))
        return f"text of {path}"

    async def _arun(self, path: str, limit: int = 3) -> str:
        return self._run(path, limit)


@pytest.fixture
def tools(calls):
    @tool("delete_file")
    def delete_file(path: str) -> str:
        """Deletes a file."""
        calls.append(("delete_file", path))
        return "gone"

    @tool("transfer")
    def transfer(amount: int) -> str:
        """Sends money."""
        calls.append(("transfer", amount))
        return "sent"

    read_file = ReadFile()
    read_file.done = calls
    return [read_file, delete_file, transfer]


def kick_off(llm, tools, cache=True):
    agent = Agent(role="clerk", goal="answer", backstory="-", llm=llm, tools=tools, verbose=False, cache=cache)
    task = Task(description="please", expected_output="an answer", agent=agent)
    return Crew(agents=[agent], tasks=[task], verbose=False, cache=cache).kickoff()


def test_each_call_of_a_crew_is_judged(gate, tools, token, calls, outcomes):
    llm = Scripted(model="scripted", turns=[("read_file", {"path": "/data/a"}), ("read_file", {"path": "/etc/passwd"}),
                                            ("delete_file", {"path": "/data/a"}), ("transfer", {"amount": 5})], seen=[])
    with gate.use(token):
        assert kick_off(llm, guard_tools(gate, tools)).raw == "done"
    told = llm.seen[-1]
    assert "text of /data/a" in told and REFUSED in told and BY_POLICY in told and ESCALATED in told
    assert calls == [("read_file", "/data/a", 3)] and outcomes() == ["success"]


def test_a_result_is_not_given_from_a_cache_to_an_agent_that_was_not_judged(gate, tools, token, calls):
    for used in (token, ""):
        llm = Scripted(model="scripted", turns=[("read_file", {"path": "/data/a"}), ("delete_file", {"path": "x"}),
                                                ("read_file", {"path": "/data/a"})], seen=[])
        with gate.use(used):
            kick_off(llm, guard_tools(gate, tools))
    assert NO_TOKEN in llm.seen[-1]
    assert len(calls) == 2  # both of the first crew ran: the second was judged again, too


def test_tools_ask_when_they_are_run_directly_and_on_a_loop(gate, tools, token, calls):
    read_file, _, _ = guard_tools(gate, tools, token=token)
    assert read_file.run(path="/data/a") == "text of /data/a"
    assert asyncio.run(read_file.arun(path="/data/b", limit=1)) == "text of /data/b"
    for refused in (read_file.run(path="/etc/passwd"), asyncio.run(read_file.arun(path="/etc/passwd"))):
        assert getattr(refused, "message", refused).startswith(REFUSED)
    assert calls == [("read_file", "/data/a", 3), ("read_file", "/data/b", 1)]


def test_the_prompt_is_held_against_all_tools(gate, tools, keys, calls):
    read_file, delete_file, _ = guard_tools(gate, tools, token=ig.mint(keys, "agent-7").token,
                                            intent=lambda tool: "read the file and tell me what is in it")
    assert delete_file.run(path="/data/a").message.startswith(NOT_COVERED)
    assert read_file.run(path="/data/a") == "text of /data/a"


def test_an_approved_call_goes_once_when_it_is_made_again_or_was_waited_for(gate, tools, token, calls, approve):
    transfer = guard_tools(gate, tools, token=token)[2]
    assert ESCALATED in transfer.run(amount=5).message
    approve()
    assert transfer.run(amount=5) == "sent" and ESCALATED in transfer.run(amount=5).message
    approve()
    assert transfer.run(amount=5) == "sent"
    waiting = guard_tools(gate, tools, token=token, wait_for_approval=600)[2]
    approve(later=True)
    assert waiting.run(amount=6) == "sent"
    assert calls == [("transfer", 5), ("transfer", 5), ("transfer", 6)]
