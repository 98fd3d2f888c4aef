// An event's canonical text as a row has it: in a third of its bytes, since what an event costs the store is mostly the bytes of its row, which are
// copied and written twice. Names and words that the format has are one or two bytes; hex and UUIDs their own bytes; all else stands as it is.
// Exact: Unpack gives the bytes that are hashed, and a text that could not come back is not packed. Included by this folder only.
//
//   packed = 0x01, then for each step one of
//     0x00..0x1f   a word of the first table
//     0xfc         a time in quotes, 2026-11-29T18:11:39.431207Z: 7 bytes with two of its digits each, the number of digits behind the point (0: no
//                  point), and these, two in a byte and the last one alone in the high half of its byte
//     0xfd         a UUID: 16 bytes, in quotes
//     0xfe n       n bytes: 2 n digits of lower-case hex, in quotes
//     0xff k       word k of the second table
//     any other    itself
//
// None of these bytes stands in a canonical text, which is UTF-8 without control characters below the blank. docs/design/audit.md has the reason.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace intentgate::store {

// Puts the packed form of `text` into `out`, which keeps its memory. False, with `out` of no use: the text has a byte that could not come back.
bool PackText(std::string_view text, std::string& out);

// The text, or nullopt for bytes that PackText does not write: a damaged row, or one of a later format. Never longer than `most`.
std::optional<std::string> UnpackText(std::string_view packed, std::size_t most);

}  // namespace intentgate::store
