// Base64url, base64 and hex, strictly: one text for each byte string and no other.
// All functions are pure and thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::base {

using Bytes = std::vector<std::uint8_t>;

inline std::span<const std::uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// RFC 4648 section 5 without padding.
std::string Base64UrlEncode(std::span<const std::uint8_t> bytes);
void Base64UrlAppend(std::span<const std::uint8_t> bytes, std::string& out);
// The number of its characters.
constexpr std::size_t Base64UrlSize(std::size_t bytes) { return (bytes * 4 + 2) / 3; }
// As Base64UrlEncode, into memory of the caller's: Base64UrlSize(bytes.size()) characters. Returns their end.
char* Base64UrlEncodeInto(std::span<const std::uint8_t> bytes, char* out);
// Refuses padding, blanks, line ends, the other alphabet and non-zero bits after the last byte.
Result<Bytes> Base64UrlDecode(std::string_view text);
// As Base64UrlDecode, into memory of the caller's: text.size() * 3 / 4 bytes. False when the text is
// refused; `out` is then partly written. For readers that cannot afford an allocation for each part.
[[nodiscard]] bool Base64UrlDecodeInto(std::string_view text, std::uint8_t* out);
// As Base64UrlDecode, into a string.
Result<std::string> Base64UrlDecodeText(std::string_view text);

// RFC 4648 section 4 with padding.
std::string Base64Encode(std::span<const std::uint8_t> bytes);
Result<Bytes> Base64Decode(std::string_view text);

// Lower case. Decoding accepts lower case only.
std::string HexEncode(std::span<const std::uint8_t> bytes);
// As HexEncode, into memory of the caller's: 2 * bytes.size() characters.
void HexEncodeInto(std::span<const std::uint8_t> bytes, char* out);
Result<Bytes> HexDecode(std::string_view text);
// As HexDecode, into memory of the caller's: text.size() / 2 bytes. False when the text is refused; `out` is then partly written.
[[nodiscard]] bool HexDecodeInto(std::string_view text, std::uint8_t* out);

}  // namespace intentgate::base
