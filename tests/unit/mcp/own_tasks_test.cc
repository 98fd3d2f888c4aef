#include "mcp/own_tasks.h"

#include <doctest/doctest.h>

#include <memory>

namespace intentgate::mcp {
namespace {

struct Table {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1'767'225'600'000'000);
  OwnTasks tasks{clock, SystemRandom()};

  std::optional<OwnTask> Add(std::string principal, std::optional<std::int64_t> ttl_ms = std::nullopt) {
    OwnTask task;
    task.principal = std::move(principal);
    return tasks.Add(std::move(task), ttl_ms);
  }
  void AdvanceMillis(std::int64_t ms) { clock->AdvanceMicros(ms * 1'000); }
};

}  // namespace

TEST_CASE("a task is kept for as long as was asked, but not for less than a person needs") {
  Table t;
  CHECK(t.Add("p")->ttl_ms == OwnTasks::kMaxTtlMs);
  CHECK(t.Add("p", OwnTasks::kMaxTtlMs + 1)->ttl_ms == OwnTasks::kMaxTtlMs);
  const OwnTask task = *t.Add("p", 1);
  int stopped = 0, told = 0;
  t.tasks.SetStop(task.id, [&] { ++stopped; });
  CHECK(t.tasks.Watch(task.id, [&] { ++told; }) != 0);
  t.AdvanceMillis(OwnTasks::kMinTtlMs - 1);
  CHECK(t.tasks.Find(task.id, "p"));
  CHECK_FALSE(t.tasks.Find(task.id, "q"));
  CHECK(stopped == 0);
  t.AdvanceMillis(1);
  CHECK_FALSE(t.tasks.Find(task.id, "p"));
  CHECK(stopped == 1);
  CHECK(told == 1);
}

TEST_CASE("the first end of a task counts, and whoever watches is told once") {
  Table t;
  const OwnTask task = *t.Add("p");
  int told = 0, stopped = 0;
  t.tasks.SetStop(task.id, [&] { ++stopped; });
  t.tasks.Watch(task.id, [&] { ++told; });
  const std::uint64_t gone = t.tasks.Watch(task.id, [&] { told += 100; });
  t.tasks.Unwatch(gone);
  t.tasks.Note(task.id, "runs");
  CHECK(told == 0);
  t.tasks.Conclude(task.id, TaskState::kCompleted, json::Value(1), 1);
  CHECK(told == 1);
  CHECK_FALSE(t.tasks.Cancel(task.id));
  t.tasks.Conclude(task.id, TaskState::kFailed, json::Value(2), 1);
  t.tasks.Link(task.id, "other");
  const OwnTask now = *t.tasks.Find(task.id, "p");
  CHECK(now.state == TaskState::kCompleted);
  CHECK(*now.answer == json::Value(1));
  CHECK(now.link.empty());
  CHECK(now.origin == nullptr);
  CHECK(stopped == 0);
  CHECK(t.tasks.Watch(task.id, [&] { ++told; }) == 0);
  CHECK(told == 2);
}

TEST_CASE("a task that is cancelled stops its call, once") {
  Table t;
  const OwnTask task = *t.Add("p");
  int stopped = 0;
  t.tasks.SetStop(task.id, [&] { ++stopped; });
  CHECK(t.tasks.Cancel(task.id));
  CHECK_FALSE(t.tasks.Cancel(task.id));
  CHECK_FALSE(t.tasks.Cancel("ig-unknown"));
  CHECK(stopped == 1);
  CHECK(t.tasks.Find(task.id, "p")->state == TaskState::kCancelled);
}

TEST_CASE("a task that asks for input is answered once, and works on") {
  Table t;
  const OwnTask task = *t.Add("p");
  CHECK(t.tasks.TakeInputRequest(task.id) == nullptr);
  t.tasks.Conclude(task.id, TaskState::kInputRequired, json::Value("question"), 1);
  CHECK(*t.tasks.TakeInputRequest(task.id) == json::Value("question"));
  CHECK(t.tasks.TakeInputRequest(task.id) == nullptr);
  CHECK(t.tasks.Find(task.id, "p")->waits());
  t.tasks.Conclude(task.id, TaskState::kCompleted, json::Value("end"), 1);
  CHECK(t.tasks.Find(task.id, "p")->over());
}

TEST_CASE("a caller has so many tasks at most: the oldest that is over makes room, one that goes on does not") {
  Table t;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < OwnTasks::kMaxTasksOfOne; ++i) ids.push_back(t.Add("p")->id);
  CHECK_FALSE(t.Add("p"));
  CHECK(t.Add("q"));
  t.tasks.Cancel(ids[3]);
  t.tasks.Cancel(ids[1]);
  CHECK(t.Add("p"));
  CHECK_FALSE(t.tasks.Find(ids[1], "p"));
  CHECK(t.tasks.Find(ids[3], "p"));
  CHECK(t.tasks.Of("p").size() == OwnTasks::kMaxTasksOfOne);
  CHECK(t.tasks.Of("q").size() == 1);
}

TEST_CASE("all callers together have so many tasks, and so many bytes of answers, at most") {
  Table t;
  for (std::size_t i = 0; i < OwnTasks::kMaxTasks; ++i) t.Add("p" + std::to_string(i / OwnTasks::kMaxTasksOfOne));
  CHECK_FALSE(t.Add("another"));
  const std::string first = t.tasks.Of("p0")[0].id;
  const std::string second = t.tasks.Of("p0")[1].id;
  t.tasks.Conclude(first, TaskState::kCompleted, json::Value(), OwnTasks::kMaxKeptBytes / 2);
  t.tasks.Conclude(second, TaskState::kCompleted, json::Value(), OwnTasks::kMaxKeptBytes / 2);
  CHECK(t.tasks.Find(first, "p0"));
  t.tasks.Conclude(t.tasks.Of("p0")[2].id, TaskState::kCompleted, json::Value(), 1);
  CHECK_FALSE(t.tasks.Find(first, "p0"));
  CHECK(t.tasks.Find(second, "p0"));
  CHECK(t.Add("another"));
}

TEST_CASE("a session hears of its own tasks alone, through its newest listener, until that leaves") {
  Table t;
  OwnTask draft;
  draft.principal = "p";
  draft.session = "s";
  const std::string first = t.tasks.Add(draft, std::nullopt)->id, second = t.tasks.Add(draft, std::nullopt)->id;
  const std::string elsewhere = t.Add("p")->id;
  std::string older, newer;
  t.tasks.Listen("s", [&](const OwnTask& task) { older += task.id + std::string(TaskStateName(task.state)); });
  const std::uint64_t listener = t.tasks.Listen("s", [&](const OwnTask& task) { newer += task.id + std::string(TaskStateName(task.state)); });
  t.tasks.Cancel(elsewhere);
  t.tasks.Note(first, "runs");
  t.tasks.Cancel(first);
  CHECK(older.empty());
  CHECK(newer == first + "cancelled");
  t.tasks.Leave("s", listener);
  t.tasks.Conclude(second, TaskState::kCompleted, json::MakeObject({}), 2);
  CHECK(older == second + "completed");
  CHECK(newer == first + "cancelled");
}

TEST_CASE("every follower of a task is told each of its states, and nothing of another task") {
  Table t;
  const std::string id = t.Add("p")->id, other = t.Add("p")->id;
  std::string first, second;
  t.tasks.Follow(id, [&](const OwnTask& task) { first += std::string(TaskStateName(task.state)) + " "; });
  const std::uint64_t follower = t.tasks.Follow(id, [&](const OwnTask& task) { second += std::string(TaskStateName(task.state)) + " "; });
  t.tasks.Cancel(other);
  t.tasks.Conclude(id, TaskState::kInputRequired, json::MakeObject({}), 2);
  CHECK(t.tasks.TakeInputRequest(id) != nullptr);
  t.tasks.Unfollow(id, follower);
  t.tasks.Conclude(id, TaskState::kCompleted, json::MakeObject({}), 2);
  CHECK(first == "input_required working completed ");
  CHECK(second == "input_required working ");
}

}  // namespace intentgate::mcp
