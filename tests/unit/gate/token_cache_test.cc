#include "unit/gate/world.h"

#include "gate/token_cache.h"

namespace intentgate::gate {
namespace {

std::shared_ptr<const KnownToken> Known(World& w, std::optional<std::int64_t> until = std::nullopt) {
  VerifyResult v = Verify(w.Token(), *w.settings.keys, {}, *w.clock);
  REQUIRE(v.ok());
  return std::make_shared<const KnownToken>(KnownToken{v.token(), {}, {}, until});
}

}  // namespace

TEST_CASE("a cache finds exactly the text it was given, until its moment") {
  World w;
  TokenCache cache(64);
  cache.Keep("abc", Known(w, kNow));
  CHECK(cache.Find("abc", kNow - 1) != nullptr);
  CHECK(cache.Find("abc", kNow) == nullptr);
  CHECK(cache.Find("abd", kNow - 1) == nullptr);
  CHECK(cache.Find("ab", kNow - 1) == nullptr);
  cache.Keep("abc", Known(w));
  CHECK(cache.Find("abc", kNow) != nullptr);
}

TEST_CASE("a cache stays within its size and drops what was used longest ago") {
  World w;
  const auto known = Known(w);
  TokenCache cache(TokenCache::kShards * 2);
  cache.Keep("kept", known);
  for (int i = 0; i < 1'000; ++i) {
    cache.Keep("token" + std::to_string(i), known);
    REQUIRE(cache.Find("kept", kNow) != nullptr);
  }
  int found = 0;
  for (int i = 0; i < 1'000; ++i) found += cache.Find("token" + std::to_string(i), kNow) != nullptr;
  CHECK(found <= static_cast<int>(TokenCache::kShards) * 2);
  cache.Keep(std::string(TokenCache::kMaxTokenBytes + 1, 'x'), known);
  CHECK(cache.Find(std::string(TokenCache::kMaxTokenBytes + 1, 'x'), kNow) == nullptr);
}

TEST_CASE("every id of a chain can revoke it") {
  World w;
  const std::string child = w.Child(w.Child(w.Token(), {Caveat::MaxCalls(3)}), {Caveat::MaxCalls(2)});
  const TokenContent content = Decode(child).value();
  const std::vector<std::string> ids = RevocableIds(content);
  CHECK(ids.size() == 3);
  CHECK(std::find(ids.begin(), ids.end(), content.root_jti) != ids.end());
  CHECK(std::find(ids.begin(), ids.end(), content.jti) != ids.end());
}

}  // namespace intentgate::gate
