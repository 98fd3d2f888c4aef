#include "base/ids.h"

#include <array>

#include "base/encoding.h"

namespace intentgate::base {

Result<std::string> MakeUuidV7(const Clock& clock, Random& random) {
  std::array<std::uint8_t, 16> b{};
  if (Status s = random.Fill(b); !s.ok()) return s.error();
  const auto ms = static_cast<std::uint64_t>(clock.UnixMicros() / 1000);
  for (int i = 0; i < 6; ++i) b[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  b[6] = static_cast<std::uint8_t>((b[6] & 0x0f) | 0x70);
  b[8] = static_cast<std::uint8_t>((b[8] & 0x3f) | 0x80);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(36, '-');
  std::size_t at = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) ++at;
    text[at++] = kDigits[b[i] >> 4];
    text[at++] = kDigits[b[i] & 15];
  }
  return text;
}

Result<std::string> MakeTokenId(const Clock& clock, Random& random) {
  std::array<std::uint8_t, 16> b{};
  if (Status s = random.Fill(b); !s.ok()) return s.error();
  const auto seconds = static_cast<std::uint32_t>(clock.UnixSeconds());
  for (int i = 0; i < 4; ++i) b[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(seconds >> (24 - 8 * i));
  return Base64UrlEncode(b);
}

}  // namespace intentgate::base
