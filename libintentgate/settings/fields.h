// Every setting that is one value: the table that the file, the environment and the reference share.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "settings/draft.h"

namespace intentgate::settings {

struct Field {
  std::string path;                  // "store.sqlite_path"
  std::string environment;           // empty: file only
  std::string default_value;
  std::string description;
  // Stores the value or says what is wrong with it. `where` is kept for what can only be checked later.
  std::function<std::string(Draft& draft, const std::string& text, const std::string& where)> set;
};

// Built once per load; immutable.
std::vector<Field> MakeFields();

// The members of one budget: "lifetime_calls", "window_calls", "window_cost", "window_seconds".
// Stores the value or says what is wrong; unknown names give nullopt.
std::optional<std::string> SetBudgetMember(BudgetLimits& limits, std::string_view name, std::string_view text);
const std::vector<std::string>& BudgetMembers();

std::string ReadDurability(std::string_view text, AuditDurability& out);
std::string ReadOverflow(std::string_view text, AuditOverflow& out);

}  // namespace intentgate::settings
