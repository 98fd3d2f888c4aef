// The extractor that needs no service: it ranks the catalogue by the prompt's words.
//
// Allowed are the tools that fit the prompt, or one of its clauses, about as well as the best one does.
// Forbidden are the tools whose verb changes something (delete, pay, send, write, run, control) while
// the prompt asks for nothing of that kind. A prompt that fits no tool forbids all of them.
//
// It ranks well and refuses roughly: it knows English words and no meaning. docs/intent.md gives the
// measured figures.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <intentgate/intent.h>
#include <intentgate/result.h>

#include "intent/lexical_index.h"
#include "intent/verbs.h"

namespace intentgate::intent {

struct LexicalOptions {
  double score_ratio = 0.5;            // allowed: at least this part of the best score for the whole prompt
  double clause_ratio = 0.8;           // allowed: at least this part of the best score for one clause
  double verb_bonus = 1.3;             // factor for a tool whose effect the prompt asks for
  std::size_t max_allowed = 16;        // tools in allowed_tools
  std::size_t max_indexes = 32;        // catalogues kept ready, by digest
  std::vector<VerbGroup> verb_groups = DefaultVerbGroups();
};

// Thread-safe; deterministic for a prompt and a catalogue. Never blocks for long.
class LexicalExtractor final : public IntentExtractor {
 public:
  explicit LexicalExtractor(LexicalOptions options = {});

  // Also kUnavailable: the catalogue is empty, so that nothing is known about the tools.
  Result<Intent> Extract(const IntentQuery& query) override;

 private:
  std::shared_ptr<const LexicalIndex> IndexFor(const IntentQuery& query);
  // Tools that fit the words and whose every effect is asked for, best first.
  std::vector<ScoredTool> RankAsked(const LexicalIndex& index, std::span<const Word> words,
                                    const std::vector<bool>& asked) const;
  // Those for the whole prompt and for its clauses.
  std::vector<ScoredTool> Choose(const LexicalIndex& index, const std::vector<Word>& words,
                                 const std::vector<bool>& asked) const;

  const LexicalOptions options_;
  const VerbTable verbs_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const LexicalIndex>> indexes_;  // guarded by mutex_
};

}  // namespace intentgate::intent
