#include <intentgate/caveat_list.h>

#include <algorithm>
#include <string>
#include <utility>

#include "token/caveat_json.h"
#include "token/caveat_members.h"
#include "token/plain_caveat.h"

namespace intentgate {
namespace {

// REQUIRES: a canonical spelling, in which what is there is neither zero nor empty.
bool HasOnlyItsOwn(const Caveat& caveat) {
  return std::all_of(token::kCaveatMembers.begin(), token::kCaveatMembers.end(), [&](const token::CaveatMember& member) {
    const bool there = member.number != nullptr ? caveat.*member.number != 0
                       : member.text != nullptr ? !(caveat.*member.text).empty()
                                                : !(caveat.*member.list).empty();
    return !there || token::MemberBelongs(caveat.kind, member.name);
  });
}

// False: a tree has the answer.
bool ReadPlainly(std::string_view json, std::vector<Caveat>& out) {
  token::PlainJson in(json);
  if (json.size() > json::ParseLimits().max_bytes || !in.Eat('[')) return false;
  for (bool first = true; !in.AtClosing(']'); first = false) {
    if (!in.Comma(first)) return false;
    Caveat& caveat = out.emplace_back();
    if (!token::ReadPlainCaveat(in, 4, &caveat) || !in.canonical()) return false;
    if (caveat.kind == CaveatKind::kUnknown || !HasOnlyItsOwn(caveat)) return false;
  }
  return in.AtEnd();
}

}  // namespace

Result<std::vector<Caveat>> CaveatsFromJson(std::string_view json) {
  std::vector<Caveat> out;
  if (ReadPlainly(json, out)) return out;
  out.clear();
  const Result<json::Value> list = json::Parse(json);
  if (!list.ok()) return list.error();
  if (!list->is_array()) return Error{ErrorCode::kMalformed, "caveats: not a list"};
  for (const json::Value& item : list->array()) {
    Result<Caveat> caveat = Caveat::FromJson(item);
    if (!caveat.ok()) return Error{caveat.error().code, "caveats[" + std::to_string(out.size()) + "]: " + caveat.error().message};
    out.push_back(std::move(*caveat));
  }
  return out;
}

}  // namespace intentgate
