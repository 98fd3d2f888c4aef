#include "gate/token_cache.h"

#include <algorithm>

namespace intentgate::gate {

std::vector<std::string> RevocableIds(const TokenContent& token) {
  std::vector<std::string> ids = {token.root_jti};
  const auto add = [&](const std::string& id) {
    if (!id.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  };
  add(token.jti);
  for (const Hop& hop : token.hops) add(hop.id);
  return ids;
}

std::optional<std::int64_t> KeyAcceptedUntil(const TokenContent& token, const KeyRing& ring) {
  std::optional<std::int64_t> until;
  for (const KeyInfo& key : ring.keys()) {
    // A legacy token does not name its key; any of those it is tried under may be the one.
    const bool may_be = token.format == TokenFormat::kV5 ? key.id == token.key_id : key.legacy;
    if (may_be && key.accept_until) until = std::min(until.value_or(*key.accept_until), *key.accept_until);
  }
  return until;
}

std::shared_ptr<const KnownToken> TokenCache::Find(std::string_view text, std::int64_t now) {
  Shard& shard = ShardOf(text);
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.by_text.find(text);
  if (it == shard.by_text.end()) return nullptr;
  const std::shared_ptr<const KnownToken>& known = it->second->second;
  if (known->known_until && now >= *known->known_until) return nullptr;
  shard.by_use.splice(shard.by_use.begin(), shard.by_use, it->second);
  return known;
}

void TokenCache::Keep(std::string_view text, std::shared_ptr<const KnownToken> token) {
  if (text.size() > kMaxTokenBytes || max_per_shard_ == 0) return;
  Shard& shard = ShardOf(text);
  const std::lock_guard lock(shard.mutex);
  if (const auto it = shard.by_text.find(text); it != shard.by_text.end()) {
    it->second->second = std::move(token);
    return;
  }
  if (shard.by_use.size() >= max_per_shard_) {
    shard.by_text.erase(shard.by_use.back().first);
    shard.by_use.pop_back();
  }
  shard.by_use.emplace_front(std::string(text), std::move(token));
  shard.by_text.emplace(shard.by_use.front().first, shard.by_use.begin());
}

}  // namespace intentgate::gate
