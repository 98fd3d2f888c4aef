// Posts tools/call to an MCP endpoint and measures each answer.
//
//   mcp_load URL TOKEN CONNECTIONS SECONDS [RATE]
//
// Without RATE each connection sends its next call when the last is answered. With it, RATE calls a second begin at even
// distances whatever became of the earlier ones, and a call's time counts from when it should have begun. Prints
// `requests seconds p50_us p99_us failed`.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "http/client.h"
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

struct Plan {
  http::Url url;
  std::string token;
  std::size_t connections = 1;
  double seconds = 1, rate = 0;
};

// Of one loop.
class Load {
 public:
  Load(net::Loop& loop, Plan plan, std::promise<void>& done)
      : loop_(loop), plan_(std::move(plan)), done_(done), client_(http::Client::Create(loop, {})), begin_(SteadyClock::now()), due_(begin_) {}

  void Run() {
    if (plan_.rate > 0) return Tick();
    for (std::size_t i = 0; i < plan_.connections; ++i) Send(SteadyClock::now());
  }

  void Print() {
    std::sort(micros_.begin(), micros_.end());
    const auto at = [this](double part) {
      return micros_.empty() ? 0 : micros_[std::min(micros_.size() - 1, static_cast<std::size_t>(part * static_cast<double>(micros_.size())))];
    };
    std::cout << micros_.size() << " " << plan_.seconds << " " << at(0.5) << " " << at(0.99) << " " << failed_ << std::endl;
  }

 private:
  double Age(SteadyClock::time_point at) const { return std::chrono::duration<double>(at - begin_).count(); }
  bool Over() const { return Age(SteadyClock::now()) >= kWarmUpSeconds + plan_.seconds; }

  // Asks the clock again and again, because a timer of milliseconds would send in bursts.
  void Tick() {
    if (Over()) {
      if (in_progress_ == 0) return done_.set_value();
    } else {
      for (; due_ <= SteadyClock::now() && in_progress_ < kMostInProgress; due_ += std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / plan_.rate))) Send(due_);
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
    else if (Age(due) >= kWarmUpSeconds) micros_.push_back(std::chrono::duration<double, std::micro>(now - due).count());
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
  std::vector<double> micros_;
  std::size_t in_progress_ = 0;
  std::size_t failed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 64;
  const Result<http::Url> url = http::ParseUrl(argv[1]);
  auto pool = net::LoopPool::Start(1);
  if (!url.ok() || !pool.ok()) return 1;
  const Plan plan{*url, argv[2], static_cast<std::size_t>(std::atoi(argv[3])), std::atof(argv[4]), argc > 5 ? std::atof(argv[5]) : 0};
  std::promise<void> done;
  std::unique_ptr<Load> load;
  (*pool)->at(0).Post([&] {
    load = std::make_unique<Load>((*pool)->at(0), plan, done);
    load->Run();
  });
  done.get_future().wait();
  (*pool)->Stop();
  load->Print();
  load.reset();
  return 0;
}
