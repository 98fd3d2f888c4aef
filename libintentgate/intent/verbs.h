// Verbs that change something, and whether a prompt asks for them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "intent/words.h"

namespace intentgate::intent {

// Verbs of one effect: a prompt that shows one of them asks for tools named by any of them.
struct VerbGroup {
  std::string name;
  std::vector<std::string> verbs;
  // Also nouns in everyday prompts ("the last post"): in a prompt they count only where a clause starts.
  std::vector<std::string> ambiguous;
};

// delete, pay, send, write, run, control.
std::vector<VerbGroup> DefaultVerbGroups();

// "get", "list", "search" and their like: verbs that change nothing.
bool IsReadVerb(const std::string& stem);

// Whether a word such as "not" or "without" stands among the three words before words[i].
bool IsNegated(std::span<const Word> words, std::size_t i);

// Immutable, thread-safe.
class VerbTable {
 public:
  explicit VerbTable(std::vector<VerbGroup> groups);
  std::size_t size() const { return groups_.size(); }
  const std::string& name(std::size_t group) const { return groups_[group].name; }
  // Whether any group has the verb, ambiguous ones aside.
  bool Has(const std::string& stem) const;

  // The groups that a tool's name and the first word of its description show, one flag each. Beside a word
  // such as "get" or "list", participles and ambiguous words do not count: list_deleted_items, get_order.
  std::vector<bool> OfTool(const std::vector<Word>& name, const std::vector<Word>& description) const;
  // The groups that a prompt asks for. A verb with a negation among the three words before it is not asked for.
  std::vector<bool> OfPrompt(std::span<const Word> words) const;

 private:
  struct Group {
    std::string name;
    std::vector<std::string> verb_stems;
    std::vector<std::string> ambiguous_stems;
  };
  // Sets the flags of the groups that have the word; whether there was one.
  bool Mark(const Word& word, bool ambiguous, std::vector<bool>& out) const;

  std::vector<Group> groups_;
};

}  // namespace intentgate::intent
