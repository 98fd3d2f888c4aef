#include "rego/syntax/ast.h"

#include <algorithm>

#include "rego/value.h"

namespace intentgate::rego {

Term MakeVar(std::string_view name, Location at) {
  Term t;
  t.kind = TermKind::kVar;
  t.text = name;
  t.at = at;
  return t;
}

Term MakeString(std::string_view text, Location at) {
  Term t;
  t.kind = TermKind::kString;
  t.text = text;
  t.at = at;
  return t;
}

Term MakeBool(bool value, Location at) {
  Term t;
  t.kind = TermKind::kBool;
  t.flag = value;
  t.at = at;
  return t;
}

Term MakeComposite(TermKind kind, std::vector<Term> items, Location at) {
  Term t;
  t.kind = kind;
  t.at = at;
  for (const Term& item : items) t.depth = std::max(t.depth, static_cast<std::uint16_t>(item.depth + 1));
  t.items = std::move(items);
  return t;
}

bool IsGroundStrings(const Term& ref, std::size_t from) {
  return std::all_of(ref.items.begin() + static_cast<std::ptrdiff_t>(std::min(from, ref.items.size())), ref.items.end(),
                     [](const Term& t) { return t.IsString(); });
}

namespace {

bool IsPlainName(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string List(const Term& t, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < t.items.size(); ++i) out += (i > from ? ", " : "") + TermText(t.items[i]);
  return out;
}

std::string RefText(const Term& t) {
  std::string out = TermText(t.items[0]);
  for (std::size_t i = 1; i < t.items.size(); ++i) {
    const Term& part = t.items[i];
    out += part.IsString() && IsPlainName(part.text) ? "." + part.text : "[" + TermText(part) + "]";
  }
  return out;
}

std::string ObjectText(const Term& t) {
  std::string out = "{";
  for (std::size_t i = 0; i + 1 < t.items.size(); i += 2) {
    out += (i > 0 ? ", " : "") + TermText(t.items[i]) + ": " + TermText(t.items[i + 1]);
  }
  return out + "}";
}

}  // namespace

std::string TermText(const Term& t) {
  switch (t.kind) {
    case TermKind::kNull: return "null";
    case TermKind::kBool: return t.flag ? "true" : "false";
    case TermKind::kNumber:
    case TermKind::kVar: return t.text;
    case TermKind::kString: return Value::StringRef(t.text).ToText();
    case TermKind::kRef: return RefText(t);
    case TermKind::kArray: return "[" + List(t, 0) + "]";
    case TermKind::kSet: return t.items.empty() ? "set()" : "{" + List(t, 0) + "}";
    case TermKind::kObject: return ObjectText(t);
    case TermKind::kCall: return TermText(t.items[0]) + "(" + List(t, 1) + ")";
    case TermKind::kArrayComprehension: return "[" + TermText(t.items[0]) + " | ...]";
    case TermKind::kSetComprehension: return "{" + TermText(t.items[0]) + " | ...}";
    case TermKind::kObjectComprehension: return "{" + TermText(t.items[0]) + ": " + TermText(t.items[1]) + " | ...}";
    case TermKind::kTemplate: return "$\"...\"";
  }
  return "";
}

}  // namespace intentgate::rego
