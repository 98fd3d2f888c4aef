#!/usr/bin/env bash
# Installs the Debian packages that are missing, and nothing when none is. Debian 12 and Ubuntu 24.04.
# Arguments are packages wanted besides.
set -euo pipefail

packages=(
  build-essential cmake ninja-build pkg-config ccache mold git curl ca-certificates
  libssl-dev libsimdjson-dev libfmt-dev libabsl-dev libre2-dev libsqlite3-dev libpq-dev
  libcurl4-openssl-dev libyaml-cpp-dev zlib1g-dev libasio-dev libspdlog-dev libcli11-dev libjemalloc-dev
  doctest-dev pybind11-dev python3-dev python3-venv sqlite3
  "$@"
)
# A Node.js that is there already, from wherever, is kept: Debian's would collide with it.
command -v node > /dev/null || packages+=(nodejs)
command -v npm > /dev/null || packages+=(npm)
# Only tests use Go; tests/run/go.sh fetches a newer toolchain where this one is too old.
command -v go > /dev/null || packages+=(golang-go)

# A witness that a test runs keeps its key in an ssh-agent.
command -v ssh-agent > /dev/null || packages+=(openssh-client)

if ! command -v dpkg-query > /dev/null; then
  echo "install-packages: this is no Debian or Ubuntu; install the equivalents of: ${packages[*]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null | grep -qx installed || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo > /dev/null || {
    echo "install-packages: needs root or sudo to install: ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
echo "Installing ${#missing[@]} packages: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
