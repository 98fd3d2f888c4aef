// JSON equality as one text for each value: members sorted, numbers by value, so that sets of values
// are sets of strings and a membership test stays linear in the value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <intentgate/json.h>

namespace intentgate::token {

// The same text for equal values and for no others: 1.0, 1 and 10e-1 give one text, "1" another.
// Nullopt for what has no agreed meaning: an exponent beyond +-1000000, two members of one name,
// invalid UTF-8, nesting over 128.
std::optional<std::string> CanonicalText(const json::Value& value);

// A decimal number as sign, digits without zeros at either end, and a power of ten: "-12e-1".
// REQUIRES: a JSON number.
std::optional<std::string> CanonicalNumber(std::string_view text);

}  // namespace intentgate::token
