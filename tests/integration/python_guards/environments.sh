# Sourced by the suites that need the Python frameworks: build/venv-guards, and build/venv-crewai because CrewAI holds back
# what the others share with it (it brings version 1 of the MCP SDK, too).

# made FOLDER REQUIREMENTS [FLAG]: a virtual environment with them, unless it is there.
made() {
  if [ ! -e "$1/.installed" ] || [ "$2" -nt "$1/.installed" ]; then
    python3 -m venv "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check ${3:-} -r "$2"
    touch "$1/.installed"
  fi
}
made build/venv-crewai tests/integration/python_guards/requirements-crewai.txt --no-deps &
made build/venv-guards tests/integration/python_guards/requirements.txt
wait $!
