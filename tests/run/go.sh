# Sourced by the suites that hold our formats against Go programs. GO is the go command to use, or empty with the
# reason printed when there is none that is new enough. Modules come through the go client from its configured proxy.

GO=$(command -v go || true)
wanted=1.24
export GOTOOLCHAIN=${GOTOOLCHAIN_FOR_TESTS:-auto} GOFLAGS=-mod=mod

# go_at_least GO MINOR: whether a go command is 1.MINOR or newer.
go_at_least() {
  local minor
  minor=$(env GOTOOLCHAIN=local "$1" env GOVERSION 2> /dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  [ -n "$minor" ] && [ "$minor" -ge "$2" ]
}

if [ -z "$GO" ]; then
  echo "go: not installed; these checks are skipped (apt-get install golang-go)"
elif ! go_at_least "$GO" 21; then
  # Debian 12 has Go 1.19, which cannot switch toolchains by itself; but a toolchain is a module that it can fetch.
  toolchain=build/go-toolchain
  if [ ! -x "$toolchain/bin/go" ]; then
    module=golang.org/toolchain@v0.0.1-go$wanted.0.$("$GO" env GOOS)-$("$GO" env GOARCH)
    folder=$(cd /tmp && "$GO" mod download -json "$module" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
    if [ -n "$folder" ]; then
      mkdir -p build && cp -r "$folder" "$toolchain" && chmod -R u+w "$toolchain" &&
        chmod -R a+x "$toolchain/bin" "$toolchain/pkg/tool"
    fi
  fi
  GO=$toolchain/bin/go
  if ! go_at_least "$GO" 24; then
    echo "go: $(command -v go) is too old, and the Go $wanted toolchain could not be fetched; these checks are skipped"
    GO=
  else
    GO=$PWD/$GO
  fi
fi
