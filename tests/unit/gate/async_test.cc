#include <condition_variable>
#include <mutex>
#include <thread>

#include "unit/gate/world.h"

namespace intentgate::gate {
namespace {

// Decisions that arrive on other threads.
class Inbox {
 public:
  DecisionDone Put() {
    return [this](Decision d) {
      const std::lock_guard lock(mutex_);
      decisions_.push_back(std::move(d));
      threads_.push_back(std::this_thread::get_id());
      arrived_.notify_all();
    };
  }
  std::vector<Decision> Wait(std::size_t n) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return decisions_.size() >= n; });
    return decisions_;
  }
  std::vector<std::thread::id> threads() {
    const std::lock_guard lock(mutex_);
    return threads_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Decision> decisions_;
  std::vector<std::thread::id> threads_;
};

// Lets the test say when the extractor answers.
class Door {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    moved_.notify_all();
  }
  void Pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    moved_.notify_all();
    moved_.wait(lock, [&] { return open_; });
  }
  void WaitForVisitors(int n) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return waiting_ >= n; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable moved_;
  bool open_ = false;
  int waiting_ = 0;
};

}  // namespace

TEST_CASE("an answer comes exactly once and borrows nothing from the call") {
  World w;
  w.Open();
  Inbox inbox;
  {
    const std::string token = w.Token();
    const std::string tool = "read_file";
    const json::Value arguments = json::MakeObject({{"path", "/x"}});
    for (int i = 0; i < 100; ++i) w.gate->AuthorizeAsync({.token = token, .tool = tool, .arguments = &arguments}, inbox.Put());
  }
  for (const Decision& d : inbox.Wait(100)) CHECK(d.allowed());
  w.gate.reset();
  CHECK(inbox.Wait(100).size() == 100);
}

TEST_CASE("the extractor behind HTTP is never waited for on the caller's thread") {
  World w;
  w.settings.extractor = ExtractorKind::kHttp;
  w.settings.extractor_url = "http://127.0.0.1:1";
  Door door;
  std::thread::id asked_on;
  w.extractor->answer = [&](const IntentQuery& query) -> Result<Intent> {
    asked_on = std::this_thread::get_id();
    CHECK(query.prompt == "read it");
    door.Pass();
    return Intent{};
  };
  w.Open();
  Inbox inbox;
  {
    const std::string token = w.Token();
    const std::string prompt = "read it";
    w.gate->AuthorizeAsync({.token = token, .tool = "read_file", .prompt = prompt}, inbox.Put());
  }
  door.WaitForVisitors(1);
  CHECK(asked_on != std::this_thread::get_id());
  door.Open();
  CHECK(inbox.Wait(1)[0].allowed());
}

TEST_CASE("a stranger's call does not enter the queue of the extractor") {
  World w;
  w.settings.extractor = ExtractorKind::kHttp;
  w.settings.extractor_url = "http://127.0.0.1:1";
  w.Open();
  Inbox inbox;
  w.gate->AuthorizeAsync({.token = "rubbish", .tool = "read_file", .prompt = "read it"}, inbox.Put());
  CHECK(inbox.Wait(1)[0].code == Reason::kTokenMalformed);
  CHECK(w.extractor->asked == 0);
  CHECK(w.Events().size() == 2);
}

TEST_CASE("calls that still wait when the gate closes are answered and recorded") {
  World w;
  w.settings.extractor = ExtractorKind::kHttp;
  w.settings.extractor_url = "http://127.0.0.1:1";
  Door door;
  w.extractor->answer = [&](const IntentQuery&) -> Result<Intent> {
    door.Pass();
    return Intent{};
  };
  w.Open();
  const std::string token = w.Token();
  Inbox inbox;
  for (int i = 0; i < 20; ++i) w.gate->AuthorizeAsync({.token = token, .tool = "read_file", .prompt = "p"}, inbox.Put());
  door.WaitForVisitors(8);
  std::jthread closer([&] { w.gate.reset(); });
  door.Open();
  closer.join();
  int allowed = 0, closing = 0;
  for (const Decision& d : inbox.Wait(20)) {
    allowed += d.allowed();
    closing += d.code == Reason::kShuttingDown;
    CHECK_FALSE(d.event_id.empty());
  }
  CHECK(allowed >= 8);
  CHECK(allowed + closing == 20);
}

}  // namespace intentgate::gate
