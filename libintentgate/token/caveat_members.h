// The members of a caveat in the public JSON form, in the order in which they are signed. One table
// for the readers, the canonical writer and the JSON view, so that they cannot disagree.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/caveat.h>

namespace intentgate::token {

struct CaveatMember {
  std::string_view name;
  std::string_view before_value;  // in the signed form, behind the member before it
  // Exactly one is set. "t" stands before these and is not in the table.
  std::vector<std::string> Caveat::*list = nullptr;
  std::string Caveat::*text = nullptr;
  std::int64_t Caveat::*number = nullptr;
};

inline constexpr std::array<CaveatMember, 11> kCaveatMembers = {{
    {.name = "tools", .before_value = R"(,"tools":)", .list = &Caveat::tools},
    {.name = "agent", .before_value = R"(,"agent":)", .text = &Caveat::agent},
    {.name = "exp", .before_value = R"(,"exp":)", .number = &Caveat::expires},
    {.name = "max_calls", .before_value = R"(,"max_calls":)", .number = &Caveat::max_calls},
    {.name = "step_up_at", .before_value = R"(,"step_up_at":)", .number = &Caveat::step_up_at},
    {.name = "callees", .before_value = R"(,"callees":)", .list = &Caveat::callees},
    {.name = "callee_zones", .before_value = R"(,"callee_zones":)", .list = &Caveat::callee_zones},
    {.name = "servers", .before_value = R"(,"servers":)", .list = &Caveat::servers},
    {.name = "rate_per_min", .before_value = R"(,"rate_per_min":)", .number = &Caveat::rate_per_min},
    {.name = "max_cents", .before_value = R"(,"max_cents":)", .number = &Caveat::max_cents},
    {.name = "risk_max", .before_value = R"(,"risk_max":)", .number = &Caveat::risk_max},
}};
// What a v3 token knows; v4 knows all.
inline constexpr std::size_t kV3CaveatMembers = 5;

// The kind of a wire name; kUnknown for any other.
CaveatKind CaveatKindFromName(std::string_view name);
// Whether the public format `version` (3 or 4) has this kind.
bool PublicFormatHas(CaveatKind kind, int version);
// The name on the wire: the kind's, or for kUnknown the name it came with.
std::string_view WireName(const Caveat& caveat);

}  // namespace intentgate::token
