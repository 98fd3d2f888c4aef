// Checks what all families share (members, counts, UTF-8, depth) and hands over to the family.

#include <string>
#include <vector>

#include "base/utf8.h"
#include "token/constraints/families.h"

namespace intentgate::token {
namespace {

enum Member : unsigned { kValues = 1, kTexts = 2, kMinMax = 4, kUrlParts = 8, kInner = 16 };

unsigned MembersOf(ConstraintKind kind) {
  switch (kind) {
    case ConstraintKind::kEquals:
    case ConstraintKind::kOneOf:
    case ConstraintKind::kContains:
    case ConstraintKind::kSubset: return kValues;
    case ConstraintKind::kPrefix:
    case ConstraintKind::kGlob:
    case ConstraintKind::kRegex:
    case ConstraintKind::kSubpath:
    case ConstraintKind::kCidr: return kTexts;
    case ConstraintKind::kRange:
    case ConstraintKind::kLength: return kMinMax;
    case ConstraintKind::kUrl: return kUrlParts;
    case ConstraintKind::kNot:
    case ConstraintKind::kAll:
    case ConstraintKind::kAny: return kInner;
  }
  return 0;
}

unsigned MembersSet(const Constraint& c) {
  unsigned set = 0;
  if (!c.values.empty()) set |= kValues;
  if (!c.texts.empty()) set |= kTexts;
  if (c.min || c.max) set |= kMinMax;
  if (!c.schemes.empty() || !c.hosts.empty() || !c.ports.empty()) set |= kUrlParts;
  if (!c.inner.empty()) set |= kInner;
  return set;
}

Error Bad(const Constraint& c, std::string_view what, ErrorCode code = ErrorCode::kInvalidArgument) {
  return {code, std::string(ConstraintKindName(c.kind)) + ": " + std::string(what)};
}

Status CheckTexts(const Constraint& c) {
  for (const std::vector<std::string>* list : {&c.texts, &c.schemes, &c.hosts}) {
    for (const std::string& text : *list) {
      if (!base::IsValidUtf8(text)) return Bad(c, "a text is not valid UTF-8");
    }
  }
  if (MembersOf(c.kind) != kTexts) return {};
  if (c.texts.empty()) return Bad(c, c.kind == ConstraintKind::kCidr ? "needs at least one block" : "needs its text");
  if (c.kind != ConstraintKind::kCidr && c.texts.size() != 1) return Bad(c, "takes exactly one text");
  return {};
}

Status CheckShape(const Constraint& c) {
  if (MembersOf(c.kind) == 0) return Error{ErrorCode::kInvalidArgument, "a constraint of an unknown kind"};
  if ((MembersSet(c) & ~MembersOf(c.kind)) != 0) return Bad(c, "has members that belong to another kind");
  for (const std::size_t count : {c.values.size(), c.texts.size(), c.schemes.size(), c.hosts.size(), c.ports.size()}) {
    if (count > kMaxConstraintItems) {
      return Bad(c, "has over " + std::to_string(kMaxConstraintItems) + " items", ErrorCode::kLimitExceeded);
    }
  }
  return CheckTexts(c);
}

class Compiler {
 public:
  Result<ConstraintPtr> Compile(const Constraint& c, std::size_t depth) {
    if (depth > kMaxConstraintDepth) {
      return Bad(c, "nested over " + std::to_string(kMaxConstraintDepth) + " deep", ErrorCode::kLimitExceeded);
    }
    if (++nodes_ > kMaxConstraintNodes) {
      return Bad(c, "over " + std::to_string(kMaxConstraintNodes) + " constraints in one", ErrorCode::kLimitExceeded);
    }
    if (Status shape = CheckShape(c); !shape.ok()) return shape.error();
    switch (c.kind) {
      case ConstraintKind::kEquals:
      case ConstraintKind::kOneOf: return CompileEqualsOrOneOf(c);
      case ConstraintKind::kPrefix: return CompilePrefix(c);
      case ConstraintKind::kGlob: return CompileGlob(c);
      case ConstraintKind::kRegex: return CompileRegex(c);
      case ConstraintKind::kRange: return CompileRange(c);
      case ConstraintKind::kLength: return CompileLength(c);
      case ConstraintKind::kSubpath: return CompileSubpath(c);
      case ConstraintKind::kUrl: return CompileUrl(c);
      case ConstraintKind::kCidr: return CompileCidr(c);
      case ConstraintKind::kContains: return CompileContains(c);
      case ConstraintKind::kSubset: return CompileSubset(c);
      case ConstraintKind::kNot:
      case ConstraintKind::kAll:
      case ConstraintKind::kAny: return CompileCombinator(c, depth);
    }
    return Error{ErrorCode::kInternal, "a constraint kind without a compiler"};
  }

 private:
  Result<ConstraintPtr> CompileCombinator(const Constraint& c, std::size_t depth) {
    if (c.inner.empty()) return Bad(c, "needs at least one inner constraint");
    if (c.kind == ConstraintKind::kNot && c.inner.size() != 1) return Bad(c, "takes exactly one inner constraint");
    std::vector<ConstraintPtr> parts;
    for (const Constraint& inner : c.inner) {
      Result<ConstraintPtr> part = Compile(inner, depth + 1);
      if (!part.ok()) return part;
      parts.push_back(*std::move(part));
    }
    if (c.kind == ConstraintKind::kNot) return MakeNot(parts.front(), c.Describe());
    return c.kind == ConstraintKind::kAll ? MakeAll(std::move(parts)) : MakeAny(std::move(parts));
  }

  std::size_t nodes_ = 0;
};

}  // namespace

Result<ConstraintPtr> CompileConstraint(const Constraint& constraint) { return Compiler().Compile(constraint, 1); }

Status ValidateConstraint(const Constraint& constraint) {
  Result<ConstraintPtr> compiled = CompileConstraint(constraint);
  if (!compiled.ok()) return std::move(compiled).error();
  return {};
}

ConstraintVerdict Evaluate(const CompiledConstraint& constraint, const json::Value& value) {
  JudgedValue judged = constraint.Judge(value);
  return {judged.judgement == Judgement::kHolds, std::move(judged.why)};
}

}  // namespace intentgate::token
