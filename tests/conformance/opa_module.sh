# Sourced by the conformance scripts, behind tests/run/go.sh: OPA is the folder of OPA's Go module, which the go client
# has fetched and checked against the sum in go/go.sum; empty, with the reason printed, if it cannot.
OPA=
opa_version=$(sed -n 's/.*github.com\/open-policy-agent\/opa \(v[0-9.]*\).*/\1/p' tests/conformance/go/go.mod | head -n 1)
opa_sum=$(awk -v v="$opa_version" '$1 == "github.com/open-policy-agent/opa" && $2 == v {print $3}' tests/conformance/go/go.sum)

if [ -n "$GO" ]; then
  # Away from any go.mod, whose Go version may be newer than the client's.
  opa_json=$(cd / && GOTOOLCHAIN=local "$GO" mod download -json "github.com/open-policy-agent/opa@$opa_version" || true)
  opa_field() { printf '%s\n' "$opa_json" | sed -n "s/^\t\"$1\": \"\(.*\)\",\{0,1\}\$/\1/p"; }
  if [ "$(opa_field Sum)" = "$opa_sum" ] && [ -n "$opa_sum" ]; then
    OPA=$(opa_field Dir)
  else
    echo "opa $opa_version: the Go module could not be fetched, or is not the one of tests/conformance/go/go.sum"
  fi
fi
