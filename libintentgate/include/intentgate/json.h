// JSON, read strictly and kept exactly.
//
// The gate and the tool behind it must never read one text as two different calls. So the reader
// refuses whatever two parsers may disagree about: duplicate members, invalid UTF-8, lone
// surrogates, text after the value, too deep, too long. Numbers are kept as the decimal text they
// came in as: 1.10 and a 40-digit integer come back as they went in.
//
//   Result<json::Value> v = json::Parse(R"({"amount": 1.10})");
//   v->Find("amount")->number_text();   // "1.10"
//
// Cost: one pass of simdjson and one allocation per string beyond the small-string size, array or
// object. Never throws, never recurses deeper than the limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::json {

class Value;
struct Member;

enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };
std::string_view KindName(Kind kind);

// A JSON number as its decimal text. Value::Number is the checked way to make one.
struct Number {
  std::string text;
  friend bool operator==(const Number&, const Number&) = default;
};

using Array = std::vector<Value>;
// Members in the order in which they were read or added. Names are unique in what Parse returns.
using Object = std::vector<Member>;

// A JSON value. A regular value type; thread-compatible.
class Value {
 public:
  Value();                          // null
  Value(std::nullptr_t);            // NOLINT(google-explicit-constructor): a value is made from what it holds
  Value(bool b);                    // NOLINT
  Value(int n);                     // NOLINT
  Value(std::int64_t n);            // NOLINT
  Value(std::uint64_t n);           // NOLINT
  Value(const char* s);             // NOLINT
  Value(std::string s);             // NOLINT
  Value(std::string_view s);        // NOLINT
  Value(Array a);                   // NOLINT
  Value(Object o);                  // NOLINT
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();
  // REQUIRES: d is finite. Written in the shortest form that reads back as d.
  static Value Double(double d);
  // Fails unless `text` is one JSON number (RFC 8259 section 6).
  static Result<Value> NumberFromText(std::string_view text);

  Kind kind() const { return static_cast<Kind>(v_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_bool() const { return kind() == Kind::kBool; }
  bool is_number() const { return kind() == Kind::kNumber; }
  bool is_string() const { return kind() == Kind::kString; }
  bool is_array() const { return kind() == Kind::kArray; }
  bool is_object() const { return kind() == Kind::kObject; }

  // REQUIRES: the kind fits. Aborts otherwise.
  bool bool_value() const;
  const std::string& number_text() const;
  const std::string& string_value() const;
  std::string& string_value();
  const Array& array() const;
  Array& array();
  const Object& object() const;
  Object& object();

  // The number if it is an integer literal (no fraction, no exponent) that fits; else nullopt.
  std::optional<std::int64_t> AsInt64() const;
  // The nearest double; nullopt if this is no number or the value overflows.
  std::optional<double> AsDouble() const;

  // The member called `name`, or nullptr. Null for non-objects. Linear in the number of members.
  const Value* Find(std::string_view name) const;
  Value* Find(std::string_view name);
  // Replaces or appends a member. REQUIRES: is_object().
  void Set(std::string_view name, Value value);

  // RFC 6901. "" is the value itself. Null when the pointer is malformed or leads nowhere.
  const Value* AtPointer(std::string_view pointer) const;

  // Structural equality: members in any order, numbers by text.
  friend bool operator==(const Value& a, const Value& b);

 private:
  friend class Reader;
  std::variant<std::monostate, bool, Number, std::string, Array, Object> v_;
};

struct Member {
  std::string name;
  Value value;
};

// Behind Member, because a vector of it may only be made and destroyed where it is complete.
inline Value::Value() = default;
inline Value::Value(std::nullptr_t) {}
inline Value::Value(bool b) : v_(b) {}
inline Value::Value(int n) : Value(static_cast<std::int64_t>(n)) {}
inline Value::Value(const char* s) : v_(std::string(s)) {}
inline Value::Value(std::string s) : v_(std::move(s)) {}
inline Value::Value(std::string_view s) : v_(std::string(s)) {}
inline Value::Value(Array a) : v_(std::move(a)) {}
inline Value::Value(Object o) : v_(std::move(o)) {}
inline Value::Value(const Value&) = default;
inline Value::Value(Value&&) noexcept = default;
inline Value& Value::operator=(const Value&) = default;
inline Value& Value::operator=(Value&&) noexcept = default;
inline Value::~Value() = default;

// An object from a list, for tests and for building messages:
//   MakeObject({{"v", 3}, {"sub", "agent"}})
Value MakeObject(std::initializer_list<std::pair<std::string_view, Value>> members);

// Compares two JSON numbers exactly, whatever their size and spelling: 1.10 equals 1.1, 1e2 equals
// 100. Returns <0, 0 or >0; nullopt if an exponent is beyond +-1000000.
std::optional<int> CompareNumbers(std::string_view a, std::string_view b);

struct ParseLimits {
  std::size_t max_bytes = std::size_t{4} << 20;  // kLimitExceeded beyond
  std::size_t max_depth = 128;                   // arrays and objects nested; kLimitExceeded beyond
};

// Reads exactly one JSON value. Errors: kMalformed with what and where; kLimitExceeded.
// Thread-safe. Refuses duplicate member names, also when they are spelled with different escapes.
Result<Value> Parse(std::string_view text, const ParseLimits& limits = {});

// A protocol's member names, checked against case-variants: with allowed {"name","arguments"},
// {"Name":..} is refused (kMalformed) while {"nickname":..} passes. REQUIRES: object.is_object().
Status RefuseCaseVariants(const Value& object, std::span<const std::string_view> protocol_members);

// Compact JSON, members in their order, numbers in their own text, minimal escapes.
std::string Write(const Value& value);
void AppendTo(const Value& value, std::string& out);

// Compact, members sorted by UTF-16 code units as in RFC 8785, but numbers in their own text: a
// canonical spelling that never rounds. For digests of arguments.
std::string WriteSortedExact(const Value& value);

// RFC 8785 (JCS). Fails with kInvalidArgument on an integer literal that a double cannot hold
// exactly and on a number that overflows, because JCS would change it silently.
Result<std::string> WriteJcs(const Value& value);

// The rule of the public token format: compact, members in their order, "<", ">", "&", U+2028 and
// U+2029 as \u escapes, \b and \f short, other control bytes as \u00xx in lower case.
std::string WriteTokenRule(const Value& value);
void AppendTokenRuleString(std::string_view text, std::string& out);

}  // namespace intentgate::json
