#!/usr/bin/env bash
# Packs the Python package into dist/: the source archive, and from it a wheel, which carries the libraries it needs, for each
# interpreter that interpreters.sh finds. PYTHONS names the interpreters instead.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=build/package/python
interpreters=$(bash cmake/package/interpreters.sh)
[ -n "$interpreters" ] || { echo "python.sh: no CPython 3.10 or newer with headers, pip and venv" >&2; exit 1; }

# tools_for TAG PYTHON: a virtual environment with the packing tools. Sets $venv.
tools_for() {
  venv=$PWD/build/package/venv-$1
  if [ cmake/package/requirements.txt -nt "$venv/.installed" ]; then
    "$2" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r cmake/package/requirements.txt
    touch "$venv/.installed"
  fi
}

# logged NAME COMMAND...: with the environment's tools in PATH; shows the output only if it fails.
logged() {
  local log=$work/$1.log
  shift
  PATH="$venv/bin:$PATH" "$@" > "$log" 2>&1 || { tail -n 40 "$log" >&2; return 1; }
}

# Lays out what the binding is compiled from, with pyproject.toml at its top, and packs it.
pack_sources() {
  rm -rf "$work"
  mkdir -p "$work/source/bindings" dist
  cp -r CMakeLists.txt LICENSE cmake libintentgate migrations "$work/source"
  cp -r bindings/python "$work/source/bindings"
  rm -f "$work/source/bindings/python/pyproject.toml"
  find "$work/source" -name __pycache__ -prune -exec rm -r {} +
  cp bindings/python/README.md "$work/source"
  sed -e 's|"\.\./\.\."|"."|; s|"\.\./\.\./|"|; s|^wheel.packages = .*|wheel.packages = ["bindings/python/libintentgate"]|' \
    bindings/python/pyproject.toml > "$work/source/pyproject.toml"
  # Without isolation, here and below, because the versions are those of requirements.txt.
  logged sdist "$venv/bin/python" -m build --sdist --no-isolation --outdir "$work" "$work/source"
  mkdir "$work/unpacked"
  tar -xzf "$work"/libintentgate-*.tar.gz --strip-components 1 -C "$work/unpacked"
}

# The licences of the libraries that came in with the wheel that is unpacked in $1.
add_licences() {
  local licences library
  licences=$(echo "$1"/*.dist-info)/licenses
  mkdir -p "$licences"
  for library in "$1"/libintentgate.libs/*; do
    # auditwheel puts a digest into the name.
    bash cmake/package/licence-of.sh "$(basename "$library" | sed -E 's/-[0-9a-f]{8}(\.|-)/\1/')" "$licences"
  done
}

# pack_wheel TAG: compiled from the unpacked source archive, whose path stays for ccache.
pack_wheel() {
  local at=$work/$1
  mkdir "$at"
  rm -rf "$work/unpacked/build"
  logged "build-$1" "$venv/bin/python" -m build --wheel --no-isolation --outdir "$at/raw" "$work/unpacked"
  logged "repair-$1" "$venv/bin/auditwheel" repair --wheel-dir "$at/fixed" "$at"/raw/*.whl
  logged "unpack-$1" "$venv/bin/python" -m wheel unpack --dest "$at/files" "$at"/fixed/*.whl
  add_licences "$(echo "$at"/files/libintentgate-*)"
  logged "pack-$1" "$venv/bin/python" -m wheel pack --dest-dir "$at" "$at"/files/libintentgate-*
}

tools_for ${interpreters%%$'\n'*}
pack_sources
while read -r tag python <&3; do
  tools_for "$tag" "$python"
  pack_wheel "$tag"
done 3<<< "$interpreters"

rm -f dist/libintentgate-*.tar.gz dist/libintentgate-*.whl
cp "$work"/libintentgate-*.tar.gz "$work"/cp*/libintentgate-*.whl dist
ls -l dist/libintentgate-*.tar.gz dist/libintentgate-*.whl | awk '{ printf "%s: %.1f MiB\n", $NF, $5 / 1048576 }'
