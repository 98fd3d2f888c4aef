#!/usr/bin/env bash
# Every snippet of the documentation, every link between its pages, and that the list of builtins is whole.
set -euo pipefail
source tests/run/environment.sh
source tests/run/node_tools.sh
NODE_MODULES=$(node_tools bindings/node/test/frameworks build/release/node)/node_modules
NODE=$(node_of 22)
export NODE NODE_MODULES
source tests/integration/python_guards/environments.sh
status=0
"$VENV/bin/python" tests/docs/run_snippets.py . build/release || status=1
python3 tests/docs/check_links.py . || status=1
source tests/run/go.sh
source tests/conformance/opa_module.sh
python3 tests/docs/check_builtins.py . build/release/server/intentgate ${OPA:+"$OPA/capabilities/$opa_version.json"} || status=1
exit $status
