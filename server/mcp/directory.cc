#include "mcp/directory.h"

#include <iterator>

namespace intentgate::mcp {

std::string Directory::Seen(Kind kind, std::size_t upstream, std::string_view own) const {
  return Prefixed(kind) ? places_[upstream].prefix + std::string(own) : std::string(own);
}

std::string Directory::Own(Kind kind, std::size_t upstream, std::string_view seen) const {
  if (Prefixed(kind) && seen.starts_with(places_[upstream].prefix)) seen.remove_prefix(places_[upstream].prefix.size());
  return std::string(seen);
}

std::optional<std::size_t> Directory::ByPrefix(std::string_view seen) const {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (!places_[i].prefix.empty() && seen.starts_with(places_[i].prefix)) return i;
  }
  return std::nullopt;
}

void Directory::Note(Kind kind, const std::string& seen, std::size_t first, std::size_t second, std::vector<Collision>& out) {
  if (noted_.size() >= kMaxDirectoryNames || !noted_.emplace(kind, seen).second) return;
  out.push_back({kind, seen, places_[first].name, places_[second].name});
}

void Directory::Learn(Kind kind, std::size_t upstream, const std::vector<std::string>& own, bool whole) {
  if (!merged()) return;
  const Mask bit = Mask{1} << upstream;
  std::vector<Collision> found;
  {
    const std::lock_guard lock(mutex_);
    Names& names = names_[kind];
    if (whole) {
      for (auto entry = names.begin(); entry != names.end();) {
        entry->second &= ~bit;
        entry = entry->second == 0 ? names.erase(entry) : std::next(entry);
      }
    }
    for (const std::string& name : own) {
      std::string seen = Seen(kind, upstream, name);
      const auto prefix = Prefixed(kind) ? ByPrefix(seen) : std::nullopt;
      // The prefix belongs to its upstream, also while that one is down and has listed nothing.
      if (prefix && *prefix != upstream) Note(kind, seen, *prefix, upstream, found);
      if (prefix) continue;
      const auto known = names.find(seen);
      if (known == names.end()) {
        if (names.size() < kMaxDirectoryNames) names.emplace(std::move(seen), bit);
        continue;
      }
      const auto other = OnlyOne(known->second & ~bit);
      known->second |= bit;
      if (other) Note(kind, seen, *other, upstream, found);
    }
  }
  for (const Collision& one : found) {
    if (told_) told_(one);
  }
}

std::optional<std::size_t> Directory::OnlyOne(Mask mask) const {
  if (mask == 0 || (mask & (mask - 1)) != 0) return std::nullopt;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (mask == Mask{1} << i) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> Directory::Find(Kind kind, std::string_view seen) const {
  if (!merged()) return 0;
  if (Prefixed(kind)) {
    if (const auto prefix = ByPrefix(seen)) return prefix;
  }
  const std::lock_guard lock(mutex_);
  if (!Prefixed(kind)) return FindResource(seen);
  const auto names = names_.find(kind);
  if (names == names_.end()) return std::nullopt;
  const auto known = names->second.find(seen);
  return known == names->second.end() ? std::nullopt : OnlyOne(known->second);
}

std::optional<std::size_t> Directory::FindResource(std::string_view uri) const {
  Mask everybody = 0, matching = 0;
  const auto resources = names_.find(Kind::kResource);
  if (resources != names_.end()) {
    if (const auto known = resources->second.find(uri); known != resources->second.end()) return OnlyOne(known->second);
    for (const auto& [name, mask] : resources->second) everybody |= mask;
  }
  if (const auto templates = names_.find(Kind::kTemplate); templates != names_.end()) {
    for (const auto& [pattern, mask] : templates->second) {
      everybody |= mask;
      if (pattern == uri || MatchesTemplate(pattern, uri)) matching |= mask;
    }
  }
  if (matching != 0) return OnlyOne(matching);
  // Tools answer with URIs that no list has. Where one upstream alone has resources, they are its.
  return OnlyOne(everybody);
}

bool MatchesTemplate(std::string_view pattern, std::string_view uri) {
  const std::size_t open = pattern.find('{');
  if (open == std::string_view::npos) return pattern == uri;
  if (!uri.starts_with(pattern.substr(0, open))) return false;
  const std::size_t close = pattern.find('}', open);
  if (close == std::string_view::npos) return false;
  pattern.remove_prefix(close + 1);
  uri.remove_prefix(open);
  // The text up to the next expression is looked for at its first place; the last one has to end the URI.
  while (true) {
    const std::size_t next = pattern.find('{');
    const std::string_view text = pattern.substr(0, next);
    if (next == std::string_view::npos) return uri.size() > text.size() && uri.ends_with(text);
    const std::size_t end = pattern.find('}', next);
    const std::size_t at = text.empty() ? 1 : uri.find(text, 1);
    if (end == std::string_view::npos || at == std::string_view::npos || at > uri.size()) return false;
    uri.remove_prefix(at + text.size());
    pattern.remove_prefix(end + 1);
  }
}

}  // namespace intentgate::mcp
