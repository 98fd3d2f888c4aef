// Paths, taken only in one spelling. Nothing is normalised: what two file systems, shells or libraries
// could read differently is refused, for the tool behind the gate may be any of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace intentgate::token {

// What is wrong with `path` as an absolute path in its one spelling, such as "has a `..` component";
// nullopt when nothing is. Refused: relative, over kMaxPathBytes, empty, `.` and `..` components (so also
// a trailing `/`), percent signs, backslashes, control characters, invalid UTF-8, characters that look
// or fold like `.`, `/` or `\`, invisible characters, and what Windows reads otherwise: colons, device
// names, short names (`PROGRA~1`), components that end in a dot or blank.
std::optional<std::string> PathFlaw(std::string_view path);

// REQUIRES: neither has a flaw. By component: /data/x is under /data, /database is not.
bool IsUnder(std::string_view path, std::string_view root);

}  // namespace intentgate::token
