// The families of constraints, one .cc file each. Private to token/constraints.
//
// A family's compiler may assume what compile.cc has checked: no members of other kinds, item counts
// within kMaxConstraintItems, texts valid UTF-8. It checks the rest and owns its messages.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/caveat.h>
#include <intentgate/json.h>
#include <intentgate/result.h>

#include "token/constraints/constraint_eval.h"
#include "token/quote.h"

namespace intentgate::token {

using ConstraintPtr = std::shared_ptr<const CompiledConstraint>;

inline JudgedValue Holds() { return {Judgement::kHolds, {}}; }
inline JudgedValue Fails(std::string why) { return {Judgement::kFails, std::move(why)}; }
inline JudgedValue CannotJudge(std::string why) { return {Judgement::kCannotJudge, std::move(why)}; }
// `is a number, not a string`
JudgedValue WrongType(const json::Value& value, std::string_view wanted);

// `"a", "b" and 3 more`
std::string QuoteList(const std::vector<std::string>& texts);

Result<ConstraintPtr> CompileEqualsOrOneOf(const Constraint& c);
Result<ConstraintPtr> CompileContains(const Constraint& c);
Result<ConstraintPtr> CompileSubset(const Constraint& c);
Result<ConstraintPtr> CompilePrefix(const Constraint& c);
Result<ConstraintPtr> CompileGlob(const Constraint& c);
Result<ConstraintPtr> CompileRegex(const Constraint& c);
Result<ConstraintPtr> CompileRange(const Constraint& c);
Result<ConstraintPtr> CompileLength(const Constraint& c);
Result<ConstraintPtr> CompileSubpath(const Constraint& c);
Result<ConstraintPtr> CompileUrl(const Constraint& c);
Result<ConstraintPtr> CompileCidr(const Constraint& c);

// REQUIRES: at least one part.
ConstraintPtr MakeNot(ConstraintPtr inner, std::string description);
ConstraintPtr MakeAll(std::vector<ConstraintPtr> parts);
ConstraintPtr MakeAny(std::vector<ConstraintPtr> parts);

}  // namespace intentgate::token
