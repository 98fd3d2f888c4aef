#!/usr/bin/env bash
# The Python package as a user gets it: the wheel of `make package` in an empty environment, away from the build folder.
set -euo pipefail
source tests/run/environment.sh
root=$PWD
status=0
passed=0

# check NAME COMMAND...: one counted result.
check() {
  local name=$1
  shift
  if "$@"; then echo "ok $name" && passed=$((passed + 1)); else echo "not ok $name" && status=1; fi
}

PYTHON=python3 bash cmake/package/python.sh
tag=$(python3 -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
tools=$root/build/package/venv-$tag/bin
wheel=$(echo "$root"/dist/libintentgate-*-"$tag"-*.whl)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/empty"
unset PYTHONPATH LD_LIBRARY_PATH
"$scratch/empty/bin/pip" install --quiet --disable-pip-version-check --no-index "$wheel"

small() { [ "$(stat -c %s "$wheel")" -lt $((12 * 1024 * 1024)) ]; }
self_contained() { PATH="$tools:$PATH" auditwheel show "$wheel" | tee "$scratch/show" && grep -q manylinux "$scratch/show"; }
quickstart() {
  sed -n '/^```python$/,/^```$/{/^```/!p}' "$root/bindings/python/README.md" > "$scratch/quickstart.py"
  (cd "$scratch" && empty/bin/python quickstart.py) > "$scratch/printed" || return 1
  printf 'read /data/a.csv\ncapability.argument_refused\n' | diff - "$scratch/printed"
}
check "the wheel is smaller than 12 MiB" small
check "auditwheel finds the wheel self-contained" self_contained
check "the README's quickstart prints what the README says" quickstart

"$scratch/empty/bin/pip" install --quiet --disable-pip-version-check "pytest==8.4.2" "mypy==2.4.1"
printf 'import libintentgate\nimport libintentgate.client\n' > "$scratch/typed.py"
# The guards' frameworks are not here; suites/python_guards.sh checks their types.
printf '[mypy]\n[mypy-libintentgate.guards.*]\nignore_errors = True\n' > "$scratch/mypy.ini"
typed() { (cd "$scratch" && empty/bin/python -m mypy --strict --config-file mypy.ini -p libintentgate && empty/bin/python -m mypy --strict typed.py); }
stubs() { (cd "$scratch" && empty/bin/python -m mypy.stubtest libintentgate._native --allowlist "$root/bindings/python/stubtest-allow.txt"); }
check "mypy --strict accepts the package" typed
check "stubtest finds the stubs complete" stubs
(cd "$scratch" && empty/bin/python -m pytest -q -p no:cacheprovider "$root/bindings/python/tests") || status=1

echo "$passed passed, $([ "$status" -eq 0 ] && echo 0 || echo 1) failed"
exit $status
