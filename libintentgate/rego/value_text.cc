// Values as JSON and as Rego text.
// Tested by tests/unit/rego/value_test.cc.

#include <algorithm>
#include <cstring>
#include <string>

#include "base/utf8.h"
#include "rego/meter.h"
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

// Text that grows by doubling takes up three times its size before it is copied to where it belongs.
void CheckTextRoom(std::size_t bytes) { Meter::CheckRoom(3 * bytes); }

void AppendTextAt(const Value& v, std::string& out, int depth) {
  if (depth > kMaxValueDepth) TooDeep();
  Meter::CountSteps(1);
  CheckTextRoom(out.size());
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
    case Type::kString:
      Meter::CountSteps(v.string().size() / 16);
      CheckTextRoom(out.size() + v.string().size());
      AppendQuoted(out, v.string());
      return;
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

// Eight bytes at a time: nearly every string of a decision is ASCII.
bool IsAscii(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::uint64_t seen = 0;
  while (text.size() >= sizeof seen) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    seen |= word;
    text.remove_prefix(sizeof word);
  }
  std::uint64_t rest = 0;
  if (!text.empty()) std::memcpy(&rest, text.data(), text.size());
  return ((seen | rest) & kHighBits) == 0;
}

// Writes values as JSON. What it makes lies outside the arena and may be exponential in the value, whose parts are
// shared: every element is counted, and the whole must fit in the room that the arena has left.
class JsonWriter {
 public:
  // Counts what is not counted yet: small results are counted in one go.
  void Flush() {
    Meter::CountSteps(pending_);
    pending_ = 0;
    Meter::CheckRoom(bytes_);
  }

  std::size_t bytes() const { return bytes_; }

  void Write(const Value& v, json::Value& out, int depth) {
    if (depth > kMaxValueDepth) TooDeep();
    Count(sizeof(json::Value) + (v.is_string() ? v.string().size() : 0));
    switch (v.type()) {
      case Type::kBoolean: out = v.bool_value(); return;
      case Type::kNumber: return Number(v, out);
      case Type::kString:
        if (!out.is_string()) out = std::string();
        return Text(v.string(), out.string_value());
      case Type::kArray:
      case Type::kSet: {
        if (!out.is_array()) out = json::Array();
        json::Array& items = out.array();
        CheckRoomFor(v.size() * sizeof(json::Value));
        items.resize(v.size());
        auto item = items.begin();
        for (const Value& e : v.elements()) Write(e, *item++, depth + 1);
        return;
      }
      case Type::kObject: return Object(v, out, depth);
      default: out = json::Value();
    }
  }

 private:
  void Count(std::size_t bytes) {
    bytes_ += bytes;
    pending_ += 1 + bytes / 64;
    if (pending_ >= kFlushEvery) Flush();
  }

  // Asked before memory for many elements is reserved; few are counted as they come.
  void CheckRoomFor(std::size_t bytes) const {
    if (bytes >= kFlushEvery * 64) Meter::CheckRoom(bytes_ + bytes);
  }

  void Number(const Value& v, json::Value& out) {
    if (v.is_int()) {
      out = v.int_value();
      return;
    }
    std::string scratch;
    const std::string_view text = v.number_text(scratch);
    if (text.size() > 64) Count(text.size());
    Result<json::Value> number = json::Value::NumberFromText(text);
    out = number.ok() ? std::move(*number) : json::Value();
  }

  static void Text(std::string_view text, std::string& out) {
    if (IsAscii(text) || base::IsValidUtf8(text)) out.assign(text);
    else out = base::ReplaceInvalidUtf8(text);
  }

  // A key that is no string is its JSON text. Text inside text is escaped again, so that each level of such keys may
  // double it.
  void KeyText(const Value& key, std::string& out, int depth) {
    if (key.is_string()) {
      Count(key.string().size());
      return Text(key.string(), out);
    }
    json::Value written;
    Write(key, written, depth);
    out = json::WriteTokenRule(written);
    Count(out.size());
  }

  void Object(const Value& v, json::Value& out, int depth) {
    if (!out.is_object()) out = json::Object();
    json::Object& members = out.object();
    CheckRoomFor(v.size() * sizeof(json::Member));
    members.resize(v.size());
    bool plain = true;
    auto member = members.begin();
    for (const Entry& e : v.entries()) {
      KeyText(e.key, member->name, depth + 1);
      plain = plain && e.key.is_string() && member->name == e.key.string();
      Write(e.value, member->value, depth + 1);
      ++member;
    }
    if (!plain) SortMembers(members);
  }

  // Keys that became text: in the order of the text, each name once.
  static void SortMembers(json::Object& members) {
    std::stable_sort(members.begin(), members.end(), [](const json::Member& a, const json::Member& b) { return a.name < b.name; });
    const auto same = [](const json::Member& a, const json::Member& b) { return a.name == b.name; };
    members.erase(std::unique(members.begin(), members.end(), same), members.end());
  }

  static constexpr std::uint64_t kFlushEvery = 64;
  std::size_t bytes_ = 0;
  std::uint64_t pending_ = 0;
};

}  // namespace

void Value::AppendText(std::string& out) const { AppendTextAt(*this, out, 0); }

std::string Value::ToText() const {
  std::string out;
  AppendText(out);
  return out;
}

void Value::WriteJson(json::Value& out) const {
  JsonWriter writer;
  writer.Write(*this, out, 0);
  writer.Flush();
}

json::Value Value::ToJson() const {
  json::Value out;
  WriteJson(out);
  return out;
}

std::string Value::ToJsonText() const {
  JsonWriter writer;
  json::Value tree;
  writer.Write(*this, tree, 0);
  writer.Flush();
  Meter::CountSteps(writer.bytes() / 64);
  Meter::CheckRoom(writer.bytes() + writer.bytes() / 2);
  return json::WriteTokenRule(tree);
}

}  // namespace intentgate::rego
