// Evaluations that are ended from outside: they end with eval_cancel_error, soon, wherever they are, and counting stays the same.

#include <doctest/doctest.h>

#include <functional>
#include <latch>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/rego.h>
#include <intentgate/rego_partial.h>
#include <intentgate/rego_test.h>

namespace intentgate::rego {
namespace {

constexpr const char* kPolicy = R"(package t
long := count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a + b == 0])
swallowed if not long
swallowed := "default" if false
default swallowed := "default"
builtin := n if {
  text := sprintf("%0200000d", [1])
  n := count(split(text, ""))
}
sent := http.send({"method": "GET", "url": "http://a.example"})
short := sum([a | some a in numbers.range(1, 200)])
)";

std::shared_ptr<const CompiledPolicy> Policy() {
  const SourceFile file{"t.rego", kPolicy};
  CompileOptions options;
  options.granted_builtins = {"http.send"};
  const CompileResult compiled = CompiledPolicy::Compile({&file, 1}, json::Value(), options);
  for (const Diagnostic& d : compiled.diagnostics) MESSAGE(d.ToString());
  REQUIRE(compiled.ok());
  return compiled.policy;
}

// Does something when an expression of a line begins, and notes the lines that come after it.
class AtLine final : public EvalObserver {
 public:
  AtLine(std::uint32_t line, std::function<void()> act) : line_(line), act_(std::move(act)) {}
  void OnEvent(const EvalEvent& event) override {
    if (event.kind != EvalEventKind::kEval) return;
    if (done_) return after_.push_back(event.line);
    if (event.line != line_) return;
    done_ = true;
    act_();
  }
  const std::vector<std::uint32_t>& after() const { return after_; }

 private:
  std::uint32_t line_;
  std::function<void()> act_;
  bool done_ = false;
  std::vector<std::uint32_t> after_;
};

EvalOptions With(const CancelToken& token) {
  EvalOptions options;
  options.limits.max_steps = 100'000'000;
  options.cancel = &token;
  return options;
}

class CancellingHost final : public HostAccess {
 public:
  explicit CancellingHost(CancelToken& token) : token_(token) {}
  Result<json::Value> SendHttp(const json::Value&) const override { return json::Value(json::Object{}); }
  Result<json::Value> SendCancellable(const json::Value& request, const CancelToken& cancel) const override {
    CHECK(&cancel == &token_);
    token_.Cancel();
    return SendHttp(request);
  }
  Result<std::vector<std::string>> LookUpAddresses(std::string_view) const override { return std::vector<std::string>(); }
  json::Value Runtime() const override { return json::Value(json::Object{}); }

 private:
  CancelToken& token_;
};

}  // namespace

TEST_CASE("another thread ends an evaluation that runs") {
  const auto policy = Policy();
  CancelToken token;
  std::latch running(1), cancelled(1);
  std::thread other([&] {
    running.wait();
    token.Cancel();
    cancelled.count_down();
  });
  // The evaluation has begun when it is cancelled, and goes on afterwards.
  AtLine observer(2, [&] {
    running.count_down();
    cancelled.wait();
  });
  EvalOptions options = With(token);
  options.observer = &observer;
  const EvalResult result = policy->Eval("data.t.long", options);
  other.join();
  REQUIRE(result.error.has_value());
  CHECK(result.error->code == "eval_cancel_error");
  CHECK_FALSE(result.defined);
  CHECK(observer.after().size() < 2'000);
}

TEST_CASE("evaluations of many threads end by one token, whatever they are doing") {
  const auto policy = Policy();
  CancelToken token;
  constexpr int kThreads = 4;
  std::vector<std::string> ends(kThreads);
  std::latch running(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const EvalOptions options = With(token);
      EvalResult result;
      bool first = true;
      while (result.ok()) {
        policy->EvalInto(result, t % 2 == 0 ? "data.t.short" : "data.t.builtin", json::Value(), options);
        if (std::exchange(first, false)) running.count_down();
      }
      ends[static_cast<std::size_t>(t)] = result.error->code;
    });
  }
  running.wait();
  token.Cancel();
  for (std::thread& thread : threads) thread.join();
  for (const std::string& end : ends) CHECK(end == "eval_cancel_error");
}

TEST_CASE("no construct of the language swallows a cancellation") {
  const auto policy = Policy();
  CancelToken token;
  AtLine observer(2, [&] { token.Cancel(); });
  EvalOptions options = With(token);
  options.observer = &observer;
  const EvalResult result = policy->Eval("data.t.swallowed", options);
  REQUIRE(result.error.has_value());
  CHECK(result.error->code == "eval_cancel_error");
}

TEST_CASE("a builtin that takes long is left in the middle") {
  const auto policy = Policy();
  CancelToken token;
  AtLine observer(7, [&] { token.Cancel(); });
  EvalOptions options = With(token);
  options.observer = &observer;
  const EvalResult result = policy->Eval("data.t.builtin", options);
  REQUIRE(result.error.has_value());
  CHECK(result.error->code == "eval_cancel_error");
  CHECK(observer.after().empty());
}

TEST_CASE("a request of the host hears of the token, and its answer is not used after a cancellation") {
  const auto policy = Policy();
  CancelToken token;
  const CancellingHost host(token);
  EvalOptions options = With(token);
  options.host = &host;
  const EvalResult result = policy->Eval("data.t.sent", options);
  REQUIRE(result.error.has_value());
  CHECK(result.error->code == "eval_cancel_error");
}

TEST_CASE("what is cancelled before it begins does nothing, and a token can be used again") {
  const auto policy = Policy();
  CancelToken token;
  token.Cancel();
  AtLine observer(11, [] { FAIL("an expression was begun"); });
  EvalOptions options = With(token);
  options.observer = &observer;
  CHECK(policy->Eval("data.t.short", options).error.value().code == "eval_cancel_error");
  const QueryResult query = policy->Query("data.t.short", nullptr, options);
  CHECK(query.error.value().code == "eval_cancel_error");
  CHECK(query.answers.empty());
  token.Reset();
  options.observer = nullptr;
  CHECK(policy->Eval("data.t.short", options).value == json::Value(20'100));
}

TEST_CASE("partial evaluation is cancelled too") {
  const auto policy = Policy();
  CancelToken token;
  PartialOptions options;
  options.eval.cancel = &token;
  CHECK_FALSE(policy->PartialEval("data.t.short == input.x", options).error.has_value());
  token.Cancel();
  CHECK(policy->PartialEval("data.t.short == input.x", options).error.value().code == "eval_cancel_error");
}

TEST_CASE("steps are counted alike with and without a token, and limited alike") {
  const auto policy = Policy();
  const CancelToken token;
  for (const char* reference : {"data.t.short", "data.t.builtin"}) {
    EvalOptions plain;
    EvalOptions options = With(token);
    const EvalResult expected = policy->Eval(reference, plain), counted = policy->Eval(reference, options);
    REQUIRE(expected.ok());
    CHECK(counted.steps == expected.steps);
    for (const EvalOptions& base : {plain, options}) {
      EvalOptions limited = base;
      limited.limits.max_steps = expected.steps;
      CHECK(policy->Eval(reference, limited).ok());
      --limited.limits.max_steps;
      const EvalResult over = policy->Eval(reference, limited);
      REQUIRE(over.error.has_value());
      CHECK(over.error->code == "eval_limit_error");
      CHECK(over.error->message.find("max_steps") != std::string::npos);
    }
  }
}

}  // namespace intentgate::rego
