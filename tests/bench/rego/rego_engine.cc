// Our engine behind the benchmark's line protocol. `rego_engine FOLDER` reads commands from standard input:
//
//   load NAME          compiles the scenario; answers `ok`, or `no REASON`
//   answer NAME        the value of data.bench.answer as JSON, or `undefined`
//   time NAME MODE N   N evaluations; MODE is `parsed` (input parsed before) or `bytes` (JSON in, JSON out); nanoseconds in all
//   threads NAME T N   N evaluations of parsed input on each of T threads at once; nanoseconds from start to end
//   memory NAME        bytes and heap allocations of one evaluation after warm-up
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <latch>
#include <map>
#include <new>
#include <sstream>
#include <thread>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace {

std::atomic<std::uint64_t> g_allocations{0};

}  // namespace

void* operator new(std::size_t size) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* p = std::malloc(size)) return p;  // NOLINT
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }               // NOLINT
void operator delete(void* p, std::size_t) noexcept { std::free(p); }  // NOLINT

namespace {

namespace json = intentgate::json;
namespace rego = intentgate::rego;

constexpr const char* kEntrypoint = "data.bench.answer";

struct Scenario {
  std::shared_ptr<const rego::CompiledPolicy> policy;
  json::Value input;
  std::string input_text;
};

rego::EvalOptions Options() {
  rego::EvalOptions options;
  options.limits.max_steps = 1'000'000'000;
  return options;
}

std::string Load(const std::string& folder, const std::string& name, Scenario& out) {
  std::ifstream file(folder + "/" + name + ".json");
  std::stringstream text;
  text << file.rdbuf();
  const json::ParseLimits limits{.max_bytes = std::size_t{1} << 30, .max_depth = 1000};
  const intentgate::Result<json::Value> scenario = json::Parse(text.str(), limits);
  if (!scenario.ok()) return "no " + scenario.error().message;
  const rego::SourceFile source{"bench.rego", scenario->Find("module")->string_value()};
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile({&source, 1}, *scenario->Find("data"));
  if (!compiled.ok()) return "no " + compiled.diagnostics.front().message;
  out.policy = compiled.policy;
  out.input = *scenario->Find("input");
  out.input_text = json::Write(out.input);
  return "ok";
}

std::int64_t Time(const Scenario& on, const std::string& mode, int runs) {
  const rego::EvalOptions options = Options();
  const json::ParseLimits limits{.max_bytes = std::size_t{1} << 30, .max_depth = 1000};
  std::size_t bytes = 0;
  rego::EvalResult result;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < runs; ++i) {
    if (mode == "parsed") {
      on.policy->EvalInto(result, kEntrypoint, on.input, options);
      bytes += result.defined ? 1U : 0U;
    } else {
      on.policy->EvalInto(result, kEntrypoint, rego::JsonText{on.input_text, limits}, options);
      bytes += json::Write(result.value).size();
    }
  }
  const auto took = std::chrono::steady_clock::now() - start;
  if (bytes == static_cast<std::size_t>(-1)) std::abort();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(took).count();
}

std::int64_t Threads(const Scenario& on, int threads, int runs) {
  std::latch ready(threads + 1);
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      ready.arrive_and_wait();
      Time(on, "parsed", runs);
    });
  }
  ready.arrive_and_wait();
  const auto start = std::chrono::steady_clock::now();
  for (std::thread& thread : running) thread.join();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
}

std::string Answer(const Scenario& on) {
  const rego::EvalResult result = on.policy->Eval(kEntrypoint, on.input, Options());
  if (!result.ok()) return "no " + result.error->ToString();
  return result.defined ? json::Write(result.value) : "undefined";
}

std::string Memory(const Scenario& on) {
  const rego::EvalOptions options = Options();
  rego::EvalResult result;
  for (int i = 0; i < 3; ++i) on.policy->EvalInto(result, kEntrypoint, on.input, options);
  const std::uint64_t before = g_allocations.load();
  on.policy->EvalInto(result, kEntrypoint, on.input, options);
  const std::uint64_t allocations = g_allocations.load() - before;
  return std::to_string(result.memory_bytes) + " " + std::to_string(allocations);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::map<std::string, Scenario> loaded;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string command, name, mode;
    int runs = 0;
    words >> command >> name >> mode >> runs;
    if (command == "load") {
      std::cout << Load(argv[1], name, loaded[name]) << std::endl;
    } else if (command == "answer") {
      std::cout << Answer(loaded[name]) << std::endl;
    } else if (command == "time") {
      std::cout << Time(loaded[name], mode, runs) << std::endl;
    } else if (command == "threads") {
      std::cout << Threads(loaded[name], std::stoi(mode), runs) << std::endl;
    } else if (command == "memory") {
      std::cout << Memory(loaded[name]) << std::endl;
    } else if (command == "drop") {
      loaded.erase(name);
      std::cout << "ok" << std::endl;
    }
  }
  return 0;
}
