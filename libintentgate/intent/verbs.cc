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

}  // namespace

bool IsNegated(std::span<const Word> words, std::size_t i) {
  for (std::size_t back = 1; back <= kNegationReach && back <= i; ++back) {
    if (IsNegation(words[i - back].text)) return true;
  }
  return false;
}

namespace {

std::vector<std::string> Stems(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (const std::string& word : words) out.push_back(Stem(word));
  return out;
}

}  // namespace

std::vector<VerbGroup> DefaultVerbGroups() {
  return {
      {"delete",
       {"delete", "remove", "drop", "purge", "erase", "destroy", "wipe", "unlink", "truncate", "discard"},
       {"clear", "trash", "clean"}},
      {"pay",
       {"transfer", "pay", "refund", "withdraw", "buy", "reimburse"},
       {"charge", "purchase", "wire", "order", "deposit", "payout"}},
      {"send",
       {"send", "reply", "notify", "publish", "tweet", "invite"},
       {"email", "mail", "message", "post", "share", "forward", "announce", "comment"}},
      {"write",
       {"write", "create", "save", "edit", "modify", "insert", "append", "rename", "move", "upload", "overwrite",
        "replace", "add", "put", "make", "generate", "draft", "mkdir"},
       {"update", "set", "change", "patch", "store", "commit", "copy", "book", "schedule", "open", "register", "fix",
        "mark"}},
      {"run",
       {"execute", "exec", "eval", "invoke", "deploy", "install", "launch"},
       {"run", "start", "build", "shell", "test", "command"}},
      {"control",
       {"grant", "revoke", "approve", "disable", "enable", "kill", "terminate", "cancel", "restart", "shutdown",
        "suspend", "merge"},
       {"reset", "stop", "block", "close", "reboot", "lock", "unlock"}},
  };
}

bool IsReadVerb(const std::string& stem) {
  static const std::vector<std::string> kStems =
      Stems({"get",      "list",  "read",  "search", "find",      "fetch",   "show", "view", "query",
             "describe", "count", "check", "lookup", "retrieve",  "display", "look", "see",  "browse",
             "inspect",  "stat",  "head",  "tail",   "summarize", "compare", "is"});
  return Holds(kStems, stem);
}

VerbTable::VerbTable(std::vector<VerbGroup> groups) {
  for (VerbGroup& group : groups) {
    groups_.push_back({std::move(group.name), Stems(group.verbs), Stems(group.ambiguous)});
  }
}

bool VerbTable::Has(const std::string& stem) const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [&stem](const Group& group) { return Holds(group.verb_stems, stem); });
}

bool VerbTable::Mark(const Word& word, bool ambiguous, std::vector<bool>& out) const {
  bool found = false;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (!Holds(ambiguous ? groups_[g].ambiguous_stems : groups_[g].verb_stems, word.stem)) continue;
    out[g] = true;
    found = true;
  }
  return found;
}

std::vector<bool> VerbTable::OfTool(const std::vector<Word>& name, const std::vector<Word>& description) const {
  std::vector<bool> out(groups_.size(), false);
  const bool described = !description.empty();
  bool reads = described && IsReadVerb(description.front().stem);
  bool found = false;
  for (const Word& word : name) {
    reads = reads || IsReadVerb(word.stem);
    if (reads && word.text.ends_with("ed")) continue;
    found = Mark(word, false, out) || found;
  }
  if (described) found = Mark(description.front(), false, out) || found;
  if (found || reads) return out;
  if (described) found = Mark(description.front(), true, out);
  // A word that may be a noun counts in front, or in the middle of the name: email_user, github_update_issue,
  // but not translate_text.
  for (std::size_t i = 0; i < name.size() && !found; ++i) {
    if (name[i].starts_clause || i + 1 < name.size()) found = Mark(name[i], true, out);
  }
  return out;
}

std::vector<bool> VerbTable::OfPrompt(std::span<const Word> words) const {
  std::vector<bool> out(groups_.size(), false);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (IsNegated(words, i)) continue;
    Mark(words[i], false, out);
    if (words[i].starts_clause) Mark(words[i], true, out);
  }
  return out;
}

}  // namespace intentgate::intent
