# Sourced by the test and bench scripts: PostgreSQL's server programs, and a virtual environment and the npm packages
# that tests use, from their registries, under build/. VENV and NODE say where.

bash cmake/install-packages.sh postgresql

VENV=build/venv
if [ ! -x "$VENV/bin/pytest" ] || [ tests/run/requirements.txt -nt "$VENV/.installed" ]; then
  mkdir -p build
  python3 -m venv "$VENV" && "$VENV/bin/pip" install --quiet --disable-pip-version-check -r tests/run/requirements.txt &&
    touch "$VENV/.installed"
fi
source examples/gateway/node.sh
export VENV
