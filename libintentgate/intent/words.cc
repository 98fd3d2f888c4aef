#include "intent/words.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace intentgate::intent {
namespace {

enum class CharClass : std::uint8_t { kOther, kLower, kUpper, kDigit };

CharClass ClassOf(char c) {
  if ((c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80) return CharClass::kLower;
  if (c >= 'A' && c <= 'Z') return CharClass::kUpper;
  if (c >= '0' && c <= '9') return CharClass::kDigit;
  return CharClass::kOther;
}

// U+2019 as well, which word processors write.
bool SkipApostrophe(std::string_view text, std::size_t& pos) {
  if (text[pos] == '\'') return true;
  if (text.substr(pos, 3) != "\xe2\x80\x99") return false;
  pos += 2;
  return true;
}

// Whether a word ends between a character of class `before` and the one at `pos`.
bool IsBorder(CharClass before, std::string_view text, std::size_t pos) {
  const CharClass here = ClassOf(text[pos]);
  if (before == CharClass::kOther) return false;
  if ((before == CharClass::kDigit) != (here == CharClass::kDigit)) return true;
  if (here != CharClass::kUpper) return false;
  if (before == CharClass::kLower) return true;
  // The last capital of a run starts the next word: "HTTPServer".
  return pos + 1 < text.size() && ClassOf(text[pos + 1]) == CharClass::kLower;
}

bool OpensClause(std::string_view word) {
  static constexpr std::array<std::string_view, 9> kWords = {"to", "and",  "then",   "please", "also",
                                                             "or", "must", "should", "now"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace

std::vector<Word> SplitWords(std::string_view text) {
  std::vector<Word> words;
  std::string word;
  CharClass before = CharClass::kOther;
  bool clause = true;
  const auto finish = [&] {
    if (word.empty()) return;
    const bool opens = OpensClause(word);
    words.push_back({.text = word, .stem = Stem(word), .starts_clause = clause});
    clause = opens;
    word.clear();
  };
  for (std::size_t pos = 0; pos < text.size(); ++pos) {
    if (SkipApostrophe(text, pos)) continue;
    const char c = text[pos];
    const CharClass here = ClassOf(c);
    if (here == CharClass::kOther) {
      finish();
      clause = clause || std::string_view(".,;:!?\n").find(c) != std::string_view::npos;
    } else {
      if (IsBorder(before, text, pos)) finish();
      word += here == CharClass::kUpper ? static_cast<char>(c + 32) : c;
    }
    before = here;
  }
  finish();
  return words;
}

std::string Stem(std::string_view word) {
  std::string out(word);
  const auto drop = [&out](std::string_view suffix, std::size_t keep) {
    if (!out.ends_with(suffix) || out.size() < suffix.size() + keep) return false;
    out.resize(out.size() - suffix.size());
    return true;
  };
  if (drop("ies", 2)) {
    out += 'y';
  } else if (out.ends_with("s") && !out.ends_with("ss") && !out.ends_with("us") && !out.ends_with("is")) {
    drop("s", 3);
  }
  if (drop("ing", 3) || drop("ed", 3)) {
    // "running" -> "run", but "selling" -> "sell" stays.
    const std::size_t n = out.size();
    if (n > 3 && out[n - 1] == out[n - 2] && std::string_view("lsz").find(out[n - 1]) == std::string_view::npos)
      out.pop_back();
  }
  // "create" and "creating" meet at "creat", "copy" and "copied" at "copi".
  if (out.size() > 3 && out.ends_with('e')) out.pop_back();
  if (out.size() > 2 && out.ends_with('y')) out.back() = 'i';
  return out;
}

bool IsStopWord(std::string_view word) {
  static constexpr auto kWords = std::to_array<std::string_view>(
      {"a", "about", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "by", "can", "could", "did",
       "do", "does", "for", "from", "give", "had", "has", "have", "her", "him", "his", "how", "i", "if", "im", "in",
       "into", "is", "it", "its", "just", "like", "me", "my", "need", "now", "of", "on", "or", "our", "out", "over",
       "please", "she", "should", "so", "some", "that", "the", "their", "them", "then", "there", "they", "this",
       "to", "up", "us", "use", "using", "want", "was", "we", "were", "what", "when", "where", "which", "who",
       "will", "with", "would", "you", "your"});
  return std::binary_search(kWords.begin(), kWords.end(), word);
}

}  // namespace intentgate::intent
