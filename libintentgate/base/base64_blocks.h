// Base64 text of sixteen or thirty-two characters at a time, where the processor can (SSSE3, AVX2); elsewhere it leaves
// all to the caller.
//
// A character's upper four bits select a row of the ASCII table, and every row has one number that turns its characters
// into their six bits, but for the alphabet's last character. Whether a character belongs to the alphabet is a bit: each row has
// one, and the lower four bits select the rows in which a character at that place belongs. Two multiplications join four
// times six bits to three bytes; on the way back two others part them, and the number to add depends on the range of the bits.
// Tested by tests/unit/base/encoding_test.cc, which compares it with one character after the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace intentgate::base {

// An alphabet of base64 by the sixteen rows of the ASCII table.
struct Base64Rows {
  char last = 0;                             // its 64th character
  std::uint8_t last_adds = 0;                // beside what its row adds
  std::array<std::uint8_t, 16> adds{};       // by row
  std::array<std::uint8_t, 16> row_bit{};    // by row
  std::array<std::uint8_t, 16> rows_with{};  // by the lower four bits
  std::array<std::uint8_t, 16> to_char{};    // what to add to six bits: 0-25 at 13, 26-51 at 0, then one each from 52 on
};

// REQUIRES: 64 characters of ASCII, beginning with the letters and digits; the 63rd has no letter or digit in its row.
constexpr Base64Rows RowsOf(const char* alphabet) {
  Base64Rows rows{.last = alphabet[63]};
  for (std::uint8_t i = 0; i < 64; ++i) {
    const auto c = static_cast<std::uint8_t>(alphabet[i]);
    const auto row_bit = static_cast<std::uint8_t>(1u << (c >> 4));
    rows.row_bit[c >> 4] = row_bit;
    rows.rows_with[c & 15] = static_cast<std::uint8_t>(rows.rows_with[c & 15] | row_bit);
    if (i < 63) rows.adds[c >> 4] = static_cast<std::uint8_t>(i - c);
    rows.to_char[i < 26 ? 13 : i < 52 ? 0 : i - 51] = static_cast<std::uint8_t>(c - i);
  }
  rows.last_adds = static_cast<std::uint8_t>(63 - alphabet[63] - rows.adds[static_cast<std::uint8_t>(alphabet[63]) >> 4]);
  return rows;
}

struct DecodedBlocks {
  std::size_t chars = 0;  // how many were taken, a multiple of sixteen; as many as fit what is stored at once
  bool valid = true;
};

#if defined(__x86_64__)

inline bool HasBase64Blocks() { return __builtin_cpu_supports("ssse3") != 0; }

__attribute__((target("ssse3"))) inline __m128i LoadBlock(const std::uint8_t* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

inline bool HasWideBase64Blocks() { return __builtin_cpu_supports("avx2") != 0; }

// As DecodeBlocks, thirty-two characters at a time. REQUIRES: HasWideBase64Blocks().
__attribute__((target("avx2"))) inline DecodedBlocks DecodeWideBlocks(const std::uint8_t* text, std::size_t size,
                                                                      const Base64Rows& rows, std::uint8_t* out) {
  const __m256i adds = _mm256_broadcastsi128_si256(LoadBlock(rows.adds.data()));
  const __m256i row_bit = _mm256_broadcastsi128_si256(LoadBlock(rows.row_bit.data()));
  const __m256i rows_with = _mm256_broadcastsi128_si256(LoadBlock(rows.rows_with.data()));
  const __m256i last = _mm256_set1_epi8(rows.last), last_adds = _mm256_set1_epi8(static_cast<char>(rows.last_adds));
  const __m256i to_bytes = _mm256_broadcastsi128_si256(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  const __m256i join = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
  __m256i wrong = _mm256_setzero_si256();
  DecodedBlocks done;
  // Twenty-four bytes are stored as thirty-two, so eight more must follow: eleven characters.
  for (; size - done.chars >= 43; done.chars += 32, out += 24) {
    const __m256i c = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + done.chars));
    const __m256i row = _mm256_and_si256(_mm256_srli_epi16(c, 4), _mm256_set1_epi8(15));
    const __m256i belongs = _mm256_and_si256(_mm256_shuffle_epi8(rows_with, c), _mm256_shuffle_epi8(row_bit, row));
    wrong = _mm256_or_si256(wrong, _mm256_cmpeq_epi8(belongs, _mm256_setzero_si256()));
    const __m256i to_bits =
        _mm256_add_epi8(_mm256_shuffle_epi8(adds, row), _mm256_and_si256(_mm256_cmpeq_epi8(c, last), last_adds));
    const __m256i twelve = _mm256_maddubs_epi16(_mm256_add_epi8(c, to_bits), _mm256_set1_epi32(0x01400140));
    const __m256i twenty_four = _mm256_madd_epi16(twelve, _mm256_set1_epi32(0x00011000));
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(twenty_four, to_bytes), join);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
  }
  done.valid = _mm256_movemask_epi8(wrong) == 0;
  return done;
}

// REQUIRES: HasBase64Blocks().
__attribute__((target("ssse3"))) inline DecodedBlocks DecodeBlocks(const std::uint8_t* text, std::size_t size,
                                                                   const Base64Rows& rows, std::uint8_t* out) {
  const __m128i adds = LoadBlock(rows.adds.data()), row_bit = LoadBlock(rows.row_bit.data());
  const __m128i rows_with = LoadBlock(rows.rows_with.data());
  const __m128i last = _mm_set1_epi8(rows.last), last_adds = _mm_set1_epi8(static_cast<char>(rows.last_adds));
  const __m128i to_bytes = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  __m128i wrong = _mm_setzero_si128();
  DecodedBlocks done;
  // Twelve bytes are stored as sixteen, so four more must follow: six characters.
  for (; size - done.chars >= 22; done.chars += 16, out += 12) {
    const __m128i c = LoadBlock(text + done.chars);
    const __m128i row = _mm_and_si128(_mm_srli_epi16(c, 4), _mm_set1_epi8(15));
    // A character beyond ASCII selects no place in a row at all.
    const __m128i belongs = _mm_and_si128(_mm_shuffle_epi8(rows_with, c), _mm_shuffle_epi8(row_bit, row));
    wrong = _mm_or_si128(wrong, _mm_cmpeq_epi8(belongs, _mm_setzero_si128()));
    const __m128i to_bits = _mm_add_epi8(_mm_shuffle_epi8(adds, row), _mm_and_si128(_mm_cmpeq_epi8(c, last), last_adds));
    const __m128i twelve = _mm_maddubs_epi16(_mm_add_epi8(c, to_bits), _mm_set1_epi32(0x01400140));
    const __m128i twenty_four = _mm_madd_epi16(twelve, _mm_set1_epi32(0x00011000));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(twenty_four, to_bytes));
  }
  done.valid = _mm_movemask_epi8(wrong) == 0;
  return done;
}

// Writes 16 characters for each 12 bytes and returns how many bytes it took. REQUIRES: HasBase64Blocks().
__attribute__((target("ssse3"))) inline std::size_t EncodeBlocks(const std::uint8_t* bytes, std::size_t size,
                                                                 const Base64Rows& rows, char* out) {
  const __m128i to_char = LoadBlock(rows.to_char.data());
  // The three bytes of each four characters, as two overlapping pairs.
  const __m128i to_pairs = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  std::size_t done = 0;
  // Twelve bytes are loaded as sixteen, so four more must follow.
  for (; size - done >= 16; done += 12, out += 16) {
    const __m128i pairs = _mm_shuffle_epi8(LoadBlock(bytes + done), to_pairs);
    // A multiplication shifts each half pair by a number of its own.
    const __m128i even = _mm_mulhi_epu16(_mm_and_si128(pairs, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
    const __m128i odd = _mm_mullo_epi16(_mm_and_si128(pairs, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
    const __m128i six = _mm_or_si128(even, odd);
    const __m128i is_upper = _mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), six), _mm_set1_epi8(13));
    const __m128i range = _mm_or_si128(_mm_subs_epu8(six, _mm_set1_epi8(51)), is_upper);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_add_epi8(six, _mm_shuffle_epi8(to_char, range)));
  }
  return done;
}

#else

inline bool HasBase64Blocks() { return false; }
inline bool HasWideBase64Blocks() { return false; }
inline DecodedBlocks DecodeBlocks(const std::uint8_t*, std::size_t, const Base64Rows&, std::uint8_t*) { return {}; }
inline DecodedBlocks DecodeWideBlocks(const std::uint8_t*, std::size_t, const Base64Rows&, std::uint8_t*) { return {}; }
inline std::size_t EncodeBlocks(const std::uint8_t*, std::size_t, const Base64Rows&, char*) { return 0; }

#endif

}  // namespace intentgate::base
