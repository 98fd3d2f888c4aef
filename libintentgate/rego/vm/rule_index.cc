#include <algorithm>
#include <string>

#include "rego/vm/machine.h"

namespace intentgate::rego {

RuleList ValueTable::Find(const Value& value) const {
  if (rows.empty()) return {};
  const std::size_t mask = rows.size() - 1;
  for (std::size_t at = value.Hash() & mask; rows[at].value.defined(); at = (at + 1) & mask) {
    if (rows[at].value == value) return rows[at].rules;
  }
  return {};
}

// Collects lists and gives one in order; a single list is passed through untouched.
class Machine::CandidateLists {
 public:
  explicit CandidateLists(Arena& arena) : arena_(arena) {}

  void Add(RuleList rules) {
    if (rules.empty()) return;
    if (count_ < kInline) lists_[count_] = rules;
    else more_.push_back(rules);
    ++count_;
    total_ += rules.size();
  }

  RuleList Merged() {
    if (count_ == 0) return {};
    if (count_ == 1) return lists_[0];
    auto* out = arena_.NewArray<std::uint32_t>(total_);
    std::uint32_t* end = out;
    for (std::size_t i = 0; i < std::min(count_, kInline); ++i) end = std::copy(lists_[i].begin(), lists_[i].end(), end);
    for (const RuleList& list : more_) end = std::copy(list.begin(), list.end(), end);
    std::sort(out, end);
    // A rule that accepts several constants may be found by more than one.
    return {out, static_cast<std::size_t>(std::unique(out, end) - out)};
  }

 private:
  static constexpr std::size_t kInline = 8;
  Arena& arena_;
  RuleList lists_[kInline];
  std::vector<RuleList> more_;
  std::size_t count_ = 0;
  std::size_t total_ = 0;
};

void Machine::CollectFrom(const IndexGroup& group, const Value& subject, CandidateLists& out) {
  out.Add(group.equal.Find(subject));
  if (group.of_text.empty()) return;
  // Text builtins fail on other kinds, and some take collections of texts: those rules find out for themselves.
  if (!subject.is_string()) return out.Add(group.of_text);
  const auto add = [&](RuleList rules) { out.Add(rules); };
  const std::string_view text = subject.string();
  group.prefixes.Find(text, add);
  if (group.suffixes.rows.empty()) return;
  const std::size_t size = std::min<std::size_t>(text.size(), group.suffixes.longest);
  char* reversed = static_cast<char*>(arena_.Allocate(size + 1, 1));
  std::reverse_copy(text.end() - static_cast<std::ptrdiff_t>(size), text.end(), reversed);
  group.suffixes.Find({reversed, size}, add);
}

RuleList Machine::Candidates(const RuleSet& set, std::span<const Value> args, bool* all) {
  const RuleIndex* index = set.index;
  *all = index == nullptr || (index->reads_rules && context_->data_changed);
  if (*all) return {};
  CandidateLists lists(arena_);
  lists.Add(index->always);
  for (const IndexGroup& group : index->groups) {
    const Value subject = group.arg >= 0 ? args[static_cast<std::size_t>(group.arg)] : EvalNode(*group.subject, nullptr);
    Charge(1);
    if (subject.defined()) CollectFrom(group, subject, lists);
  }
  return lists.Merged();
}

}  // namespace intentgate::rego
