#include "intent/lexical_extractor.h"

#include <algorithm>
#include <span>
#include <utility>

#include "intent/query_check.h"

namespace intentgate::intent {
namespace {

constexpr const char* kModel = "lexical-1";
constexpr std::size_t kMaxRationaleBytes = 1024;
constexpr std::size_t kMaxPromptWords = 1024;
constexpr std::size_t kMaxClauses = 16;

// Pieces that may each ask for a tool of their own: "read the report and mail it to Ada".
std::vector<std::span<const Word>> Clauses(const std::vector<Word>& words) {
  std::vector<std::span<const Word>> out;
  std::size_t start = 0;
  for (std::size_t i = 1; i <= words.size() && out.size() < kMaxClauses; ++i) {
    if (i < words.size() && !words[i].starts_clause) continue;
    out.push_back(std::span(words).subspan(start, i - start));
    start = i;
  }
  return out;
}

// The words that are asked for: "do not delete" asks for nothing.
std::vector<Word> WithoutNegated(const std::vector<Word>& words) {
  std::vector<Word> out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!IsNegated(words, i)) out.push_back(words[i]);
  }
  return out;
}

void Add(std::vector<ScoredTool>& chosen, const std::vector<ScoredTool>& ranked, double ratio) {
  for (const ScoredTool& candidate : ranked) {
    if (candidate.score < ratio * ranked.front().score) return;
    const bool known =
        std::any_of(chosen.begin(), chosen.end(), [&](const ScoredTool& c) { return c.tool == candidate.tool; });
    if (!known) chosen.push_back(candidate);
  }
}

bool HasUnasked(const std::vector<bool>& verbs, const std::vector<bool>& asked) {
  for (std::size_t g = 0; g < verbs.size(); ++g) {
    if (verbs[g] && !asked[g]) return true;
  }
  return false;
}

// Coverage says how much of the prompt the best tool explains, the margin how far the others are behind.
// The scale is a rough fit to the prompts of tests/unit/intent, not a probability.
double Confidence(const std::vector<ScoredTool>& chosen) {
  if (chosen.empty()) return 0.2;
  const double margin = chosen.size() < 2 ? 1 : 1 - std::min(1.0, chosen[1].score / chosen[0].score);
  return std::clamp(0.3 + 0.4 * chosen[0].coverage + 0.2 * margin, 0.0, 0.9);
}

std::string Rationale(const LexicalIndex& index, const std::vector<ScoredTool>& chosen) {
  if (chosen.empty()) return "no tool of the catalogue fits the words of the prompt";
  std::string out;
  for (const ScoredTool& tool : chosen) {
    if (out.size() > kMaxRationaleBytes) return out + "; ...";
    if (!out.empty()) out += "; ";
    out += index.names()[tool.tool] + " matches";
    for (std::size_t i = 0; i < tool.terms.size(); ++i) out += (i == 0 ? " " : ", ") + tool.terms[i];
  }
  return out;
}

}  // namespace

LexicalExtractor::LexicalExtractor(LexicalOptions options)
    : options_(std::move(options)), verbs_(options_.verb_groups) {}

std::shared_ptr<const LexicalIndex> LexicalExtractor::IndexFor(const IntentQuery& query) {
  const std::string digest(query.catalogue_digest);
  if (!digest.empty()) {
    const std::lock_guard lock(mutex_);
    const auto found = indexes_.find(digest);
    if (found != indexes_.end()) return found->second;
  }
  auto index = std::make_shared<const LexicalIndex>(query.catalogue, verbs_);
  if (!digest.empty()) {
    const std::lock_guard lock(mutex_);
    // Catalogues change rarely; starting over is simpler than remembering which was used last.
    if (indexes_.size() >= options_.max_indexes) indexes_.clear();
    indexes_.emplace(digest, index);
  }
  return index;
}

std::vector<ScoredTool> LexicalExtractor::RankAsked(const LexicalIndex& index, std::span<const Word> words,
                                                   const std::vector<bool>& asked) const {
  std::vector<ScoredTool> out;
  for (ScoredTool& tool : index.Rank(words)) {
    const std::vector<bool>& verbs = index.verbs_of(tool.tool);
    if (!tool.fits || HasUnasked(verbs, asked)) continue;
    if (std::find(verbs.begin(), verbs.end(), true) != verbs.end()) tool.score *= options_.verb_bonus;
    out.push_back(std::move(tool));
  }
  SortBestFirst(out);
  return out;
}

std::vector<ScoredTool> LexicalExtractor::Choose(const LexicalIndex& index, const std::vector<Word>& words,
                                                const std::vector<bool>& asked) const {
  std::vector<ScoredTool> chosen;
  Add(chosen, RankAsked(index, words, asked), options_.score_ratio);
  const std::vector<std::span<const Word>> clauses = Clauses(words);
  if (clauses.size() > 1) {
    for (const std::span<const Word> clause : clauses) {
      Add(chosen, RankAsked(index, clause, verbs_.OfPrompt(clause)), options_.clause_ratio);
    }
  }
  if (chosen.size() > options_.max_allowed) chosen.resize(options_.max_allowed);
  return chosen;
}

Result<Intent> LexicalExtractor::Extract(const IntentQuery& query) {
  if (Status prompt = CheckPrompt(query); !prompt.ok()) return prompt.error();
  if (query.catalogue.empty()) {
    return Error{ErrorCode::kUnavailable, "the tool catalogue is not known yet, so the intent cannot be judged"};
  }
  const std::shared_ptr<const LexicalIndex> index = IndexFor(query);
  std::vector<Word> words = SplitWords(query.prompt);
  if (words.size() > kMaxPromptWords) words.resize(kMaxPromptWords);
  const std::vector<bool> asked = verbs_.OfPrompt(words);
  const std::vector<ScoredTool> chosen = Choose(*index, WithoutNegated(words), asked);

  Intent intent;
  intent.model = kModel;
  intent.confidence = Confidence(chosen);
  intent.rationale = Rationale(*index, chosen);
  intent.summary = chosen.empty() ? "fits no tool" : "fits " + index->names()[chosen.front().tool];
  for (const ScoredTool& tool : chosen) intent.allowed_tools.push_back(index->names()[tool.tool]);
  for (std::size_t tool = 0; tool < index->names().size(); ++tool) {
    if (chosen.empty() || HasUnasked(index->verbs_of(tool), asked))
      intent.forbidden_tools.push_back(index->names()[tool]);
  }
  return intent;
}

}  // namespace intentgate::intent
