// The machine: evaluates plans (plan.h) for one evaluation at a time.
//
// A block is run step by step; a step that iterates runs the rest of its block once for each of its answers and
// then gives up, so backtracking is a loop nest on the native stack. Its depth is counted, and what a policy or an
// input can drive is bounded by max_depth and kMaxNativeStack.
//
// Errors are thrown as EvalAbort and caught by CompiledPolicy. Thread-compatible; pooled and used
// again, its arena and frames keep their memory.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <intentgate/rego.h>

#include "rego/builtins/registry.h"
#include "rego/input_text.h"
#include "rego/meter.h"
#include "rego/vm/plan.h"
#include "rego/vm/rule_index.h"

namespace intentgate::rego {

inline constexpr std::size_t kMaxNativeStack = std::size_t{1} << 20;
inline constexpr std::size_t kFrameSlots = std::size_t{1} << 16;

// What a machine must know of a policy besides its plans.
struct ProgramInfo {
  const DocNode* root = nullptr;
  std::size_t rule_sets = 0;
  std::size_t input_paths = 0;
  std::size_t mocks = 0;
  std::size_t joins = 0;
  std::size_t comprehensions = 0;
  const std::vector<std::string>* files = nullptr;  // names, for observers
};

// Calls a function object without owning it. True: stop iterating.
class Answer {
 public:
  template <typename F>
  Answer(F& f) : self_(&f), call_([](void* self) { return (*static_cast<F*>(self))(); }) {}  // NOLINT
  bool operator()() const { return call_(self_); }

 private:
  void* self_;
  bool (*call_)(void*);
};

class Machine {
 public:
  Machine();

  // Prepares for an evaluation; forgets the one before. There is no input until SetInput. `clock` outlives the evaluation.
  void Start(const ProgramInfo& program, const EvalOptions& options, const Clock& clock);
  void SetInput(Value input) { context_->input = input; }
  InputText& input_text() { return input_text_; }

  // Counts the work of this thread's values against the evaluation.
  Meter Metered() { return Meter(arena_, steps_); }
  Arena& arena() { return arena_; }
  std::uint64_t steps_left() const { return steps_.left(); }

  // The value of a node with no variables, documents read out.
  Value EvalGround(const Node& node);
  // Runs a block on a fresh frame; `answer` reads the frame.
  void RunQuery(const Block& block, std::uint32_t slots, const std::function<void(const Value*)>& answer);
  Value EvalRule(const RuleSet& set);
  Value Read(const DocNode& doc);
  // `value[key]`, where `value` may be a document node.
  Value Member(const Value& value, const Value& key);
  // A document node is read out; other values are themselves.
  Value Whole(const Value& value);
  Value EvalNode(const Node& node, Value* frame);

 private:
  struct CacheSlotEntry {
    std::uint64_t epoch = 0;
    Value value;
  };
  struct Caches {
    std::vector<CacheSlotEntry> rules;
    std::vector<CacheSlotEntry> paths;
  };
  struct Mock {
    bool active = false;
    Value value;
    const RuleSet* function = nullptr;
    const Builtin* builtin = nullptr;
  };
  // The documents as the current `with` shows them.
  struct Context {
    std::uint64_t epoch = 0;
    std::size_t level = 0;
    Value input;
    bool data_changed = false;
    Value data;                                  // the whole base document, if changed
    std::vector<std::span<const Value>> replaced;  // data paths, rules at and below them are hidden
    std::vector<Mock> mocks;
  };
  struct MemoEntry {
    std::uint64_t hash = 0;
    std::uint64_t epoch = 0;
    const RuleSet* set = nullptr;
    std::span<const Value> args;
    Value value;
  };
  // The last value of a comprehension, with the outer variables that it was made from.
  struct LastValue {
    std::uint64_t epoch = 0;
    std::span<const Value> outer;
    Value value;
  };
  // The elements of one collection by their field (join.cc).
  struct JoinTable {
    std::uint64_t epoch = 0;
    Value base;
    std::span<std::uint32_t> heads;  // element number + 1; 0: none
    std::span<std::uint32_t> next;
    std::span<Value> fields;
  };
  class Depth;
  class Visit;
  class WithoutMocks;
  class Frame;
  struct Extent;
  class CandidateLists;

  // run_block.cc
  bool Run(const Block& block, std::size_t pc, Value* frame, Answer answer);
  // A step that does not iterate: whether the block goes on.
  bool RunStep(const Step& step, Value* frame);
  // REQUIRES: block.straight. Whether it has an answer.
  bool RunStraight(const Block& block, Value* frame);
  bool Scan(const Block& block, std::size_t pc, Value* frame, Answer answer);
  bool ScanElement(const Block& block, std::size_t pc, Value* frame, Answer answer, const Value& key, const Value& value);
  bool ScanDocument(const Block& block, std::size_t pc, Value* frame, Answer answer, const DocNode& doc);
  bool Outputs(const Block& block, std::size_t pc, Value* frame, Answer answer);
  bool Succeeds(const Block& block, Value* frame);
  bool Every(const Step& step, Value* frame);
  bool RunWith(const Block& block, std::size_t pc, Value* frame, Answer answer);
  bool Match(const Pattern& pattern, const Value& value, Value* frame);

  // observe.cc
  void Observe(EvalEventKind kind, Location at, std::string_view text = {}) {
    if (observer_ != nullptr) [[unlikely]] Report(kind, at, text);
  }
  void Report(EvalEventKind kind, Location at, std::string_view text);
  // False, after the observer heard it.
  bool Failed(const Step& step) {
    Observe(EvalEventKind::kFail, step.at);
    return false;
  }
  // An iteration, and one element of it that matched, as an observer hears them.
  bool RunIteration(const Block& block, std::size_t pc, Value* frame, Answer answer);
  bool RunMatched(const Block& block, std::size_t pc, Value* frame, Answer answer);
  void Print(const Step& step, Value* frame);

  // join.cc
  const JoinTable* JoinFor(const Step& step, Value* frame, const Value& base);
  void FillJoin(JoinTable& table, const Step& step, Value* frame, const Value& base);
  bool ScanJoined(const Block& block, std::size_t pc, Value* frame, Answer answer, const Value& base, const JoinTable& found);

  // eval_node.cc
  Value EvalPlain(const Node& node, Value* frame);  // as EvalNode, may give a document node
  Value EvalIndex(const Node& node, Value* frame);
  Value EvalInputPath(const Node& node);
  Value EvalData(const Node& node);
  Value EvalCompare(const Node& node, Value* frame);
  Value EvalArithmetic(const Node& node, Value* frame);
  Value EvalBuiltin(const Node& node, Value* frame);
  // The replacement of a function by `with`, if one is active: true and its result.
  bool CallMock(const Node& node, std::span<const Value> args, Value* result);
  Value CallBuiltin(const Builtin& builtin, std::span<const Value> args, Location at);
  Value EvalFunction(const Node& node, Value* frame);
  Value EvalObject(const Node& node, Value* frame);
  Value EvalComprehension(const Node& node, Value* frame);
  Value BuildComprehension(const Node& node, Value* frame);
  Value EvalTemplate(const Node& node, Value* frame);
  bool EvalArgs(const Node& node, Value* frame, Value* out);

  // eval_rule.cc
  Value EvalComplete(const RuleSet& set);
  Value EvalPartialSet(const RuleSet& set);
  Value EvalPartialObject(const RuleSet& set);
  Value EvalRuleKey(const RuleSet& set, const Value& key, Value* frame);
  Value EvalKeyedSet(const RuleSet& set, const Value& key);
  Value EvalKeyedObject(const RuleSet& set, const Value& key);
  // Calls attempt(rule, frame) for the rules that can succeed, in order, each with a frame of its own, until one gives true.
  template <typename Attempt>
  void ForRules(const RuleSet& set, std::span<const Value> args, const Attempt& attempt);
  // The one value that rules and their default give.
  template <typename Matches>
  Value OneValue(const RuleSet& set, std::span<const Value> args, const Matches& matches);
  Value CallRules(const RuleSet& set, std::span<const Value> args);
  Value EvalRuleOnce(const RuleSet& set, const PlanRule& rule, Value* frame);
  void InsertAnswer(Extent& extent, const Branch& branch, bool set_leaf, Value* frame);
  Extent& Below(Extent& extent, const Value& name, Location at);
  void InsertEmpties(Extent& extent, const RuleSet& set, const Value* key);
  void Insert(Extent& extent, const Branch& branch, std::span<const Value> names, bool set_leaf, const Value& value);
  Value FinishExtent(Extent& extent);
  MemoEntry* FindMemo(const RuleSet& set, std::span<const Value> args, std::uint64_t hash);
  void StoreMemo(const RuleSet& set, std::span<const Value> args, std::uint64_t hash, const Value& value);
  void GrowMemo();

  // rule_index.cc
  // The rules to try, in order; `all`: every one. `args` of a function.
  RuleList Candidates(const RuleSet& set, std::span<const Value> args, bool* all);
  void CollectFrom(const IndexGroup& group, const Value& subject, CandidateLists& out);

  // documents.cc
  Value Child(const DocNode& doc, const Value& key);
  Value BaseOf(const DocNode& doc) const;
  bool IsReplaced(std::span<const Value> path) const;
  Value DataAt(std::span<const Value> path) const;
  Value SetPath(const Value& document, std::span<const Value> path, const Value& value);
  bool EnterWith(const Step& step, Value* frame, Context& inner);
  void Activate(Context& context);

  void Charge(std::uint64_t steps) { steps_.Take(steps); }
  [[noreturn]] static void Fail(std::string_view code, std::string message, Location at);

  Arena arena_;
  Steps steps_;
  BuiltinContext builtin_context_;
  ProgramInfo program_;
  bool strict_ = false;
  EvalObserver* observer_ = nullptr;
  std::uint32_t visits_ = 0;   // rules inside one another, while an observer looks
  bool* matched_ = nullptr;    // whether the innermost observed iteration had an element that matched
  std::uint32_t depth_ = 0;
  std::uint32_t max_depth_ = 0;
  const char* stack_base_ = nullptr;
  std::uint64_t epoch_ = 0;

  std::unique_ptr<std::byte[]> frames_;
  std::size_t frame_top_ = 0;

  std::vector<std::unique_ptr<Caches>> caches_;
  Caches* cache_ = nullptr;
  Context root_;
  Context* context_ = nullptr;
  InputText input_text_;

  // By number; epochs tell the evaluation.
  std::vector<JoinTable> joins_;
  std::vector<LastValue> last_values_;

  MemoEntry* memo_ = nullptr;
  std::size_t memo_size_ = 0;
  std::size_t memo_used_ = 0;
};

// Counts one level of nesting while it lives.
class Machine::Depth {
 public:
  explicit Depth(Machine& machine) : machine_(machine) {
    // The frame's address, not a local's: sanitizers keep locals elsewhere.
    const char* here = static_cast<const char*>(__builtin_frame_address(0));
    if (++machine_.depth_ > machine_.max_depth_ ||
        static_cast<std::size_t>(std::abs(machine_.stack_base_ - here)) > kMaxNativeStack) {
      --machine_.depth_;
      TooDeep();
    }
  }
  ~Depth() { --machine_.depth_; }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;

 private:
  [[noreturn]] static void TooDeep() {
    throw EvalAbort{"eval_limit_error", "rules are nested deeper than an evaluation may go (max_depth)"};
  }
  Machine& machine_;
};

// One body of a rule, for the observer.
class Machine::Visit {
 public:
  Visit(Machine& machine, Location at) : machine_(machine), at_(at) {
    machine_.Observe(EvalEventKind::kEnter, at);
    ++machine_.visits_;
  }
  ~Visit() { --machine_.visits_; }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  void Answers() const {
    if (machine_.observer_ == nullptr) return;
    --machine_.visits_;
    machine_.Observe(EvalEventKind::kExit, at_);
    ++machine_.visits_;
  }

 private:
  Machine& machine_;
  Location at_;
};

// The variables of one rule, function or query.
class Machine::Frame {
 public:
  Frame(Machine& machine, std::size_t slots) : machine_(machine), before_(machine.frame_top_) {
    if (slots > kFrameSlots - before_) throw EvalAbort{"eval_limit_error", "too many variables are alive (max_depth)"};
    machine_.frame_top_ += slots;
  }
  ~Frame() { machine_.frame_top_ = before_; }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  Value* slots() const { return reinterpret_cast<Value*>(machine_.frames_.get()) + before_; }

 private:
  Machine& machine_;
  std::size_t before_;
};

}  // namespace intentgate::rego
