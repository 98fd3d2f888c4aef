#include "gate/amounts.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "token/constraints/constraint_eval.h"

namespace intentgate::gate {
namespace {

// Powers of ten beyond this leave int64 behind or are below any unit.
constexpr std::int64_t kMaxExponent = 400;

struct Decimal {
  std::string digits;        // without the point
  std::int64_t point = 0;    // how many of them stand before it; may lie outside the digits
  bool negative = false;
};

std::optional<Decimal> Split(std::string_view number) {
  Decimal out;
  if (number.starts_with('-')) {
    out.negative = true;
    number.remove_prefix(1);
  }
  const std::size_t e = number.find_first_of("eE");
  std::int64_t exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view text = number.substr(e + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (error != std::errc{} || exponent > kMaxExponent || exponent < -kMaxExponent) return std::nullopt;
    number = number.substr(0, e);
  }
  const std::size_t dot = number.find('.');
  out.digits = std::string(number.substr(0, dot));
  out.point = static_cast<std::int64_t>(out.digits.size()) + exponent;
  if (dot != std::string_view::npos) out.digits += number.substr(dot + 1);
  return out;
}

}  // namespace

std::optional<std::int64_t> RoundedUp(std::string_view number) {
  const std::optional<Decimal> decimal = Split(number);
  if (!decimal) return std::nullopt;
  std::int64_t whole = 0;
  const auto size = static_cast<std::int64_t>(decimal->digits.size());
  for (std::int64_t i = 0; i < decimal->point; ++i) {
    const int digit = i < size ? decimal->digits[static_cast<std::size_t>(i)] - '0' : 0;
    if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, digit, &whole)) return std::nullopt;
  }
  const auto from = static_cast<std::size_t>(std::clamp<std::int64_t>(decimal->point, 0, size));
  const bool rest = decimal->digits.find_first_not_of('0', from) != std::string::npos;
  if (decimal->negative && (whole > 0 || rest)) return std::nullopt;
  if (rest && __builtin_add_overflow(whole, 1, &whole)) return std::nullopt;
  return whole;
}

Result<ToolTable> ToolTable::Create(std::vector<ToolSettings> rows) {
  ToolTable table;
  table.rows_ = std::move(rows);
  for (std::size_t i = 0; i < table.rows_.size(); ++i) {
    const std::string& pattern = table.rows_[i].pattern;
    if (pattern.find_first_of("*?[\\") == std::string::npos) {
      table.by_name_.try_emplace(pattern, i);
      continue;
    }
    if (Status s = token::ValidateGlob(pattern, true); !s.ok()) {
      return Error{ErrorCode::kInvalidArgument, "tools[" + std::to_string(i) + "].match: " + s.error().message};
    }
    table.globs_.push_back(i);
  }
  return table;
}

const ToolSettings* ToolTable::Find(std::string_view tool) const {
  const auto named = by_name_.find(tool);
  const std::size_t end = named == by_name_.end() ? rows_.size() : named->second;
  for (const std::size_t i : globs_) {
    if (i >= end) break;
    if (token::GlobMatch(rows_[i].pattern, tool, true)) return &rows_[i];
  }
  return end < rows_.size() ? &rows_[end] : nullptr;
}

std::optional<std::int64_t> CostOf(const ToolSettings* row, const json::Value* arguments) {
  if (row == nullptr) return 0;
  if (row->cost_argument.empty()) return row->cost;
  const json::Value* amount = arguments == nullptr ? nullptr : arguments->AtPointer(row->cost_argument);
  if (amount == nullptr || !amount->is_number()) return std::nullopt;
  return RoundedUp(amount->number_text());
}

}  // namespace intentgate::gate
