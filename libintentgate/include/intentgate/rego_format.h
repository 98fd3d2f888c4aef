// Rego in its usual layout: tabs, one space around operators, one statement a line, comments kept.
//
//   Result<std::string> out = rego::Format(text);
//   if (out.ok() && *out != text) Show("not formatted");
#pragma once

#include <string>
#include <string_view>

#include <intentgate/rego.h>
#include <intentgate/result.h>

namespace intentgate::rego {

// The module's text, laid out. Line breaks inside brackets stay where the author put them; the meaning never changes, since
// only blanks, semicolons between expressions and commas before closing brackets are touched. Formatting twice gives the
// same text. kMalformed: the text does not parse; the message is the first finding. Thread-safe.
Result<std::string> Format(std::string_view text, LanguageVersion version = LanguageVersion::kV1);

}  // namespace intentgate::rego
