#include "mcp/sealed_sessions.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/encoding.h"
#include "support/sealed_text.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kOld = "old-0123456789abcdef0123456789abcdef";
constexpr std::string_view kNew = "new-0123456789abcdef0123456789abcdef";

struct Replica {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::shared_ptr<SealedSessions> sealed;

  explicit Replica(const std::vector<std::string_view>& secrets, std::vector<std::string> upstreams = {"files", "mail"}) {
    std::vector<crypto::SecretBytes> keys;
    for (const std::string_view secret : secrets) keys.emplace_back(base::AsBytes(secret));
    auto made = SealedSessions::Create(keys, std::move(upstreams), 100, clock, SystemRandom());
    REQUIRE(made.ok());
    sealed = std::move(*made);
  }
};

BoundSession Merged(const std::string& hello) {
  const auto parts = std::make_shared<SessionParts>(2, hello, json::Value(7));
  CHECK(parts->Set(1, {"part-of-mail", "2025-06-18"}));
  return {"own", "2025-06-18", parts};
}

}  // namespace

TEST_CASE("what one replica sealed another one opens, for the same principal") {
  Replica a({kOld}), b({kOld});
  const std::string id = *a.sealed->Seal({"upstream-id", "2025-11-25", nullptr}, "acme\nroot");
  CHECK(id.find("upstream-id") == std::string::npos);
  const auto opened = b.sealed->Open(id, "acme\nroot");
  REQUIRE(opened.has_value());
  CHECK(opened->session.id == "upstream-id");
  CHECK(opened->session.protocol == "2025-11-25");
  CHECK(opened->session.parts == nullptr);
  CHECK(b.sealed->NameOf(id) == "upstream-id");
  CHECK_FALSE(b.sealed->Open(id, "acme\nother").has_value());
  CHECK_FALSE(Replica({kNew}).sealed->Open(id, "acme\nroot").has_value());
  CHECK(Replica({kNew}).sealed->NameOf(id).empty());
}

TEST_CASE("whether the client takes URLs goes along, also when the rest is too much to be sealed") {
  Replica a({kOld}), b({kOld});
  for (const bool takes_urls : {false, true}) {
    const std::string id = *a.sealed->Seal({"s", "2025-11-25", nullptr, takes_urls}, "p");
    CHECK(b.sealed->Open(id, "p")->session.takes_urls == takes_urls);
    BoundSession large = Merged(std::string(8'000, 'h'));
    large.takes_urls = takes_urls;
    CHECK(a.sealed->Open(*a.sealed->Seal(large, "p"), "p")->session.takes_urls == takes_urls);
  }
}

TEST_CASE("an id that was changed anywhere opens nothing") {
  Replica a({kOld});
  const std::string id = *a.sealed->Seal({"s", "2025-11-25", nullptr}, "p");
  test::CheckOpensOnlyWhole(id, [&a](const std::string& text) { return a.sealed->Open(text, "p").has_value(); });
}

TEST_CASE("keys are rotated: the first seals, all open") {
  Replica before({kOld}), during({kNew, kOld}), after({kNew});
  const std::string old_id = *before.sealed->Seal({"s", "", nullptr}, "p");
  const std::string new_id = *during.sealed->Seal({"s", "", nullptr}, "p");
  CHECK(during.sealed->Open(old_id, "p").has_value());
  CHECK(after.sealed->Open(new_id, "p").has_value());
  CHECK_FALSE(after.sealed->Open(old_id, "p").has_value());
  CHECK_FALSE(before.sealed->Open(new_id, "p").has_value());
}

TEST_CASE("an id ends with its time, and where its session was ended") {
  Replica a({kOld}), b({kOld});
  const std::string id = *a.sealed->Seal({"s", "", nullptr}, "p");
  b.sealed->End("s");
  CHECK_FALSE(b.sealed->Open(id, "p").has_value());
  CHECK(a.sealed->Open(id, "p").has_value());
  a.clock->AdvanceMicros(101'000'000);
  CHECK_FALSE(a.sealed->Open(id, "p").has_value());
}

TEST_CASE("several upstreams: the parts are found by the upstreams' names, in whatever order a replica has them") {
  Replica a({kOld}), b({kOld}, {"mail", "calendar", "files"});
  const std::string id = *a.sealed->Seal(Merged("the hello"), "p");
  const auto opened = b.sealed->Open(id, "p");
  REQUIRE(opened.has_value());
  CHECK_FALSE(opened->local);
  REQUIRE(opened->session.parts != nullptr);
  CHECK(opened->session.parts->hello == "the hello");
  CHECK(opened->session.parts->hello_id == json::Value(7));
  REQUIRE(opened->session.parts->At(0).has_value());
  CHECK(opened->session.parts->At(0)->id == "part-of-mail");
  CHECK_FALSE(opened->session.parts->At(1).has_value());
  CHECK_FALSE(opened->session.parts->At(2).has_value());
}

TEST_CASE("an id stays under its limit: what does not fit makes it good at one replica alone") {
  Replica a({kOld});
  const std::string id = *a.sealed->Seal(Merged(std::string(kMaxSealedIdBytes, 'x')), "p");
  CHECK(id.size() <= kMaxSealedIdBytes);
  const auto opened = a.sealed->Open(id, "p");
  REQUIRE(opened.has_value());
  CHECK(opened->local);
  CHECK(opened->session.parts == nullptr);
}

}  // namespace intentgate::mcp
