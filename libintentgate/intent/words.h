// Text into words, the same way for prompts and for tool catalogues.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace intentgate::intent {

struct Word {
  std::string text;          // lower case
  std::string stem;          // text without its English inflection: "deletes" and "deleting" give "delet"
  bool starts_clause = false;  // first of the text, or behind a stop, a comma, "to", "and", "then", "please"
};

// Splits at everything that is no ASCII letter, digit or byte above 0x7f, at `aB` and at `ABc`, and
// between letters and digits. Apostrophes vanish: "don't" is "dont".
std::vector<Word> SplitWords(std::string_view text);

// REQUIRES: lower case.
std::string Stem(std::string_view word);

// Words that carry no topic: articles, prepositions, courtesies.
bool IsStopWord(std::string_view word);

}  // namespace intentgate::intent
