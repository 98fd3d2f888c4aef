#include <intentgate/json.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "json/numbers.h"

namespace intentgate::json {

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kNull: return "null";
    case Kind::kBool: return "boolean";
    case Kind::kNumber: return "number";
    case Kind::kString: return "string";
    case Kind::kArray: return "array";
    case Kind::kObject: return "object";
  }
  return "null";
}

Value::Value(std::int64_t n) : v_(Number{std::to_string(n)}) {}
Value::Value(std::uint64_t n) : v_(Number{std::to_string(n)}) {}

Value Value::Double(double d) {
  IG_CHECK(std::isfinite(d));
  Value out;
  out.v_ = Number{FormatDoubleEs6(d)};
  return out;
}

Result<Value> Value::NumberFromText(std::string_view text) {
  if (!IsJsonNumber(text)) return Error{ErrorCode::kMalformed, "not a JSON number"};
  Value out;
  out.v_ = Number{std::string(text)};
  return out;
}

bool Value::bool_value() const {
  IG_CHECK(is_bool());
  return *std::get_if<bool>(&v_);
}
const std::string& Value::number_text() const {
  IG_CHECK(is_number());
  return std::get_if<Number>(&v_)->text;
}
const std::string& Value::string_value() const {
  IG_CHECK(is_string());
  return *std::get_if<std::string>(&v_);
}
std::string& Value::string_value() {
  IG_CHECK(is_string());
  return *std::get_if<std::string>(&v_);
}
const Array& Value::array() const {
  IG_CHECK(is_array());
  return *std::get_if<Array>(&v_);
}
Array& Value::array() {
  IG_CHECK(is_array());
  return *std::get_if<Array>(&v_);
}
const Object& Value::object() const {
  IG_CHECK(is_object());
  return *std::get_if<Object>(&v_);
}
Object& Value::object() {
  IG_CHECK(is_object());
  return *std::get_if<Object>(&v_);
}

std::optional<std::int64_t> Value::AsInt64() const {
  if (!is_number()) return std::nullopt;
  const std::string& text = number_text();
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return n;
}

std::optional<double> Value::AsDouble() const {
  if (!is_number()) return std::nullopt;
  const std::string& text = number_text();
  double d = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), d);
  // Underflow is reported as out of range as well; the nearest double is then zero.
  if (error == std::errc::result_out_of_range) {
    const std::optional<int> order = CompareNumbers(text.front() == '-' ? std::string_view(text).substr(1) : text, "1");
    if (!order || *order > 0) return std::nullopt;
    return text.front() == '-' ? -0.0 : 0.0;
  }
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return d;
}

const Value* Value::Find(std::string_view name) const {
  const Object* object = std::get_if<Object>(&v_);
  if (object == nullptr) return nullptr;
  for (const Member& member : *object) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

Value* Value::Find(std::string_view name) { return const_cast<Value*>(std::as_const(*this).Find(name)); }

void Value::Set(std::string_view name, Value value) {
  if (Value* found = Find(name)) {
    *found = std::move(value);
  } else {
    object().push_back({std::string(name), std::move(value)});
  }
}

const Value* Value::AtPointer(std::string_view pointer) const {
  const Value* at = this;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const std::string_view raw = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(raw.size());
    std::string token;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '~') {
        token += raw[i];
      } else if (i + 1 < raw.size() && (raw[i + 1] == '0' || raw[i + 1] == '1')) {
        token += raw[++i] == '0' ? '~' : '/';
      } else {
        return nullptr;
      }
    }
    if (at->is_object()) {
      at = at->Find(token);
      if (at == nullptr) return nullptr;
    } else if (at->is_array()) {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
      if (error != std::errc() || end != token.data() + token.size() || (token.size() > 1 && token[0] == '0') ||
          index >= at->array().size()) {
        return nullptr;
      }
      at = &at->array()[index];
    } else {
      return nullptr;
    }
  }
  return at;
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kNull: return true;
    case Kind::kBool: return a.bool_value() == b.bool_value();
    case Kind::kNumber: return a.number_text() == b.number_text();
    case Kind::kString: return a.string_value() == b.string_value();
    case Kind::kArray: return a.array() == b.array();
    case Kind::kObject: break;
  }
  const Object& left = a.object();
  const Object& right = b.object();
  return left.size() == right.size() && std::all_of(left.begin(), left.end(), [&](const Member& m) {
           const Value* other = b.Find(m.name);
           return other != nullptr && m.value == *other;
         });
}

Value MakeObject(std::initializer_list<std::pair<std::string_view, Value>> members) {
  Object object;
  object.reserve(members.size());
  for (const auto& [name, value] : members) object.push_back({std::string(name), value});
  return Value(std::move(object));
}

}  // namespace intentgate::json
