// Rules: complete documents, partial sets and objects (whole or one key of them), functions, and their memory
// within one evaluation.

#include <algorithm>

#include "rego/vm/machine.h"

namespace intentgate::rego {
namespace {
constexpr std::string_view kKeyConflict = "object keys must be unique";

std::string ConflictText(const RuleSet& set) {
  if (set.kind == SetKind::kFunction) return "function " + std::string(set.name) + " produced conflicting values for the same inputs";
  return "rule " + std::string(set.name) + " produced conflicting values";
}
}  // namespace

// A partial document while it grows: a leaf value, a set leaf, or members below.
struct Machine::Extent {
  enum class Kind : std::uint8_t { kNone, kLeaf, kSet, kMembers } kind = Kind::kNone;
  Value leaf;
  SetBuilder* set = nullptr;
  ObjectBuilder* members = nullptr;  // values are Extents, dressed as document nodes
};

Value Machine::EvalRule(const RuleSet& set) {
  if (context_->data_changed && IsReplaced(set.path)) return DataAt(set.path);
  CacheSlotEntry& cached = cache_->rules[set.id];
  if (cached.epoch == context_->epoch) return cached.value;
  const Depth depth(*this);
  Value value;
  switch (set.kind) {
    case SetKind::kComplete: value = EvalComplete(set); break;
    case SetKind::kPartialSet: value = EvalPartialSet(set); break;
    case SetKind::kPartialObject: value = EvalPartialObject(set); break;
    case SetKind::kFunction: break;
  }
  cache_->rules[set.id] = {context_->epoch, value};
  return value;
}

// The one value of a rule: its body, or the first else that has an answer.
Value Machine::EvalRuleOnce(const RuleSet& set, const PlanRule& rule, Value* frame) {
  for (const Branch& branch : rule.branches) {
    const Visit visit(*this, branch.at);
    if (branch.block->straight) {
      if (!RunStraight(*branch.block, frame)) continue;
      const Value value = EvalNode(*branch.value, frame);
      if (!value.defined()) continue;
      visit.Answers();
      return value;
    }
    Value result;
    auto take = [&] {
      const Value value = EvalNode(*branch.value, frame);
      if (!value.defined()) return false;
      visit.Answers();
      if (result.defined() && !(result == value)) Fail("eval_conflict_error", ConflictText(set), rule.at);
      result = value;
      return rule.constant;
    };
    Run(*branch.block, 0, frame, take);
    if (result.defined()) return result;
  }
  return {};
}

template <typename Attempt>
void Machine::ForRules(const RuleSet& set, std::span<const Value> args, const Attempt& attempt) {
  bool all = false;
  const RuleList candidates = Candidates(set, args, &all);
  const std::size_t count = all ? set.rules.size() : candidates.size();
  for (std::size_t i = 0; i < count; ++i) {
    const PlanRule& rule = set.rules[all ? i : candidates[i]];
    const Frame frame(*this, rule.slots);
    if (attempt(rule, frame.slots())) return;
  }
}

template <typename Matches>
Value Machine::OneValue(const RuleSet& set, std::span<const Value> args, const Matches& matches) {
  Value result;
  ForRules(set, args, [&](const PlanRule& rule, Value* frame) {
    if (!matches(rule, frame)) return false;
    const Value value = EvalRuleOnce(set, rule, frame);
    if (!value.defined()) return false;
    if (result.defined() && !(result == value)) Fail("eval_conflict_error", ConflictText(set), rule.at);
    // Of equal numbers that are written in two ways, the first is the answer.
    if (!result.defined()) result = value;
    return set.early_exit;
  });
  if (result.defined() || set.fallback == nullptr) return result;
  const Frame frame(*this, set.fallback->slots);
  return matches(*set.fallback, frame.slots()) ? EvalRuleOnce(set, *set.fallback, frame.slots()) : Value();
}

Value Machine::EvalComplete(const RuleSet& set) {
  return OneValue(set, {}, [](const PlanRule&, Value*) { return true; });
}

Value Machine::EvalPartialSet(const RuleSet& set) {
  SetBuilder items(arena_);
  ForRules(set, {}, [&](const PlanRule& rule, Value* frame) {
    const Branch& branch = rule.branches[0];
    const Visit visit(*this, branch.at);
    auto add = [&] {
      const Value value = EvalNode(*branch.value, frame);
      if (!value.defined()) return false;
      visit.Answers();
      items.Add(value);
      return false;
    };
    Run(*branch.block, 0, frame, add);
    return false;
  });
  return items.Finish();
}

// All keys and the value are known before anything is inserted: an undefined one leaves no empty objects behind.
void Machine::InsertAnswer(Extent& extent, const Branch& branch, bool set_leaf, Value* frame) {
  constexpr std::size_t kFew = 4;
  Value few[kFew];
  const std::size_t count = branch.keys.size();
  Value* const names = count <= kFew ? few : arena_.NewArray<Value>(count);
  for (std::size_t i = 0; i < count; ++i) {
    names[i] = EvalNode(*branch.keys[i], frame);
    if (!names[i].defined()) return;
  }
  const Value value = EvalNode(*branch.value, frame);
  if (value.defined()) Insert(extent, branch, {names, count}, set_leaf, value);
}

// The extent of member `name`, made if it is not there.
Machine::Extent& Machine::Below(Extent& extent, const Value& name, Location at) {
  if (extent.kind == Extent::Kind::kNone) {
    extent.kind = Extent::Kind::kMembers;
    extent.members = ::new (arena_.Allocate(sizeof(ObjectBuilder), alignof(ObjectBuilder))) ObjectBuilder(arena_);
  }
  if (extent.kind != Extent::Kind::kMembers) Fail("eval_conflict_error", std::string(kKeyConflict), at);
  const Value held = extent.members->Find(name);
  if (held.defined()) return *static_cast<Extent*>(const_cast<void*>(held.virtual_node()));
  Extent* below = arena_.New<Extent>();
  extent.members->Set(name, Value::Virtual(below));
  return *below;
}

// The documents of constant paths, below member `key` if that is given.
void Machine::InsertEmpties(Extent& extent, const RuleSet& set, const Value* key) {
  std::span<const EmptyDocument> empties = set.empties;
  if (key != nullptr) {
    const auto first = std::lower_bound(empties.begin(), empties.end(), *key, [](const EmptyDocument& e, const Value& k) { return e.keys[0] < k; });
    const auto last = std::find_if_not(first, empties.end(), [&](const EmptyDocument& e) { return e.keys[0] == *key; });
    empties = {first, last};
  }
  for (const EmptyDocument& empty : empties) {
    const std::span<const Value> names = empty.keys.subspan(key == nullptr ? 0 : 1);
    Charge(1 + names.size());
    Extent* at = &extent;
    for (const Value& name : names) at = &Below(*at, name, {});
    if (at->kind != Extent::Kind::kNone) continue;
    at->kind = empty.is_set ? Extent::Kind::kSet : Extent::Kind::kMembers;
    if (empty.is_set) {
      at->set = ::new (arena_.Allocate(sizeof(SetBuilder), alignof(SetBuilder))) SetBuilder(arena_);
    } else {
      at->members = ::new (arena_.Allocate(sizeof(ObjectBuilder), alignof(ObjectBuilder))) ObjectBuilder(arena_);
    }
  }
}

void Machine::Insert(Extent& extent, const Branch& branch, std::span<const Value> names, bool set_leaf, const Value& value) {
  if (!names.empty()) {
    return Insert(Below(extent, names[0], branch.at), branch, names.subspan(1), set_leaf, value);
  }
  if (set_leaf) {
    if (extent.kind == Extent::Kind::kNone) {
      extent.kind = Extent::Kind::kSet;
      extent.set = ::new (arena_.Allocate(sizeof(SetBuilder), alignof(SetBuilder))) SetBuilder(arena_);
    }
    if (extent.kind != Extent::Kind::kSet) Fail("eval_conflict_error", std::string(kKeyConflict), branch.at);
    extent.set->Add(value);
    return;
  }
  if (extent.kind == Extent::Kind::kNone) {
    extent.kind = Extent::Kind::kLeaf;
    extent.leaf = value;
  } else if (extent.kind != Extent::Kind::kLeaf || !(extent.leaf == value)) {
    Fail("eval_conflict_error", std::string(kKeyConflict), branch.at);
  }
}

Value Machine::FinishExtent(Extent& extent) {
  switch (extent.kind) {
    case Extent::Kind::kNone: return {};
    case Extent::Kind::kLeaf: return extent.leaf;
    case Extent::Kind::kSet: return extent.set->Finish();
    case Extent::Kind::kMembers: break;
  }
  const Value raw = extent.members->Finish();
  ObjectBuilder out(arena_);
  for (const Entry& entry : raw.entries()) {
    const Value value = FinishExtent(*static_cast<Extent*>(const_cast<void*>(entry.value.virtual_node())));
    if (value.defined()) out.Set(entry.key, value);
  }
  return out.Finish();
}

Value Machine::EvalPartialObject(const RuleSet& set) {
  Extent extent;
  InsertEmpties(extent, set, nullptr);
  ForRules(set, {}, [&](const PlanRule& rule, Value* frame) {
    for (const Branch& branch : rule.branches) {
      const Visit visit(*this, branch.at);
      bool any = false;
      auto add = [&] {
        any = true;
        visit.Answers();
        InsertAnswer(extent, branch, rule.set_leaf, frame);
        return false;
      };
      Run(*branch.block, 0, frame, add);
      if (any) break;
    }
    return false;
  });
  const Value value = FinishExtent(extent);
  return value.defined() ? value : Value::EmptyObject();
}

Value Machine::EvalRuleKey(const RuleSet& set, const Value& key, Value*) {
  if (context_->data_changed && IsReplaced(set.path)) return DataAt(set.path).Get(key);
  const CacheSlotEntry& whole = cache_->rules[set.id];
  if (whole.epoch == context_->epoch) return whole.value.Get(key);
  if (context_->data_changed) {
    // A replacement below the rule's path does not reach into the rule; it is read whole.
    return EvalRule(set).Get(key);
  }
  const std::uint64_t hash = key.Hash() ^ (set.id * 0x9E3779B97F4A7C15U);
  const std::span<const Value> args(&key, 1);
  if (const MemoEntry* memo = FindMemo(set, args, hash)) return memo->value;
  const Depth depth(*this);
  const Value value = set.kind == SetKind::kPartialSet ? EvalKeyedSet(set, key) : EvalKeyedObject(set, key);
  StoreMemo(set, args, hash, value);
  return value;
}

Value Machine::EvalKeyedSet(const RuleSet& set, const Value& key) {
  Value found;
  ForRules(set, {}, [&](const PlanRule& rule, Value* frame) {
    Charge(1);
    if (!Match(*rule.first_key, key, frame)) return false;
    const Visit visit(*this, rule.keyed.at);
    if (!Succeeds(*rule.keyed.block, frame)) return false;
    visit.Answers();
    found = key;
    return true;
  });
  return found;
}

Value Machine::EvalKeyedObject(const RuleSet& set, const Value& key) {
  Extent extent;
  InsertEmpties(extent, set, &key);
  bool keyed = true;
  ForRules(set, {}, [&](const PlanRule& rule, Value* frame) {
    Charge(1);
    keyed = rule.first_key != nullptr;
    if (!keyed) return true;
    if (!Match(*rule.first_key, key, frame)) return false;
    const Visit visit(*this, rule.keyed.at);
    auto add = [&] {
      visit.Answers();
      InsertAnswer(extent, rule.keyed, rule.set_leaf, frame);
      return false;
    };
    Run(*rule.keyed.block, 0, frame, add);
    return false;
  });
  return keyed ? FinishExtent(extent) : EvalRule(set).Get(key);
}

Value Machine::CallRules(const RuleSet& set, std::span<const Value> args) {
  std::uint64_t hash = set.id * 0x9E3779B97F4A7C15U;
  if (set.remember) {
    for (const Value& arg : args) hash = hash * 31U + arg.Hash();
    if (const MemoEntry* memo = FindMemo(set, args, hash)) return memo->value;
  }
  const Depth depth(*this);
  Charge(1);
  const auto matches = [&](const PlanRule& rule, Value* frame) {
    for (std::size_t i = 0; i < args.size() && i < rule.args.size(); ++i) {
      const Pattern& pattern = *rule.args[i];
      if (pattern.kind == PatternKind::kBind) frame[pattern.slot] = args[i];
      else if (!Match(pattern, args[i], frame)) return false;
    }
    return true;
  };
  if (!set.remember && set.rules.size() == 1 && set.fallback == nullptr) {  // nothing to choose, nothing to keep
    const Frame frame(*this, set.rules[0].slots);
    return matches(set.rules[0], frame.slots()) ? EvalRuleOnce(set, set.rules[0], frame.slots()) : Value();
  }
  const Value result = OneValue(set, args, matches);
  if (set.remember) StoreMemo(set, args, hash, result);
  return result;
}

// ---- memory of functions and keys: an open-addressing table in the arena

Machine::MemoEntry* Machine::FindMemo(const RuleSet& set, std::span<const Value> args, std::uint64_t hash) {
  if (memo_size_ == 0) return nullptr;
  for (std::size_t at = hash & (memo_size_ - 1); memo_[at].set != nullptr; at = (at + 1) & (memo_size_ - 1)) {
    MemoEntry& entry = memo_[at];
    if (entry.hash == hash && entry.set == &set && entry.epoch == context_->epoch &&
        std::equal(args.begin(), args.end(), entry.args.begin(), entry.args.end())) {
      return &entry;
    }
  }
  return nullptr;
}

void Machine::GrowMemo() {
  const std::size_t old_size = memo_size_;
  MemoEntry* old = memo_;
  memo_size_ = old_size == 0 ? 16 : old_size * 2;
  memo_ = arena_.NewArray<MemoEntry>(memo_size_);
  for (std::size_t i = 0; i < old_size; ++i) {
    if (old[i].set == nullptr) continue;
    std::size_t at = old[i].hash & (memo_size_ - 1);
    while (memo_[at].set != nullptr) at = (at + 1) & (memo_size_ - 1);
    memo_[at] = old[i];
  }
}

void Machine::StoreMemo(const RuleSet& set, std::span<const Value> args, std::uint64_t hash, const Value& value) {
  if ((memo_used_ + 1) * 2 > memo_size_) GrowMemo();
  ++memo_used_;
  Value* copy = arena_.NewArray<Value>(args.size());
  std::copy(args.begin(), args.end(), copy);
  std::size_t at = hash & (memo_size_ - 1);
  while (memo_[at].set != nullptr) at = (at + 1) & (memo_size_ - 1);
  memo_[at] = {hash, context_->epoch, &set, {copy, args.size()}, value};
}

}  // namespace intentgate::rego
