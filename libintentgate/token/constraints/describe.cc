// Constraints in words, for people.

#include <string>
#include <string_view>
#include <vector>

#include <intentgate/caveat.h>
#include <intentgate/json.h>

#include "token/constraints/families.h"

namespace intentgate {
namespace token {
namespace {

constexpr std::size_t kMaxQuotedItems = 5;

}  // namespace

std::string QuoteList(const std::vector<std::string>& texts) {
  std::string out;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i == kMaxQuotedItems) return out + " and " + std::to_string(texts.size() - i) + " more";
    if (i > 0) out += ", ";
    out += Quote(texts[i]);
  }
  return out;
}

JudgedValue WrongType(const json::Value& value, std::string_view wanted) {
  return CannotJudge("is " + std::string(value.is_null() ? "" : value.is_array() || value.is_object() ? "an " : "a ") +
                     std::string(json::KindName(value.kind())) + ", not " + std::string(wanted));
}

}  // namespace token

namespace {

using token::Quote;
using token::QuoteList;

// Long or nested values are cut: a description is one line.
std::string Show(const json::Value& value) {
  if (value.is_string()) return Quote(value.string_value());
  std::string text = json::Write(value);
  if (text.size() <= 80) return text;
  return value.is_array() ? "[...]" : value.is_object() ? "{...}" : text.substr(0, 77) + "...";
}

std::string ShowList(const std::vector<json::Value>& values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i == 5) return out + " and " + std::to_string(values.size() - i) + " more";
    if (i > 0) out += ", ";
    out += Show(values[i]);
  }
  return out;
}

std::string Between(const Constraint& c) {
  if (c.min && c.max) return "between " + *c.min + " and " + *c.max;
  if (c.min) return "at least " + *c.min;
  return "at most " + c.max.value_or("?");
}

std::string FirstText(const Constraint& c) { return c.texts.empty() ? "?" : Quote(c.texts.front()); }

std::string DescribeUrl(const Constraint& c) {
  std::string out = "is a URL with scheme " + QuoteList(c.schemes) + " and host " + QuoteList(c.hosts);
  if (c.ports.empty()) return out;
  out += " and port ";
  for (std::size_t i = 0; i < c.ports.size(); ++i) out += (i > 0 ? ", " : "") + std::to_string(c.ports[i]);
  return out;
}

std::string Describe(const Constraint& c, std::size_t depth);

std::string Join(const Constraint& c, std::string_view word, std::size_t depth) {
  std::string out = "(";
  for (std::size_t i = 0; i < c.inner.size(); ++i) {
    if (i > 0) out += word;
    if (out.size() > 400) return out + "...)";
    out += Describe(c.inner[i], depth + 1);
  }
  return out + ")";
}

std::string Describe(const Constraint& c, std::size_t depth) {
  if (depth > kMaxConstraintDepth) return "...";
  switch (c.kind) {
    case ConstraintKind::kEquals: return "equals " + (c.values.empty() ? "?" : Show(c.values.front()));
    case ConstraintKind::kOneOf: return "is one of " + ShowList(c.values);
    case ConstraintKind::kPrefix: return "starts with " + FirstText(c);
    case ConstraintKind::kGlob: return "matches the glob " + FirstText(c);
    case ConstraintKind::kRegex: return "matches the regex " + FirstText(c);
    case ConstraintKind::kRange: return "is " + Between(c);
    case ConstraintKind::kLength: return "has a length " + Between(c);
    case ConstraintKind::kSubpath: return "is under " + FirstText(c);
    case ConstraintKind::kUrl: return DescribeUrl(c);
    case ConstraintKind::kCidr: return "is an address in " + QuoteList(c.texts);
    case ConstraintKind::kContains: return "contains " + ShowList(c.values);
    case ConstraintKind::kSubset: return "contains nothing but " + ShowList(c.values);
    case ConstraintKind::kNot: return "not " + Join(c, "", depth);
    case ConstraintKind::kAll: return Join(c, " and ", depth);
    case ConstraintKind::kAny: return Join(c, " or ", depth);
  }
  return "is of an unknown kind";
}

}  // namespace

std::string Constraint::Describe() const { return intentgate::Describe(*this, 1); }

}  // namespace intentgate
