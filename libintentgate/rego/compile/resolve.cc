#include "rego/compile/resolve.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "rego/builtins/registry.h"
#include "rego/syntax/order.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego {
namespace {

enum class By : std::uint8_t { kArgument, kAssign, kSome };

struct Declared {
  std::int32_t var = kNoVar;
  Location at;
  By by = By::kArgument;
  std::size_t uses = 0;  // for an argument and an assigned variable its own place is one
};

struct Imported {
  const Import* import;
  mutable bool used = false;
};

using Names = std::set<std::string, std::less<>>;

struct Scope {
  std::map<std::string, Declared, std::less<>> names;
  // Names used in this body before any declaration:
  Names global;  // of rules, imports and documents
  Names open;    // of variables
};

class Resolver {
 public:
  Resolver(const ModuleAst* module, const std::set<std::string, std::less<>>* rules, Diagnostics& diagnostics, const Annotations* annotations, bool unused)
      : module_(module), rules_(rules), diagnostics_(diagnostics), annotations_(annotations), unused_(unused) {
    if (module == nullptr) return;
    for (const Import& import : module->imports) AddImport(import);
  }

  void CheckImports() const {
    for (const auto& [alias, imported] : imports_) {
      if (strict() && (alias == "data" || alias == "input") && imported.import->path.IsRef()) {
        diagnostics_.Compile(imported.import->at, "imports must not shadow " + alias);
      }
    }
  }

  // Once all rules are resolved.
  void CheckUnusedImports() const {
    if (!unused_) return;
    for (const auto& [alias, imported] : imports_) {
      const Import& import = *imported.import;
      if (imported.used) continue;
      diagnostics_.Compile(import.at, "import " + TermText(import.path) + (import.alias.empty() ? "" : " as " + import.alias) + " unused", "remove it");
    }
  }

  // One rule body with its head; called for the rule and each of its else branches.
  GroupedRule ResolveRule(const Rule& rule) {
    GroupedRule out;
    rule_ = &rule;
    out.rule = rule;
    Unshare(out.rule);
    out.dialect = module_->dialect;
    out.new_not = module_->new_not;
    out.strict = unused_;
    implicit_.clear();
    var_names_.clear();
    scopes_.clear();
    scopes_.emplace_back();
    LiftArguments(out.rule);
    DeclareOnce(out.rule.args, false);
    for (Term& arg : out.rule.args) ResolveTerm(arg);
    ResolveBranch(out.rule);
    for (Rule& other : out.rule.otherwise) ResolveBranch(other);
    PopScope();
    out.var_count = static_cast<std::int32_t>(var_names_.size());
    out.var_names = var_names_;
    return out;
  }

  std::vector<std::string> ResolveQueryBody(Body& body) {
    ResolveBody(body);
    return var_names_;
  }

 private:
  bool strict() const { return unused_ || module_ == nullptr || module_->dialect != Dialect::kV0; }

  void AddImport(const Import& import) {
    // `import rego.v1` and the like name nothing; the parser has obeyed them.
    const Term& root = import.path.IsVar() ? import.path : import.path.items[0];
    if (root.IsVar("rego") || root.IsVar("future")) return;
    std::string alias = import.alias;
    if (alias.empty()) alias = import.path.IsVar() ? import.path.text : import.path.items.back().text;
    if (import.path.IsVar() && import.alias.empty()) return;  // import data / import input
    const auto [at, fresh] = imports_.emplace(alias, Imported{&import});
    if (!fresh && strict()) {
      diagnostics_.Compile(import.at, "import must not shadow import " + TermText(at->second.import->path), "give it another name with `as`");
    }
    if (!fresh) at->second = Imported{&import};
  }

  std::int32_t NewVar(std::string_view name) {
    var_names_.emplace_back(name);
    return static_cast<std::int32_t>(var_names_.size()) - 1;
  }

  // Leaves a body that is a part of the expression around it: what it uses is used there.
  void PopPart() {
    const Names open = std::move(scopes_.back().open);
    PopScope();
    for (const std::string& name : open) {
      if (FindDeclared(name) == nullptr) NoteOpen(name);
    }
  }

  // A variable that nobody declared belongs to the outermost body that uses it, and may be declared anew further in.
  void NoteOpen(const std::string& name) {
    const auto has = [&](const Scope& scope) { return scope.open.count(name) > 0; };
    if (std::any_of(scopes_.begin() + static_cast<std::ptrdiff_t>(head_), scopes_.end(), has)) return;
    scopes_.back().open.insert(name);
  }

  void PopScope() {
    for (const auto& [name, declared] : scopes_.back().names) {
      if (declared.by == By::kSome && declared.uses == 0) {
        diagnostics_.Compile(declared.at, "declared var " + name + " unused", "remove it from `some`");
      }
      if (unused_ && declared.by != By::kSome && declared.uses <= 1) ReportUnread(name, declared);
    }
    scopes_.pop_back();
  }

  void ReportUnread(const std::string& name, const Declared& declared) {
    if (declared.by == By::kAssign) {
      diagnostics_.Compile(declared.at, "assigned var " + name + " unused", "remove it");
    } else if (!name.starts_with("__arg")) {
      diagnostics_.Compile(rule_->at, "unused argument " + name + ". (hint: use _ (wildcard variable) instead)");
    }
  }

  void Declare(Term& var, bool by_some, bool is_assign) {
    if (var.IsWildcard()) return;
    Scope& scope = scopes_.back();
    if (strict() && (var.text == "input" || var.text == "data")) {
      diagnostics_.Compile(var.at, "variables must not shadow " + var.text + " (use a different variable name)");
    }
    // Arguments lie in the scope around that of the rule's own body; scopes further in may hide them.
    if (rule_ != nullptr && scopes_.size() == 2 && scopes_.front().names.count(var.text) > 0) {
      diagnostics_.Compile(var.at, "arg " + var.text + " redeclared", "choose another name");
    }
    const auto found = scope.names.find(var.text);
    if (found != scope.names.end()) {
      diagnostics_.Compile(var.at, "var " + var.text + (found->second.by == By::kAssign ? " assigned above" : " declared above"), "choose another name");
      return;
    }
    if (scope.global.count(var.text) > 0 || scope.open.count(var.text) > 0) {
      diagnostics_.Compile(var.at, "var " + var.text + " referenced above", "declare it before its first use");
    }
    scope.names[var.text] = {NewVar(var.text), var.at, by_some ? By::kSome : is_assign ? By::kAssign : By::kArgument, 0};
  }

  // The variables that a pattern declares: x, [x, y], {"k": x}.
  template <typename Visitor>
  static void EachVariable(Term& pattern, const Visitor& visit) {
    switch (pattern.kind) {
      case TermKind::kVar: visit(pattern); return;
      case TermKind::kArray:
        for (Term& item : pattern.items) EachVariable(item, visit);
        return;
      case TermKind::kObject:
        for (std::size_t i = 1; i < pattern.items.size(); i += 2) EachVariable(pattern.items[i], visit);
        return;
      default: return;
    }
  }

  // Declares what the patterns bind together, where a variable may stand in several places, save what is known.
  void DeclareOnce(std::span<Term> patterns, bool by_some, const Names& known = {}) {
    Names here = known;
    for (Term& pattern : patterns) {
      EachVariable(pattern, [&](Term& var) {
        if (here.insert(var.text).second) Declare(var, by_some, false);
      });
    }
  }

  static bool IsPattern(const Term& t) {
    if (t.IsScalar() || t.IsVar()) return true;
    return (t.kind == TermKind::kArray || t.kind == TermKind::kObject) && std::all_of(t.items.begin(), t.items.end(), IsPattern);
  }

  // An argument that is computed, f(input.x), is compared in the body.
  static void LiftArguments(Rule& rule) {
    for (std::size_t i = 0; i < rule.args.size(); ++i) {
      if (IsPattern(rule.args[i])) continue;
      const Term var = MakeVar("__arg" + std::to_string(i) + "__", rule.args[i].at);
      Expr equal;
      equal.at = var.at;
      equal.terms.push_back(MakeComposite(TermKind::kCall, {MakeVar("eq", var.at), var, rule.args[i]}, var.at));
      rule.args[i] = var;
      const auto add = [&](Rule& branch) {
        if (!branch.body) branch.body = Body{{}, branch.at};
        branch.body->exprs.insert(branch.body->exprs.begin(), equal);
        Unshare(*branch.body);
      };
      add(rule);
      for (Rule& other : rule.otherwise) add(other);
    }
  }

  void ResolveBranch(Rule& rule) {
    scopes_.emplace_back();
    if (rule.body) ResolveExprs(*rule.body);
    head_ = scopes_.size();
    for (std::size_t i = 1; i < rule.ref.items.size(); ++i) ResolveTerm(rule.ref.items[i]);
    if (rule.key) ResolveTerm(*rule.key);
    if (rule.value) ResolveTerm(*rule.value);
    head_ = 0;
    PopScope();
  }

  static const std::string& HeadName(const Term& t) { return t.IsRef() ? t.items[0].text : t.text; }

  void ResolveBody(Body& body) {
    scopes_.emplace_back();
    ResolveExprs(body);
    PopScope();
  }

  void ResolveExprs(Body& body) {
    for (Expr& expr : body.exprs) ResolveExpr(expr);
  }

  void ResolveExpr(Expr& expr) {
    if (expr.kind != ExprKind::kSomeIn) ResolveWiths(expr);
    switch (expr.kind) {
      case ExprKind::kSome:
        for (Term& var : expr.terms) Declare(var, true, false);
        return;
      case ExprKind::kSomeIn:
        ResolveSomeIn(expr);
        ResolveWiths(expr);   // they may read what is declared
        return;
      case ExprKind::kEvery: ResolveEvery(expr); return;
      case ExprKind::kBlock: ResolveBody(*expr.body); return;
      case ExprKind::kAnd:
      case ExprKind::kOr:
        for (const auto& operand : expr.operands) ResolveOperand(*operand);
        return;
      case ExprKind::kTerm: break;
    }
    Term& term = expr.terms[0];
    if (term.IsCall() && term.items[0].IsVar("assign") && term.items.size() == 3) {
      ResolveAssign(expr, term);
    } else {
      ResolveTerm(term);
    }
  }

  void ResolveWiths(Expr& expr) {
    for (With& with : expr.withs) {
      // The name of a builtin that stands in for another function stays a name.
      const bool is_builtin = (with.value.IsVar() || with.value.IsRef()) && FindBuiltin(TermText(with.value)) != nullptr &&
                              FindDeclared(HeadName(with.value)) == nullptr && !Global(HeadName(with.value), with.at);
      if (is_builtin) {
        with.value = MakeVar(TermText(with.value), with.value.at);
      } else {
        ResolveTerm(with.value);
      }
      ResolveWithTarget(with.target);
    }
  }

  void ResolveOperand(Body& operand) {
    const Expr& first = operand.exprs[0];
    if (operand.implicit && first.kind == ExprKind::kTerm && first.terms[0].IsCall() && first.terms[0].items[0].IsVar("assign")) {
      diagnostics_.Compile(first.at, "cannot assign vars inside an operand of `and` or `or`", "put the operand into braces");
    }
    scopes_.emplace_back();
    ResolveExprs(operand);
    PopPart();
  }

  void ResolveAssign(Expr& expr, Term& call) {
    ResolveTerm(call.items[2]);
    Term& left = call.items[1];
    if (left.kind != TermKind::kVar && left.kind != TermKind::kArray && left.kind != TermKind::kObject) {
      diagnostics_.Compile(left.at, "cannot assign to " + KindText(left), "use == to compare or = to unify");
      return;
    }
    if (expr.negated) {
      diagnostics_.Compile(expr.at, "cannot assign vars inside negated expression");
      return;
    }
    EachVariable(left, [this](Term& var) { Declare(var, false, true); });
    ResolveTerm(left);
    call.items[0].text = "eq";
  }

  static std::string KindText(const Term& t) {
    switch (t.kind) {
      case TermKind::kRef: return "ref";
      case TermKind::kCall: return "call";
      case TermKind::kNumber: return "number";
      case TermKind::kString: return "string";
      case TermKind::kBool: return "boolean";
      case TermKind::kNull: return "null";
      case TermKind::kSet: return "set";
      default: return "a comprehension";
    }
  }

  // What `some` binds: a name of its domain must not be bound. One that stands in a comprehension there is not declared anew.
  void ResolveSomeIn(Expr& expr) {
    const Names outside = NamesIn(expr.terms.back(), false), anywhere = NamesIn(expr.terms.back(), true);
    ResolveTerm(expr.terms.back());
    const std::span<Term> patterns = std::span(expr.terms).first(expr.terms.size() - 1);
    for (const Term& pattern : patterns) {
      for (const std::string& name : NamesIn(pattern, false)) {
        if (outside.count(name) > 0) diagnostics_.Compile(expr.at, "var " + name + " assigned before", "choose another name");
      }
    }
    DeclareOnce(patterns, true, anywhere);
    for (std::size_t i = 0; i + 1 < expr.terms.size(); ++i) {
      ResolveTerm(expr.terms[i]);
      // Binding is use enough: `some k, v in xs` need not read both.
      VisitTerms(expr.terms[i], [this](const Term& t) {
        if (t.IsVar()) {
          const auto found = scopes_.back().names.find(t.text);
          if (found != scopes_.back().names.end()) ++found->second.uses;
        }
        return true;
      });
    }
  }

  static Names NamesIn(const Term& term, bool comprehensions) {
    Names out;
    VisitTerms(term, [&](const Term& t) {
      if (t.IsVar() && !t.IsWildcard()) out.insert(t.text);
      return comprehensions || !t.IsComprehension();
    });
    return out;
  }

  void ResolveEvery(Expr& expr) {
    ResolveTerm(expr.terms.back());
    scopes_.emplace_back();
    for (std::size_t i = 0; i + 1 < expr.terms.size(); ++i) {
      Declare(expr.terms[i], true, false);
      expr.terms[i].var = expr.terms[i].IsWildcard() ? NewVar("_") : scopes_.back().names.at(expr.terms[i].text).var;
    }
    ResolveExprs(*expr.body);
    PopScope();
  }

  void ResolveWithTarget(Term& target) {
    const Term whole = target;
    ResolveTerm(target);
    // A builtin as target stays a plain name.
    if (target.IsVar() && target.var != kNoVar) {
      target = whole;
      implicit_.erase(whole.text);
    } else if (target.IsRef() && target.items[0].IsVar() && target.items[0].var != kNoVar) {
      implicit_.erase(whole.items[0].text);
      target = MakeVar(TermText(whole), whole.at);
    }
  }

  void ResolveTerm(Term& term) {
    switch (term.kind) {
      case TermKind::kVar: ResolveVar(term); return;
      case TermKind::kRef: ResolveRef(term); return;
      case TermKind::kCall: ResolveCall(term); return;
      case TermKind::kArrayComprehension:
      case TermKind::kSetComprehension:
      case TermKind::kObjectComprehension: {
        const int in_template = std::exchange(in_template_, 0);
        scopes_.emplace_back();
        ResolveExprs(*term.body);
        for (Term& head : term.items) ResolveTerm(head);
        PopScope();
        in_template_ = in_template;
        return;
      }
      case TermKind::kTemplate:
        ++in_template_;
        for (Term& item : term.items) ResolveTerm(item);
        --in_template_;
        return;
      default:
        for (Term& item : term.items) ResolveTerm(item);
        if (term.kind == TermKind::kObject) DropRepeatedKeys(term.items);
    }
  }

  Declared* FindDeclared(std::string_view name) {
    for (std::size_t depth = scopes_.size(); depth > 0; --depth) {
      const auto found = scopes_[depth - 1].names.find(name);
      if (found == scopes_[depth - 1].names.end()) continue;
      if (depth <= head_ && scopes_.size() > head_) NoteOpen(found->first);
      return &found->second;
    }
    return nullptr;
  }

  // A rule of the package, an import, data or input; nullopt if the name is none of these.
  std::optional<Term> Global(std::string_view name, Location at) const {
    const auto import = imports_.find(name);
    if (import != imports_.end()) {
      import->second.used = true;
      Term ref = import->second.import->path;
      if (ref.IsVar()) ref = MakeComposite(TermKind::kRef, {ref}, at);
      ref.at = at;
      return ref;
    }
    if (rules_ != nullptr && rules_->count(name) > 0) {
      Term ref = module_->package;
      ref.items.push_back(MakeString(name, at));
      ref.at = at;
      return ref;
    }
    if (name == "data" || name == "input") return MakeComposite(TermKind::kRef, {MakeVar(name, at)}, at);
    return std::nullopt;
  }

  void ResolveVar(Term& term) {
    if (term.IsWildcard()) {
      if (in_template_ > 0) diagnostics_.Compile(term.at, "var _ is undeclared", "a template shows one value: iterate outside of it");
      term.var = NewVar("_");
      return;
    }
    if (Declared* declared = FindDeclared(term.text)) {
      ++declared->uses;
      term.var = declared->var;
      return;
    }
    if (std::optional<Term> ref = Global(term.text, term.at)) {
      scopes_.back().global.insert(term.text);
      term = std::move(*ref);
      return;
    }
    NoteOpen(term.text);
    const auto [at, fresh] = implicit_.emplace(term.text, 0);
    if (fresh) at->second = NewVar(term.text);
    term.var = at->second;
  }

  void ResolveRef(Term& term) {
    for (std::size_t i = 1; i < term.items.size(); ++i) ResolveTerm(term.items[i]);
    Term& head = term.items[0];
    ResolveTerm(head);
    if (!head.IsRef()) return;
    std::vector<Term> items = std::move(head.items);
    items.insert(items.end(), std::make_move_iterator(term.items.begin() + 1), std::make_move_iterator(term.items.end()));
    term = MakeComposite(TermKind::kRef, std::move(items), term.at);
  }

  void ResolveCall(Term& term) {
    for (std::size_t i = 1; i < term.items.size(); ++i) ResolveTerm(term.items[i]);
    Term& op = term.items[0];
    const std::string& first = op.IsVar() ? op.text : op.items[0].text;
    if (FindDeclared(first) != nullptr) {
      diagnostics_.Type(op.at, "undefined function " + TermText(op), "a local variable hides the function of that name");
      return;
    }
    if (std::optional<Term> ref = Global(first, op.at)) {
      if (op.IsRef()) ref->items.insert(ref->items.end(), op.items.begin() + 1, op.items.end());
      op = MakeComposite(TermKind::kRef, std::move(ref->items), op.at);
      return;
    }
    op = MakeVar(TermText(op), op.at);
    if (op.text.starts_with("rego.metadata.")) ResolveMetadata(term);
  }

  // rego.metadata.rule() and rego.metadata.chain() are constants; with an argument it is matched against them.
  void ResolveMetadata(Term& call) {
    const bool chain = call.items[0].IsVar("rego.metadata.chain");
    if (annotations_ == nullptr || rule_ == nullptr || call.items.size() > 2 || (!chain && !call.items[0].IsVar("rego.metadata.rule"))) return;
    Term value = chain ? annotations_->Chain(*module_, *rule_) : annotations_->Rule(*module_, *rule_);
    if (call.items.size() == 2) value = MakeComposite(TermKind::kCall, {MakeVar("eq", call.at), std::move(value), std::move(call.items[1])}, call.at);
    call = std::move(value);
  }

  const ModuleAst* module_;
  const std::set<std::string, std::less<>>* rules_;
  Diagnostics& diagnostics_;
  const Annotations* annotations_;
  const Rule* rule_ = nullptr;  // the one that is resolved
  std::size_t head_ = 0;        // scopes around the head while it is resolved: as in OPA, its comprehensions take what lies there for open
  std::map<std::string, Imported, std::less<>> imports_;
  std::vector<Scope> scopes_;
  std::map<std::string, std::int32_t, std::less<>> implicit_;
  std::vector<std::string> var_names_;
  int in_template_ = 0;
  bool unused_;  // what is named and never read is an error
};

}  // namespace

PackageNames CollectNames(const std::vector<ModuleAst>& modules) {
  PackageNames names;
  for (const ModuleAst& module : modules) {
    auto& set = names[TermText(module.package)];
    for (const Rule& rule : module.rules) {
      if (!rule.ref.items.empty()) set.insert(rule.ref.items[0].text);
    }
  }
  return names;
}

void ResolveModules(std::vector<ModuleAst>& modules, const PackageNames& names, const Annotations* annotations, bool unused, RuleTree& tree,
                    Diagnostics& diagnostics) {
  for (ModuleAst& module : modules) {
    if (module.package.items.empty()) continue;
    tree.AddPackage(module.package);
    Resolver resolver(&module, &names.at(TermText(module.package)), diagnostics, annotations, unused);
    resolver.CheckImports();
    for (const Rule& rule : module.rules) {
      GroupedRule resolved = resolver.ResolveRule(rule);
      Term full = module.package;
      full.items.push_back(MakeString(rule.ref.items[0].text, rule.ref.at));
      full.items.insert(full.items.end(), resolved.rule.ref.items.begin() + 1, resolved.rule.ref.items.end());
      tree.Add(std::move(resolved), full);
    }
    resolver.CheckUnusedImports();
  }
  tree.Finish(diagnostics);
}

std::vector<std::string> ResolveQuery(Body& body, std::uint32_t, Diagnostics& diagnostics) {
  Resolver resolver(nullptr, nullptr, diagnostics, nullptr, false);
  return resolver.ResolveQueryBody(body);
}

}  // namespace intentgate::rego
