#include "token/plain_caveat.h"

#include "token/caveat_members.h"

namespace intentgate::token {
namespace {

bool ReadValue(PlainJson& in, const CaveatMember& member, Caveat* keep) {
  if (member.number != nullptr) {
    std::int64_t number = 0;
    if (!in.OmittedWhenZero(number)) return false;
    if (keep != nullptr) keep->*member.number = number;
    return true;
  }
  std::string_view text;
  if (member.text != nullptr) {
    if (!in.String(text)) return false;
    if (text.empty()) in.NotCanonical();
    if (keep != nullptr) keep->*member.text = text;
    return true;
  }
  if (!in.Eat('[')) return false;
  bool first = true;
  for (; !in.AtClosing(']'); first = false) {
    if (!in.Comma(first) || !in.String(text)) return false;
    if (keep != nullptr) (keep->*member.list).emplace_back(text);
  }
  if (first) in.NotCanonical();
  return true;
}

}  // namespace

bool ReadPlainCaveat(PlainJson& in, int version, Caveat* keep) {
  std::string_view name, type;
  if (!in.Eat('{') || (in.SkipBlanks(), !in.MemberName(true, name)) || name != "t" || !in.String(type)) return false;
  if (keep != nullptr) {
    keep->type_name = type;
    keep->kind = CaveatKindFromName(type);
    if (!PublicFormatHas(keep->kind, version)) keep->kind = CaveatKind::kUnknown;
  }
  const std::size_t known = version == 3 ? kV3CaveatMembers : kCaveatMembers.size();
  std::size_t next = 0;
  while (!in.AtClosing()) {
    if (!in.MemberName(false, name)) return false;
    while (next < known && kCaveatMembers[next].name != name) ++next;
    if (next == known || !ReadValue(in, kCaveatMembers[next], keep)) return false;
    ++next;
  }
  return true;
}

}  // namespace intentgate::token
