#include <intentgate/caveat.h>

#include <string>
#include <utility>

namespace intentgate {
namespace {

Constraint WithText(ConstraintKind kind, std::string text) {
  Constraint c;
  c.kind = kind;
  c.texts.push_back(std::move(text));
  return c;
}

Constraint WithValues(ConstraintKind kind, std::vector<json::Value> values) {
  Constraint c;
  c.kind = kind;
  c.values = std::move(values);
  return c;
}

Constraint WithInner(ConstraintKind kind, std::vector<Constraint> inner) {
  Constraint c;
  c.kind = kind;
  c.inner = std::move(inner);
  return c;
}

std::optional<std::string> Text(std::optional<std::int64_t> n) {
  if (!n) return std::nullopt;
  return std::to_string(*n);
}

}  // namespace

std::string_view ConstraintKindName(ConstraintKind kind) {
  switch (kind) {
    case ConstraintKind::kEquals: return "equals";
    case ConstraintKind::kOneOf: return "one_of";
    case ConstraintKind::kPrefix: return "prefix";
    case ConstraintKind::kGlob: return "glob";
    case ConstraintKind::kRegex: return "regex";
    case ConstraintKind::kRange: return "range";
    case ConstraintKind::kLength: return "length";
    case ConstraintKind::kSubpath: return "subpath";
    case ConstraintKind::kUrl: return "url";
    case ConstraintKind::kCidr: return "cidr";
    case ConstraintKind::kContains: return "contains";
    case ConstraintKind::kSubset: return "subset";
    case ConstraintKind::kNot: return "not";
    case ConstraintKind::kAll: return "all";
    case ConstraintKind::kAny: return "any";
  }
  return "unknown";
}

Constraint Constraint::Equals(json::Value value) {
  Constraint c;
  c.values.push_back(std::move(value));
  return c;
}
Constraint Constraint::OneOf(std::vector<json::Value> values) {
  return WithValues(ConstraintKind::kOneOf, std::move(values));
}
Constraint Constraint::Prefix(std::string prefix) { return WithText(ConstraintKind::kPrefix, std::move(prefix)); }
Constraint Constraint::Glob(std::string pattern) { return WithText(ConstraintKind::kGlob, std::move(pattern)); }
Constraint Constraint::Regex(std::string re2) { return WithText(ConstraintKind::kRegex, std::move(re2)); }
Constraint Constraint::Range(std::optional<std::string> min, std::optional<std::string> max) {
  Constraint c;
  c.kind = ConstraintKind::kRange;
  c.min = std::move(min);
  c.max = std::move(max);
  return c;
}
Constraint Constraint::Length(std::optional<std::int64_t> min, std::optional<std::int64_t> max) {
  Constraint c;
  c.kind = ConstraintKind::kLength;
  c.min = Text(min);
  c.max = Text(max);
  return c;
}
Constraint Constraint::Subpath(std::string root) { return WithText(ConstraintKind::kSubpath, std::move(root)); }
Constraint Constraint::Url(std::vector<std::string> schemes, std::vector<std::string> hosts,
                           std::vector<std::int64_t> ports) {
  Constraint c;
  c.kind = ConstraintKind::kUrl;
  c.schemes = std::move(schemes);
  c.hosts = std::move(hosts);
  c.ports = std::move(ports);
  return c;
}
Constraint Constraint::Cidr(std::vector<std::string> blocks) {
  Constraint c;
  c.kind = ConstraintKind::kCidr;
  c.texts = std::move(blocks);
  return c;
}
Constraint Constraint::Contains(std::vector<json::Value> values) {
  return WithValues(ConstraintKind::kContains, std::move(values));
}
Constraint Constraint::Subset(std::vector<json::Value> values) {
  return WithValues(ConstraintKind::kSubset, std::move(values));
}
Constraint Constraint::Not(Constraint inner) {
  Constraint c;
  c.kind = ConstraintKind::kNot;
  c.inner.push_back(std::move(inner));
  return c;
}
Constraint Constraint::All(std::vector<Constraint> inner) { return WithInner(ConstraintKind::kAll, std::move(inner)); }
Constraint Constraint::Any(std::vector<Constraint> inner) { return WithInner(ConstraintKind::kAny, std::move(inner)); }

}  // namespace intentgate
