#!/usr/bin/env bash
# The Node package as a user gets it: the tarball of `make package` in an empty folder, without a compiler in PATH, on
# every supported Node.
set -euo pipefail
source tests/run/environment.sh
source tests/run/node_tools.sh
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

quickstart() {
  sed -n '/^```js$/,/^```$/{/^```/!p}' "$root/bindings/node/README.md" > "$scratch/empty/quickstart.mjs"
  (cd "$scratch/empty" && node quickstart.mjs) > "$scratch/printed" || return 1
  printf 'read /data/a.csv\ncapability.argument_refused\n' | diff - "$scratch/printed"
}
check "the README's quickstart prints what the README says" quickstart

from_source() { node "$package/bin/build.js" --check; }
check "the package's own sources configure on this machine" from_source

types=$(node_tools bindings/node/test/types "$package")
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
flat() { MALLOC_ARENA_MAX=1 node --expose-gc --max-semi-space-size=1 bindings/node/test/soak.mjs 800000; }
check "resident memory is flat over many calls" flat

# The guards in the frameworks themselves; some of those want Node 22.
frameworks=$(node_tools bindings/node/test/frameworks "$package")
rm -rf "$frameworks/test"
mkdir -p "$frameworks/test"
cp -r bindings/node/test/support.mjs bindings/node/test/frameworks "$frameworks/test"
fits() { "$types/node_modules/.bin/tsc" -p "$frameworks/test/frameworks"; }
check "what the guards give has the frameworks' own types" fits
LIBINTENTGATE=$frameworks/node_modules/libintentgate/lib/index.mjs \
  "$(node_of 22)" --test --test-reporter=tap "$frameworks"/test/frameworks/*.test.mjs || status=1

echo "$passed passed, $([ "$status" -eq 0 ] && echo 0 || echo 1) failed"
exit $status
