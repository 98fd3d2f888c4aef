#include "base/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstring>

namespace intentgate::base {

std::size_t SequenceLength(std::string_view text, std::size_t pos) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto continues = [&](std::size_t i, std::uint8_t low = 0x80, std::uint8_t high = 0xbf) {
    return i < text.size() && at(i) >= low && at(i) <= high;
  };
  const std::uint8_t lead = at(pos);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(pos + 1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const std::uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;
    const std::uint8_t high = lead == 0xed ? 0x9f : 0xbf;
    return continues(pos + 1, low, high) && continues(pos + 2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const std::uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
    const std::uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;
    return continues(pos + 1, low, high) && continues(pos + 2) && continues(pos + 3) ? 4 : 0;
  }
  return 0;
}

bool IsValidUtf8(std::string_view text) {
  for (std::size_t pos = 0; pos < text.size();) {
    if (std::uint64_t eight = 0; pos + sizeof eight <= text.size()) {
      std::memcpy(&eight, text.data() + pos, sizeof eight);
      if ((eight & 0x8080'8080'8080'8080u) == 0) {   // ASCII, as most texts are
        pos += sizeof eight;
        continue;
      }
    }
    const std::size_t length = SequenceLength(text, pos);
    if (length == 0) return false;
    pos += length;
  }
  return true;
}

std::size_t PlainJsonPrefix(std::string_view text) {
  constexpr std::uint64_t kEach = 0x0101'0101'0101'0101u, kHigh = 0x80 * kEach;
  // The high bit of each byte that is zero in `x`, or that follows one that is: good enough to ask for any.
  const auto zeros = [](std::uint64_t x) { return (x - kEach) & ~x & kHigh; };
  const auto plain = [&](std::size_t at) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data() + at, sizeof eight);
    const std::uint64_t below_blank = (eight - 0x20 * kEach) & ~eight & kHigh;
    return ((eight & kHigh) | below_blank | zeros(eight ^ ('"' * kEach)) | zeros(eight ^ ('\\' * kEach))) == 0;
  };
  std::size_t pos = 0;
#if defined(__SSE2__)
  // As signed numbers the bytes from 0x80 on are below the blank, too.
  const __m128i blank = _mm_set1_epi8(0x20), quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
  const auto others = [&](std::size_t at) {
    const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(
        _mm_cmplt_epi8(all, blank), _mm_or_si128(_mm_cmpeq_epi8(all, quote), _mm_cmpeq_epi8(all, backslash)))));
  };
  constexpr std::size_t kAtOnce = 16;
  for (; pos + kAtOnce <= text.size(); pos += kAtOnce) {
    if (const unsigned found = others(pos); found != 0) return pos + static_cast<std::size_t>(std::countr_zero(found));
  }
  if (text.size() >= kAtOnce) {   // the rest together with what was seen before it
    const unsigned found = others(text.size() - kAtOnce);
    return found == 0 ? text.size() : text.size() - kAtOnce + static_cast<std::size_t>(std::countr_zero(found));
  }
#endif
  for (; pos + 8 <= text.size(); pos += 8) {
    if (!plain(pos)) return pos;
  }
  // The rest together with what was seen before it.
  if (pos < text.size() && text.size() >= 8 && plain(text.size() - 8)) return text.size();
  for (; pos < text.size(); ++pos) {
    const auto c = static_cast<unsigned char>(text[pos]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
  }
  return pos;
}

void AppendUtf8(std::uint32_t c, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 63));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 63));
    put(0x80 | (c & 63));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 63));
    put(0x80 | (c >> 6 & 63));
    put(0x80 | (c & 63));
  }
}

std::uint32_t NextCodePoint(std::string_view text, std::size_t& pos) {
  const auto at = [&](std::size_t i) { return std::uint32_t{static_cast<std::uint8_t>(text[i])}; };
  const std::size_t length = SequenceLength(text, pos);
  const std::size_t start = pos;
  pos += length == 0 ? 1 : length;
  switch (length) {
    case 1: return at(start);
    case 2: return (at(start) & 31) << 6 | (at(start + 1) & 63);
    case 3: return (at(start) & 15) << 12 | (at(start + 1) & 63) << 6 | (at(start + 2) & 63);
    case 4:
      return (at(start) & 7) << 18 | (at(start + 1) & 63) << 12 | (at(start + 2) & 63) << 6 | (at(start + 3) & 63);
    default: return 0xfffd;
  }
}

bool Utf16Less(std::string_view a, std::string_view b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const std::uint32_t x = NextCodePoint(a, i);
    const std::uint32_t y = NextCodePoint(b, j);
    if (x == y) continue;
    const auto first_unit = [](std::uint32_t c) { return c < 0x10000 ? c : 0xd800 + ((c - 0x10000) >> 10); };
    const std::uint32_t ux = first_unit(x), uy = first_unit(y);
    return ux != uy ? ux < uy : x < y;
  }
  return i == a.size() && j < b.size();
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t length = SequenceLength(text, pos);
    if (length == 0) {
      out += "\xef\xbf\xbd";
      ++pos;
    } else {
      out.append(text, pos, length);
      pos += length;
    }
  }
  return out;
}

}  // namespace intentgate::base
