// Tested by tests/unit/store/sqlite_packed_values_test.cc.

#include "store/sqlite/packed_values.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/encoding.h"
#include "base/little_endian.h"

namespace intentgate::store {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kMostOfALength = 5;
constexpr std::uint8_t kOther = 0;       // the member's name follows
// In the file, by their place from 1 on: places stay.
constexpr std::array<std::string_view, 9> kUsual = {"arg_values", "arg_values_text", "args_sha256", "details", "details_text",
                                                    "intent_summary", "reason", "remote_ip", "result_sha256"};

}  // namespace

void PackValues(std::span<const PrivateValue> values, std::string& out) {
  out.clear();
  if (values.empty()) return;
  std::size_t bytes = sizeof kFormat + kMostOfALength;
  for (const PrivateValue& v : values) bytes += 1 + 2 * kMostOfALength + v.member.size() + v.salt.size() + v.value.size();
  out.reserve(bytes);
  base::AppendLittle(kFormat, out);
  base::AppendShortLength(values.size(), out);
  for (const PrivateValue& value : values) {
    const auto usual = std::find(kUsual.begin(), kUsual.end(), value.member);
    base::AppendLittle(usual == kUsual.end() ? kOther : static_cast<std::uint8_t>(usual - kUsual.begin() + 1), out);
    if (usual == kUsual.end()) base::AppendShortText(value.member, out);
    out += base::AsText(value.salt);
    base::AppendShortText(value.value, out);
  }
}

Result<std::vector<PrivateValue>> UnpackValues(std::string_view bytes) {
  std::vector<PrivateValue> values;
  if (bytes.empty()) return values;
  base::LittleReader in(bytes);
  bool known = in.Number<std::uint8_t>() == kFormat;
  // The number is not believed before the values are there.
  for (std::size_t left = in.ShortLength(); known && left > 0 && in.ok(); --left) {
    PrivateValue& value = values.emplace_back();
    const auto member = in.Number<std::uint8_t>();
    known = member <= kUsual.size();
    if (known) value.member = member == kOther ? in.ShortText() : kUsual[member - 1u];
    const std::string_view salt = in.Bytes(value.salt.size());
    std::copy(salt.begin(), salt.end(), value.salt.begin());
    value.value = in.ShortText();
  }
  if (!known || !in.at_end()) return Error{ErrorCode::kCorrupt, "the private values of an event are not as they were written"};
  return values;
}

}  // namespace intentgate::store
