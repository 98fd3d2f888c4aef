// The modules that residual queries read: rules that could not be written into them, known values that are too large for it.
//
// With the namespace "partial":
//   data.partial.p.allow    the rule data.p.allow with everything known put in
//   data.partial.__known.v1 a known value
//   data.partial.__input    the known part of the input and the rest in one
//   data.partial.__none     undefined
// Rules that are read under `with` are kept word for word at their own path, because `with` may change anything that they read;
// the expression sets what is known of the input and the data before its own `with`.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "rego/partial/evaluator.h"

namespace intentgate::rego::partial {

class Support {
 public:
  Support(World& world, std::vector<Path> kept) : world_(world), kept_(std::move(kept)) {}

  // Named by disable_inlining.
  bool IsKept(const RuleGroup& group) const;
  Term RuleRef(const RuleGroup& group, Location at);
  // The constant itself, or a rule of its value if it is large or stands where a literal is hard to read.
  Term Constant(const Term& constant, bool as_head);
  Term Undefined(Location at);
  Term WholeInput(Location at);
  // A document of which a part is unknown, put together when it is read.
  Term Document(const Path& path, const TreeNode* node, Location at);

  // For an expression with `with`: negations inside it become neutral; what is known is set; the rules that it reads are kept.
  void NeutralInside(Expr& expr, bool new_not);
  void AddKnown(Expr& expr);
  bool IsFunctionName(const Term& value) const;

  // Writes all rules that were asked for, and those that they ask for. Package path -> rules.
  std::map<Path, std::vector<Rule>> Write(Evaluator& evaluator);

 private:
  struct Head {
    const RuleGroup& group;
    Path package;
    Term name;  // the rule's name and what of the path lies behind it
  };

  void WriteGroup(const RuleGroup& group, Evaluator& evaluator);
  // False if the rule never holds.
  bool WriteRule(const Head& head, const GroupedRule& grouped, Evaluator& evaluator);
  bool WriteChain(const Head& head, const GroupedRule& grouped, Evaluator& evaluator);
  void WriteNever(const Head& head, const GroupedRule& grouped);
  void WriteDefault(const Head& head, const GroupedRule& grouped, Evaluator& evaluator);
  void WriteRaw(const RuleGroup& group);
  Rule HeadOf(const Head& head, const GroupedRule& grouped, std::int32_t base);
  Head Split(const RuleGroup& group, Path path) const;
  void Add(const Path& package, Rule rule);

  // Raw rules that a term reads, and the documents.
  struct Reached {
    std::set<const RuleGroup*> groups;
    std::set<Path> documents;  // "input" or "data", then names
  };
  void Read(const Term& term, Reached& reached);
  void ReadGroup(const RuleGroup& group, Reached& reached);
  void ReadBelow(const TreeNode& node, Reached& reached);
  void AddKnownInput(std::vector<With>& withs, const json::Value& value, Path& path, Location at);
  void AddKnownData(std::vector<With>& withs, const Reached& reached, const json::Value& value, const TreeNode* node, Path& path, Location at);
  Term JsonTerm(const json::Value& value, Location at);
  Path Here(const Path& path) const;
  void NeutralInside(Body& body, bool new_not);
  void NeutralInside(Term& term, bool new_not);

  World& world_;
  std::vector<Path> kept_;
  std::vector<const RuleGroup*> queue_;
  std::set<const RuleGroup*> asked_;
  std::vector<const RuleGroup*> raw_queue_;
  std::set<const RuleGroup*> raw_asked_;
  std::map<std::string, std::string> known_;  // literal -> name
  bool undefined_ = false;
  bool whole_input_ = false;
  std::map<Path, std::vector<Rule>> out_;
  std::size_t rules_ = 0;
};

}  // namespace intentgate::rego::partial
