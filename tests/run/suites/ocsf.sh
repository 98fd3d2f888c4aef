#!/usr/bin/env bash
# Our OCSF events against the published schema. The validator and the schema come from PyPI, under build/.
set -euo pipefail
source tests/run/environment.sh
OCSF_VENV=build/venv-ocsf
if [ ! -x "$OCSF_VENV/bin/pytest" ] || [ tests/ocsf/requirements.txt -nt "$OCSF_VENV/.installed" ]; then
  python3 -m venv "$OCSF_VENV"
  "$OCSF_VENV/bin/pip" install --quiet --disable-pip-version-check -r tests/run/requirements.txt -r tests/ocsf/requirements.txt
  touch "$OCSF_VENV/.installed"
fi
export INTENTGATE_BUILD=${INTENTGATE_BUILD:-build/release}
exec "$OCSF_VENV/bin/python" -m pytest -q tests/ocsf
