// Which rules of a set can succeed, by what they test before anything else could let them answer.
//
// Each indexed rule stands in one table under the most selective of its tests: a value is equal to a constant or one
// of several, a text begins or ends with a constant. A look-up reads each table's subject once and gives the
// rules whose test holds, and those without a usable test, in the order of the source. Tables have one row for
// each constant, so 10,000 rules cost about what 10 do when few of them match.
//
// Immutable, in the policy's arena. Tested by tests/unit/rego/rule_index_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "rego/value.h"

namespace intentgate::rego {

struct Node;

// Rule numbers, ascending.
using RuleList = std::span<const std::uint32_t>;

// Constants to rules: open addressing.
struct ValueTable {
  struct Row {
    Value value;  // undefined: empty
    RuleList rules;
  };
  std::span<const Row> rows;  // none, or a power of two of them

  RuleList Find(const Value& value) const;
};

// Every constant that a text begins with. Sorted; each row knows the longest other row that it begins with, so the
// nearest row not behind the text leads to all that match.
struct PrefixTable {
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Row {
    std::string_view text;
    std::uint32_t shorter = kNone;
    RuleList rules;
  };
  std::span<const Row> rows;
  std::uint32_t longest = 0;  // bytes

  // Calls found(RuleList) for each row that `text` begins with.
  template <typename Found>
  void Find(std::string_view text, const Found& found) const;
};

// The tests of one subject.
struct IndexGroup {
  const Node* subject = nullptr;  // an input path, or a rule that renames one
  std::int32_t arg = -1;          // or the number of a function's argument
  ValueTable equal;
  PrefixTable prefixes;
  PrefixTable suffixes;           // texts reversed
  RuleList of_text;               // all rules in the two tables above
};

struct RuleIndex {
  std::span<const IndexGroup> groups;
  RuleList always;          // rules with no usable test
  bool reads_rules = false;  // some constants are other rules' values, which `with` can replace
};

template <typename Found>
void PrefixTable::Find(std::string_view text, const Found& found) const {
  std::size_t low = 0, high = rows.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (rows[middle].text <= text) low = middle + 1;
    else high = middle;
  }
  bool inside = false;  // a row that matches: so do all shorter ones
  for (std::uint32_t at = low == 0 ? kNone : static_cast<std::uint32_t>(low - 1); at != kNone; at = rows[at].shorter) {
    inside = inside || text.substr(0, rows[at].text.size()) == rows[at].text;
    if (inside) found(rows[at].rules);
  }
}

}  // namespace intentgate::rego
