// The public interface of the engine.

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace intentgate::rego {
namespace {

CompileResult CompileText(const std::string& text, const json::Value& data = json::Value()) {
  const SourceFile file{"policy.rego", text};
  return CompiledPolicy::Compile({&file, 1}, data);
}

json::Value Parsed(std::string_view text) { return *json::Parse(text); }

constexpr const char* kRoles = R"(package authz
default allow := false
allow if {
  some role in data.roles[input.user]
  input.action in data.grants[role]
}
)";

}  // namespace

TEST_CASE("a policy decides on input and data") {
  const CompileResult c = CompileText(kRoles, Parsed(R"({"roles":{"ann":["dev"]},"grants":{"dev":["read"]}})"));
  REQUIRE(c.ok());
  CHECK(c.policy->Eval("data.authz.allow", Parsed(R"({"user":"ann","action":"read"})")).value == json::Value(true));
  CHECK(c.policy->Eval("data.authz.allow", Parsed(R"({"user":"ann","action":"write"})")).value == json::Value(false));
  CHECK(c.policy->Eval("data.authz.allow", Parsed("{}")).value == json::Value(false));
  CHECK(c.policy->Eval("data.authz.allow").value == json::Value(false));
}

TEST_CASE("entry points may be packages, paths into values, or nothing at all") {
  const CompileResult c = CompileText("package a.b\nv := {\"k\": [1, 2]}\nf(x) := x");
  REQUIRE(c.ok());
  CHECK(json::Write(c.policy->Eval("data.a").value) == R"({"b":{"v":{"k":[1,2]}}})");
  CHECK(json::Write(c.policy->Eval("data.a.b.v.k[1]").value) == "2");
  CHECK(json::Write(c.policy->Eval("data").value) == R"({"a":{"b":{"v":{"k":[1,2]}}}})");
  CHECK_FALSE(c.policy->Eval("data.a.b.nope").defined);
  CHECK_FALSE(c.policy->Eval("data.a.b.f").defined);
  for (const char* bad : {"", "a.b", "data.a[x]", "data.a.b.v == 1", "input.x", "data."}) {
    const EvalResult r = c.policy->Eval(bad);
    REQUIRE_FALSE(r.ok());
    CHECK(r.error->code == "rego_parse_error");
  }
}

TEST_CASE("all errors are reported at once, each with its place, line and a way out") {
  const CompileResult c = CompileText("package t\np if { x > 1 }\nq := nope(1)\nr if { some y; true }\n");
  REQUIRE(c.diagnostics.size() == 3);
  CHECK(c.diagnostics[0].code == "rego_unsafe_var_error");
  CHECK(c.diagnostics[0].line == 2);
  CHECK(c.diagnostics[0].column == 8);
  CHECK(c.diagnostics[1].code == "rego_type_error");
  CHECK(c.diagnostics[2].code == "rego_compile_error");
  const std::string shown = c.diagnostics[1].ToString();
  CHECK(shown.find("policy.rego:3: rego_type_error: undefined function nope\n\tq := nope(1)\n\t     ^") != std::string::npos);
}

TEST_CASE("several parse errors are reported, one a rule") {
  const CompileResult c = CompileText("package t\np := \nq := 1\nr := ]\n");
  CHECK(c.diagnostics.size() == 2);
}

TEST_CASE("a misspelled builtin is pointed out") {
  const CompileResult c = CompileText("package t\np := cuont([1])\nq := startwith(\"a\", \"b\")");
  REQUIRE(c.diagnostics.size() == 2);
  CHECK(c.diagnostics[1].suggestion.find("startswith") != std::string::npos);
}

TEST_CASE("a run-time error names its rule") {
  const CompileResult c = CompileText("package t\n\np := x if {\n  some x in [1, 2]\n}\n");
  REQUIRE(c.ok());
  const EvalResult r = c.policy->Eval("data.t.p");
  REQUIRE_FALSE(r.ok());
  CHECK(r.error->ToString() == "policy.rego:3: eval_conflict_error: rule data.t.p produced conflicting values");
}

TEST_CASE("numbers come out as they went in") {
  const CompileResult c = CompileText("package t\np := input.n\nq := input.n + 1");
  const json::Value input = Parsed(R"({"n": 123456789012345678901234567890123456789012})");
  CHECK(json::Write(c.policy->Eval("data.t.p", input).value) == "123456789012345678901234567890123456789012");
  CHECK(json::Write(c.policy->Eval("data.t.q", input).value) == "123456789012345678901234567890123456789013");
  CHECK(json::Write(c.policy->Eval("data.t.p", Parsed(R"({"n": 1.10})")).value) == "1.10");
}

TEST_CASE("a query answers with bindings in the order of its text") {
  const CompileResult c = CompileText("package t\nxs := [\"a\", \"b\"]");
  const QueryResult r = c.policy->Query("some i; v := data.t.xs[i]; i > 0", nullptr);
  REQUIRE(r.ok());
  REQUIRE(r.answers.size() == 1);
  REQUIRE(r.answers[0].bindings.size() == 2);
  CHECK(r.answers[0].bindings[0].first == "i");
  CHECK(r.answers[0].bindings[1].second == json::Value("b"));
  CHECK(c.policy->Query("x > 1", nullptr).diagnostics[0].code == "rego_unsafe_var_error");
  CHECK(c.policy->Query("", nullptr).diagnostics[0].code == "rego_parse_error");
}

TEST_CASE("the clock of the options is the policy's clock") {
  const CompileResult c = CompileText("package t\np := time.now_ns()");
  const ManualClock clock(1'700'000'000'000'000);
  EvalOptions options;
  options.clock = &clock;
  CHECK(json::Write(c.policy->Eval("data.t.p", options).value) == "1700000000000000000");
}

TEST_CASE("rules and packages can be listed") {
  const CompileResult c = CompileText("package b\nq := 1\np contains 1");
  CHECK(c.policy->HasRule("data.b.p"));
  CHECK_FALSE(c.policy->HasRule("data.b.r"));
  CHECK(c.policy->RuleNames() == std::vector<std::string>{"data.b.p", "data.b.q"});
  CHECK(c.policy->Packages() == std::vector<std::string>{"data.b"});
}

TEST_CASE("an index over many rules answers as the rules do one by one") {
  std::string text = "package t\ndefault p := \"none\"\n";
  for (int i = 0; i < 500; ++i) text += "p := \"r" + std::to_string(i) + "\" if { input.tool == \"t" + std::to_string(i) + "\"; input.on }\n";
  text += "p := \"always\" if { input.all }\n";
  const CompileResult c = CompileText(text);
  REQUIRE(c.ok());
  CHECK(c.policy->Eval("data.t.p", Parsed(R"({"tool":"t7","on":true})")).value == json::Value("r7"));
  CHECK(c.policy->Eval("data.t.p", Parsed(R"({"tool":"t7","on":true})")).steps < 20);
  CHECK(c.policy->Eval("data.t.p", Parsed(R"({"tool":"t7"})")).value == json::Value("none"));
  CHECK(c.policy->Eval("data.t.p", Parsed(R"({"tool":"x","all":true})")).value == json::Value("always"));
  CHECK(c.policy->Eval("data.t.p", Parsed(R"({"all":true})")).value == json::Value("always"));
  CHECK(c.policy->Eval("data.t.p", Parsed(R"({"tool":"t7","on":true,"all":true})")).error->code == "eval_conflict_error");
}

TEST_CASE("one policy serves many threads") {
  const CompileResult c = CompileText(kRoles, Parsed(R"({"roles":{"ann":["dev"]},"grants":{"dev":["read"]}})"));
  std::vector<std::thread> threads;
  std::vector<int> right(8, 0);
  for (std::size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const bool read = (i + static_cast<int>(t)) % 2 == 0;
        const json::Value input = json::MakeObject({{"user", "ann"}, {"action", read ? "read" : "write"}});
        const EvalResult r = c.policy->Eval("data.authz.allow", input);
        if (r.ok() && r.value == json::Value(read)) ++right[t];
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (const int n : right) CHECK(n == 500);
}

class FixedHost final : public HostAccess {
 public:
  Result<json::Value> SendHttp(const json::Value& request) const override {
    return json::MakeObject({{"status_code", 200}, {"raw_body", request.Find("url")->string_value()}});
  }
  Result<std::vector<std::string>> LookUpAddresses(std::string_view name) const override {
    if (name != "known") return Error{ErrorCode::kNotFound, "no such host"};
    return std::vector<std::string>{"10.0.0.2", "10.0.0.1"};
  }
  json::Value Runtime() const override { return json::MakeObject({{"version", "1"}}); }
};

TEST_CASE("builtins that reach outside exist only where they are granted, and do what the host does") {
  const std::vector<SourceFile> files = {{"p.rego", R"(package t
body := http.send({"method": "get", "url": "u"}).raw_body
addresses := net.lookup_ip_addr("known")
unknown := net.lookup_ip_addr("unknown")
version := opa.runtime().version)"}};
  const CompileResult refused = CompiledPolicy::Compile(files);
  REQUIRE(refused.diagnostics.size() == 4);
  CHECK(refused.diagnostics[0].message == "undefined function http.send");
  CHECK(refused.diagnostics[0].suggestion == "this builtin reaches outside the process and is not granted here");

  CompileOptions options;
  options.granted_builtins = {"http.send", "net.lookup_ip_addr", "opa.runtime"};
  const CompileResult granted = CompiledPolicy::Compile(files, json::Value(), options);
  REQUIRE(granted.ok());
  const FixedHost host;
  EvalOptions eval;
  eval.host = &host;
  CHECK(json::Write(granted.policy->Eval("data.t", eval).value) == R"({"addresses":["10.0.0.1","10.0.0.2"],"body":"u","version":"1"})");
  CHECK(json::Write(granted.policy->Eval("data.t").value) == "{}");
}

TEST_CASE("a builtin that is not granted cannot stand in for another one either") {
  const std::vector<SourceFile> files = {{"p.rego", "package t\np if { time.now_ns() with time.now_ns as opa.runtime }"}};
  const CompileResult refused = CompiledPolicy::Compile(files);
  REQUIRE(refused.diagnostics.size() == 1);
  CHECK(refused.diagnostics[0].message == "undefined function opa.runtime");
}

TEST_CASE("the clock stands still within one evaluation") {
  const CompileResult c = CompileText("package t\np if { t := time.now_ns(); every _ in numbers.range(1, 1000) { time.now_ns() == t } }");
  REQUIRE(c.ok());
  CHECK(json::Write(c.policy->Eval("data.t.p").value) == "true");
}

}  // namespace intentgate::rego
