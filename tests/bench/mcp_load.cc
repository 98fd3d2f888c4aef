// Both ends of a gateway on one event loop: posts tools/call to it and measures each answer, and is the upstream behind it. As
// two programs on one core they would wait for each other's time slices, and the figures would be the scheduler's.
//
//   mcp_load ADDRESS                               prints the port of its tool server, which has sessions
//
// Then each line of its input is a round: `URL TOKEN CONNECTIONS SECONDS RATE CORE PROCESS`, with `-` for no token, 0 for no rate, -1 for no core.
// Without RATE each connection sends its next call when the last is answered. With it, RATE calls a second begin at even
// distances whatever became of the earlier ones, and a call's time counts from when it should have begun. A round prints one line of JSON:
// `requests`, `p50_us`, `p99_us`, `failed`, and `left_out`: the calls that were due or in progress when the program itself had no
// processor. How late they were says nothing of the gateway.
// With CORE and a PROCESS that has it, also what others than PROCESS did there (core_turns.h): `others_ms` by their names, `waited`, the calls that
// waited behind them, and `alone_p50_us` and `alone_p99_us`, of the other calls. It takes a rate.
// With CORE and 0, the stalls of that core (core_watch.h): `stalls`, `stalled_ms`, `longest_ms`. Watching takes 3 % of it, so it is for
// rounds in which it has nothing to do. What there is no right to watch is not printed.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "core_turns.h"
#include "core_watch.h"
#include "http/client.h"
#include "http/server.h"
#include "json/strings.h"
#include "mcp_tool_server.h"
#include "net/loop.h"

namespace {

using namespace intentgate;
using SteadyClock = std::chrono::steady_clock;

constexpr std::string_view kBody =
    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"/data/q3/report.csv"}}})";
// Left out of the figures: connections are made and caches filled.
constexpr double kWarmUpSeconds = 1;
// A call that is due when so many wait begins later; its time counts all the same.
constexpr std::size_t kMostInProgress = 256;
// A turn of the loop that takes this long was no turn: somebody else had the core.
constexpr auto kStall = std::chrono::microseconds(500);
// What a turn of another process on the gateway's core that is shorter than this does to calls stays in their times. The short ones are many, and would
// excuse a gateway that is late itself.
constexpr auto kShortTurn = std::chrono::microseconds(200);

// A client keeps its connections. One that closes them after each burst measures how they are opened.
http::ClientOptions KeepsAll() {
  http::ClientOptions options;
  options.max_idle_per_origin = kMostInProgress;
  return options;
}

struct Plan {
  http::Url url;
  std::string token;
  std::size_t connections = 1;
  double seconds = 1, rate = 0;
  int watched_core = -1;
  pid_t process = 0;
};

double At(const std::vector<double>& sorted, double part) {
  return sorted.empty() ? 0 : sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

// Of one loop.
class Load {
 public:
  Load(net::Loop& loop, Plan plan, std::promise<void>& done)
      : loop_(loop), plan_(std::move(plan)), done_(done), client_(http::Client::Create(loop, KeepsAll())), begin_(SteadyClock::now()), due_(begin_), turned_(begin_) {
    calls_.reserve(static_cast<std::size_t>(plan_.rate * (kWarmUpSeconds + plan_.seconds)) + 1);   // growing takes a millisecond of the round
  }

  void Run() {
    if (plan_.rate > 0) return Tick();
    for (std::size_t i = 0; i < plan_.connections; ++i) Send(SteadyClock::now());
  }

  void Print(const bench::CoreWatch* stalls, const bench::CoreTurns* turns) {
    const std::vector<bool> all(calls_.size(), false);
    const std::vector<double> micros = Micros(all);
    std::cout << R"({"requests":)" << micros.size() << R"(,"p50_us":)" << At(micros, 0.5) << R"(,"p99_us":)" << At(micros, 0.99) << R"(,"failed":)"
              << failed_ << R"(,"left_out":)" << left_out_;
    if (stalls != nullptr && stalls->watching()) {
      const bench::Stalls seen = stalls->stalls();
      std::cout << R"(,"stalls":)" << seen.count << R"(,"stalled_ms":)" << seen.sum.count() << R"(,"longest_ms":)" << seen.longest.count();
    }
    if (turns != nullptr) PrintOthers(turns->Turns());
    std::cout << "}" << std::endl;
  }

 private:
  // Of the calls after the warm-up that are not in `without`, sorted.
  std::vector<double> Micros(const std::vector<bool>& without) const {
    std::vector<double> micros;
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      const bench::TimedCall& call = calls_[i];
      if (!without[i] && Age(call.due) >= kWarmUpSeconds) micros.push_back(std::chrono::duration<double, std::micro>(call.answered - call.due).count());
    }
    std::sort(micros.begin(), micros.end());
    return micros;
  }

  void PrintOthers(const std::optional<std::vector<bench::CoreTurn>>& turns) const {
    if (!turns) return;
    std::map<pid_t, std::optional<std::string>> names;
    std::map<std::string, double> millis;
    std::vector<bench::CoreTurn> others;
    for (const bench::CoreTurn& turn : *turns) {
      if (turn.until - turn.from < kShortTurn || Age(turn.until) < kWarmUpSeconds || Age(turn.from) > kWarmUpSeconds + plan_.seconds) continue;
      const auto [at, added] = names.try_emplace(turn.process);
      if (added) at->second = bench::OtherProcess(turn.process, plan_.process);
      if (!at->second) continue;
      millis[*at->second] += std::chrono::duration<double, std::milli>(turn.until - turn.from).count();
      others.push_back(turn);
    }
    const std::vector<double> alone = Micros(bench::WaitedBehind(calls_, others));
    const std::vector<double> all = Micros(std::vector<bool>(calls_.size(), false));
    std::cout << R"(,"alone_p50_us":)" << At(alone, 0.5) << R"(,"alone_p99_us":)" << At(alone, 0.99) << R"(,"waited":)" << all.size() - alone.size()
              << R"(,"others_ms":{)";
    std::string quoted;
    for (const auto& [name, time] : millis) {
      if (!quoted.empty()) quoted += ',';
      json::AppendString(name, quoted);
      quoted += ':' + std::to_string(time);
    }
    std::cout << quoted << "}";
  }

  double Age(SteadyClock::time_point at) const { return std::chrono::duration<double>(at - begin_).count(); }
  bool Over() const { return Age(SteadyClock::now()) >= kWarmUpSeconds + plan_.seconds; }

  // Asks the clock again and again, because a timer of milliseconds would send in bursts.
  void Tick() {
    if (Over()) {
      if (in_progress_ == 0) return done_.set_value();
    } else {
      const std::chrono::nanoseconds distance(static_cast<std::int64_t>(1e9 / plan_.rate));
      const auto now = SteadyClock::now();
      if (now - std::exchange(turned_, now) > kStall) {
        stalled_ = now;
        for (; due_ <= now; due_ += distance) ++left_out_;
      }
      for (; due_ <= SteadyClock::now() && in_progress_ < kMostInProgress; due_ += distance) Send(due_);
    }
    loop_.Post([this] { Tick(); });
  }

  void Send(SteadyClock::time_point due) {
    ++in_progress_;
    http::ClientRequest request{"POST", {{"Content-Type", "application/json"}, {"Accept", "application/json"}}, std::string(kBody)};
    if (!plan_.token.empty()) request.headers.Add("Authorization", "Bearer " + plan_.token);
    const auto good = std::make_shared<bool>(false);
    client_->Send(plan_.url, std::move(request),
                  {{}, [good](std::string_view piece) { *good = *good || piece.find("\"result\"") != std::string_view::npos; },
                   [this, due, good](const Status& status) { Answered(due, status.ok() && *good); }});
  }

  void Answered(SteadyClock::time_point due, bool good) {
    --in_progress_;
    const auto now = SteadyClock::now();
    if (!good) ++failed_;
    else if (plan_.rate > 0 && (due < stalled_ || now - turned_ > kStall)) ++left_out_;
    else calls_.push_back({due, now, in_progress_ == 0});
    if (plan_.rate > 0) return;
    if (!Over()) return Send(now);
    if (in_progress_ == 0) done_.set_value();
  }

  net::Loop& loop_;
  const Plan plan_;
  std::promise<void>& done_;
  const std::unique_ptr<http::Client> client_;
  const SteadyClock::time_point begin_;
  SteadyClock::time_point due_;
  SteadyClock::time_point turned_;   // with a rate: when the last turn began
  SteadyClock::time_point stalled_;  // and the last stall ended
  std::vector<bench::TimedCall> calls_;   // in the order of their answers
  std::size_t in_progress_ = 0;
  std::size_t failed_ = 0;
  std::size_t left_out_ = 0;
};

// False when the line is no round.
bool ReadRound(const std::string& line, Plan& plan) {
  std::istringstream words(line);
  std::string url;
  if (!(words >> url >> plan.token >> plan.connections >> plan.seconds >> plan.rate >> plan.watched_core >> plan.process)) return false;
  const Result<http::Url> parsed = http::ParseUrl(url);
  if (!parsed.ok()) return false;
  plan.url = *parsed;
  if (plan.token == "-") plan.token.clear();
  return true;
}

void RunRound(net::Loop& loop, const Plan& plan) {
  std::promise<void> done, freed;
  std::unique_ptr<Load> load;
  std::optional<bench::CoreWatch> stalls;
  std::optional<bench::CoreTurns> turns;
  if (plan.watched_core >= 0 && plan.process == 0) stalls.emplace(plan.watched_core);
  if (plan.watched_core >= 0 && plan.process != 0) turns.emplace(plan.watched_core);
  loop.Post([&] {
    load = std::make_unique<Load>(loop, plan, done);
    load->Run();
  });
  done.get_future().wait();
  loop.Post([&] {
    load->Print(stalls ? &*stalls : nullptr, turns ? &*turns : nullptr);
    load.reset();
    freed.set_value();
  });
  freed.get_future().wait();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  auto pool = net::LoopPool::Start(1);
  if (!pool.ok()) return 1;
  auto server = http::Server::Start((*pool)->loops(), argv[1], nullptr, bench::MakeToolServer(true), {});
  if (!server.ok()) return std::cerr << server.error().message << "\n", 1;
  std::cout << (*server)->port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    Plan plan;
    if (!ReadRound(line, plan)) return std::cerr << "mcp_load: not a round: " << line << "\n", 64;
    RunRound((*pool)->at(0), plan);
  }
  std::_Exit(0);
}
