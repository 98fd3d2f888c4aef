#!/usr/bin/env bash
# The Node package's tests with the addon under a sanitizer: sanitized_node.sh asan|tsan. Node itself is not instrumented, so
# what is looked at is the addon's and the library's own memory and locks.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash cmake/install-packages.sh
source examples/gateway/node.sh
build=build/$1
cmake --preset "$1" -DINTENTGATE_NODE=ON > /dev/null
cmake --build "$build" --target ig_node -j "$(nproc)"

# The sanitizer's runtime cannot live with deep binding, which lib/native.js asks for.
preload=$PWD/$build/no_deep_binding.cjs
cat > "$preload" << 'END'
const { dlopen } = require("node:os").constants;
const load = process.dlopen;
process.dlopen = (module, file, flags = dlopen.RTLD_LAZY) => load.call(process, module, file, flags & ~(dlopen.RTLD_DEEPBIND ?? 0));
END
export LIBINTENTGATE=$PWD/$build/node/lib/index.mjs
export NODE_OPTIONS="--require $preload"
# Node keeps memory at its end on purpose.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
if [ "$1" = asan ]; then
  export LD_PRELOAD
  LD_PRELOAD=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so)
  exec node --test --test-reporter=tap bindings/node/test/*.test.mjs
fi

# The tests in which threads meet. ThreadSanitizer knows no memory as random as Linux makes it.
threaded=({approvals,binding,evidence,guard,promises}.test.mjs)
reports=$PWD/$build/races
rm -rf "$reports"
mkdir -p "$reports"
export TSAN_OPTIONS="exitcode=0 log_path=$reports/race report_signal_unsafe=0"
status=0
LD_PRELOAD=$(gcc -print-file-name=libtsan.so) setarch "$(uname -m)" --addr-no-randomize \
  node --test --test-reporter=tap "${threaded[@]/#/bindings/node/test/}" || status=1
unset LD_PRELOAD
python3 tests/run/our_races.py "$reports" || status=1
exit $status
