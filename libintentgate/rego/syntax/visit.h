// Walks over terms. The tree's depth is bounded by the parser, so recursion is safe.
#pragma once

#include <functional>

#include "rego/syntax/ast.h"

namespace intentgate::rego {

using TermVisitor = std::function<bool(const Term&)>;  // false: do not go below

// All terms of a term, a body or an expression, closures included, parents first.
void VisitTerms(const Term& term, const TermVisitor& visit);
void VisitTerms(const Body& body, const TermVisitor& visit);
void VisitTerms(const Expr& expr, const TermVisitor& visit);

// Gives the rule bodies of its own: copies of terms share the bodies of comprehensions until then.
void Unshare(Rule& rule);
void Unshare(Body& body);

}  // namespace intentgate::rego
