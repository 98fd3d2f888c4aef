#!/usr/bin/env bash
# The Python package's tests with the extension under a sanitizer preset: sanitized_python.sh asan|tsan [PYTEST_ARGUMENT...].
# Python itself is not instrumented, so the sanitizer's runtime is loaded first. A report ends the process that it is about, which is
# the test run or one of the programs that tests start.
set -euo pipefail
cd "$(dirname "$0")/../.."
preset=$1
shift
source tests/run/environment.sh
cmake --preset "$preset" -DINTENTGATE_PYTHON=ON -DPython3_EXECUTABLE="$PWD/$VENV/bin/python" > /dev/null
cmake --build "build/$preset" --target ig_python -j "$(nproc)"

fixed=()
tests="not memory"   # those measure what the sanitizers keep, too
case $preset in
  asan) preload=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so) ;;
  tsan)
    preload=$(gcc -print-file-name=libtsan.so)
    # It knows no memory as random as Linux makes it,
    fixed=(setarch "$(uname -m)" --addr-no-randomize)
    # and no thread that is started in the child of a process with threads; test_a_multiprocessing_child_is_told forks as well.
    tests+=" and not test_a_gate_does_not_follow_a_fork_and_says_so and not test_a_fork_while_other_threads_ask_and_wait"
    ;;
  *) echo "sanitized_python.sh: asan or tsan" >&2; exit 64 ;;
esac
# Python keeps memory at its end on purpose; its own allocator would hide what is used after it was freed.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1:die_after_fork=0:suppressions=$PWD/tests/run/tsan_python.supp
export PYTHONMALLOC=malloc PYTHONPATH=$PWD/build/$preset/python
LD_PRELOAD=$preload exec "${fixed[@]}" "$VENV/bin/python" -m pytest -q -p no:cacheprovider bindings/python/tests -k "$tests" "$@"
