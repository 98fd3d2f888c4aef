// Which of several upstreams offers what. Tools and prompts carry the prefix of their upstream; of an upstream without
// one, and for resources, the lists tell. A name that two upstreams offer is nobody's: guessing would send a call, with
// its arguments, to a server that only claims the name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace intentgate::mcp {

inline constexpr std::size_t kMaxDirectoryNames = 20'000;  // of each kind; what is beyond is not offered

// Thread-safe. With one upstream everything is its own, under its own names.
class Directory {
 public:
  enum class Kind : std::uint8_t { kTool, kPrompt, kResource, kTemplate };

  struct Place {
    std::string name, prefix;
  };
  struct Collision {
    Kind kind = Kind::kTool;
    std::string name;           // as agents would see it
    std::string first, second;  // the upstreams
  };
  using Told = std::function<void(const Collision&)>;  // once for each name

  // At most 64 places.
  explicit Directory(std::vector<Place> places, Told told = {}) : places_(std::move(places)), told_(std::move(told)) {}

  std::size_t size() const { return places_.size(); }
  bool merged() const { return places_.size() > 1; }
  const std::string& NameOf(std::size_t upstream) const { return places_[upstream].name; }

  // How agents see the upstream's own name, and back. REQUIRES for Own: `seen` is a name of this upstream.
  std::string Seen(Kind kind, std::size_t upstream, std::string_view own) const;
  std::string Own(Kind kind, std::size_t upstream, std::string_view seen) const;

  // One page of a list, with the upstream's own names. A list of one page replaces what was known of this upstream.
  void Learn(Kind kind, std::size_t upstream, const std::vector<std::string>& own, bool whole);
  // nullopt: nobody offers it, or more than one.
  std::optional<std::size_t> Find(Kind kind, std::string_view seen) const;

 private:
  using Mask = std::uint64_t;  // a bit for each upstream
  using Names = std::map<std::string, Mask, std::less<>>;

  static bool Prefixed(Kind kind) { return kind == Kind::kTool || kind == Kind::kPrompt; }
  std::optional<std::size_t> ByPrefix(std::string_view seen) const;
  std::optional<std::size_t> FindResource(std::string_view uri) const;
  std::optional<std::size_t> OnlyOne(Mask mask) const;
  void Note(Kind kind, const std::string& seen, std::size_t first, std::size_t second, std::vector<Collision>& out);

  const std::vector<Place> places_;
  const Told told_;
  mutable std::mutex mutex_;
  std::map<Kind, Names> names_;
  std::set<std::pair<Kind, std::string>> noted_;
};

// Whether a URI is made from an RFC 6570 template, with each expression standing for one or more characters.
bool MatchesTemplate(std::string_view pattern, std::string_view uri);

}  // namespace intentgate::mcp
