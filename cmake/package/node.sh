#!/usr/bin/env bash
# Packs the Node package for this platform into dist/: JavaScript, types, the binary with the libraries it needs, and the
# sources for other platforms.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v patchelf > /dev/null || bash cmake/install-packages.sh patchelf
source examples/gateway/node.sh

cmake --preset release -DINTENTGATE_NODE=ON > /dev/null
cmake --build build/release --target ig_node -j "$(nproc)" > /dev/null

stage=build/package/node
rm -rf "$stage"
mkdir -p "$stage" dist
cp -r build/release/node/bin build/release/node/lib build/release/node/prebuilds build/release/node/package.json "$stage"
cp bindings/node/README.md LICENSE "$stage"
mkdir -p "$stage/source/bindings/node"
cp -r CMakeLists.txt cmake libintentgate migrations "$stage/source"
rm -r "$stage/source/cmake/package"
(cd bindings/node && cp -r CMakeLists.txt package-lock.json src "../../$stage/source/bindings/node")
# A package.json inside a package may name no exports.
node -p 'const { name, version, devDependencies } = require("./bindings/node/package.json"); JSON.stringify({ name, version, private: true, devDependencies }, null, 2)' \
  > "$stage/source/bindings/node/package.json"
for module in "$stage"/prebuilds/*/intentgate.node; do
  bash cmake/package/bundle-libraries.sh "$module"
done

rm -f dist/libintentgate-*.tgz
npm pack --silent --pack-destination dist "./$stage" > /dev/null
ls -l dist/libintentgate-*.tgz | awk '{ printf "%s: %.1f MiB\n", $NF, $5 / 1048576 }'
