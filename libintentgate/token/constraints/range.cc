// Numeric ranges, compared as decimals of any size and never as doubles, and lengths.

#include <charconv>
#include <cstdint>
#include <string>

#include "base/utf8.h"
#include "json/numbers.h"
#include "token/constraints/families.h"

namespace intentgate::token {
namespace {

std::string RangeFailure(std::string_view what, const std::optional<std::string>& min,
                         const std::optional<std::string>& max) {
  if (min && max) return std::string(what) + " is not between " + *min + " and " + *max;
  if (min) return std::string(what) + " is below " + *min;
  return std::string(what) + " is above " + *max;
}

class RangeConstraint final : public CompiledConstraint {
 public:
  RangeConstraint(std::optional<std::string> min, std::optional<std::string> max)
      : min_(std::move(min)), max_(std::move(max)) {}

  JudgedValue Judge(const json::Value& value) const override {
    if (!value.is_number()) return WrongType(value, "a number");
    const std::string& number = value.number_text();
    for (const auto& [bound, is_min] : {std::pair(&min_, true), std::pair(&max_, false)}) {
      if (!bound->has_value()) continue;
      const std::optional<int> order = json::CompareNumbers(number, **bound);
      if (!order) return CannotJudge("has an exponent beyond 1000000");
      if (is_min ? *order < 0 : *order > 0) return Fails(RangeFailure("the number", min_, max_));
    }
    return Holds();
  }

 private:
  std::optional<std::string> min_;
  std::optional<std::string> max_;
};

class LengthConstraint final : public CompiledConstraint {
 public:
  LengthConstraint(std::uint64_t min, std::uint64_t max, std::string failure)
      : min_(min), max_(max), failure_(std::move(failure)) {}

  JudgedValue Judge(const json::Value& value) const override {
    std::uint64_t length = 0;
    if (value.is_array()) {
      length = value.array().size();
    } else if (value.is_string()) {
      const std::string& text = value.string_value();
      if (!base::IsValidUtf8(text)) return CannotJudge("is not valid UTF-8");
      for (std::size_t pos = 0; pos < text.size(); ++length) base::NextCodePoint(text, pos);
    } else {
      return WrongType(value, "a string or a list");
    }
    if (length < min_ || length > max_) return Fails(failure_);
    return Holds();
  }

 private:
  std::uint64_t min_;
  std::uint64_t max_;
  std::string failure_;
};

std::optional<std::uint64_t> ParseCount(std::string_view text) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || n > std::uint64_t{INT64_MAX}) return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  return n;
}

Error Bad(std::string_view kind, std::string_view what) {
  return {ErrorCode::kInvalidArgument, std::string(kind) + ": " + std::string(what)};
}

}  // namespace

Result<ConstraintPtr> CompileRange(const Constraint& c) {
  if (!c.min && !c.max) return Bad("range", "needs min, max or both");
  for (const std::optional<std::string>* bound : {&c.min, &c.max}) {
    if (!bound->has_value()) continue;
    if (!json::IsJsonNumber(**bound)) return Bad("range", Quote(**bound) + " is no decimal number such as \"1.50\"");
    if (!json::CompareNumbers(**bound, "0")) return Bad("range", "a bound has an exponent beyond 1000000");
  }
  if (c.min && c.max && json::CompareNumbers(*c.min, *c.max).value_or(1) > 0) {
    return Bad("range", "min " + *c.min + " is above max " + *c.max + ", so nothing could hold");
  }
  return ConstraintPtr(std::make_shared<RangeConstraint>(c.min, c.max));
}

Result<ConstraintPtr> CompileLength(const Constraint& c) {
  if (!c.min && !c.max) return Bad("length", "needs min, max or both");
  const std::optional<std::uint64_t> min = ParseCount(c.min.value_or("0"));
  const std::optional<std::uint64_t> max = ParseCount(c.max.value_or(std::to_string(INT64_MAX)));
  if (!min || !max) return Bad("length", "min and max are whole numbers from 0");
  if (*min > *max) return Bad("length", "min is above max, so nothing could hold");
  return ConstraintPtr(std::make_shared<LengthConstraint>(*min, *max, RangeFailure("the length", c.min, c.max)));
}

}  // namespace intentgate::token
