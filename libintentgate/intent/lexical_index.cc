#include "intent/lexical_index.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "intent/synonyms.h"

namespace intentgate::intent {
namespace {

// BM25's usual saturation; little length normalisation, for a long description is no padding here.
constexpr double kSaturation = 1.2;
constexpr double kLengthNorm = 0.3;
constexpr double kNameWeight = 3.0;
constexpr double kSynonymWeight = 0.5;
// Of a tool's description; what stands behind is examples and boilerplate.
constexpr std::size_t kMaxDescriptionWords = 200;

}  // namespace

void SortBestFirst(std::vector<ScoredTool>& tools) {
  std::sort(tools.begin(), tools.end(), [](const ScoredTool& a, const ScoredTool& b) {
    return a.score != b.score ? a.score > b.score : a.tool < b.tool;
  });
}

struct LexicalIndex::Match {
  double score = 0;
  const Term* term = nullptr;
  bool in_name = false;
};

LexicalIndex::LexicalIndex(std::span<const ToolInfo> catalogue, const VerbTable& verbs) {
  for (const ToolInfo& tool : catalogue.first(std::min(catalogue.size(), kMaxIntentTools))) AddTool(tool, verbs);
  Finish();
}

void LexicalIndex::AddTool(const ToolInfo& tool, const VerbTable& verbs) {
  const auto id = static_cast<std::uint32_t>(names_.size());
  const std::vector<Word> name = SplitWords(tool.name);
  std::vector<Word> description = SplitWords(tool.description);
  if (description.size() > kMaxDescriptionWords) description.resize(kMaxDescriptionWords);
  names_.push_back(tool.name);
  tool_verbs_.push_back(verbs.OfTool(name, description));
  double length = 0;
  const auto add = [&](const Word& word, double weight, bool in_name) {
    if (IsStopWord(word.text)) return;
    Term& term = terms_[word.stem];
    if (term.text.empty()) {
      term.text = word.text;
      term.generic = IsReadVerb(word.stem) || verbs.Has(word.stem);
    }
    if (term.postings.empty() || term.postings.back().tool != id) term.postings.push_back({id, in_name, 0});
    term.postings.back().weight += weight;
    length += weight;
  };
  for (const Word& word : name) add(word, kNameWeight, true);
  for (const Word& word : description) add(word, 1, false);
  for (const std::string& parameter : tool.parameters) {
    for (const Word& word : SplitWords(parameter)) add(word, 1, false);
  }
  all_generic_.push_back(std::all_of(name.begin(), name.end(), [&](const Word& word) {
    return IsStopWord(word.text) || IsReadVerb(word.stem) || verbs.Has(word.stem);
  }));
  lengths_.push_back(length);
}

void LexicalIndex::Finish() {
  const double count = static_cast<double>(names_.size());
  double total = 0;
  for (const double length : lengths_) total += length;
  const double average = count > 0 && total > 0 ? total / count : 1;
  for (auto& [stem, term] : terms_) {
    const double with_it = static_cast<double>(term.postings.size());
    term.idf = std::log(1 + (count - with_it + 0.5) / (with_it + 0.5));
    for (Posting& posting : term.postings) {
      const double norm = 1 - kLengthNorm + kLengthNorm * lengths_[posting.tool] / average;
      posting.weight = term.idf * posting.weight * (kSaturation + 1) / (posting.weight + kSaturation * norm);
    }
  }
}

void LexicalIndex::MatchWord(const Word& word, std::vector<Match>& best) const {
  const auto use = [&](const std::string& stem, double factor) {
    const auto found = terms_.find(stem);
    if (found == terms_.end()) return;
    for (const Posting& posting : found->second.postings) {
      Match& match = best[posting.tool];
      if (factor * posting.weight > match.score) match = {factor * posting.weight, &found->second, posting.in_name};
    }
  };
  use(word.stem, 1);
  for (const std::string& synonym : SynonymsOf(word.stem)) {
    if (synonym != word.stem) use(synonym, kSynonymWeight);
  }
}

std::vector<ScoredTool> LexicalIndex::Rank(std::span<const Word> query) const {
  struct Sum {
    double score = 0, covered = 0;
    std::size_t topical = 0;
    bool name_hit = false, generic_hit = false;
    std::vector<std::string> terms;
  };
  std::vector<Sum> sums(names_.size());
  std::unordered_set<std::string_view> seen;
  const double unknown_weight = std::log(1.0 + static_cast<double>(names_.size())) / 2;
  double query_weight = 0;
  for (const Word& word : query) {
    if (IsStopWord(word.text) || !seen.insert(word.stem).second) continue;
    std::vector<Match> best(names_.size());
    MatchWord(word, best);
    double word_weight = 0;
    for (const Match& match : best) word_weight = std::max(word_weight, match.term == nullptr ? 0 : match.term->idf);
    if (word_weight == 0) word_weight = unknown_weight;
    query_weight += word_weight;
    for (std::size_t tool = 0; tool < best.size(); ++tool) {
      const Match& match = best[tool];
      if (match.term == nullptr) continue;
      Sum& sum = sums[tool];
      sum.score += match.score;
      sum.covered += word_weight;
      sum.topical += match.term->generic ? 0 : 1;
      sum.name_hit = sum.name_hit || (match.in_name && !match.term->generic);
      sum.generic_hit = sum.generic_hit || (match.in_name && match.term->generic);
      sum.terms.push_back(match.term->text);
    }
  }
  std::vector<ScoredTool> out;
  for (std::size_t tool = 0; tool < sums.size(); ++tool) {
    Sum& sum = sums[tool];
    if (sum.score <= 0) continue;
    // One topical word of the name, two of anywhere, one of anywhere with the name's verb, or a name of verbs only.
    const bool fits = sum.name_hit || sum.topical >= 2 || (sum.topical >= 1 && sum.generic_hit) ||
                      (sum.generic_hit && all_generic_[tool]);
    out.push_back({tool, sum.score, query_weight > 0 ? sum.covered / query_weight : 0, fits, std::move(sum.terms)});
  }
  SortBestFirst(out);
  return out;
}

}  // namespace intentgate::intent
