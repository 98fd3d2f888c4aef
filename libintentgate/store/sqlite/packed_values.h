// An event's private values as the bytes of its column (migration 0012). Pure functions; thread-safe. Included by this folder only.
//
//   1 byte     format: 1
//   4 bytes    number of values, little endian
//   for each   member, salt, value: texts behind their length in 4 bytes, the salt 16 bytes
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
