// Pass "rule index": finds, for each rule, the tests that every answer of its body must pass, and files the rule under
// the one that fewest other rules share (vm/rule_index.h). A rule that a look-up leaves out could not have succeeded.
//
// Tests of a subject, which is an input path, a rule that only renames one, or a function's argument:
//   subject == constant, subject in a constant collection       equal to one of several
//   startswith, strings.any_prefix_match, glob.match("lit*...")   begins with
//   endswith, strings.any_suffix_match, glob.match("*...lit")     ends with

#include <algorithm>
#include <map>
#include <tuple>

#include "rego/compile/build_plan.h"
#include "rego/vm/rule_index.h"

namespace intentgate::rego {
namespace {

constexpr std::size_t kIndexFrom = 4;       // rules of a set
constexpr std::size_t kMaxConstants = 256;  // of one test

enum class TestKind : std::uint8_t { kEqual, kPrefix, kSuffix };

// What is tested: an input path, a renaming rule, or an argument; and its number.
using SubjectKey = std::pair<int, std::uint32_t>;

struct Subject {
  SubjectKey key;
  const Node* node = nullptr;
  std::int32_t arg = -1;
};

struct Test {
  Subject subject;
  TestKind kind = TestKind::kEqual;
  std::vector<Value> constants;  // one of them must fit
  bool reads_rules = false;
};

bool IsScalar(const Value& v) { return v.defined() && !v.is_collection(); }

// The value of a rule without a body or a sibling: another name for it.
const Node* RenamedBy(const Node& node) {
  if (node.op != Op::kRule || node.rules->kind != SetKind::kComplete || node.rules->fallback != nullptr) return nullptr;
  if (node.rules->rules.size() != 1 || node.rules->rules[0].branches.size() != 1) return nullptr;
  const Branch& branch = node.rules->rules[0].branches[0];
  return branch.block->steps.empty() ? branch.value : nullptr;
}

// The tests of one rule.
class TestFinder {
 public:
  TestFinder(Arena& arena, const PlanRule& rule) : arena_(arena), rule_(rule) {}

  std::vector<Test> Find() {
    if (rule_.branches.size() != 1) return {};  // an else may succeed where the body fails
    for (std::size_t i = 0; i < rule_.args.size(); ++i) LookAtArgument(*rule_.args[i], static_cast<std::int32_t>(i));
    for (const Step& step : rule_.branches[0].block->steps) {
      if (step.op == StepOp::kAssign) known_.emplace(step.slot, step.node);
      if (step.op == StepOp::kTest) LookAt(*step.node);
    }
    return std::move(tests_);
  }

 private:
  void LookAtArgument(const Pattern& pattern, std::int32_t arg) {
    if (pattern.kind == PatternKind::kBind) args_.emplace(pattern.slot, arg);
    if (pattern.kind == PatternKind::kTest && pattern.node->op == Op::kConst && IsScalar(pattern.node->value)) {
      Add(SubjectOfArg(arg), TestKind::kEqual, {pattern.node->value});
    }
  }

  void LookAt(const Node& node) {
    if (node.op == Op::kCompare && static_cast<Comparison>(node.index) == Comparison::kEqual) {
      if (!LookAtEqual(*node.left, *node.args[0])) LookAtEqual(*node.args[0], *node.left);
    } else if (node.op == Op::kBuiltin && node.mock < 0) {  // what `with` replaces may accept anything
      LookAtCall(node);
    }
  }

  bool LookAtEqual(const Node& left, const Node& right) {
    Subject subject;
    if (!SubjectOf(left, subject)) return false;
    const Value constant = ConstantOfNode(right);
    if (!IsScalar(constant)) return false;
    Add(subject, TestKind::kEqual, {constant});
    return true;
  }

  void LookAtCall(const Node& node) {
    const std::string_view name = node.builtin->name;
    Subject subject;
    if (name == "internal.member_2" && SubjectOf(*node.args[0], subject)) {
      std::vector<Value> members;
      if (Members(ConstantOfNode(*node.args[1]), members)) Add(subject, TestKind::kEqual, std::move(members));
    } else if (name == "glob.match" && SubjectOf(*node.args[2], subject)) {
      LookAtGlob(subject, ConstantOfNode(*node.args[0]));
    } else if ((name == "startswith" || name == "strings.any_prefix_match") && SubjectOf(*node.args[0], subject)) {
      AddTexts(subject, TestKind::kPrefix, ConstantOfNode(*node.args[1]));
    } else if ((name == "endswith" || name == "strings.any_suffix_match") && SubjectOf(*node.args[0], subject)) {
      AddTexts(subject, TestKind::kSuffix, ConstantOfNode(*node.args[1]));
    }
  }

  // The text before the first and behind the last character that is not literal.
  void LookAtGlob(const Subject& subject, const Value& pattern) {
    if (!pattern.is_string() || pattern.string().find('\\') != std::string_view::npos) return;
    const std::string_view text = pattern.string();
    const std::size_t first = text.find_first_of("*?[]{}");
    if (first == std::string_view::npos) return;
    const std::string_view tail = text.substr(text.find_last_of("*?[]{}") + 1);
    if (first > 0) Add(subject, TestKind::kPrefix, {Value::StringCopy(arena_, text.substr(0, first))});
    else if (!tail.empty()) Add(subject, TestKind::kSuffix, {Value::StringCopy(arena_, tail)});
  }

  void AddTexts(const Subject& subject, TestKind kind, const Value& constant) {
    std::vector<Value> texts;
    if (constant.is_string()) texts.push_back(constant);
    else if (!Members(constant, texts)) return;
    if (std::all_of(texts.begin(), texts.end(), [](const Value& v) { return v.is_string(); })) Add(subject, kind, std::move(texts));
  }

  static bool Members(const Value& collection, std::vector<Value>& out) {
    if (!collection.is_collection() || collection.size() > kMaxConstants) return false;
    for (const Value& item : collection.elements()) out.push_back(item);
    for (const Entry& entry : collection.entries()) out.push_back(entry.value);
    return std::all_of(out.begin(), out.end(), IsScalar);
  }

  void Add(const Subject& subject, TestKind kind, std::vector<Value> constants) {
    tests_.push_back({subject, kind, std::move(constants), std::exchange(reads_rules_, false)});
  }

  static Subject SubjectOfArg(std::int32_t arg) { return {{2, static_cast<std::uint32_t>(arg)}, nullptr, arg}; }

  bool SubjectOf(const Node& node, Subject& out) const {
    if (node.op == Op::kSlot) {
      if (const auto arg = args_.find(node.index); arg != args_.end()) return out = SubjectOfArg(arg->second), true;
      const auto held = known_.find(node.index);
      return held != known_.end() && held->second->op != Op::kSlot && SubjectOf(*held->second, out);
    }
    if (node.op == Op::kInputPath) return out = {{0, node.index}, &node, -1}, true;
    const Node* renamed = RenamedBy(node);
    if (renamed == nullptr || renamed->op != Op::kInputPath) return false;
    out = {{1, node.rules->id}, &node, -1};
    return true;
  }

  // Undefined if the node is no constant.
  Value ConstantOfNode(const Node& node) {
    reads_rules_ = false;
    if (node.op == Op::kConst) return node.value;
    const Node* renamed = RenamedBy(node);
    if (renamed == nullptr || renamed->op != Op::kConst) return {};
    reads_rules_ = true;
    return renamed->value;
  }

  Arena& arena_;
  const PlanRule& rule_;
  std::map<std::uint32_t, const Node*> known_;   // slots that a step of the body assigns
  std::map<std::uint32_t, std::int32_t> args_;   // slots that hold a whole argument
  std::vector<Test> tests_;
  bool reads_rules_ = false;
};

using ConstantKey = std::tuple<SubjectKey, TestKind, Value>;
using Rows = std::map<Value, std::vector<std::uint32_t>>;

ValueTable MakeValueTable(Arena& arena, const Rows& rows) {
  if (rows.empty()) return {};
  std::size_t size = 4;
  while (size < rows.size() * 2) size *= 2;
  ValueTable::Row* table = arena.NewArray<ValueTable::Row>(size);
  for (const auto& [value, rules] : rows) {
    std::size_t at = value.Hash() & (size - 1);
    while (table[at].value.defined()) at = (at + 1) & (size - 1);
    table[at] = {value, ToArena(arena, rules)};
  }
  return {{table, size}};
}

PrefixTable MakePrefixTable(Arena& arena, const Rows& rows, bool reversed) {
  std::map<std::string, RuleList> sorted;
  for (const auto& [value, rules] : rows) {
    std::string text(value.string());
    if (reversed) std::reverse(text.begin(), text.end());
    sorted.emplace(std::move(text), ToArena(arena, rules));
  }
  PrefixTable table;
  std::vector<PrefixTable::Row> out;
  std::vector<std::uint32_t> open;  // rows that the current one begins with, shortest first
  for (const auto& [text, rules] : sorted) {
    while (!open.empty() && text.compare(0, out[open.back()].text.size(), out[open.back()].text) != 0) open.pop_back();
    out.push_back({arena.Copy(text), open.empty() ? PrefixTable::kNone : open.back(), rules});
    open.push_back(static_cast<std::uint32_t>(out.size() - 1));
    table.longest = std::max(table.longest, static_cast<std::uint32_t>(text.size()));
  }
  table.rows = ToArena(arena, out);
  return table;
}

struct GroupDraft {
  Subject subject;
  Rows rows[3];  // by TestKind
  std::vector<std::uint32_t> of_text;
};

IndexGroup MakeGroup(Arena& arena, const GroupDraft& draft) {
  IndexGroup group;
  group.subject = draft.subject.node;
  group.arg = draft.subject.arg;
  group.equal = MakeValueTable(arena, draft.rows[0]);
  group.prefixes = MakePrefixTable(arena, draft.rows[1], false);
  group.suffixes = MakePrefixTable(arena, draft.rows[2], true);
  group.of_text = ToArena(arena, draft.of_text);
  return group;
}

// The test whose rows are least crowded.
const Test* Best(const std::vector<Test>& tests, const std::map<ConstantKey, std::size_t>& uses) {
  const Test* best = nullptr;
  std::size_t crowd = 0;
  for (const Test& test : tests) {
    std::size_t most = 0;
    for (const Value& constant : test.constants) most = std::max(most, uses.at({test.subject.key, test.kind, constant}));
    if (best == nullptr || most < crowd) best = &test, crowd = most;
  }
  return best;
}

}  // namespace

void BuildIndex(Arena& arena, RuleSet& set) {
  if (set.rules.size() < kIndexFrom) return;
  std::vector<std::vector<Test>> tests;
  std::map<ConstantKey, std::size_t> uses;
  for (const PlanRule& rule : set.rules) {
    tests.push_back(TestFinder(arena, rule).Find());
    for (const Test& test : tests.back()) {
      for (const Value& constant : test.constants) ++uses[{test.subject.key, test.kind, constant}];
    }
  }
  std::map<SubjectKey, GroupDraft> drafts;
  std::vector<std::uint32_t> always;
  bool reads_rules = false;
  for (std::uint32_t i = 0; i < set.rules.size(); ++i) {
    const Test* test = Best(tests[i], uses);
    if (test == nullptr) {
      always.push_back(i);
      continue;
    }
    GroupDraft& draft = drafts[test->subject.key];
    draft.subject = test->subject;
    for (const Value& constant : test->constants) draft.rows[static_cast<std::size_t>(test->kind)][constant].push_back(i);
    if (test->kind != TestKind::kEqual) draft.of_text.push_back(i);
    reads_rules = reads_rules || test->reads_rules;
  }
  if (always.size() + kIndexFrom > set.rules.size()) return;
  RuleIndex* index = arena.New<RuleIndex>();
  std::vector<IndexGroup> groups;
  for (const auto& [key, draft] : drafts) groups.push_back(MakeGroup(arena, draft));
  index->groups = ToArena(arena, groups);
  index->always = ToArena(arena, always);
  index->reads_rules = reads_rules;
  set.index = index;
}

}  // namespace intentgate::rego
