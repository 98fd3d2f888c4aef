// type_name, is_*, to_number, and v0's cast_*.
#include <cmath>
#include <string>
#include <string_view>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/decimal.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;

template <Type kType>
Value Is(BuiltinContext&, Args args) {
  return Value::Bool(args[0].type() == kType);
}

Value NameOfType(BuiltinContext&, Args args) { return Value::StringRef(TypeName(args[0].type())); }

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Decimal digits with optional sign, fraction and exponent, spelled as a JSON number: "+5" loses its sign,
// ".5" and "5." get their zero. Empty if `text` is no number.
std::string NormalizeNumber(std::string_view text) {
  std::string out;
  if (text.starts_with('-')) out = "-";
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::size_t pos = 0;
  while (pos < text.size() && IsDigit(text[pos])) ++pos;
  std::string_view whole = text.substr(0, pos);
  std::string_view fraction;
  if (pos < text.size() && text[pos] == '.') {
    const std::size_t start = ++pos;
    while (pos < text.size() && IsDigit(text[pos])) ++pos;
    fraction = text.substr(start, pos - start);
  }
  if (whole.empty() && fraction.empty()) return {};
  while (whole.size() > 1 && whole[0] == '0') whole.remove_prefix(1);
  out += whole.empty() ? "0" : whole;
  if (!fraction.empty()) out.append(".").append(fraction);
  const std::string_view exponent = text.substr(pos);
  if (exponent.empty()) return out;
  std::size_t digits = 1;
  if (exponent[0] != 'e' && exponent[0] != 'E') return {};
  if (exponent.size() > 1 && (exponent[1] == '+' || exponent[1] == '-')) digits = 2;
  const bool all_digits = exponent.find_first_not_of("0123456789", digits) == std::string_view::npos;
  return exponent.size() > digits && all_digits ? out.append(exponent) : std::string();
}

// The names of infinity and of what is no number, in any case and with any sign.
bool NamesNoNumber(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return lower == "inf" || lower == "infinity" || lower == "nan";
}

Value ToNumber(BuiltinContext& context, Args args) {
  const Value& v = args[0];
  if (v.is_null()) return Value::Int(0);
  if (v.is_bool()) return Value::Int(v.bool_value() ? 1 : 0);
  if (v.is_number()) return v;
  builtins::ChargeBytes(context, v.string().size());
  const std::string text = NormalizeNumber(v.string());
  if (text.empty()) {
    if (NamesNoNumber(v.string())) return context.TypeError("operand 1 must be valid number string but got string");
    return context.Error("strconv.ParseFloat: parsing \"" + std::string(v.string()) + "\": invalid syntax");
  }
  if (std::isinf(ParseDouble(text))) return context.Error("strconv.ParseFloat: parsing \"" + std::string(v.string()) + "\": value out of range");
  return Value::NumberCopy(context.arena, text);
}

// The value itself if it has the type.
template <Type kType>
Value Cast(BuiltinContext& context, Args args) {
  if (args[0].type() == kType) return args[0];
  return context.OperandError(1, TypeName(kType), args[0]);
}

Value CastArray(BuiltinContext& context, Args args) {
  context.Charge(args[0].size());
  if (args[0].is_set()) return Value::Array(context.arena, args[0].elements());
  if (!args[0].is_array()) return context.OperandError(1, "one of {array, set}", args[0]);
  return args[0];
}
Value CastSet(BuiltinContext& context, Args args) {
  context.Charge(3 * args[0].size());
  if (args[0].is_array()) return Value::Set(context.arena, args[0].elements());
  if (!args[0].is_set()) return context.OperandError(1, "one of {array, set}", args[0]);
  return args[0];
}

constexpr Builtin kTable[] = {
    MakeBuiltin("type_name", NameOfType, ty::String, kBuiltinPlain, ty::Any),
    MakeBuiltin("is_null", Is<Type::kNull>, ty::Boolean, kBuiltinPlain, ty::Any),
    MakeBuiltin("is_boolean", Is<Type::kBoolean>, ty::Boolean, kBuiltinPlain, ty::Any),
    MakeBuiltin("is_number", Is<Type::kNumber>, ty::Boolean, kBuiltinPlain, ty::Any),
    MakeBuiltin("is_string", Is<Type::kString>, ty::Boolean, kBuiltinPlain, ty::Any),
    MakeBuiltin("is_array", Is<Type::kArray>, ty::Boolean, kBuiltinPlain, ty::Any),
    MakeBuiltin("is_object", Is<Type::kObject>, ty::Boolean, kBuiltinPlain, ty::Any),
    MakeBuiltin("is_set", Is<Type::kSet>, ty::Boolean, kBuiltinPlain, ty::Any),
    MakeBuiltin("to_number", ToNumber, ty::Number, kBuiltinPlain,
                ty::OneOf(ty::kNull | ty::kBoolean | ty::kNumber | ty::kString)),
    MakeBuiltin("cast_null", Cast<Type::kNull>, ty::Null, kBuiltinDeprecated, ty::Any),
    MakeBuiltin("cast_boolean", Cast<Type::kBoolean>, ty::Boolean, kBuiltinDeprecated, ty::Any),
    MakeBuiltin("cast_string", Cast<Type::kString>, ty::String, kBuiltinDeprecated, ty::Any),
    MakeBuiltin("cast_array", CastArray, ty::Array, kBuiltinDeprecated, ty::Any),
    MakeBuiltin("cast_object", Cast<Type::kObject>, ty::Object, kBuiltinDeprecated, ty::Any),
    MakeBuiltin("cast_set", CastSet, ty::Set, kBuiltinDeprecated, ty::Any),
};

}  // namespace

std::span<const Builtin> TypeBuiltins() { return kTable; }

}  // namespace intentgate::rego
