#!/usr/bin/env bash
# The Python and Node bindings: their own tests, and the examples.
set -euo pipefail
source tests/run/environment.sh
build=build/release
export PYTHONPATH="$PWD/$build/python"
export LIBINTENTGATE="$PWD/$build/node/lib/index.mjs"
policy="$PWD/examples/gateway/policy.rego"
status=0
"$VENV/bin/python" -m pytest -q bindings/python/tests || status=1
node --test --test-reporter=tap bindings/node/test/*.test.mjs || status=1
# Node 22 brought libraries of its own that ours met by name; so the newest long-term versions are tried as well.
for version in 18 22 24; do
  folder=build/node-$version
  [ -d "$folder/node_modules" ] || npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
    "node-$(uname -s | tr A-Z a-z)-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')@$version"
  other=$(echo "$folder"/node_modules/node-*/bin/node)
  "$other" --test --test-reporter=tap bindings/node/test/*.test.mjs || status=1
done
python3 examples/expect_output.py examples/expected.txt "$VENV/bin/python" examples/python/narrow_and_check.py "$policy" || status=1
python3 examples/expect_output.py examples/expected.txt node examples/node/narrow-and-check.mjs "$policy" || status=1
exit $status
