// What an evaluation takes from the heap, counted in operator new. A program of its own, so that no other test lives with
// the counting one.

#include <doctest/doctest.h>

#include <cstdlib>
#include <new>
#include <string>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace {

std::size_t g_allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace intentgate::rego {
namespace {

constexpr const char* kToolPolicy = R"(package t
default answer := {"allow": false, "reason": "no rule allows this call"}
answer := {"allow": false, "reason": reason} if { some reason in blocked }
else := {"escalate": true, "reason": "a human must see this"} if needs_human
else := {"allow": true, "reason": "allowed, and this reason is longer than a short string"} if permitted
readers := {"read_file", "list_directory"}
writers := {"write_file", "edit_file"}
permitted if input.tool in readers
permitted if {
  input.tool in writers
  startswith(input.arguments.path, "/data/")
  "write" in input.capability.scopes
}
blocked contains "paths under secrets/ are closed" if contains(input.arguments.path, "/secrets/")
blocked contains "this tenant is suspended" if input.tenant in data.suspended
needs_human if input.arguments.amount > data.limits[input.tenant].amount
spent := sum([a.amount | some a in input.arguments.accounts; a.amount > 1])
names := {upper(a.name) | some a in input.arguments.accounts}
)";

constexpr const char* kCall = R"({"tool": "write_file", "tenant": "acme", "capability": {"scopes": ["read", "write"]},
  "arguments": {"path": "/data/q3/report.csv", "amount": 12, "accounts": [{"name": "a", "amount": 1}, {"name": "b", "amount": 2.5}]}})";

std::size_t AllocationsOf(const char* entrypoint) {
  const SourceFile file{"p.rego", kToolPolicy};
  const CompileResult compiled = CompiledPolicy::Compile({&file, 1}, *json::Parse(R"({"suspended": ["evil"], "limits": {"acme": {"amount": 500}}})"));
  REQUIRE(compiled.ok());
  const json::Value input = *json::Parse(kCall);
  EvalResult result;
  for (int i = 0; i < 3; ++i) compiled.policy->EvalInto(result, entrypoint, input);
  REQUIRE(result.ok());
  REQUIRE(result.defined);
  const std::size_t before = g_allocations;
  compiled.policy->EvalInto(result, entrypoint, input);
  const std::size_t after = g_allocations;
  return after - before;
}

}  // namespace

TEST_CASE("the counter counts") {
  const std::size_t before = g_allocations;
  const std::string text(100, 'x');
  CHECK(g_allocations > before);
}

TEST_CASE("a decision on a tool call allocates nothing after warm-up") {
  CHECK(AllocationsOf("data.t.answer") == 0);
  CHECK(AllocationsOf("data.t.permitted") == 0);
  CHECK(AllocationsOf("data.t.blocked") == 0);
  CHECK(AllocationsOf("data.t.spent") == 0);
}

TEST_CASE("a result that is used again is as a new one") {
  const SourceFile file{"p.rego", "package t\na := {\"x\": [1, \"two\"], \"y\": true}\nb := [{\"z\": 1.5}, null]\nc if false\nd := 1 / input.zero"};
  const CompileResult compiled = CompiledPolicy::Compile({&file, 1});
  REQUIRE(compiled.ok());
  EvalOptions strict;
  strict.strict_builtin_errors = true;
  const json::Value input = json::MakeObject({{"zero", 0}});
  EvalResult again;
  for (const char* entrypoint : {"data.t.a", "data.t.b", "data.t.a", "data.t.c", "data.t.d", "data.t.b", "data.t", "wrong", "data.t.a"}) {
    compiled.policy->EvalInto(again, entrypoint, input, strict);
    const EvalResult fresh = compiled.policy->Eval(entrypoint, input, strict);
    INFO(entrypoint);
    CHECK(again.ok() == fresh.ok());
    CHECK(again.defined == fresh.defined);
    CHECK(again.steps == fresh.steps);
    CHECK(json::Write(again.value) == json::Write(fresh.value));
  }
}

}  // namespace intentgate::rego
