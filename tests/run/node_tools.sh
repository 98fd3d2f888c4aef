# Sourced: other versions of Node, and npm packages for tests, under build/.

# node_of VERSION: prints a Node.js of that major version, from npm if it is not the one in PATH.
node_of() {
  local folder=build/node-$1
  if [ "$(node -p 'process.versions.node.split(".")[0]')" = "$1" ]; then
    command -v node
    return
  fi
  if [ -z "$(find "$folder/node_modules" -path '*/bin/node' 2> /dev/null)" ]; then
    mkdir -p "$folder"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
      "node-$(uname -s | tr A-Z a-z)-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')@$1" >&2
  fi
  find "$PWD/$folder/node_modules" -path '*/bin/node'
}

# node_tools FOLDER PACKAGE: prints a folder that has the npm packages of FOLDER's lock file, and PACKAGE among them.
node_tools() {
  local folder
  folder=$PWD/build/node-$(basename "$1")
  mkdir -p "$folder"
  if ! cmp -s "$1/package-lock.json" "$folder/.installed"; then
    cp "$1/package.json" "$1/package-lock.json" "$folder"
    npm ci --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts >&2
    cp "$1/package-lock.json" "$folder/.installed"
  fi
  rm -rf "$folder/node_modules/libintentgate"
  cp -r "$2" "$folder/node_modules/libintentgate"
  echo "$folder"
}
