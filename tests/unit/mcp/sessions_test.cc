#include <doctest/doctest.h>

#include <string>

#include "mcp/sessions.h"

namespace intentgate::mcp {

TEST_CASE("a session is its opener's and nobody else's") {
  SessionTable table(std::make_shared<ManualClock>(), {});
  CHECK(table.Bind({"s1", "2025-06-18", nullptr}, "alice"));
  CHECK(table.Use("s1", "alice")->protocol == "2025-06-18");
  CHECK_FALSE(table.Use("s1", "bob"));
  CHECK_FALSE(table.Use("s2", "alice"));
  CHECK_FALSE(table.Bind({"s1", "2025-06-18", nullptr}, "bob"));
  table.Drop("s1", "bob");
  CHECK(table.Use("s1", "alice"));
  table.Drop("s1", "alice");
  CHECK_FALSE(table.Use("s1", "alice"));
}

TEST_CASE("sessions are forgotten when idle, and the oldest makes room") {
  const auto clock = std::make_shared<ManualClock>();
  SessionTable table(clock, {.max_sessions = 2, .idle_seconds = 10});
  CHECK(table.Bind({"a", "", nullptr}, "p"));
  clock->AdvanceMicros(9'000'000);
  CHECK(table.Use("a", "p"));
  clock->AdvanceMicros(11'000'000);
  CHECK_FALSE(table.Use("a", "p"));
  CHECK(table.Bind({"b", "", nullptr}, "p"));
  CHECK(table.Bind({"c", "", nullptr}, "p"));
  CHECK(table.Use("b", "p"));
  CHECK(table.Bind({"d", "", nullptr}, "p"));
  CHECK(table.size() == 2);
  CHECK(table.Use("b", "p"));
  CHECK_FALSE(table.Use("c", "p"));
}

TEST_CASE("what is no session id is never bound") {
  SessionTable table(std::make_shared<ManualClock>(), {});
  for (const std::string& id : {std::string(), std::string("a b"), std::string("a\n"), std::string("\xc3\xa9"), std::string(257, 'a')}) {
    CHECK_FALSE(table.Bind({id, "", nullptr}, "p"));
  }
}

}  // namespace intentgate::mcp
