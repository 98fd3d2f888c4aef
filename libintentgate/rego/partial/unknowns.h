// What is unknown, and what depends on it: references, rules, expressions.
//
// A rule depends on an unknown if anything that it may read does, at any place and whatever `with` would hide: too much is called
// dependent rather than too little.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <intentgate/json.h>

#include "rego/compile/rule_tree.h"
#include "rego/syntax/ast.h"

namespace intentgate::rego::partial {

using Path = std::vector<std::string>;

// Where a reference leads to in the document tree, as far as its names are constant.
struct Place {
  enum class Kind : std::uint8_t {
    kUnknown,   // at or below an unknown
    kOver,      // a document that holds unknowns: a part of the input, a package, base data
    kKnown,     // base data or input
    kGroup,     // a rule
    kPackage,   // packages or rules below it, none of which is known to be unknown yet
  } kind = Kind::kKnown;
  const RuleGroup* group = nullptr;
  const TreeNode* node = nullptr;
  std::size_t used = 1;  // items of the reference that lead there
};

class Unknowns {
 public:
  Unknowns(const RuleTree& tree, bool nondeterministic) : tree_(tree), nondeterministic_(nondeterministic) {}

  void Add(bool input, Path path) { (input ? input_ : data_).push_back(std::move(path)); }
  const std::vector<Path>& input() const { return input_; }
  const std::vector<Path>& data() const { return data_; }
  bool all_input() const;

  // REQUIRES: `ref` begins with input or data.
  Place PlaceOf(const Term& ref) const;
  // At or below an unknown.
  static bool Covered(const std::vector<Path>& unknowns, const Path& path);
  // As Covered, or above one.
  static bool Touched(const std::vector<Path>& unknowns, const Path& path);

  // True if something in the term or expression is unknown. `symbolic`: variables whose values are.
  bool Depends(const Term& term, const std::set<std::int32_t>& symbolic);
  bool Depends(const Expr& expr, const std::set<std::int32_t>& symbolic);
  bool Depends(const RuleGroup& group);
  // A rule at or below the node, or base data there.
  bool DependsBelow(const TreeNode& node, Path& path);
  // A builtin whose answer differs from one evaluation to the next.
  bool IsLate(const Term& op) const;

 private:
  bool RefDepends(const Term& ref);
  bool Leaf(const Term& term, const std::set<std::int32_t>& symbolic);

  const RuleTree& tree_;
  bool nondeterministic_;
  std::vector<Path> input_;
  std::vector<Path> data_;
  std::map<const RuleGroup*, bool> groups_;
};

}  // namespace intentgate::rego::partial
