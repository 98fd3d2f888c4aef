#include <intentgate/json.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "json/numbers.h"
#include "json/strings.h"

namespace intentgate::json {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::size_t kTypicalObject = 240;  // bytes of text; growing to them would be four allocations

void AppendControl(unsigned char c, std::string& out) {
  switch (c) {
    case '\b': out += "\\b"; break;
    case '\t': out += "\\t"; break;
    case '\n': out += "\\n"; break;
    case '\f': out += "\\f"; break;
    case '\r': out += "\\r"; break;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

// What a token's rule never escapes; 0xe2 begins its two line separators, and much else.
constexpr std::array<bool, 256> MakeAsItIs() {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < plain.size(); ++c) plain[c] = true;
  for (const char c : {'"', '\\', '<', '>', '&'}) plain[static_cast<unsigned char>(c)] = false;
  plain[0xe2] = false;
  return plain;
}
constexpr std::array<bool, 256> kAsItIs = MakeAsItIs();

void AppendPlainString(std::string_view text, std::string& out) {
  out += '"';
  std::size_t from = 0;
  for (std::size_t i = base::PlainJsonPrefix(text); i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, from, i - from);
    from = i + 1;
    if (c < 0x20) {
      AppendControl(c, out);
    } else {
      out += '\\';
      out += text[i];
    }
  }
  out.append(text, from, text.size() - from);
  out += '"';
}

std::vector<const Member*> Sorted(const Object& object) {
  std::vector<const Member*> members;
  members.reserve(object.size());
  for (const Member& member : object) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const Member* a, const Member* b) { return base::Utf16Less(a->name, b->name); });
  return members;
}

struct PlainStyle {
  static constexpr bool kSorted = false;
  static void String(std::string_view text, std::string& out) { AppendPlainString(text, out); }
  static Status Number(const std::string& text, std::string& out) { return out += text, Status(); }
};

struct SortedExactStyle : PlainStyle {
  static constexpr bool kSorted = true;
};

struct TokenStyle : PlainStyle {
  static void String(std::string_view text, std::string& out) { AppendTokenRuleString(text, out); }
};

struct JcsStyle : PlainStyle {
  static constexpr bool kSorted = true;
  static Status Number(const std::string& text, std::string& out) {
    const Result<Value> number = Value::NumberFromText(text);
    const std::optional<double> d = number.ok() ? number->AsDouble() : std::nullopt;
    if (!d) return Error{ErrorCode::kInvalidArgument, "JCS: the number " + text + " overflows a double"};
    const std::string written = FormatDoubleEs6(*d);
    const bool is_integer = text.find_first_of(".eE") == std::string::npos;
    if (is_integer && CompareNumbers(text, written) != 0) {
      return Error{ErrorCode::kInvalidArgument, "JCS: a double cannot hold the integer " + text};
    }
    out += written;
    return {};
  }
};

template <typename Style>
Status Append(const Value& value, std::string& out) {
  switch (value.kind()) {
    case Kind::kNull: out += "null"; return {};
    case Kind::kBool: out += value.bool_value() ? "true" : "false"; return {};
    case Kind::kNumber: return Style::Number(value.number_text(), out);
    case Kind::kString: Style::String(value.string_value(), out); return {};
    case Kind::kArray: {
      out += '[';
      bool first = true;
      for (const Value& element : value.array()) {
        if (!first) out += ',';
        first = false;
        if (Status s = Append<Style>(element, out); !s.ok()) return s;
      }
      out += ']';
      return {};
    }
    case Kind::kObject: break;
  }
  out += '{';
  bool first = true;
  const auto member = [&](const Member& m) -> Status {
    if (!first) out += ',';
    first = false;
    Style::String(m.name, out);
    out += ':';
    return Append<Style>(m.value, out);
  };
  if constexpr (Style::kSorted) {
    for (const Member* m : Sorted(value.object())) {
      if (Status s = member(*m); !s.ok()) return s;
    }
  } else {
    for (const Member& m : value.object()) {
      if (Status s = member(m); !s.ok()) return s;
    }
  }
  out += '}';
  return {};
}

// For styles whose numbers cannot fail.
template <typename Style>
void AppendInfallible(const Value& value, std::string& out) {
  const Status written = Append<Style>(value, out);
  static_cast<void>(written);
}

}  // namespace

void AppendString(std::string_view text, std::string& out) { AppendPlainString(text, out); }

void AppendTo(const Value& value, std::string& out) { AppendInfallible<PlainStyle>(value, out); }

std::string Write(const Value& value) {
  std::string out;
  if (value.is_object()) out.reserve(kTypicalObject);
  AppendTo(value, out);
  return out;
}

std::string WriteSortedExact(const Value& value) {
  std::string out;
  if (value.is_object()) out.reserve(kTypicalObject);
  AppendInfallible<SortedExactStyle>(value, out);
  return out;
}

Result<std::string> WriteJcs(const Value& value) {
  std::string out;
  if (Status s = Append<JcsStyle>(value, out); !s.ok()) return s.error();
  return out;
}

std::string WriteTokenRule(const Value& value) {
  std::string out;
  AppendInfallible<TokenStyle>(value, out);
  return out;
}

void AppendTokenRuleString(std::string_view text, std::string& out) {
  out += '"';
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (kAsItIs[c]) continue;
    const bool line_separator =
        c == 0xe2 && i + 2 < text.size() && text[i + 1] == '\x80' && (text[i + 2] == '\xa8' || text[i + 2] == '\xa9');
    if (c >= 0x80 && !line_separator) continue;
    out.append(text, from, i - from);
    if (line_separator) {
      out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c < 0x20) {
      AppendControl(c, out);
    } else {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
    from = i + 1;
  }
  out.append(text, from, text.size() - from);
  out += '"';
}

}  // namespace intentgate::json
