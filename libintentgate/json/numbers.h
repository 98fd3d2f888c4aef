// JSON numbers as text.
#pragma once

#include <string>
#include <string_view>

namespace intentgate::json {

// RFC 8259 section 6.
bool IsJsonNumber(std::string_view text);

// ECMAScript's Number::toString, which RFC 8785 section 3.2.2.3 prescribes. REQUIRES: d is finite.
std::string FormatDoubleEs6(double d);

}  // namespace intentgate::json
