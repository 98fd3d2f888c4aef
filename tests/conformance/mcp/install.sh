# Sourced from the project's folder: installs the official suite, the SDKs and the fixture under build/ and sets NODE and
# FIXTURE. The suite needs Node.js 22; an older one is left alone and a newer one comes from npm.
place=build/conformance-mcp
NODE=$(command -v node || true)
if [ -z "$NODE" ] || [ "$("$NODE" -p 'process.versions.node.split(".")[0]')" -lt 22 ]; then
  folder=build/node-22
  [ -d "$folder/node_modules" ] || npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
    "node-$(uname -s | tr A-Z a-z)-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')@22"
  NODE=$(echo "$PWD/$folder"/node_modules/node-*/bin/node)
fi
mkdir -p "$place"
cp tests/conformance/mcp/package.json tests/conformance/mcp/*.mjs "$place/"
if ! cmp -s tests/conformance/mcp/package-lock.json "$place/installed-lock.json"; then
  cp tests/conformance/mcp/package-lock.json "$place/"
  npm ci --silent --no-audit --no-fund --ignore-scripts --prefix "$place"
  cp tests/conformance/mcp/package-lock.json "$place/installed-lock.json"
fi
export NODE FIXTURE="$PWD/$place"
