#!/usr/bin/env bash
# Unit and contract tests under a sanitizer preset: sanitized.sh asan|tsan
set -euo pipefail
cd "$(dirname "$0")/../.."
bash cmake/install-packages.sh postgresql
cmake --preset "$1" > /dev/null
cmake --build "build/$1" -j "$(nproc)"
ctest --test-dir "build/$1" --output-on-failure --no-tests=error
