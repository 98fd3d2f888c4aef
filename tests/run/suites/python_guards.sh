#!/usr/bin/env bash
# The guards of the Python package, each with its real framework and no model.
set -euo pipefail
source tests/integration/python_guards/environments.sh
export PYTHONPATH="$PWD/build/release/python"
tests=tests/integration/python_guards
status=0
guards=build/venv-guards/bin/python
crewai=build/venv-crewai/bin/python
"$guards" -m pytest -q -W ignore "$tests" --ignore "$tests/test_crewai.py" || status=1
# CrewAI's environment has version 1 of the MCP SDK.
"$crewai" -m pytest -q -W ignore "$tests/test_crewai.py" "$tests/test_mcp_sdk.py" || status=1
for module in asking mcp_request; do modules+=(-m "libintentgate.guards._$module"); done
for module in mcp fastmcp langchain openai_agents pydantic_ai fastapi; do modules+=(-m "libintentgate.guards.$module"); done
(cd build/release/python && "$OLDPWD/$guards" -m mypy --strict "${modules[@]}") || status=1
(cd build/release/python && "$OLDPWD/$crewai" -m mypy --strict -m libintentgate.guards.crewai -m libintentgate.guards.mcp) || status=1
exit $status
