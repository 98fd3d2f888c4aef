#include "rego/syntax/relocate.h"

#include "rego/syntax/visit.h"

namespace intentgate::rego {
namespace {

class Relocation {
 public:
  explicit Relocation(std::uint32_t file) : file_(file) {}

  void Move(Location& at) const { at.file = file_; }

  void Move(Term& term) const {
    Move(term.at);
    for (Term& item : term.items) Move(item);
    if (term.body) Move(*term.body);
  }

  void Move(std::vector<Term>& terms) const {
    for (Term& term : terms) Move(term);
  }

  void Move(Body& body) const {
    Move(body.at);
    for (Expr& expr : body.exprs) {
      Move(expr.at);
      Move(expr.terms);
      if (expr.body) Move(*expr.body);
      for (const std::shared_ptr<Body>& operand : expr.operands) Move(*operand);
      for (With& with : expr.withs) {
        Move(with.at);
        Move(with.target);
        Move(with.value);
      }
    }
  }

  void Move(Rule& rule) const {
    Move(rule.at);
    Move(rule.ref);
    Move(rule.args);
    if (rule.key) Move(*rule.key);
    if (rule.value) Move(*rule.value);
    if (rule.body) Move(*rule.body);
    for (Rule& other : rule.otherwise) Move(other);
  }

 private:
  std::uint32_t file_;
};

}  // namespace

ModuleAst CopyForFile(const ModuleAst& module, std::uint32_t file) {
  ModuleAst copy = module;
  const Relocation relocation(file);
  copy.file = file;
  relocation.Move(copy.package);
  for (Import& import : copy.imports) {
    relocation.Move(import.at);
    relocation.Move(import.path);
  }
  for (Rule& rule : copy.rules) {
    Unshare(rule);
    relocation.Move(rule);
  }
  return copy;
}

}  // namespace intentgate::rego
