// The tree that Parse gives: StrictWalk's values as json::Value.
// Tested by tests/unit/json/reader_test.cc and tests/fuzz/json_fuzz.cc.

#include <intentgate/json.h>

#include <string>
#include <unordered_set>
#include <utility>

#include "json/strict_walk.h"

namespace intentgate::json {
namespace {

// From here on a hash set finds duplicates faster than comparing all pairs.
constexpr std::size_t kLinearMembers = 16;

std::optional<std::string> Duplicate(const Object& members) {
  if (members.size() > kLinearMembers) {
    std::unordered_set<std::string_view> seen;
    for (const Member& member : members) {
      if (!seen.insert(member.name).second) return member.name;
    }
    return std::nullopt;
  }
  for (std::size_t i = 1; i < members.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (members[i].name == members[j].name) return members[i].name;
    }
  }
  return std::nullopt;
}

}  // namespace

class Reader {
 public:
  using Out = Value;
  using Items = Array;
  using Members = Object;
  void Null(Value&) {}
  void Bool(Value& out, bool b) { out.v_ = b; }
  void Number(Value& out, std::string_view text) { out.v_ = json::Number{std::string(text)}; }
  void String(Value& out, std::string_view text) { out.v_ = std::string(text); }
  Array StartArray() { return {}; }
  Value& NextItem(Array& items) { return items.emplace_back(); }
  void EndArray(Array& items, Value& out) { out.v_ = std::move(items); }
  Object StartObject() {
    Object members;
    // Of a text's first object alone: of many small ones the room would be more than their members.
    if (std::exchange(first_, false)) members.reserve(kTypicalMembers);
    return members;
  }
  Value& NextMember(Object& members, std::string_view name) { return members.emplace_back(Member{std::string(name), Value()}).value; }
  std::optional<std::string> EndObject(Object& members, Value& out) {
    std::optional<std::string> twice = Duplicate(members);
    out.v_ = std::move(members);
    return twice;
  }

 private:
  static constexpr std::size_t kTypicalMembers = 4;  // a JSON-RPC message's
  bool first_ = true;
};

Result<Value> Parse(std::string_view text, const ParseLimits& limits) {
  static thread_local ParserMemory memory;
  Reader build;
  Value out;
  if (Status read = StrictWalk<Reader>(build).Read(text, limits, memory, out); !read.ok()) return read.error();
  return out;
}

Status RefuseCaseVariants(const Value& object, std::span<const std::string_view> protocol_members) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (const Member& member : object.object()) {
    for (const std::string_view wanted : protocol_members) {
      if (member.name == wanted || member.name.size() != wanted.size()) continue;
      bool same = true;
      for (std::size_t i = 0; i < wanted.size() && same; ++i) same = lower(member.name[i]) == lower(wanted[i]);
      if (same) {
        return Error{ErrorCode::kMalformed, "JSON: the member \"" + member.name + "\" differs only by case from \"" + std::string(wanted) + "\""};
      }
    }
  }
  return {};
}

}  // namespace intentgate::json
