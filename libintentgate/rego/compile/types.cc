#include "rego/compile/types.h"

#include <algorithm>
#include <utility>

#include "rego/builtins/registry.h"
#include "rego/compile/lower.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego {
namespace {

// The kinds a term may have; variables and references may be anything.
std::uint16_t KindsOf(const Term& t) {
  switch (t.kind) {
    case TermKind::kNull: return ty::kNull;
    case TermKind::kBool: return ty::kBoolean;
    case TermKind::kNumber: return ty::kNumber;
    case TermKind::kString:
    case TermKind::kTemplate: return ty::kString;
    case TermKind::kArray:
    case TermKind::kArrayComprehension: return ty::kArray;
    case TermKind::kObject:
    case TermKind::kObjectComprehension: return ty::kObject;
    case TermKind::kSet:
    case TermKind::kSetComprehension: return ty::kSet;
    case TermKind::kCall: {
      const Builtin* builtin = t.items[0].IsVar() ? FindBuiltin(t.items[0].text) : nullptr;
      return builtin == nullptr || (builtin->flags & kBuiltinRelation) != 0 ? ty::kAny : builtin->result.kinds;
    }
    default: return ty::kAny;
  }
}

class Checker {
 public:
  Checker(const RuleTree& tree, bool deprecated_is_error, bool new_not, Diagnostics& diagnostics)
      : tree_(tree), deprecated_is_error_(deprecated_is_error), new_not_(new_not), diagnostics_(diagnostics) {}

  void CheckBody(const Body& body) {
    for (const Expr& expr : body.exprs) CheckExpr(expr);
  }

  void CheckTerm(const Term& term) {
    if (const RuleGroup* function = FunctionIn(term)) {
      diagnostics_.Type(term.at, "function " + function->Name() + " used as reference, not called", "give it arguments");
    }
    if (term.IsCall()) CheckCall(term, false);
    for (std::size_t i = term.IsCall() ? 1 : 0; i < term.items.size(); ++i) CheckTerm(term.items[i]);
    if (!term.body) return;
    const bool inside = std::exchange(inside_, false);
    CheckBody(*term.body);
    inside_ = inside;
  }

 private:
  void CheckExpr(const Expr& expr) {
    const bool inside = inside_;
    inside_ = inside || (expr.negated && new_not_);
    CheckParts(expr);
    inside_ = inside;
  }

  void CheckParts(const Expr& expr) {
    if (expr.kind == ExprKind::kTerm && expr.terms[0].IsCall()) {
      CheckCall(expr.terms[0], true);
      for (std::size_t i = 1; i < expr.terms[0].items.size(); ++i) CheckTerm(expr.terms[0].items[i]);
    } else {
      for (const Term& term : expr.terms) CheckTerm(term);
    }
    for (const With& with : expr.withs) CheckWith(with);
    inside_ = true;
    if (expr.body) CheckBody(*expr.body);
    for (const auto& operand : expr.operands) CheckBody(*operand);
  }

  // The function that a reference reaches; null if it reaches none.
  const RuleGroup* FunctionIn(const Term& term) const {
    if (!term.IsRef() || !term.items[0].IsVar("data") || term.items[0].var != kNoVar) return nullptr;
    const TreeNode* node = &tree_.root();
    for (std::size_t i = 1; i < term.items.size() && term.items[i].IsString(); ++i) {
      node = node->Child(term.items[i].text);
      if (node == nullptr) return nullptr;
      if (node->group != nullptr && node->group->kind == GroupKind::kFunction) return node->group.get();
    }
    return nullptr;
  }

  void CheckWith(const With& with) {
    // A function may stand in for another; OPA does not look at what stands in for data.
    const bool of_input = with.target.IsRef() && with.target.items[0].IsVar("input");
    if (of_input || FunctionIn(with.value) == nullptr) CheckTerm(with.value);
    if (with.target.IsVar() && FindBuiltin(with.target.text) == nullptr) {
      diagnostics_.Type(with.target.at, "with keyword target must reference existing input, data, or a function",
                        "no function is called " + with.target.text);
    }
    if (with.value.IsVar() && with.value.var == kNoVar) CheckGranted(with.value.text, with.value.at);
  }

  // False, and reported, for a builtin that reaches outside the process and was not granted, or that may not be called.
  bool CheckGranted(const std::string& name, Location at) {
    const Builtin* builtin = FindBuiltin(name);
    if (builtin == nullptr) return true;
    if (!tree_.IsAllowed(name)) {
      diagnostics_.Type(at, "undefined function " + name, "the capabilities do not have this builtin");
      return false;
    }
    if ((builtin->flags & kBuiltinHost) == 0 || tree_.IsGranted(name)) return true;
    diagnostics_.Type(at, "undefined function " + name, "this builtin reaches outside the process and is not granted here");
    return false;
  }

  void CheckCall(const Term& call, bool may_have_output) {
    const Term& op = call.items[0];
    const std::string name = op.IsVar() ? op.text : TermText(op);
    const std::size_t args = call.items.size() - 1;
    if (op.IsVar("print")) return;
    const Builtin* builtin = op.IsVar() ? FindBuiltin(op.text) : nullptr;
    const RuleGroup* group = GroupOf(tree_, op);
    if (builtin == nullptr && (group == nullptr || group->kind != GroupKind::kFunction)) {
      diagnostics_.Type(call.at, "undefined function " + name, Similar(name));
      return;
    }
    const std::size_t arity = builtin != nullptr ? builtin->arity : group->arity();
    if (args != arity && !(may_have_output && args == arity + 1)) {
      if (builtin != nullptr) {
        diagnostics_.Type(call.at, name + ": arity mismatch", "have " + std::to_string(args) + " arguments, want " + std::to_string(arity));
      } else {
        diagnostics_.Type(call.at, "function " + name + " has arity " + std::to_string(arity) + ", got " + std::to_string(args) +
                                       (args == 1 ? " argument" : " arguments"));
      }
      return;
    }
    if (builtin == nullptr || !CheckGranted(name, call.at)) return;
    if ((builtin->flags & kBuiltinDeprecated) != 0 && deprecated_is_error_) {
      diagnostics_.Type(call.at, "deprecated built-in function calls in expression: " + name);
    }
    for (std::size_t i = 0; i < arity && !inside_; ++i) {
      const std::uint16_t have = KindsOf(call.items[i + 1]);
      if ((have & builtin->args[i].kinds) != 0) continue;
      diagnostics_.Type(call.at, name + ": invalid argument(s)",
                        "argument " + std::to_string(i + 1) + " is " + DescribeKinds(have) + ", must be " + DescribeKinds(builtin->args[i].kinds));
    }
  }

  // A known name one edit away.
  static std::string Similar(std::string_view name) {
    for (const auto& [known, builtin] : AllBuiltins()) {
      if (known.size() + 1 < name.size() || name.size() + 1 < known.size()) continue;
      const auto [a, b] = std::mismatch(name.begin(), name.end(), known.begin(), known.end());
      const auto head = static_cast<std::size_t>(a - name.begin());
      std::size_t tail = 0;
      while (tail < name.size() - head && tail < known.size() - head && name[name.size() - 1 - tail] == known[known.size() - 1 - tail]) ++tail;
      if (std::max(name.size(), known.size()) - head - tail <= 1) return "did you mean " + std::string(known) + "?";
    }
    return {};
  }

  const RuleTree& tree_;
  bool deprecated_is_error_;
  bool new_not_;
  bool inside_ = false;  // of `not { ... }`, `every`, `and` or `or`, where OPA does not ask what fits; comprehensions are asked again
  Diagnostics& diagnostics_;
};

void CheckBranch(Checker& checker, const Rule& rule) {
  if (rule.key) checker.CheckTerm(*rule.key);
  if (rule.value) checker.CheckTerm(*rule.value);
  if (rule.body) checker.CheckBody(*rule.body);
}

}  // namespace

bool CheckRuleTypes(const GroupedRule& grouped, const RuleTree& tree, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.size();
  Checker checker(tree, grouped.dialect != Dialect::kV0 || grouped.strict, grouped.new_not, diagnostics);
  for (const Term& key : grouped.keys) checker.CheckTerm(key);
  CheckBranch(checker, grouped.rule);
  for (const Rule& other : grouped.rule.otherwise) CheckBranch(checker, other);
  return diagnostics.size() == before;
}

void CheckQueryTypes(const Body& body, const RuleTree& tree, Diagnostics& diagnostics) {
  Checker(tree, false, false, diagnostics).CheckBody(body);
}

}  // namespace intentgate::rego
