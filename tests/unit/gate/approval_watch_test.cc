#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <optional>

#include "gate/approval_watch.h"

namespace intentgate::gate {
namespace {

// The rows that the watch sees; what it told.
struct Desk {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Approval> rows;
  int looks = 0;
  std::vector<std::string> told;

  ApprovalWatchOptions Options() {
    ApprovalWatchOptions options;
    options.poll = std::chrono::milliseconds(1);
    options.look = [this](std::span<const std::string>) -> Result<std::vector<Approval>> {
      const std::lock_guard lock(mutex);
      ++looks;
      changed.notify_all();
      return rows;
    };
    options.tick = [] {};
    return options;
  }
  ApprovalDone Done(const std::string& name) {
    return [this, name](Result<Approval> result) {
      const std::lock_guard lock(mutex);
      told.push_back(name + " " + std::string(result.ok() ? ApprovalStateName(result->state) : ErrorCodeName(result.error().code)));
      changed.notify_all();
    };
  }
  void Put(const std::string& id, ApprovalState state) {
    const std::lock_guard lock(mutex);
    std::erase_if(rows, [&](const Approval& a) { return a.id == id; });
    Approval row;
    row.id = id;
    row.tenant = "acme";
    row.state = state;
    rows.push_back(row);
  }
  void WaitForLooks(int more) {
    std::unique_lock lock(mutex);
    const int until = looks + more;
    changed.wait(lock, [&] { return looks >= until; });
  }
  std::string Told(std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return told.size() >= count; });
    std::string all;
    for (const std::string& one : told) all += one + ";";
    return all;
  }
};

}  // namespace

TEST_CASE("who waits hears of the answer once, whoever took it") {
  Desk desk;
  ApprovalWatch watch(desk.Options());
  desk.Put("a", ApprovalState::kPending);
  CHECK(watch.Wait("acme", "a", desk.Done("first")) != 0);
  CHECK(watch.Wait("", "a", desk.Done("second")) != 0);
  desk.WaitForLooks(3);
  CHECK(desk.Told(0).empty());
  desk.Put("a", ApprovalState::kApproved);
  CHECK(desk.Told(2) == "first approved;second approved;");
  CHECK(watch.Wait("acme", "a", desk.Done("late")) != 0);
  CHECK(desk.Told(3).ends_with("late approved;"));
}

TEST_CASE("an approval that is not there, or another tenant's, ends the wait") {
  Desk desk;
  ApprovalWatch watch(desk.Options());
  desk.Put("a", ApprovalState::kPending);
  watch.Wait("other", "a", desk.Done("foreign"));
  CHECK(desk.Told(1) == "foreign not_found;");
  watch.Wait("acme", "b", desk.Done("none"));
  CHECK(desk.Told(2).ends_with("none not_found;"));
}

TEST_CASE("who cancels hears nothing, and too many are told at once") {
  Desk desk;
  desk.Put("a", ApprovalState::kPending);
  ApprovalWatchOptions options = desk.Options();
  options.max_waiting = 1;
  ApprovalWatch watch(std::move(options));
  const std::uint64_t handle = watch.Wait("acme", "a", desk.Done("gone"));
  CHECK(watch.Wait("acme", "a", desk.Done("full")) == 0);
  CHECK(desk.Told(1) == "full limit_exceeded;");
  watch.Cancel(handle);
  watch.Wait("acme", "a", desk.Done("next"));
  desk.Put("a", ApprovalState::kRejected);
  CHECK(desk.Told(2) == "full limit_exceeded;next rejected;");
}

TEST_CASE("a watch that ends tells those who wait") {
  Desk desk;
  desk.Put("a", ApprovalState::kPending);
  {
    ApprovalWatch watch(desk.Options());
    watch.Wait("acme", "a", desk.Done("left"));
    desk.WaitForLooks(1);
  }
  CHECK(desk.Told(1) == "left cancelled;");
}

}  // namespace intentgate::gate
