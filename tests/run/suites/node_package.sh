#!/usr/bin/env bash
# The Node package as a user gets it: the tarball of `make package` in an empty folder, without a compiler in PATH, on
# every supported Node.
set -euo pipefail
source tests/run/environment.sh
source tests/run/node_version.sh
root=$PWD
status=0
passed=0

# check NAME COMMAND...: one counted result.
check() {
  local name=$1
  shift
  if "$@"; then echo "ok $name" && passed=$((passed + 1)); else echo "not ok $name" && status=1; fi
}

bash cmake/package/node.sh
tarball=$(echo "$root"/dist/libintentgate-*.tgz)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What npm itself needs, and no compiler.
mkdir "$scratch/bin" "$scratch/empty"
for tool in sh env node; do ln -s "$(command -v "$tool")" "$scratch/bin/$tool"; done
npm_script=$(realpath "$(command -v npm)")
(cd "$scratch/empty" && PATH="$scratch/bin" node "$npm_script" install --silent --offline --no-audit --no-fund "$tarball")
package=$scratch/empty/node_modules/libintentgate

# tools FOLDER: the npm packages that FOLDER's lock file names, under build/, with the packed package among them.
tools() {
  local folder
  folder=$root/build/node-$(basename "$1")
  mkdir -p "$folder"
  if ! cmp -s "$1/package-lock.json" "$folder/.installed"; then
    cp "$1/package.json" "$1/package-lock.json" "$folder"
    npm ci --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts >&2
    cp "$1/package-lock.json" "$folder/.installed"
  fi
  rm -rf "$folder/node_modules/libintentgate"
  cp -r "$package" "$folder/node_modules"
  echo "$folder"
}

quickstart() {
  sed -n '/^```js$/,/^```$/{/^```/!p}' "$root/bindings/node/README.md" > "$scratch/empty/quickstart.mjs"
  (cd "$scratch/empty" && node quickstart.mjs) > "$scratch/printed" || return 1
  printf 'read /data/a.csv\ncapability.argument_refused\n' | diff - "$scratch/printed"
}
check "the README's quickstart prints what the README says" quickstart

types=$(tools bindings/node/test/types)
cp bindings/node/test/types/{tsconfig.json,declared.mjs} "$types"
cp bindings/node/test/types/consumer.ts "$types/consumer.mts"
cp bindings/node/test/types/consumer.ts "$types/consumer.cts"
typed() { (cd "$types" && node_modules/.bin/tsc -p .); }
check "tsc --strict compiles a program that uses everything, as ES module and CommonJS" typed
check "the declarations name what is there, and nothing else" node "$types/declared.mjs" "$types/node_modules/libintentgate"
check "arethetypeswrong finds nothing" "$types/node_modules/.bin/attw" --profile node16 --no-color "$tarball"
check "publint finds nothing" "$types/node_modules/.bin/publint" --strict "$types/node_modules/libintentgate"

export LIBINTENTGATE=$package/lib/index.mjs INTENTGATE_BINARY=$root/build/release/server/intentgate
for version in 18 20 22 24; do
  "$(node_of "$version")" --test --test-reporter=tap bindings/node/test/*.test.mjs || status=1
done

echo "$passed passed, $([ "$status" -eq 0 ] && echo 0 || echo 1) failed"
exit $status
