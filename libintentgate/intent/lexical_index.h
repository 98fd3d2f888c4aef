// BM25 over a tool catalogue: which tools do these words speak of?
//
// A tool is a document of three fields: the words of its name count three times, those of its
// description and parameter names once. A word's weight is its rarity in the catalogue. Words of one
// meaning ("erase", "delete") match each other at half the weight.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <intentgate/intent.h>

#include "base/string_map.h"
#include "intent/verbs.h"
#include "intent/words.h"

namespace intentgate::intent {

struct ScoredTool {
  std::size_t tool = 0;
  double score = 0;
  double coverage = 0;             // 0 to 1: how much of the query's weight this tool explains
  bool fits = false;               // matched by more than verbs that every tool has
  std::vector<std::string> terms;  // the tool's words that matched, in the order of the query
};

// Best score first, equal scores in catalogue order.
void SortBestFirst(std::vector<ScoredTool>& tools);

// Immutable, thread-safe.
class LexicalIndex {
 public:
  LexicalIndex(std::span<const ToolInfo> catalogue, const VerbTable& verbs);

  // The tools with a score, best first.
  std::vector<ScoredTool> Rank(std::span<const Word> query) const;

  const std::vector<std::string>& names() const { return names_; }
  // The verb groups of a tool, one flag each.
  const std::vector<bool>& verbs_of(std::size_t tool) const { return tool_verbs_[tool]; }

 private:
  struct Posting {
    std::uint32_t tool;
    bool in_name;
    double weight;
  };
  struct Term {
    std::string text;
    bool generic = false;  // a verb of some group or a reading verb
    double idf = 0;
    std::vector<Posting> postings;
  };
  struct Match;

  void AddTool(const ToolInfo& tool, const VerbTable& verbs);
  void Finish();
  void MatchWord(const Word& word, std::vector<Match>& best) const;

  std::vector<std::string> names_;
  std::vector<std::vector<bool>> tool_verbs_;
  std::vector<bool> all_generic_;  // the name has nothing but generic words
  std::vector<double> lengths_;
  std::unordered_map<std::string, Term, base::StringHash, base::StringEq> terms_;
};

}  // namespace intentgate::intent
