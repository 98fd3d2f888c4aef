// Values as JSON and as Rego text.
// Tested by tests/unit/rego/value_test.cc.

#include <algorithm>
#include <string>

#include "base/utf8.h"
#include "rego/value.h"

namespace intentgate::rego {
namespace {

[[noreturn]] void TooDeep() { throw EvalAbort{"eval_limit_error", "a value is nested deeper than 1000 levels"}; }

void AppendHex(std::string& out, std::uint32_t code, int digits) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 15U];
}

// As Go's strconv.Quote.
void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t pos = 0; pos < text.size();) {
    const auto byte = static_cast<unsigned char>(text[pos]);
    if (byte >= 0x80) {
      const std::size_t start = pos;
      const std::uint32_t code = base::NextCodePoint(text, pos);
      const bool printable = !(code < 0xA1 || code == 0xAD || code == 0x2028 || code == 0x2029 || code == 0xFEFF ||
                               (code >= 0x2000 && code <= 0x200F) || (code >= 0xE000 && code <= 0xF8FF));
      if (printable) {
        out += text.substr(start, pos - start);
      } else {
        out += "\\u";
        AppendHex(out, code, 4);
      }
      continue;
    }
    ++pos;
    switch (byte) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\a': out += "\\a"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\v': out += "\\v"; break;
      default:
        if (byte < 0x20 || byte == 0x7F) {
          out += "\\x";
          AppendHex(out, byte, 2);
        } else {
          out += static_cast<char>(byte);
        }
    }
  }
  out += '"';
}

void AppendTextAt(const Value& v, std::string& out, int depth) {
  if (depth > kMaxValueDepth) TooDeep();
  std::string scratch;
  bool first = true;
  const auto comma = [&] {
    if (!first) out += ", ";
    first = false;
  };
  switch (v.type()) {
    case Type::kNull: out += "null"; return;
    case Type::kBoolean: out += v.bool_value() ? "true" : "false"; return;
    case Type::kNumber: out += v.number_text(scratch); return;
    case Type::kString: AppendQuoted(out, v.string()); return;
    case Type::kArray:
      out += '[';
      for (const Value& e : v.elements()) comma(), AppendTextAt(e, out, depth + 1);
      out += ']';
      return;
    case Type::kSet:
      if (v.size() == 0) {
        out += "set()";
        return;
      }
      out += '{';
      for (const Value& e : v.elements()) comma(), AppendTextAt(e, out, depth + 1);
      out += '}';
      return;
    case Type::kObject:
      out += '{';
      for (const Entry& e : v.entries()) {
        comma();
        AppendTextAt(e.key, out, depth + 1);
        out += ": ";
        AppendTextAt(e.value, out, depth + 1);
      }
      out += '}';
      return;
    default: out += "<undefined>";
  }
}

// Keys that became text: in the order of the text, each name once.
void SortMembers(json::Object& members) {
  std::stable_sort(members.begin(), members.end(), [](const json::Member& a, const json::Member& b) { return a.name < b.name; });
  const auto same = [](const json::Member& a, const json::Member& b) { return a.name == b.name; };
  members.erase(std::unique(members.begin(), members.end(), same), members.end());
}

json::Value ToJsonAt(const Value& v, int depth) {
  if (depth > kMaxValueDepth) TooDeep();
  std::string scratch;
  switch (v.type()) {
    case Type::kBoolean: return v.bool_value();
    case Type::kNumber: {
      Result<json::Value> number = json::Value::NumberFromText(v.number_text(scratch));
      return number.ok() ? std::move(*number) : json::Value();
    }
    case Type::kString: return v.string();
    case Type::kArray:
    case Type::kSet: {
      json::Array items;
      items.reserve(v.size());
      for (const Value& e : v.elements()) items.push_back(ToJsonAt(e, depth + 1));
      return items;
    }
    case Type::kObject: {
      json::Object members;
      members.reserve(v.size());
      bool plain = true;
      for (const Entry& e : v.entries()) {
        plain = plain && e.key.is_string();
        members.push_back({e.key.is_string() ? std::string(e.key.string()) : e.key.ToJsonText(), ToJsonAt(e.value, depth + 1)});
      }
      if (!plain) SortMembers(members);
      return members;
    }
    default: return {};
  }
}

}  // namespace

void Value::AppendText(std::string& out) const { AppendTextAt(*this, out, 0); }

std::string Value::ToText() const {
  std::string out;
  AppendText(out);
  return out;
}

json::Value Value::ToJson() const { return ToJsonAt(*this, 0); }

std::string Value::ToJsonText() const { return json::WriteTokenRule(ToJson()); }

}  // namespace intentgate::rego
