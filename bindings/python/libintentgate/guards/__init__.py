"""Guards for the frameworks that call tools. Each module imports its framework, and nothing else does.

| module | for |
|---|---|
| ``guards.mcp`` | servers of the official MCP SDK, 1.x and 2.x |
| ``guards.fastmcp`` | FastMCP servers |
| ``guards.langchain`` | LangChain agents and LangGraph's ``ToolNode`` |
| ``guards.openai_agents`` | function tools of the OpenAI Agents SDK |
| ``guards.pydantic_ai`` | PydanticAI toolsets |
| ``guards.crewai`` | CrewAI tools |
| ``guards.fastapi`` | FastAPI routes |

What they share: each call is judged right before it runs, with the arguments that the tool then gets; a refusal reaches
the model as a failed tool call that says why; the outcome of an allowed call is recorded. ``token=`` and ``intent=`` are a
string or a function of the framework's own call object; left out, they are those of ``gate.use``. An escalated call waits
``wait_for_approval=`` seconds for a person; then the model is told the approval's id and can make the same call again.
docs/guards-python.md has a working example of each.
"""
