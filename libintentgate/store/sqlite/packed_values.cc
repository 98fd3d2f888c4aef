// Tested by tests/unit/store/sqlite_packed_values_test.cc.

#include "store/sqlite/packed_values.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/encoding.h"
#include "base/little_endian.h"

namespace intentgate::store {
namespace {

constexpr std::uint8_t kFormat = 1;

}  // namespace

void PackValues(std::span<const PrivateValue> values, std::string& out) {
  out.clear();
  if (values.empty()) return;
  std::size_t bytes = sizeof kFormat + sizeof(std::uint32_t);
  for (const PrivateValue& v : values) bytes += 2 * sizeof(std::uint32_t) + v.member.size() + v.salt.size() + v.value.size();
  out.reserve(bytes);
  base::AppendLittle(kFormat, out);
  base::AppendLittle(static_cast<std::uint32_t>(values.size()), out);
  for (const PrivateValue& value : values) {
    base::AppendLittleText(value.member, out);
    out += base::AsText(value.salt);
    base::AppendLittleText(value.value, out);
  }
}

Result<std::vector<PrivateValue>> UnpackValues(std::string_view bytes) {
  std::vector<PrivateValue> values;
  if (bytes.empty()) return values;
  base::LittleReader in(bytes);
  const bool known = in.Number<std::uint8_t>() == kFormat;
  // The number is not believed before the values are there.
  for (auto left = in.Number<std::uint32_t>(); known && left > 0 && in.ok(); --left) {
    PrivateValue& value = values.emplace_back();
    value.member = in.Text();
    const std::string_view salt = in.Bytes(value.salt.size());
    std::copy(salt.begin(), salt.end(), value.salt.begin());
    value.value = in.Text();
  }
  if (!known || !in.at_end()) return Error{ErrorCode::kCorrupt, "the private values of an event are not as they were written"};
  return values;
}

}  // namespace intentgate::store
