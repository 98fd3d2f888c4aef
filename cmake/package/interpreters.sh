#!/usr/bin/env bash
# Prints "TAG PATH" for each CPython that wheels can be made for here, oldest first: 3.10 and newer, with headers, pip and
# venv; python3 and python3.N of PATH before those of pyenv. PYTHONS names others in their place. Free-threaded builds are
# left out.
set -euo pipefail

candidates() {
  if [ -n "${PYTHONS:-}" ]; then
    printf '%s\n' $PYTHONS
    return
  fi
  type -aP python3 python3.{10..19} || true
  ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3 2> /dev/null | sort -rV || true
}

# A shim of pyenv fails for a version that is not chosen; it is found under pyenv itself.
candidates | while read -r python; do
  "$python" - 2> /dev/null << 'END' || true
import ensurepip, os, sys, sysconfig, venv
if sys.implementation.name == "cpython" and sys.version_info >= (3, 10) and not sysconfig.get_config_var("Py_GIL_DISABLED"):
    if os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
        print("cp%d%d" % sys.version_info[:2], sys.executable)
END
done | sort -s -u -k1,1 -V
