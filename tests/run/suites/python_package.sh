#!/usr/bin/env bash
# The Python package as a user gets it: the wheels of `make package`, each in an empty environment of its interpreter, away
# from the build folder.
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

bash cmake/package/python.sh
interpreters=$(bash cmake/package/interpreters.sh)
default=$(python3 -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
unset PYTHONPATH LD_LIBRARY_PATH
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
sed -n '/^```python$/,/^```$/{/^```/!p}' bindings/python/README.md > "$scratch/quickstart.py"
# The guards' frameworks are not here; suites/python_guards.sh checks their types.
printf '[mypy]\n[mypy-libintentgate.guards.*]\nignore_errors = True\n' > "$scratch/mypy.ini"
printf 'import libintentgate\nimport libintentgate.client\n' > "$scratch/typed.py"

small() { [ "$(stat -c %s "$wheel")" -lt $((12 * 1024 * 1024)) ]; }
self_contained() { PATH="$tools:$PATH" auditwheel show "$wheel" | tee "$scratch/show" && grep -q manylinux "$scratch/show"; }
installs() { "$empty/bin/pip" install --quiet --disable-pip-version-check --no-index "$wheel"; }
quickstart() {
  (cd "$scratch" && "$empty/bin/python" quickstart.py) > "$scratch/printed" || return 1
  printf 'read /data/a.csv\ncapability.argument_refused\n' | diff - "$scratch/printed"
}
typed() { (cd "$scratch" && "$empty/bin/python" -m mypy --strict --config-file mypy.ini -p libintentgate && "$empty/bin/python" -m mypy --strict typed.py); }
stubs() { (cd "$scratch" && "$empty/bin/python" -m mypy.stubtest libintentgate._native --allowlist "$root/bindings/python/stubtest-allow.txt"); }

while read -r tag python <&3; do
  wheel=$(echo "$root"/dist/libintentgate-*-"$tag"-*.whl)
  tools=$root/build/package/venv-$tag/bin
  empty=$scratch/$tag
  "$python" -m venv "$empty"
  check "the wheel of $tag is smaller than 12 MiB" small
  check "auditwheel finds the wheel of $tag self-contained" self_contained
  check "the wheel of $tag installs in an empty environment" installs
  check "the README's quickstart prints under $tag what the README says" quickstart
  "$empty/bin/pip" install --quiet --disable-pip-version-check "pytest==8.4.2"
  (cd "$scratch" && "$empty/bin/python" -m pytest -q -p no:cacheprovider "$root/bindings/python/tests") || status=1
  if [ "$tag" = "$default" ]; then
    "$empty/bin/pip" install --quiet --disable-pip-version-check "mypy==2.4.1"
    check "mypy --strict accepts the package" typed
    check "stubtest finds the stubs complete" stubs
  fi
done 3<<< "$interpreters"
for minor in 10 11 12 13 14; do
  grep -q "^cp3$minor " <<< "$interpreters" || echo "no Python 3.$minor on this machine: its wheel is not tested"
done

echo "$passed passed, $([ "$status" -eq 0 ] && echo 0 || echo 1) failed"
exit $status
