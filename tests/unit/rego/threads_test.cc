// One policy, many threads: what ThreadSanitizer looks at, and that threads do not see one another's evaluations.

#include <doctest/doctest.h>

#include <latch>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/rego.h>

#include "rego/vm/machine_pool.h"

namespace intentgate::rego {
namespace {

// Touches what evaluations share and what they keep: constants and data of every kind, the rule index, joins, compiled
// patterns, kept values, `with`, numbers as text.
constexpr const char* kPolicy = R"(package t
answer := {
  "allow": allow, "grants": grants, "joined": joined, "groups": groups, "big": input.n * 123456789012345678,
  "time": time.date(time.parse_rfc3339_ns("2026-11-28T10:00:00Z")), "other": other, "fits": fits,
}
default allow := false
allow if input.tool == "read"
allow if input.tool == "list"
allow if input.tool == "write"
allow if startswith(input.path, "/data/")
allow if endswith(input.path, ".csv")
grants contains g if { some r in data.roles[input.user]; some g in data.grants[r] }
joined := count([1 | some a in input.left; some b in data.right; a == b.key])
groups[k] := vs if { some k in {0, 1, 2}; vs := {x | some x in input.left; x % 3 == k} }
default fits := false
fits if { regex.match(sprintf("^%s[0-9]+$", [input.user]), input.id); glob.match("/data/**", ["/"], input.path) }
other := s if s := size with input.left as [1, 2]
size := count(input.left)
)";

json::Value Data() {
  json::Array right;
  for (int i = 0; i < 40; ++i) right.push_back(json::MakeObject({{"key", i * 2}, {"v", json::Array{1, "x", nullptr}}}));
  json::Value data = *json::Parse(R"({"roles": {"ann": ["dev", "ops"], "bob": ["dev"]}, "grants": {"dev": ["read", 1.5], "ops": [{"deep": [1e3, {}]}]}})");
  data.Set("right", std::move(right));
  return data;
}

std::string InputOf(int i) {
  json::Array left;
  for (int k = 0; k < 12; ++k) left.push_back(i + k);
  return json::Write(json::MakeObject({{"tool", i % 2 == 0 ? "read" : "no"}, {"user", i % 3 == 0 ? "ann" : "bob"}, {"path", i % 5 == 0 ? "/data/a/b.csv" : "/x"},
                                       {"id", (i % 3 == 0 ? "ann" : "bob") + std::to_string(i)}, {"left", left}, {"n", i}}));
}

}  // namespace

TEST_CASE("threads that share a policy each get the answers of their own inputs") {
  constexpr int kThreads = 8;
  constexpr int kInputs = 30;
  const SourceFile file{"p.rego", kPolicy};
  const CompileResult compiled = CompiledPolicy::Compile({&file, 1}, Data());
  for (const Diagnostic& d : compiled.diagnostics) MESSAGE(d.ToString());
  REQUIRE(compiled.ok());
  std::vector<std::string> expected;
  for (int i = 0; i < kInputs; ++i) {
    const EvalResult r = CompiledPolicy::Compile({&file, 1}, Data()).policy->Eval("data.t.answer", JsonText{InputOf(i)});
    REQUIRE(r.ok());
    REQUIRE(r.defined);
    expected.push_back(json::Write(r.value));
  }
  std::vector<int> wrong(kThreads, 0);
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      EvalResult result;
      for (int i = 0; i < kInputs * 4; ++i) {
        const int n = (i + t * 7) % kInputs;
        const std::string text = InputOf(n);
        if (i % 2 == 0) compiled.policy->EvalInto(result, "data.t.answer", JsonText{text});
        else compiled.policy->EvalInto(result, "data.t.answer", *json::Parse(text));
        if (!result.ok() || json::Write(result.value) != expected[static_cast<std::size_t>(n)]) ++wrong[static_cast<std::size_t>(t)];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) CHECK(count == 0);
}

TEST_CASE("every evaluation has a machine of its own, however many there are at once") {
  MachinePool pool;
  std::set<const Machine*> first;
  {
    std::vector<std::unique_ptr<MachinePool::Lease>> leases;
    for (std::size_t i = 0; i < MachinePool::kSlots + 3; ++i) {
      leases.push_back(std::make_unique<MachinePool::Lease>(pool));
      first.insert(&**leases.back());
    }
    CHECK(first.size() == MachinePool::kSlots + 3);
  }
  const MachinePool::Lease again(pool);
  CHECK(first.count(&*again) == 1);
}

}  // namespace intentgate::rego
