// A gateway in front of two upstreams of the tests, called a and b.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "integration/server/fixture.h"

namespace intentgate::test {

using Names = std::vector<std::string>;

// The gate of the tests lets callers see what begins with read_, so do the prefixes.
struct TwoUpstreams : Gateway {
  FakeUpstream other;

  explicit TwoUpstreams(std::string_view first = "read_a_", std::string_view second = "read_b_") {
    Add("a", first, upstream.url());
    Add("b", second, other.url());
  }
  ~TwoUpstreams() {
    gate->Join();
    caller.reset();
    service.reset();
  }

  // Nobody listens at its address any more. Before Start.
  void Break(std::size_t at) {
    if (at < settings.upstreams.size()) settings.upstreams[at].url = *http::ParseUrl("http://127.0.0.1:1/mcp");
  }

 private:
  void Add(std::string_view name, std::string_view prefix, const std::string& url) {
    config::UpstreamSettings one;
    one.name = name;
    one.prefix = prefix;
    one.url_text = url;
    one.url = *http::ParseUrl(url);
    settings.upstreams.push_back(std::move(one));
  }
};

inline std::string Ask(std::string_view method, std::string_view params = "{}") {
  return R"({"jsonrpc":"2.0","id":2,"method":")" + std::string(method) + R"(","params":)" + std::string(params) + "}";
}

// The names, URIs or templates of a list: "tools", "prompts", "resources", "resources/templates".
inline Names Listed(Caller& caller, const std::string& what, const http::HeaderList& headers = {}) {
  const json::Value list = caller.Mcp("good", Ask(what + "/list"), headers).json();
  const json::Value* result = list.Find("result");
  REQUIRE(result != nullptr);
  Names names;
  for (const json::Member& member : result->object()) {
    if (!member.value.is_array()) continue;
    for (const json::Value& one : member.value.array()) {
      const char* key = what == "resources" ? "uri" : what == "resources/templates" ? "uriTemplate" : "name";
      names.push_back(one.Find(key)->string_value());
    }
  }
  return names;
}

inline std::string ModernBody(std::string_view method, std::string_view params = {}) {
  std::string members =
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";
  if (!params.empty()) members += "," + std::string(params);
  return R"({"jsonrpc":"2.0","id":"m1","method":")" + std::string(method) + R"(","params":{)" + members + "}}";
}

inline http::HeaderList ModernHeaders(std::string_view method, std::string_view name = {}) {
  http::HeaderList headers{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", method}, {"Accept", "application/json, text/event-stream"}};
  if (!name.empty()) headers.Add("Mcp-Name", name);
  return headers;
}

}  // namespace intentgate::test
