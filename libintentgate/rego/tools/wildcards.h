// Names for the variables `_`: "$0", "$1" and so on, in the order in which OPA's parser meets them.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "rego/syntax/ast.h"

namespace intentgate::rego {

// Thread-compatible; rules are handed over in the order of the text.
class WildcardNames {
 public:
  // Everything of a rule but its `otherwise`.
  void NameRule(Rule& rule);
  // The arguments of the branch's head, a copy of the rule's, and then the branch.
  void NameBranch(std::vector<Term>& args, Rule& branch);

 private:
  void NameTerms(const std::vector<Term*>& terms, Body* body);
  void NameArguments(std::vector<Term>& args);
  std::string Next() { return "$" + std::to_string(count_++); }

  std::uint64_t count_ = 0;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> named_;  // by place
};

}  // namespace intentgate::rego
