#!/usr/bin/env bash
# The Python package's tests with the extension under a sanitizer preset: sanitized_python.sh asan|tsan [PYTEST_ARGUMENT...].
# Python itself is not instrumented, so its runtime is loaded first.
set -euo pipefail
cd "$(dirname "$0")/../.."
preset=$1
shift
source tests/run/environment.sh
cmake --preset "$preset" -DINTENTGATE_PYTHON=ON -DPython3_EXECUTABLE="$PWD/$VENV/bin/python" > /dev/null
cmake --build "build/$preset" --target ig_python -j "$(nproc)"

case $preset in
  asan) preload=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so) ;;
  tsan) preload=$(gcc -print-file-name=libtsan.so) ;;
  *) echo "sanitized_python.sh: asan or tsan" >&2; exit 64 ;;
esac
# Python keeps memory at its end on purpose; its own allocator would hide what is used after it was freed.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1:die_after_fork=0
export PYTHONMALLOC=malloc PYTHONPATH=$PWD/build/$preset/python
# The tests of memory measure what the sanitizers keep, too.
LD_PRELOAD=$preload exec "$VENV/bin/python" -m pytest -q -p no:cacheprovider bindings/python/tests -k "not memory" "$@"
