// The endpoint as an OAuth protected resource.
#include <doctest/doctest.h>

#include "integration/server/fixture.h"

namespace intentgate::test {
namespace {

constexpr std::string_view kRoot = "/.well-known/oauth-protected-resource";

}  // namespace

TEST_CASE("the metadata is at both places, for anyone, and names the public address") {
  Gateway g;
  g.settings.public_url = "https://gw.example.com/mcp";
  g.settings.authorization_servers = {"https://as.example.com"};
  g.settings.scopes = {"tools", "resources"};
  Caller& caller = g.Start();
  for (const std::string path : {"", "/v1/mcp", "/mcp"}) {
    const Got got = caller.Do("GET", std::string(kRoot) + path);
    CHECK(got.status == 200);
    CHECK(got.body == R"({"resource":"https://gw.example.com/mcp","authorization_servers":["https://as.example.com"],)"
                      R"("scopes_supported":["tools","resources"],"dpop_signing_alg_values_supported":["ES256","ES384","ES512","EdDSA","PS256","RS256"],)"
                      R"("bearer_methods_supported":["header"],"resource_name":"IntentGate"})");
  }
  CHECK(caller.Do("GET", std::string(kRoot) + "/other").status == 404);
  const std::string challenge =
      R"(resource_metadata="https://gw.example.com/.well-known/oauth-protected-resource/mcp", scope="tools resources")";
  const std::string list = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
  CHECK(caller.Mcp("", list).header("WWW-Authenticate") == "Bearer realm=\"intentgate\", " + challenge);
  CHECK(caller.Mcp("bad", list).header("WWW-Authenticate") == "Bearer realm=\"intentgate\", error=\"invalid_token\", " + challenge);
  CHECK(caller.Mcp("", CallBody("read_file")).header("WWW-Authenticate") == "Bearer realm=\"intentgate\", " + challenge);
}

TEST_CASE("without a public address there is no metadata and the challenge names none") {
  Gateway g;
  Caller& caller = g.Start();
  CHECK(caller.Do("GET", kRoot).status == 404);
  CHECK(caller.Mcp("", CallBody("read_file")).header("WWW-Authenticate") == "Bearer realm=\"intentgate\"");
}

}  // namespace intentgate::test
