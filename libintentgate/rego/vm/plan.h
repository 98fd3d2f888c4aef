// The resolved form that the machine runs: nodes give one value or undefined, steps of a block go on, fail or
// iterate. Variables are numbered slots of a frame, constants are frozen values, rules and builtins are
// pointers. All of it lies in the policy's own arena, is immutable and shared by threads.
//
//   allow if { some r in input.roles; data.grants[r][_] == input.action }
//
//   block: scan   input.roles                      value -> s0
//          scan   data.grants[s0]                  value -> s1
//          test   s1 == input.action
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rego/builtins/registry.h"
#include "rego/syntax/ast.h"
#include "rego/value.h"

namespace intentgate::rego {

struct Block;
struct RuleSet;
struct DocNode;
struct Pattern;

enum class Op : std::uint8_t {
  kConst,      // value
  kSlot,       // frame[index]
  kInput,      // the input document
  kInputPath,  // index: number of the cached path; args: its keys
  kData,       // value: the base document at constants `args`; no rule stands there
  kDoc,        // doc: documents and rules below a package
  kRule,       // rules: the whole document of the group
  kRuleKey,    // rules, args[0]: one member of a partial document
  kIndex,      // left[args...]
  kBuiltin,    // builtin(args)
  kFunction,   // rules(args)
  kCompare,    // left op args[0]; index: Comparison
  kArithmetic, // args[0] op args[1]; index: Arithmetic; builtin does what two small integers do not settle
  kArray,
  kObject,     // args: key, value, ...
  kSet,
  kArrayComprehension,   // block, args: head; reads
  kSetComprehension,     // block, args: head; reads
  kObjectComprehension,  // block, args: key, value; reads
  kTemplate,             // args; a part is const text, or an array comprehension of its outcomes
};

enum class Comparison : std::uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };
enum class Arithmetic : std::uint8_t { kPlus, kMinus, kTimes, kRemainder };

// The variables outside of a comprehension that it reads: while they hold what they held, so does its last value.
struct OuterReads {
  std::uint32_t number = 0;  // of the comprehension
  std::span<const std::uint32_t> slots;
};

struct Node {
  Op op = Op::kConst;
  std::uint32_t index = 0;
  std::int32_t mock = -1;  // number of the function among those that `with` replaces somewhere; -1: never
  Location at;
  Value value;
  const Node* left = nullptr;
  std::span<const Node* const> args;
  const Block* block = nullptr;
  union {
    const Builtin* builtin = nullptr;
    const RuleSet* rules;
    const DocNode* doc;
    const OuterReads* reads;  // null: the value is not kept
  };
};

enum class PatternKind : std::uint8_t { kAny, kBind, kTest, kArray, kObject };

// What a value is matched against.
struct Pattern {
  PatternKind kind = PatternKind::kAny;
  std::uint32_t slot = 0;                 // kBind
  const Node* node = nullptr;             // kTest: must be equal
  std::span<const Node* const> keys;      // kObject
  std::span<const Pattern* const> items;  // kArray, kObject: values
};

enum class StepOp : std::uint8_t {
  kTest,    // node is defined and not false
  kAssign,  // slot = node
  kMatch,   // node against value
  kScan,    // each (key, value) of node against the patterns
  kOutputs, // each element of the array that the relation `node` gives, against value
  kNot,     // block has no answer
  kEvery,   // for each (key, value) of node, block has an answer
  kWith,    // block runs under the replaced documents, then the rest goes on without them
  kPrint,   // an observer hears the outcomes of node's args, each a set comprehension
};

struct WithItem {
  enum class Target : std::uint8_t { kInput, kData, kFunction } target = Target::kInput;
  std::span<const Value> path;         // keys below input or data
  std::int32_t mock = -1;              // kFunction
  const Node* value = nullptr;         // the replacement, unless it is a function
  const RuleSet* function = nullptr;   // kFunction: a rule ...
  const Builtin* builtin = nullptr;    // ... or a builtin
};

// A scan that is followed by an equality of the element's field with something known before it.
struct Join {
  std::uint32_t number = 0;
  const Node* field = nullptr;  // of the slot that the scan binds
  const Node* other = nullptr;
};

struct Step {
  StepOp op = StepOp::kTest;
  bool keep_document = false;  // kScan: the value is only looked into, so a package stays unread
  std::uint32_t slot = 0;
  Location at;
  const Node* node = nullptr;
  const Pattern* key = nullptr;
  const Pattern* value = nullptr;
  const Join* join = nullptr;             // kScan
  const Block* block = nullptr;
  std::span<const WithItem> withs;
};

struct Block {
  std::span<const Step> steps;
  bool straight = false;  // no step iterates: one answer at most
};

// One body with its head.
struct Branch {
  const Block* block = nullptr;
  std::span<const Node* const> keys;  // partial: keys on the way to the leaf
  const Node* value = nullptr;        // the leaf, or the element of a set leaf
  Location at;
};

struct PlanRule {
  std::uint32_t slots = 0;
  bool set_leaf = false;
  bool constant = false;                 // every branch gives a constant
  std::span<const Pattern* const> args;  // functions
  std::span<const Branch> branches;      // the body, then else, else...
  // Partial groups: the same with the first key (or the element of a plain set) known. first_key is matched before.
  const Pattern* first_key = nullptr;
  Branch keyed;
  Location at;
};

// A constant path of a rule's head: OPA shows an empty document there where none of its rules succeeds.
struct EmptyDocument {
  std::span<const Value> keys;
  bool is_set = false;
};

enum class SetKind : std::uint8_t { kComplete, kPartialSet, kPartialObject, kFunction };

struct RuleIndex;

// The rules of one path.
struct RuleSet {
  std::uint32_t id = 0;
  SetKind kind = SetKind::kComplete;
  bool early_exit = false;  // all rules give the same constant: the first success decides
  bool remember = true;     // functions: the value is kept, because computing it again costs more than finding it
  std::uint8_t arity = 0;
  std::string_view name;
  std::span<const Value> path;      // keys below data
  std::span<const PlanRule> rules;  // without the default
  const PlanRule* fallback = nullptr;
  const RuleIndex* index = nullptr;
  std::span<const EmptyDocument> empties;  // partial objects; by their first keys
};

// A node of the document tree: packages and rules, with the base document that lies beside them.
struct DocNode {
  const RuleSet* rules = nullptr;
  std::span<const Value> names;  // sorted
  std::span<const DocNode* const> children;
  std::span<const Value> path;
  Value base;  // may be undefined
  std::uint32_t id = 0;
};

}  // namespace intentgate::rego
