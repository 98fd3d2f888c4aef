// The partial evaluator.
//
// A body is a list of expressions in an order in which each finds its variables bound (compile/safety.h). They are taken one by one. What depends
// on no unknown is run by the machine, and each of its answers is a state of its own, with the variables as constants. What depends on
// one is written down, the residual, after the rules in it have been written into it where that changes nothing. So a
// state is a conjunction, and the states of a body are the ways for it to hold.
//
// Rules are written in only where the outcome is the same whatever the unknowns are:
// - all their ways give one and the same constant, or there is one way that gives one answer at most: no conflict of values is lost
// - no `else`; a default only where it cannot make a difference to the expression
// - not inside of closures if there are several ways, because there the number of answers counts (a "closed" body)
// Everything else stays a reference to a rule of the support modules (support.h), which is always right.
//
// Tested by tests/unit/rego/partial_test.cc and tests/conformance/differential/partial.py.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <intentgate/rego_partial.h>

#include "rego/compile/readiness.h"
#include "rego/compile/rule_tree.h"
#include "rego/partial/terms.h"
#include "rego/partial/unknowns.h"
#include "rego/vm/machine.h"

namespace intentgate::rego::partial {

class Support;

// Runs a body on the policy's machine: `vars` variables numbered from 0. Throws EvalAbort or EvalError.
using RunKnown = std::function<void(const Body& body, std::int32_t vars, bool new_not, const json::Value& input, Budget& budget,
                                    const std::function<void(Machine&, const Value* frame, const VarSet& bound)>& answer)>;

struct World {
  const RuleTree& tree;
  const json::Value& data;   // the base document
  const json::Value& input;  // its known part: an object without unknowns, or null
  const PartialOptions& options;
  RunKnown run;
  Unknowns unknowns;
  Budget budget;
  Names names;
};

struct Pending {
  Expr expr;
  bool new_not = false;  // of the module that it comes from
};

// One way for a body to hold, so far.
struct State {
  Bindings known;
  std::set<std::int32_t> symbolic;  // variables that the residual binds
  std::vector<Expr> residual;
  std::vector<std::shared_ptr<const Pending>> todo;  // the next one last

  void Push(Expr expr, bool new_not) { todo.push_back(std::make_shared<const Pending>(Pending{std::move(expr), new_not})); }
  // The body's expressions, before what is there.
  void PushBody(const Body& body, bool new_not);
};

enum class Mode : std::uint8_t {
  kSplit,   // each answer may be a state; equal answers may come several times
  kClosed,  // one state at most, whose answers are as many as the body's
};

// One way for a rule to have a value.
struct Way {
  std::vector<Expr> body;
  Term value;  // of a set rule: the element
};

struct RuleRun {
  const Body* body = nullptr;   // as it stands in the rule; null: true
  std::int32_t base = 0;        // added to the rule's variables
  std::set<std::int32_t> symbolic;
  std::vector<Expr> first;      // before the body, renumbered
  std::vector<std::pair<std::int32_t, Term>> heads;  // behind it: variables that take terms, renumbered
  Mode mode = Mode::kSplit;
};

class Evaluator {
 public:
  Evaluator(World& world, Support& support) : world_(world), support_(support) {}

  std::vector<State> Run(State state, Mode mode);
  // As one body; nullopt if it never holds. `state` is what surrounds it.
  std::optional<Body> Close(const State& outer, const Body& body, bool new_not, State* end = nullptr);
  // The term with everything known put in; nullopt if it is undefined.
  std::optional<Term> Settle(const State& state, const Term& term, bool new_not);
  // The states of one body of a rule, with its head in variables.
  std::vector<State> RunRule(const GroupedRule& grouped, const RuleRun& run);

  World& world() { return world_; }

 private:
  // A reference or call in an expression, where it is always evaluated.
  struct Site {
    Term* term = nullptr;
    bool top = false;                // the expression itself
    const Term* compared = nullptr;  // what the expression holds it equal to
  };
  struct Option {
    std::vector<Expr> residual;
    std::vector<Expr> pending;
    Term value;
  };
  using Options = std::optional<std::vector<Option>>;
  struct GroupWays {
    bool ready = false;
    bool possible = false;
    std::vector<Way> ways;
  };

  void Step(State state, Mode mode, std::vector<State>& out);
  // False if the state has come to its end; more states may have gone to `out`.
  bool Next(State& state, Mode mode, std::vector<State>& out);
  bool RunBatch(State& state, std::vector<Pending> batch, Mode mode, std::vector<State>& out);
  bool Dependent(State& state, Pending pending, Mode mode, std::vector<State>& out);
  bool Negated(State& state, const Pending& pending, Mode mode);
  bool NegatedRule(State& state, const Expr& expr, const Term& ref, const Term* compared, bool* done);
  bool SaveExpr(State& state, const Pending& pending);
  bool SaveWith(State& state, Pending pending);
  void MarkSymbolic(State& state, const Expr& expr);

  bool Inline(State& state, const Pending& pending, Mode mode, std::vector<State>& out, bool* done);
  void FindSites(Term& term, bool top, const Term* compared, std::vector<Site>& out);
  Options OptionsOf(State& state, const Site& site, bool new_not, Mode mode);
  Options RuleOptions(State& state, const Site& site, const Place& place, Mode mode);
  Options SetOptions(const Term& ref, const Place& place);
  Options KeyOptions(const Term& ref, std::size_t from, bool new_not);
  Options FunctionOptions(State& state, const Term& call, const RuleGroup& group, Mode mode);
  const GroupWays& WaysOf(const RuleGroup& group);
  bool MayInline(const RuleGroup& group) const;
  Way Instance(const Way& way);
  bool OneAnswer(const Way& way, const std::set<std::int32_t>& outer) const;
  bool Agree(const std::vector<Way>& ways, Mode mode, const std::set<std::int32_t>& outer) const;
  bool ArgumentsToVars(State& state, const Expr& expr, bool new_not, const Site& site);
  Way WayOf(State state, std::int32_t value) const;
  bool Members(const std::optional<Term>& value, std::vector<std::pair<Term, Term>>& members) const;

  std::optional<Term> SettleRef(const State& state, const Term& ref, bool new_not);
  std::optional<Term> SettleCall(const State& state, const Term& call, bool new_not);
  std::optional<Term> SettleClosure(const State& state, const Term& term, bool new_not);
  Term SettleTemplate(const State& state, const Term& term, bool new_not);
  std::optional<Term> SettleKnownHead(const Term& ref, std::size_t* used, bool new_not);
  std::optional<Term> SettleItems(const State& state, const Term& term, std::size_t from, bool new_not);
  // The value of a term that depends on nothing unknown: none, one, or (nullopt of the outer) several.
  std::optional<std::optional<Term>> KnownValue(const Term& term, bool new_not);

  World& world_;
  Support& support_;
  std::map<const RuleGroup*, GroupWays> ways_;
  std::uint32_t depth_ = 0;
};

// Negations, groups, `and` and `or` in forms that mean the same in every module: what a negation needs is bound before it.
// Nullopt if the expression is in such a form.
std::optional<std::vector<Expr>> Neutral(const Expr& expr, bool new_not, Names& names);

}  // namespace intentgate::rego::partial
