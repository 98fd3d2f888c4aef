// Small things that the families share: reading operands, counting work, walking UTF-8.
// The errors are OPA's texts; the engine puts the builtin's name in front.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rego/builtins/registry.h"
#include "rego/value.h"

namespace intentgate::rego::builtins {

// Work in proportion to text that is read or written.
inline void ChargeBytes(BuiltinContext& context, std::size_t bytes) { context.Charge(1 + bytes / 64); }

// Work in proportion to text that is looked at code point by code point.
inline void ChargeRunes(BuiltinContext& context, std::size_t bytes) { context.Charge(1 + bytes / 16); }

// As text.find(wanted, pos), in linear time whatever the two hold.
std::size_t FindText(std::string_view text, std::string_view wanted, std::size_t pos = 0);

// Text that grows outside the arena, and ends up in it: what it may take up at its largest must fit in the room that is left.
class TextBuilder {
 public:
  explicit TextBuilder(BuiltinContext& context) : context_(context) {}
  void Append(std::string_view more) {
    ChargeBytes(context_, more.size());
    context_.arena.CheckRoom(kGrowth * (text_.size() + more.size()));
    text_ += more;
  }
  void Append(char c) { text_ += c; }
  std::size_t size() const { return text_.size(); }
  Value Finish() const { return Value::StringCopy(context_.arena, text_); }

 private:
  static constexpr std::size_t kGrowth = 3;  // a string that has just doubled, and the copy
  BuiltinContext& context_;
  std::string text_;
};

// Counts every element below `value`, and the bytes of its strings, as often as they would be written: values
// share their parts, so the text of a small one can be huge. Call it before writing a value out.
void ChargeTree(BuiltinContext& context, const Value& value);

// Strict JSON text as a value. A reader keeps some tens of bytes for each element while it reads: these must fit in the room
// that is left.
Result<Value> ReadJson(BuiltinContext& context, std::string_view text);

// The Rego text of a value, for a message: cut off where it is long.
std::string ShortText(const Value& value);

// A string result: checked against the memory limit, then copied into the arena.
Value MakeString(BuiltinContext& context, std::string_view text);

// "operand 1 must be array of strings but got array containing number".
Value ElementError(BuiltinContext& context, std::size_t position, const Value& collection, std::string_view wanted,
                   const Value& element);

// The string elements of an array or set; nullopt with the error recorded if one is no string.
std::optional<std::vector<std::string_view>> StringElements(BuiltinContext& context, std::size_t position,
                                                            const Value& collection);

// An integer operand of 64 bits, not written with an exponent (10 or 10.0; 1e1 is a float to OPA); nullopt with the error recorded.
std::optional<std::int64_t> IntOperand(BuiltinContext& context, std::size_t position, const Value& value);

// The code point at text[pos], moving pos behind it. A byte that is no UTF-8 is U+FFFD of width one.
std::uint32_t NextRune(std::string_view text, std::size_t& pos);
std::size_t CountRunes(std::string_view text);
// The byte offset of the rune with that number; text.size() if there are fewer.
std::size_t ByteOffsetOfRune(std::string_view text, std::size_t rune);

// Visits an array's or set's elements, or one value that is neither.
template <typename Visit>
void ForEachOrOne(const Value& value, Visit visit) {
  if (!value.is_array() && !value.is_set()) return visit(value);
  for (const Value& element : value.elements()) visit(element);
}

}  // namespace intentgate::rego::builtins
