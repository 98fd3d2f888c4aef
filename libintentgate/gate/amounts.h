// What a call costs: the tool table of the settings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/settings.h>

#include "base/string_map.h"

namespace intentgate::gate {

// A JSON number as whole units, rounded up; nullopt when it is negative or does not fit.
std::optional<std::int64_t> RoundedUp(std::string_view number);

// The first row of the settings that matches a tool. Immutable, thread-safe. A name costs one look-up,
// and one glob match for each glob row before the named one.
class ToolTable {
 public:
  ToolTable() = default;
  // kInvalidArgument: a malformed glob.
  static Result<ToolTable> Create(std::vector<ToolSettings> rows);
  // Null when no row matches.
  const ToolSettings* Find(std::string_view tool) const;

 private:
  std::vector<ToolSettings> rows_;
  std::unordered_map<std::string, std::size_t, base::StringHash, base::StringEq> by_name_;
  std::vector<std::size_t> globs_;   // indices, ascending
};

// The cost of a call, or nullopt when the row's argument is missing or no amount.
std::optional<std::int64_t> CostOf(const ToolSettings* row, const json::Value* arguments);

}  // namespace intentgate::gate
