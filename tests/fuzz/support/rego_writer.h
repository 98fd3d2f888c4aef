// Writes Rego from a row of choices: modules that mostly compile and that use the whole language and every builtin, with
// documents to go with them. Each rule sees the ones before it, so that nothing is recursive; bodies bind what they read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/support/byte_source.h"
#include "rego/builtins/registry.h"

namespace intentgate::fuzz {

struct RegoCase {
  std::string module;  // package p, rules r0, r1, ...
  std::string data;    // JSON, an object
  std::string input;   // JSON
  bool v0 = false;     // written in the older syntax
};

RegoCase WriteRegoCase(std::span<const std::uint8_t> bytes);

// Terms and bodies.
class TermWriter {
 public:
  // The variables that may be read. A body's scope ends with it.
  using Scope = std::vector<std::string>;

  TermWriter(ByteSource& source, bool v0) : source_(source), v0_(v0) {}
  // Whether `and` and `or` stand between expressions.
  void set_logic(bool logic) { logic_ = logic; }

  std::string Term(const Scope& scope, int depth);
  std::string Scalar();
  // A body's expressions with `between` them; adds what they bind to the scope.
  std::string Body(Scope& scope, int depth, std::string_view between = "; ");
  void AddRule(std::string call) { rules_.push_back(std::move(call)); }
  // A number, so that names are never bound twice.
  std::string Fresh() { return "v" + std::to_string(fresh_++); }

 private:
  std::string Ref(const Scope& scope, int depth);
  std::string Collection(const Scope& scope, int depth);
  std::string Comprehension(const Scope& scope, int depth);
  std::string Operation(const Scope& scope, int depth);
  std::string Call(const Scope& scope, int depth);
  std::string Operand(const rego::TypeSpec& spec, const Scope& scope, int depth);
  std::string OfKind(rego::Type type, std::uint16_t elements, const Scope& scope, int depth);
  std::string Template(const Scope& scope, int depth);
  std::string Expr(Scope& scope, int depth);
  std::string Iteration(Scope& scope, int depth);
  std::string Negation(const Scope& scope, int depth);
  std::string With(const Scope& scope, int depth);
  std::string Compare(const Scope& scope, int depth);

  ByteSource& source_;
  bool v0_;
  bool logic_ = false;
  int fresh_ = 0;
  std::vector<std::string> rules_;  // as a term: "r0", "r1(input.a)"
};

}  // namespace intentgate::fuzz
