// Caveats from the public JSON form as it stands in v3 and v4 tokens.
#pragma once

#include <intentgate/caveat.h>
#include <intentgate/json.h>
#include <intentgate/result.h>

namespace intentgate::token {

// Reads the members that the public format `version` (3 or 4) knows; a type that it does not know is
// kept as kUnknown. kMalformed: no object, no "t", an unknown member, a case-variant, a wrong type.
Result<Caveat> ReadPublicCaveat(const json::Value& value, int version);

// Whether a member of the public form means something for a kind.
bool MemberBelongs(CaveatKind kind, std::string_view name);

// An int64 written as an integer literal; "-0" is none.
std::optional<std::int64_t> ReadInteger(const json::Value& value);

}  // namespace intentgate::token
