#include "base/encoding.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/base64_blocks.h"

namespace intentgate::base {
namespace {

constexpr char kUrlAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr char kStdAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// What a character at each place of a group of four adds to the group's 24 bits; the bit above them marks a
// character outside the alphabet.
constexpr std::uint32_t kInvalid = 1u << 24;
constexpr std::size_t kWorthBlocks = 32;  // characters or bytes
struct Reverse {
  std::array<std::array<std::uint32_t, 256>, 4> places{};
  Base64Rows rows;
};
constexpr Reverse ReverseOf(const char* alphabet) {
  Reverse reverse{.places = {}, .rows = RowsOf(alphabet)};
  for (std::uint32_t place = 0; place < 4; ++place) {
    for (auto& entry : reverse.places[place]) entry = kInvalid;
    for (std::uint32_t i = 0; i < 64; ++i) reverse.places[place][static_cast<std::uint8_t>(alphabet[i])] = i << (18 - 6 * place);
  }
  return reverse;
}
constexpr Reverse kUrlReverse = ReverseOf(kUrlAlphabet);
constexpr Reverse kStdReverse = ReverseOf(kStdAlphabet);

// The two characters of each twelve bits.
struct Forward {
  std::array<std::array<char, 2>, 4096> pairs{};
  Base64Rows rows;
};
constexpr Forward ForwardOf(const char* alphabet) {
  Forward forward{.pairs = {}, .rows = RowsOf(alphabet)};
  for (std::size_t i = 0; i < forward.pairs.size(); ++i) forward.pairs[i] = {alphabet[i >> 6], alphabet[i & 63]};
  return forward;
}
constexpr Forward kUrlForward = ForwardOf(kUrlAlphabet);
constexpr Forward kStdForward = ForwardOf(kStdAlphabet);

constexpr std::array<std::array<char, 2>, 256> HexPairs() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kDigits[i >> 4], kDigits[i & 15]};
  return pairs;
}
constexpr auto kHexPairs = HexPairs();

std::uint64_t BigEndian(std::uint64_t n) { return std::endian::native == std::endian::big ? n : __builtin_bswap64(n); }

// The characters of `bytes`; returns the end of what it wrote.
char* EncodeInto(std::span<const std::uint8_t> bytes, const Forward& forward, char* p) {
  const auto put = [&](std::uint64_t twelve_bits) {
    std::memcpy(p, forward.pairs[twelve_bits & 4095].data(), 2);
    p += 2;
  };
  std::size_t i = 0;
  if (bytes.size() >= kWorthBlocks && HasBase64Blocks()) {
    i = EncodeBlocks(bytes.data(), bytes.size(), forward.rows, p);
    p += i / 3 * 4;
  }
  // Six bytes are loaded as eight, so two more must follow.
  for (; i + 8 <= bytes.size(); i += 6) {
    std::uint64_t v = 0;
    std::memcpy(&v, bytes.data() + i, sizeof v);
    v = BigEndian(v);
    for (const int shift : {52, 40, 28, 16}) put(v >> shift);
  }
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t v = std::uint32_t{bytes[i]} << 16 | std::uint32_t{bytes[i + 1]} << 8 | bytes[i + 2];
    put(v >> 12);
    put(v);
  }
  const std::size_t rest = bytes.size() - i;
  if (rest == 1) {
    put(std::uint32_t{bytes[i]} << 4);
  } else if (rest == 2) {
    const std::uint32_t v = std::uint32_t{bytes[i]} << 16 | std::uint32_t{bytes[i + 1]} << 8;
    put(v >> 12);
    *p++ = forward.pairs[v & 4095][0];
  }
  return p;
}

void Append(std::span<const std::uint8_t> bytes, const Forward& forward, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + Base64UrlSize(bytes.size()));
  EncodeInto(bytes, forward, out.data() + start);
}

// What is wrong with the text, or null; writes text.size() * 3 / 4 bytes.
const char* DecodeInto(std::string_view text, const Reverse& reverse, std::uint8_t* p) {
  if (text.size() % 4 == 1) return "base64: impossible length";
  const auto* s = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto& places = reverse.places;
  const auto group = [&](std::size_t at) {
    return places[0][s[at]] | places[1][s[at + 1]] | places[2][s[at + 2]] | places[3][s[at + 3]];
  };
  std::uint32_t seen = 0;
  std::size_t i = 0;
  if (text.size() >= kWorthBlocks && HasBase64Blocks()) {
    const auto decode = HasWideBase64Blocks() ? DecodeWideBlocks : DecodeBlocks;
    const DecodedBlocks blocks = decode(s, text.size(), reverse.rows, p);
    if (!blocks.valid) seen = kInvalid;
    i = blocks.chars;
    p += i / 4 * 3;
  }
  // Two groups are six bytes and are stored as eight, so two more must follow.
  for (; i + 11 <= text.size(); i += 8) {
    const std::uint32_t a = group(i), b = group(i + 4);
    seen |= a | b;
    const std::uint64_t bytes = BigEndian(std::uint64_t{a & 0xffffff} << 40 | std::uint64_t{b & 0xffffff} << 16);
    std::memcpy(p, &bytes, sizeof bytes);
    p += 6;
  }
  for (; i + 4 <= text.size(); i += 4) {
    const std::uint32_t v = group(i);
    seen |= v;
    *p++ = static_cast<std::uint8_t>(v >> 16);
    *p++ = static_cast<std::uint8_t>(v >> 8);
    *p++ = static_cast<std::uint8_t>(v);
  }
  const std::size_t rest = text.size() - i;
  std::uint32_t last = 0;
  if (rest > 0) last = places[0][s[i]] | places[1][s[i + 1]] | (rest == 3 ? places[2][s[i + 2]] : 0);
  if ((seen | last) & kInvalid) return "base64: character outside the alphabet";
  if (rest == 0) return nullptr;
  if (last & (rest == 2 ? 0xffffu : 0xffu)) return "base64: non-zero bits after the last byte";
  *p++ = static_cast<std::uint8_t>(last >> 16);
  if (rest == 3) *p++ = static_cast<std::uint8_t>(last >> 8);
  return nullptr;
}

template <typename Out>
Status Decode(std::string_view text, const Reverse& reverse, Out& out) {
  out.resize(text.size() * 3 / 4);
  const char* wrong = DecodeInto(text, reverse, reinterpret_cast<std::uint8_t*>(out.data()));
  if (wrong != nullptr) return Error{ErrorCode::kMalformed, wrong};
  return {};
}

}  // namespace

std::string Base64UrlEncode(std::span<const std::uint8_t> bytes) {
  std::string out;
  Append(bytes, kUrlForward, out);
  return out;
}

void Base64UrlAppend(std::span<const std::uint8_t> bytes, std::string& out) { Append(bytes, kUrlForward, out); }

char* Base64UrlEncodeInto(std::span<const std::uint8_t> bytes, char* out) { return EncodeInto(bytes, kUrlForward, out); }

Result<Bytes> Base64UrlDecode(std::string_view text) {
  Bytes out;
  if (Status s = Decode(text, kUrlReverse, out); !s.ok()) return s.error();
  return out;
}

bool Base64UrlDecodeInto(std::string_view text, std::uint8_t* out) {
  return DecodeInto(text, kUrlReverse, out) == nullptr;
}

Result<std::string> Base64UrlDecodeText(std::string_view text) {
  std::string out;
  if (Status s = Decode(text, kUrlReverse, out); !s.ok()) return s.error();
  return out;
}

std::string Base64Encode(std::span<const std::uint8_t> bytes) {
  std::string out;
  Append(bytes, kStdForward, out);
  out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

Result<Bytes> Base64Decode(std::string_view text) {
  if (text.size() % 4 != 0) return Error{ErrorCode::kMalformed, "base64: length is no multiple of four"};
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  Bytes out;
  if (Status s = Decode(text, kStdReverse, out); !s.ok()) return s.error();
  return out;
}

void HexEncodeInto(std::span<const std::uint8_t> bytes, char* out) {
  for (const std::uint8_t b : bytes) {
    std::memcpy(out, kHexPairs[b].data(), 2);
    out += 2;
  }
}

std::string HexEncode(std::span<const std::uint8_t> bytes) {
  std::string out(bytes.size() * 2, '0');
  HexEncodeInto(bytes, out.data());
  return out;
}

bool HexDecodeInto(std::string_view text, std::uint8_t* out) {
  if (text.size() % 2 != 0) return false;
  std::size_t at = 0;
  if constexpr (std::endian::native == std::endian::little) {
    // Eight digits in one word: what each is worth, and whether that is written like this.
    constexpr std::uint64_t kEach = 0x0101'0101'0101'0101u;
    for (; at + 8 <= text.size(); at += 8) {
      std::uint64_t digits = 0;
      std::memcpy(&digits, text.data() + at, sizeof digits);
      std::uint64_t worth = (digits & 0x0f * kEach) + 9 * (digits >> 6 & kEach);
      const std::uint64_t letters = (worth + 6 * kEach) >> 4 & kEach;
      const std::uint64_t written = worth + '0' * kEach + ('a' - '9' - 1) * letters;
      if (((written ^ digits) | (worth & 0xf0 * kEach)) != 0) return false;
      worth = (worth << 4 | worth >> 8) & 0x00ff'00ff'00ff'00ffu;
      worth = (worth | worth >> 8) & 0x0000'ffff'0000'ffffu;
      const auto four = static_cast<std::uint32_t>(worth | worth >> 16);
      std::memcpy(out, &four, sizeof four);
      out += sizeof four;
    }
  }
  const auto worth = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  for (; at < text.size(); at += 2) {
    const int high = worth(text[at]), low = worth(text[at + 1]);
    if (high < 0 || low < 0) return false;
    *out++ = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

Result<Bytes> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) return Error{ErrorCode::kMalformed, "hex: odd length"};
  Bytes out(text.size() / 2);
  if (!HexDecodeInto(text, out.data())) return Error{ErrorCode::kMalformed, "hex: not a lower-case hexadecimal digit"};
  return out;
}

}  // namespace intentgate::base
