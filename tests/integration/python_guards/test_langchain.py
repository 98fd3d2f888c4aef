import asyncio
import itertools

import pytest
from langchain.agents import create_agent
from langchain.tools import tool
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode

import libintentgate as ig
from conftest import BY_POLICY, ESCALATED, NOT_COVERED, NO_TOKEN, REFUSED
from libintentgate.guards.langchain import GateMiddleware


class Scripted(GenericFakeChatModel):
    def bind_tools(self, tools, **kwargs):
        return self


def wants(*calls):
    """A model's turn: these tool calls at once."""
    return AIMessage(content="", tool_calls=[{"name": name, "args": args, "id": f"call-{number}"}
                                             for number, (name, args) in enumerate(calls)])


@pytest.fixture
def tools(calls):
    @tool
    def read_file(path: str, limit: int = 3) -> str:
        """Reads a file."""
        calls.append(("read_file", path, limit))
        return f"text of {path}"

    @tool
    async def delete_file(path: str) -> str:
        """Deletes a file."""
        calls.append(("delete_file", path))
        return "gone"

    @tool
    def transfer(amount: int) -> str:
        """Sends money."""
        calls.append(("transfer", amount))
        return "sent"

    return [read_file, delete_file, transfer]


def agent_that(turns, tools, guard):
    return create_agent(Scripted(messages=iter([*turns, AIMessage(content="done")])), tools, middleware=[guard])


def answers(result):
    return [(message.name, message.status, message.content) for message in result["messages"] if isinstance(message, ToolMessage)]


ASKED = {"messages": [HumanMessage("please")]}


def check(result):
    ok, outside, deleted = answers(result)
    assert ok == ("read_file", "success", "text of /data/a")
    assert outside[1] == "error" and outside[2].startswith(REFUSED)
    assert deleted == ("delete_file", "error", BY_POLICY)
    assert result["messages"][-1].content == "done"


TURN = wants(("read_file", {"path": "/data/a"}), ("read_file", {"path": "/etc/passwd"}), ("delete_file", {"path": "/data/a"}))


def test_parallel_calls_of_an_agent_are_judged_one_by_one(gate, tools, token, calls, outcomes):
    with gate.use(token):
        check(agent_that([TURN], tools, GateMiddleware(gate, tools)).invoke(ASKED))
        check(asyncio.run(agent_that([TURN], tools, GateMiddleware(gate, tools)).ainvoke(ASKED)))
    assert calls == [("read_file", "/data/a", 3)] * 2
    assert outcomes() == ["success", "success"]


def test_a_streamed_run_is_judged_as_well(gate, tools, token, calls):
    agent = agent_that([TURN], tools, GateMiddleware(gate, tools))
    with gate.use(token):
        said = [message for step in agent.stream(ASKED, stream_mode="updates") for message in step.get("tools", {}).get("messages", [])]
    assert sorted(message.status for message in said) == ["error", "error", "success"]
    assert calls == [("read_file", "/data/a", 3)]


def test_without_a_token_nothing_runs(gate, tools, calls):
    result = agent_that([TURN], tools, GateMiddleware(gate, tools)).invoke(ASKED)
    assert all(status == "error" and text.startswith(NO_TOKEN) for _, status, text in answers(result))
    assert calls == []


def test_the_token_can_come_from_the_runs_own_context(gate, tools, token, calls):
    guard = GateMiddleware(gate, tools, token=lambda request: request.runtime.context)
    agent = create_agent(Scripted(messages=iter([TURN, AIMessage(content="done")])), tools, middleware=[guard], context_schema=str)
    check(agent.invoke(ASKED, context=token))


def test_the_prompt_is_held_against_all_tools(gate, tools, keys, calls):
    token = ig.mint(keys, "agent-7").token
    guard = GateMiddleware(gate, tools, token=token, intent=lambda request: request.state["messages"][0].content)
    asked = {"messages": [HumanMessage("read the file and tell me what is in it")]}
    turn = wants(("delete_file", {"path": "/data/a"}), ("read_file", {"path": "/data/a"}))
    deleted, read = answers(agent_that([turn], tools, guard).invoke(asked))
    assert deleted[2].startswith(NOT_COVERED) and read[1] == "success"


def test_what_a_model_writes_can_be_unfit_for_any_tool(gate, tools, token, calls):
    turn = wants(("read_file", {"path": "\ud800"}), ("read_file", {"path": float("nan")}))
    with gate.use(token):
        result = agent_that([turn], tools, GateMiddleware(gate, tools)).invoke(ASKED)
    assert all(text.startswith("Not run: the arguments cannot be judged.") for _, _, text in answers(result))
    assert calls == []


def test_a_tool_that_fails_is_recorded_as_failed(gate, token, outcomes):
    @tool
    def read_file(path: str) -> str:
        """Reads a file."""
        raise OSError("disk")

    with gate.use(token), pytest.raises(OSError):
        agent_that([wants(("read_file", {"path": "/data/a"}))], [read_file], GateMiddleware(gate, [read_file])).invoke(ASKED)
    assert outcomes() == ["tool_error"]


def test_a_tool_node_of_langgraph(gate, tools, token, calls):
    guard = GateMiddleware(gate, tools)
    node = ToolNode(tools, wrap_tool_call=guard.wrap_tool_call, awrap_tool_call=guard.awrap_tool_call)
    turns = itertools.chain([TURN], itertools.repeat(AIMessage(content="done")))
    graph = StateGraph(MessagesState)
    graph.add_node("model", lambda state: {"messages": [next(turns)]})
    graph.add_node("tools", node)
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", lambda state: "tools" if state["messages"][-1].tool_calls else END)
    graph.add_edge("tools", "model")
    with gate.use(token):
        check(graph.compile().invoke(ASKED))
    assert calls == [("read_file", "/data/a", 3)]


def test_an_escalated_call_waits_for_the_person_or_is_made_again(gate, tools, token, calls, approve):
    turn = wants(("transfer", {"amount": 5}))
    with gate.use(token):
        refused, = answers(agent_that([turn], tools, GateMiddleware(gate, tools)).invoke(ASKED))
        assert refused[1] == "error" and refused[2].startswith(ESCALATED)
        approve()
        assert answers(agent_that([turn], tools, GateMiddleware(gate, tools)).invoke(ASKED)) == [("transfer", "success", "sent")]
        approve(later=True)
        waiting = GateMiddleware(gate, tools, wait_for_approval=600)
        assert answers(asyncio.run(agent_that([turn], tools, waiting).ainvoke(ASKED))) == [("transfer", "success", "sent")]
    assert calls == [("transfer", 5)] * 2
