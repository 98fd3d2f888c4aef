#!/usr/bin/env bash
# Packs the Python package into dist/: the source archive, and a wheel built from it that carries the libraries it needs.
# PYTHON is the interpreter that the wheel is for (default: python3).
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
tag=$("$python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
work=build/package/python
venv=build/package/venv-$tag
if [ cmake/package/requirements.txt -nt "$venv/.installed" ]; then
  "$python" -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r cmake/package/requirements.txt
  touch "$venv/.installed"
fi

# The source archive: what the binding is compiled from, with pyproject.toml at its top.
rm -rf "$work"
mkdir -p "$work/source/bindings" "$work/raw" "$work/fixed" "$work/files" dist
cp -r CMakeLists.txt LICENSE cmake libintentgate migrations "$work/source"
cp -r bindings/python "$work/source/bindings"
rm -f "$work/source/bindings/python/pyproject.toml"
find "$work/source" -name __pycache__ -prune -exec rm -r {} +
cp bindings/python/README.md "$work/source"
sed -e 's|"\.\./\.\."|"."|; s|"\.\./\.\./|"|; s|^wheel.packages = .*|wheel.packages = ["bindings/python/libintentgate"]|' \
  bindings/python/pyproject.toml > "$work/source/pyproject.toml"

# Without isolation, because the versions are those of requirements.txt and ccache wants paths that stay.
PATH="$PWD/$venv/bin:$PATH" "$venv/bin/python" -m build --no-isolation --outdir "$work/raw" "$work/source" > "$work/build.log" 2>&1 || {
  tail -n 40 "$work/build.log" >&2
  exit 1
}
PATH="$PWD/$venv/bin:$PATH" "$venv/bin/auditwheel" repair --wheel-dir "$work/fixed" "$work"/raw/*.whl > "$work/repair.log" 2>&1 || {
  tail -n 40 "$work/repair.log" >&2
  exit 1
}

# The licences of what came in.
"$venv/bin/python" -m wheel unpack --dest "$work/files" "$work"/fixed/*.whl > /dev/null
unpacked=$(echo "$work"/files/libintentgate-*)
licences=$(echo "$unpacked"/*.dist-info)/licenses
mkdir -p "$licences"
for library in "$unpacked"/libintentgate.libs/*; do
  # auditwheel puts a digest into the name.
  original=$(basename "$library" | sed -E 's/-[0-9a-f]{8}(\.|-)/\1/')
  bash cmake/package/licence-of.sh "$original" "$licences"
done
rm -f dist/libintentgate-*.tar.gz dist/libintentgate-*-"$tag"-*.whl
"$venv/bin/python" -m wheel pack --dest-dir dist "$unpacked" > /dev/null
cp "$work"/raw/*.tar.gz dist

ls -l dist/libintentgate-*.tar.gz dist/libintentgate-*-"$tag"-*.whl | awk '{ printf "%s: %.1f MiB\n", $NF, $5 / 1048576 }'
