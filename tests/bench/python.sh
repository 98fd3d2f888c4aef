#!/usr/bin/env bash
# The rows of the Python package. Usage: python.sh LINES [SOAK_CALLS]. Expects a configured build/release.
set -euo pipefail
lines=$1
calls=${2:-10000000}
venv=build/venv-bench
if [ ! -e "$venv/.installed" ] || [ tests/bench/requirements.txt -nt "$venv/.installed" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/bench/requirements.txt
  touch "$venv/.installed"
fi
cmake --preset release -DINTENTGATE_PYTHON=ON -DPython3_EXECUTABLE="$PWD/$venv/bin/python" > /dev/null
cmake --build build/release --target ig_python -j "$(nproc)"
export PYTHONPATH="$PWD/build/release/python"
# As pip does, so that an import is measured and no compilation.
"$venv/bin/python" -m compileall -q "$PYTHONPATH"
taskset -c 0 "$venv/bin/python" tests/bench/python_bench.py "$lines"
"$venv/bin/python" tests/bench/python_soak.py "$calls" | python3 tests/bench/collect.py "$lines"
