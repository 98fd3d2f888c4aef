#include "mcp/sealed_tasks.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/encoding.h"
#include "mcp/sealed_sessions.h"
#include "support/sealed_text.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kOld = "old-0123456789abcdef0123456789abcdef";
constexpr std::string_view kNew = "new-0123456789abcdef0123456789abcdef";
constexpr std::int64_t kLifetime = 100;

std::vector<crypto::SecretBytes> Keys(const std::vector<std::string_view>& secrets) {
  std::vector<crypto::SecretBytes> keys;
  for (const std::string_view secret : secrets) keys.emplace_back(base::AsBytes(secret));
  return keys;
}

struct Replica {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::shared_ptr<const SealedTasks> sealed;

  explicit Replica(const std::vector<std::string_view>& secrets, std::vector<std::string> upstreams = {"files", "mail"}) {
    auto made = SealedTasks::Create(Keys(secrets), std::move(upstreams), kLifetime, clock, SystemRandom());
    REQUIRE(made.ok());
    sealed = std::move(*made);
  }
};

KnownTask Task(std::string id = "upstream-id") { return {1, std::move(id), "acme\nroot", "send_mail", {}}; }

}  // namespace

TEST_CASE("what one replica sealed another one opens, for the same principal, in whatever order it has the upstreams") {
  Replica a({kOld}), b({kOld}, {"mail", "calendar", "files"});
  const std::string id = *a.sealed->Seal(Task());
  CHECK(id.find("upstream-id") == std::string::npos);
  const auto opened = b.sealed->Open(id, "acme\nroot");
  REQUIRE(opened.has_value());
  CHECK(opened->upstream == 0);
  CHECK(opened->id == "upstream-id");
  CHECK(opened->principal == "acme\nroot");
  CHECK(opened->tool == "send_mail");
  CHECK(opened->client_id == id);
  CHECK_FALSE(b.sealed->Open(id, "acme\nother").has_value());
  CHECK_FALSE(Replica({kNew}).sealed->Open(id, "acme\nroot").has_value());
  CHECK_FALSE(Replica({kOld}, {"files"}).sealed->Open(id, "acme\nroot").has_value());
}

TEST_CASE("an id that was changed anywhere opens nothing, and neither does the upstream's own") {
  Replica a({kOld});
  const std::string id = *a.sealed->Seal(Task());
  test::CheckOpensOnlyWhole(id, [&a](const std::string& text) { return a.sealed->Open(text, "acme\nroot").has_value(); });
}

TEST_CASE("what is sealed for a session is no task, and the other way round, though the secrets are the same") {
  Replica a({kOld});
  auto sessions = SealedSessions::Create(Keys({kOld}), {"files", "mail"}, kLifetime, a.clock, SystemRandom());
  REQUIRE(sessions.ok());
  const std::string task = *a.sealed->Seal(Task());
  const std::string session = *(*sessions)->Seal({"upstream-id", "2025-11-25", nullptr}, "acme\nroot");
  CHECK((*sessions)->Open(session, "acme\nroot").has_value());
  CHECK_FALSE((*sessions)->Open(task, "acme\nroot").has_value());
  CHECK((*sessions)->NameOf(task).empty());
  CHECK_FALSE(a.sealed->Open(session, "acme\nroot").has_value());
}

TEST_CASE("keys are rotated: the first seals, all open") {
  Replica before({kOld}), during({kNew, kOld}), after({kNew});
  const std::string old_id = *before.sealed->Seal(Task());
  const std::string new_id = *during.sealed->Seal(Task());
  CHECK(during.sealed->Open(old_id, "acme\nroot").has_value());
  CHECK(after.sealed->Open(new_id, "acme\nroot").has_value());
  CHECK_FALSE(after.sealed->Open(old_id, "acme\nroot").has_value());
  CHECK_FALSE(before.sealed->Open(new_id, "acme\nroot").has_value());
}

TEST_CASE("an id ends with its time") {
  Replica a({kOld});
  const std::string id = *a.sealed->Seal(Task());
  a.clock->AdvanceMicros(kLifetime * 1'000'000);
  CHECK(a.sealed->Open(id, "acme\nroot").has_value());
  a.clock->AdvanceMicros(1'000'000);
  CHECK_FALSE(a.sealed->Open(id, "acme\nroot").has_value());
}

TEST_CASE("the longest id that is kept can be sealed, and what would be too long for a header field is not") {
  Replica a({kOld});
  KnownTask task = Task(std::string(KnownTasks::kMaxIdBytes, 'i'));
  task.tool = std::string(256, 't');
  const auto id = a.sealed->Seal(task);
  REQUIRE(id.has_value());
  CHECK(id->size() < kMaxSealedIdBytes / 2);
  CHECK(a.sealed->Open(*id, task.principal)->id == task.id);
  // Each of these is six characters in JSON.
  task.id = std::string(KnownTasks::kMaxIdBytes, '\x01');
  CHECK_FALSE(a.sealed->Seal(task).has_value());
}

}  // namespace intentgate::mcp
