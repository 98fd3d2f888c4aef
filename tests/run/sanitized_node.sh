#!/usr/bin/env bash
# The Node package's tests with the addon under AddressSanitizer and UBSan; Node itself is not instrumented.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash cmake/install-packages.sh
source examples/gateway/node.sh
cmake --preset asan -DINTENTGATE_NODE=ON > /dev/null
cmake --build build/asan --target ig_node -j "$(nproc)"

# The sanitizer's runtime cannot live with deep binding, which lib/native.js asks for.
preload=$PWD/build/asan/no_deep_binding.cjs
cat > "$preload" << 'END'
const { dlopen } = require("node:os").constants;
const load = process.dlopen;
process.dlopen = (module, file, flags = dlopen.RTLD_LAZY) => load.call(process, module, file, flags & ~(dlopen.RTLD_DEEPBIND ?? 0));
END
export LIBINTENTGATE=$PWD/build/asan/node/lib/index.mjs
export NODE_OPTIONS="--require $preload" LD_PRELOAD
LD_PRELOAD=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so)
# Node keeps memory at its end on purpose.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
exec node --test --test-reporter=tap bindings/node/test/*.test.mjs
