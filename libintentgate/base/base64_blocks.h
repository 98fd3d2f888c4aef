// Base64 text of sixteen characters at a time, where the processor can (SSSE3); elsewhere it leaves all to the caller.
//
// A character's six bits are the character plus a number that depends on its range, so five comparisons give both the
// bits and whether it belongs to the alphabet at all. Two multiplications then join four times six bits to three bytes.
// Tested by tests/unit/base/encoding_test.cc, which compares it with one character after the other.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <tmmintrin.h>
#endif

namespace intentgate::base {

struct DecodedBlocks {
  std::size_t chars = 0;  // how many were taken, a multiple of sixteen
  bool valid = true;
};

#if defined(__x86_64__)

// `c62` and `c63` are the alphabet's last two characters, neither a letter nor a digit.
__attribute__((target("ssse3"))) inline DecodedBlocks DecodeBlocks(const std::uint8_t* text, std::size_t size, char c62, char c63,
                                                                   std::uint8_t* out) {
  const auto all = [](int c) __attribute__((target("ssse3"))) { return _mm_set1_epi8(static_cast<char>(c)); };
  const __m128i to_bytes = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  __m128i valid = all(-1);
  DecodedBlocks done;
  // Twelve bytes are stored as sixteen, so four more must follow: six characters.
  for (; size - done.chars >= 22; done.chars += 16, out += 12) {
    const __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + done.chars));
    const __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(c, all('A' - 1)), _mm_cmpgt_epi8(all('Z' + 1), c));
    const __m128i lower = _mm_and_si128(_mm_cmpgt_epi8(c, all('a' - 1)), _mm_cmpgt_epi8(all('z' + 1), c));
    const __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(c, all('0' - 1)), _mm_cmpgt_epi8(all('9' + 1), c));
    const __m128i is62 = _mm_cmpeq_epi8(c, all(c62)), is63 = _mm_cmpeq_epi8(c, all(c63));
    const __m128i letters = _mm_or_si128(_mm_and_si128(upper, all(-'A')), _mm_and_si128(lower, all(26 - 'a')));
    const __m128i others = _mm_or_si128(_mm_and_si128(is62, all(62 - c62)), _mm_and_si128(is63, all(63 - c63)));
    const __m128i to_bits = _mm_or_si128(_mm_or_si128(letters, others), _mm_and_si128(digit, all(52 - '0')));
    valid = _mm_and_si128(valid, _mm_or_si128(_mm_or_si128(upper, lower), _mm_or_si128(digit, _mm_or_si128(is62, is63))));
    const __m128i twelve = _mm_maddubs_epi16(_mm_add_epi8(c, to_bits), _mm_set1_epi32(0x01400140));
    const __m128i twenty_four = _mm_madd_epi16(twelve, _mm_set1_epi32(0x00011000));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(twenty_four, to_bytes));
  }
  done.valid = _mm_movemask_epi8(valid) == 0xffff;
  return done;
}

inline bool CanDecodeBlocks() { return __builtin_cpu_supports("ssse3") != 0; }

#else

inline DecodedBlocks DecodeBlocks(const std::uint8_t*, std::size_t, char, char, std::uint8_t*) { return {}; }
inline bool CanDecodeBlocks() { return false; }

#endif

}  // namespace intentgate::base
