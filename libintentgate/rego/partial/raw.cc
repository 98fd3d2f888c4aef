// Expressions with `with`, and the rules that they read, as they stand.

#include <algorithm>

#include "rego/partial/support.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego::partial {
namespace {

bool Overlap(const Path& a, const Path& b) {
  const std::size_t size = std::min(a.size(), b.size());
  return std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(size), b.begin());
}

// "input" or "data" and the names behind it, as far as they are constant.
Path PathOf(const Term& ref) {
  Path path = {ref.items[0].text};
  for (std::size_t i = 1; i < ref.items.size() && ref.items[i].IsString(); ++i) path.push_back(ref.items[i].text);
  return path;
}

bool IsDocument(const Term& t) {
  return t.IsRef() && t.items[0].IsVar() && t.items[0].var == kNoVar && (t.items[0].text == "input" || t.items[0].text == "data");
}

}  // namespace

void Support::NeutralInside(Term& term, bool new_not) {
  if (term.IsComprehension() && term.flag) {
    throw EvalAbort{"rego_partial_error", "a template string with `with` inside cannot be evaluated in part: assign the value to a variable before it",
                    term.at.file, term.at.line, term.at.column};
  }
  for (Term& item : term.items) NeutralInside(item, new_not);
  if (term.IsCall() && !world_.options.eval.strict_builtin_errors && NeverFits(term)) term = Undefined(term.at);
  if (!term.body) return;
  term.body = std::make_shared<Body>(*term.body);
  NeutralInside(*term.body, new_not);
}

void Support::NeutralInside(Body& body, bool new_not) {
  std::vector<Expr> out;
  std::vector<Expr> todo(body.exprs.rbegin(), body.exprs.rend());
  while (!todo.empty()) {
    Expr expr = std::move(todo.back());
    todo.pop_back();
    world_.budget.Terms(CountTerms(expr));
    const bool print = expr.kind == ExprKind::kTerm && expr.terms[0].IsCall() && expr.terms[0].items[0].IsVar("print");
    if (expr.kind == ExprKind::kSome || print) continue;
    if (std::optional<std::vector<Expr>> neutral = Neutral(expr, new_not, world_.names)) {
      todo.insert(todo.end(), std::make_move_iterator(neutral->rbegin()), std::make_move_iterator(neutral->rend()));
      continue;
    }
    NeutralInside(expr, new_not);
    out.push_back(std::move(expr));
  }
  if (out.empty()) out.push_back(Statement(MakeBool(true, body.at)));
  body.exprs = std::move(out);
}

void Support::NeutralInside(Expr& expr, bool new_not) {
  for (Term& term : expr.terms) NeutralInside(term, new_not);
  if (expr.body) {
    expr.body = std::make_shared<Body>(*expr.body);
    NeutralInside(*expr.body, new_not);
  }
  for (With& with : expr.withs) NeutralInside(with.value, new_not);
}

bool Support::IsFunctionName(const Term& value) const {
  if (value.IsVar()) return value.var == kNoVar;
  if (!value.IsRef() || !value.items[0].IsVar("data")) return false;
  const Place place = world_.unknowns.PlaceOf(value);
  return place.kind == Place::Kind::kGroup && place.group->kind == GroupKind::kFunction && place.used == value.items.size();
}

void Support::ReadGroup(const RuleGroup& group, Reached& reached) {
  if (!reached.groups.insert(&group).second) return;
  const auto visit = [&](const Term& t) { return Read(t, reached), true; };
  const auto branch = [&](const Rule& rule) {
    if (rule.key) VisitTerms(*rule.key, visit);
    if (rule.value) VisitTerms(*rule.value, visit);
    if (rule.body) VisitTerms(*rule.body, visit);
  };
  for (const GroupedRule& grouped : group.rules) {
    world_.budget.Steps(1);
    for (const Term& key : grouped.keys) VisitTerms(key, visit);
    branch(grouped.rule);
    for (const Rule& other : grouped.rule.otherwise) branch(other);
  }
}

void Support::ReadBelow(const TreeNode& node, Reached& reached) {
  if (node.group != nullptr) ReadGroup(*node.group, reached);
  for (const auto& [name, child] : node.children) ReadBelow(*child, reached);
}

void Support::Read(const Term& term, Reached& reached) {
  if (!IsDocument(term)) return;
  world_.budget.Steps(1);
  if (term.items[0].text == "data") {
    const Place place = world_.unknowns.PlaceOf(term);
    if (place.group != nullptr) return ReadGroup(*place.group, reached);
    if (place.kind == Place::Kind::kPackage) ReadBelow(*place.node, reached);
  }
  reached.documents.insert(PathOf(term));
}

void Support::AddKnownInput(std::vector<With>& withs, const json::Value& value, Path& path, Location at) {
  const Path names(path.begin() + 1, path.end());
  const bool holds_unknown = Unknowns::Touched(world_.unknowns.input(), names);
  if (holds_unknown && value.is_object()) {
    for (const auto& [name, member] : value.object()) {
      path.push_back(name);
      AddKnownInput(withs, member, path, at);
      path.pop_back();
    }
    return;
  }
  Term target = DataRef(names, at);
  target.items[0].text = "input";
  withs.push_back({std::move(target), Constant(JsonTerm(value, at), false), at});
}

void Support::AddKnownData(std::vector<With>& withs, const Reached& reached, const json::Value& value, const TreeNode* node, Path& path, Location at) {
  const bool read = std::any_of(reached.documents.begin(), reached.documents.end(), [&](const Path& document) { return Overlap(document, path); });
  const Path names(path.begin() + 1, path.end());
  if (!read || Unknowns::Covered(world_.unknowns.data(), names)) return;
  if (names.empty() || node != nullptr || Unknowns::Touched(world_.unknowns.data(), names)) {
    if (!value.is_object()) return;
    for (const auto& [name, member] : value.object()) {
      path.push_back(name);
      AddKnownData(withs, reached, member, node == nullptr ? nullptr : node->Child(name), path, at);
      path.pop_back();
    }
    return;
  }
  withs.push_back({DataRef(names, at), Constant(JsonTerm(value, at), false), at});
}

void Support::AddKnown(Expr& expr) {
  Reached reached;
  const auto visit = [&](const Term& t) { return Read(t, reached), true; };
  bool all_input = false;
  for (const With& with : expr.withs) {
    if (with.target.IsRef() && with.target.items.size() == 1 && with.target.items[0].IsVar("data")) {
      throw EvalAbort{"rego_partial_error", "an expression `with data as ...` that depends on an unknown cannot be evaluated in part: replace single documents of data",
                      with.at.file, with.at.line, with.at.column};
    }
    all_input = all_input || (with.target.IsRef() && with.target.items.size() == 1 && with.target.items[0].IsVar("input"));
    if (IsFunctionName(with.value)) VisitTerms(with.value, visit);
    if (with.target.IsRef()) VisitTerms(with.target, visit);
  }
  for (const Term& term : expr.terms) VisitTerms(term, visit);
  if (expr.body) VisitTerms(*expr.body, visit);
  for (const RuleGroup* group : reached.groups) {
    if (raw_asked_.insert(group).second) raw_queue_.push_back(group);
  }
  std::vector<With> withs;
  const bool reads_input = std::any_of(reached.documents.begin(), reached.documents.end(), [](const Path& path) { return path[0] == "input"; });
  Path path = {"input"};
  if (reads_input && !all_input && !world_.unknowns.all_input() && world_.input.is_object()) AddKnownInput(withs, world_.input, path, expr.at);
  path = {"data"};
  AddKnownData(withs, reached, world_.data, &world_.tree.root(), path, expr.at);
  expr.withs.insert(expr.withs.begin(), std::make_move_iterator(withs.begin()), std::make_move_iterator(withs.end()));
}

void Support::WriteRaw(const RuleGroup& group) {
  const Head head = Split(group, group.path);
  for (const GroupedRule& grouped : group.rules) {
    const std::int32_t base = world_.names.Take(grouped.var_names);
    Rule rule = HeadOf(head, grouped, base);
    rule.is_default = grouped.rule.is_default;
    for (Term key : grouped.keys) {
      Renumber(key, base);
      rule.ref.items.push_back(std::move(key));
    }
    const auto fill = [&](Rule& out, const Rule& branch) {
      const auto copy = [&](const std::optional<Term>& term) {
        std::optional<Term> own = term;
        if (own) Renumber(*own, base);
        if (own) NeutralInside(*own, grouped.new_not);
        return own;
      };
      out.key = copy(branch.key);
      out.value = copy(branch.value);
      if (!branch.body) return;
      out.body = *branch.body;
      Renumber(*out.body, base);
      NeutralInside(*out.body, grouped.new_not);
    };
    fill(rule, grouped.rule);
    for (const Rule& other : grouped.rule.otherwise) {
      Rule branch;
      fill(branch, other);
      rule.otherwise.push_back(std::move(branch));
    }
    Add(head.package, std::move(rule));
  }
}

}  // namespace intentgate::rego::partial
