// Capabilities: what is not listed cannot be called, wherever a call may stand.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include <intentgate/rego_capabilities.h>
#include <intentgate/rego_engine.h>

namespace intentgate::rego {
namespace {

CompileResult Compiled(const std::string& text, std::vector<std::string> builtins) {
  EngineOptions options;
  options.builtins = std::move(builtins);
  const SourceFile file{"p.rego", text};
  return Engine(options).Compile({&file, 1});
}

}  // namespace

TEST_CASE("a builtin that the capabilities do not have is undefined, in rules, comprehensions, mocks and queries") {
  const std::vector<std::string> few = {"assign", "count", "eq", "equal"};
  CHECK(Compiled("package p\nx := count([1])", few).ok());
  for (const char* rule : {"x := sum([1])", "x := [1 | y := sum([1]); y == 1]", "x if count([1]) == 1 with count as sum", "x := 1 + 2", "x if { some a in [1]; a > 0 }"}) {
    const CompileResult compiled = Compiled(std::string("package p\n") + rule, few);
    REQUIRE_FALSE(compiled.ok());
    CHECK(compiled.diagnostics[0].code == "rego_type_error");
    CHECK(compiled.diagnostics[0].message.starts_with("undefined function "));
  }
  const QueryResult query = Compiled("package p\nx := 1", few).policy->Query("sum([1])", nullptr);
  REQUIRE(query.diagnostics.size() == 1);
  CHECK(query.diagnostics[0].message == "undefined function sum");
}

TEST_CASE("capabilities grant nothing that the host does not") {
  CHECK_FALSE(Compiled("package p\nx := http.send({})", {"assign", "eq", "http.send"}).ok());
}

TEST_CASE("what is written down is read, and allows everything") {
  const std::string text = json::Write(AllCapabilities());
  const Result<CapabilitySet> all = ReadCapabilities(text);
  REQUIRE(all.ok());
  CHECK(all->builtins.size() > 190);
  CHECK_FALSE(all->allow_net.has_value());
  for (const char* name : {"http.send", "plus", "walk", "sprintf", "io.jwt.encode_sign", "assign", "print", "rego.metadata.rule"}) {
    CHECK(std::binary_search(all->builtins.begin(), all->builtins.end(), name));
  }
  CHECK(Compiled("package p\nx := sum([1]) + 2\ny if { some a in [1]; a > 0 }\nz if print(\"x\")", all->builtins).ok());
}

TEST_CASE("a file that is no capabilities is refused with what is wrong") {
  CHECK(ReadCapabilities(R"({"builtins": [], "allow_net": ["a.example"]})")->allow_net.value() == std::vector<std::string>{"a.example"});
  for (const char* bad : {"", "[]", "{}", R"({"builtins": {}})", R"({"builtins": ["sum"]})", R"({"builtins": [{"name": 1}]})",
                          R"({"builtins": [], "allow_net": "x"})", R"({"builtins": [], "allow_net": [1]})"}) {
    const Result<CapabilitySet> read = ReadCapabilities(bad);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == ErrorCode::kMalformed);
  }
}

}  // namespace intentgate::rego
