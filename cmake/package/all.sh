#!/usr/bin/env bash
# `make package`: every package of the bindings, into dist/.
set -euo pipefail
cd "$(dirname "$0")/../.."
for part in node python; do
  [ ! -f "cmake/package/$part.sh" ] || bash "cmake/package/$part.sh"
done
