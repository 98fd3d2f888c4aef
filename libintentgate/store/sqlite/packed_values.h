// An event's private values as the bytes of its column (migration 0012). Pure functions; thread-safe. Included by this folder only.
//
//   1 byte     format: 1
//   length     number of values
//   for each   1 byte: which of the usual members, or 0 and behind it the member's name, a text; 16 bytes: salt; the value, a text
//
// A length is 1 byte, or 255 and 4 bytes, little endian; a text is its length and its bytes. Short, since what an
// event costs is mostly its bytes, and what does not fit into the rest of a page is left empty.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/audit.h>
#include <intentgate/result.h>

namespace intentgate::store {

// In place of what `out` has; empty for no values. REQUIRES: together shorter than 4 GiB.
void PackValues(std::span<const PrivateValue> values, std::string& out);
// The bytes may be anybody's. kCorrupt: not the whole of what PackValues makes.
Result<std::vector<PrivateValue>> UnpackValues(std::string_view bytes);

}  // namespace intentgate::store
