// Integers and texts as the bytes of our own binary formats: little endian, a text behind its length in four bytes. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace intentgate::base {

template <typename Integer>
void AppendLittle(Integer value, std::string& out) {
  char bytes[sizeof value];
  for (std::size_t i = 0; i < sizeof value; ++i) bytes[i] = static_cast<char>((value >> (8 * i)) & 0xff);
  out.append(bytes, sizeof value);
}

// REQUIRES: as many bytes.
template <typename Integer>
Integer ReadLittle(std::string_view bytes) {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value |= static_cast<Integer>(static_cast<Integer>(static_cast<unsigned char>(bytes[i])) << (8 * i));
  }
  return value;
}

// REQUIRES: shorter than 4 GiB.
inline void AppendLittleText(std::string_view text, std::string& out) {
  AppendLittle(static_cast<std::uint32_t>(text.size()), out);
  out += text;
}

// For formats whose texts are mostly short: a length is 1 byte, or 255 and 4 bytes.
inline constexpr std::uint8_t kLongLength = 255;
// REQUIRES: less than 4 Gi.
inline void AppendShortLength(std::size_t length, std::string& out) {
  if (length < kLongLength) return AppendLittle(static_cast<std::uint8_t>(length), out);
  AppendLittle(kLongLength, out);
  AppendLittle(static_cast<std::uint32_t>(length), out);
}
inline void AppendShortText(std::string_view text, std::string& out) {
  AppendShortLength(text.size(), out);
  out += text;
}

// Takes values from the front of bytes that may end anywhere; past their end everything is empty and `ok` false.
class LittleReader {
 public:
  explicit LittleReader(std::string_view bytes) : bytes_(bytes) {}

  std::string_view Bytes(std::size_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  template <typename Integer>
  Integer Number() {
    const std::string_view taken = Bytes(sizeof(Integer));
    return taken.empty() ? Integer{0} : ReadLittle<Integer>(taken);
  }
  std::size_t ShortLength() {
    const auto length = Number<std::uint8_t>();
    return length == kLongLength ? Number<std::uint32_t>() : length;
  }
  std::string_view ShortText() { return Bytes(ShortLength()); }
  std::string Text() { return std::string(Bytes(Number<std::uint32_t>())); }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace intentgate::base
