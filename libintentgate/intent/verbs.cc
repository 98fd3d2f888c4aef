#include "intent/verbs.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace intentgate::intent {
namespace {

bool Holds(const std::vector<std::string>& stems, const std::string& stem) {
  return std::find(stems.begin(), stems.end(), stem) != stems.end();
}

bool IsNegation(std::string_view word) {
  static constexpr std::array<std::string_view, 12> kWords = {"not",  "never", "dont",   "doesnt",  "cannot", "cant",
                                                              "wont", "no",    "without", "shouldnt", "avoid",  "nor"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

// How far in front of a verb a negation reaches: "do not ever again delete".
constexpr std::size_t kNegationReach = 3;

bool IsNegated(const std::vector<Word>& words, std::size_t i) {
  for (std::size_t back = 1; back <= kNegationReach && back <= i; ++back) {
    if (IsNegation(words[i - back].text)) return true;
  }
  return false;
}

std::vector<std::string> Stems(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (const std::string& word : words) out.push_back(Stem(word));
  return out;
}

}  // namespace

std::vector<VerbGroup> DefaultVerbGroups() {
  return {
      {"delete", {"delete", "remove", "drop", "purge", "erase", "destroy", "wipe", "unlink", "truncate", "discard"},
       {"clear", "trash", "clean"}},
      {"pay", {"transfer", "pay", "refund", "withdraw", "buy", "reimburse"}, {"charge", "purchase", "wire", "order", "deposit", "payout"}},
      {"send", {"send", "reply", "tell", "notify", "publish", "tweet", "invite"},
       {"email", "mail", "message", "post", "share", "forward", "text", "announce", "comment"}},
      {"write",
       {"write", "create", "save", "edit", "modify", "insert", "append", "rename", "move", "upload", "overwrite", "replace",
        "add", "put", "make", "generate", "draft", "mkdir"},
       {"update", "set", "change", "patch", "store", "commit", "copy", "book", "schedule", "open", "register", "fix", "mark"}},
      {"run", {"execute", "exec", "eval", "invoke", "deploy", "install", "launch"}, {"run", "start", "build", "shell", "test", "command"}},
      {"control",
       {"grant", "revoke", "approve", "disable", "enable", "kill", "terminate", "cancel", "restart", "shutdown", "suspend", "merge"},
       {"reset", "stop", "block", "close", "reboot", "lock", "unlock"}},
  };
}

bool IsReadVerb(const std::string& stem) {
  static const std::vector<std::string> kStems =
      Stems({"get", "list", "read", "search", "find", "fetch", "show", "view", "query", "describe", "count", "check", "lookup",
             "retrieve", "display", "look", "see", "browse", "inspect", "stat", "head", "tail", "summarize", "compare", "is"});
  return Holds(kStems, stem);
}

VerbTable::VerbTable(std::vector<VerbGroup> groups) {
  for (VerbGroup& group : groups) {
    groups_.push_back({std::move(group.name), Stems(group.verbs), Stems(group.ambiguous)});
  }
}

bool VerbTable::Has(const std::string& stem) const {
  return std::any_of(groups_.begin(), groups_.end(), [&stem](const Group& group) {
    return Holds(group.verb_stems, stem) || Holds(group.ambiguous_stems, stem);
  });
}

std::vector<bool> VerbTable::OfTool(const std::vector<Word>& name, const std::vector<Word>& description) const {
  std::vector<bool> out(groups_.size(), false);
  bool reads = !description.empty() && IsReadVerb(description.front().stem);
  const auto look = [&](const Word& word) {
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const bool verb = Holds(groups_[g].verb_stems, word.stem) && !(reads && word.text.ends_with("ed"));
      if (verb || (!reads && Holds(groups_[g].ambiguous_stems, word.stem))) out[g] = true;
    }
  };
  for (const Word& word : name) {
    reads = reads || IsReadVerb(word.stem);
    look(word);
  }
  if (!description.empty()) look(description.front());
  return out;
}

std::vector<bool> VerbTable::OfPrompt(const std::vector<Word>& words) const {
  std::vector<bool> out(groups_.size(), false);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (IsNegated(words, i)) continue;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      if (Holds(groups_[g].verb_stems, words[i].stem) ||
          (words[i].starts_clause && Holds(groups_[g].ambiguous_stems, words[i].stem))) {
        out[g] = true;
      }
    }
  }
  return out;
}

}  // namespace intentgate::intent
