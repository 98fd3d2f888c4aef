#include "rego/builtins/args.h"

#include <algorithm>
#include <cstring>

#include "base/utf8.h"

namespace intentgate::rego::builtins {
namespace {

void AddTree(BuiltinContext& context, const Value& value, std::size_t& bytes, int depth) {
  if (depth > kMaxValueDepth) throw EvalAbort{"eval_limit_error", "a value nests too deep"};
  std::string scratch;
  const std::size_t text = value.is_string() ? value.string().size() : value.is_number() ? value.number_text(scratch).size() : 0;
  bytes += text + 4;
  ChargeBytes(context, text);
  context.arena.CheckRoom(bytes);
  if (value.is_array() || value.is_set()) {
    for (const Value& element : value.elements()) AddTree(context, element, bytes, depth + 1);
  } else if (value.is_object()) {
    for (const Entry& entry : value.entries()) {
      AddTree(context, entry.key, bytes, depth + 1);
      AddTree(context, entry.value, bytes, depth + 1);
    }
  }
}

}  // namespace

void ChargeTree(BuiltinContext& context, const Value& value) {
  std::size_t bytes = 0;
  AddTree(context, value, bytes, 0);
}

std::size_t FindText(std::string_view text, std::string_view wanted, std::size_t pos) {
  if (pos > text.size()) return std::string_view::npos;
  if (wanted.empty()) return pos;
  // An empty text may have no address, which memmem must not get.
  if (wanted.size() > text.size() - pos) return std::string_view::npos;
  // The standard library's find compares at every place that begins alike; the C library's is linear.
  const void* found = ::memmem(text.data() + pos, text.size() - pos, wanted.data(), wanted.size());
  return found == nullptr ? std::string_view::npos : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

Result<Value> ReadJson(BuiltinContext& context, std::string_view text) {
  constexpr std::size_t kElementBytes = 128;
  ChargeBytes(context, text.size() * 4);
  const auto elements = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), ','));
  context.Charge(elements);
  context.arena.CheckRoom(text.size() + elements * kElementBytes);
  return Value::ParseJson(context.arena, text);
}

std::string ShortText(const Value& value) {
  constexpr std::size_t kLongest = 64;
  if (value.is_collection()) return std::string(TypeName(value.type())) + " of " + std::to_string(value.size());
  std::string text = value.ToText();
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

Value MakeString(BuiltinContext& context, std::string_view text) {
  ChargeBytes(context, text.size());
  return Value::StringCopy(context.arena, text);
}

Value ElementError(BuiltinContext& context, std::size_t position, const Value& collection, std::string_view wanted,
                   const Value& element) {
  const std::string type(TypeName(collection.type()));
  return context.TypeError("operand " + std::to_string(position) + " must be " + type + " of " + std::string(wanted) +
                           "s but got " + type + " containing " + std::string(TypeName(element.type())));
}

std::optional<std::vector<std::string_view>> StringElements(BuiltinContext& context, std::size_t position,
                                                            const Value& collection) {
  std::vector<std::string_view> out;
  out.reserve(collection.size());
  context.Charge(collection.size());
  for (const Value& element : collection.elements()) {
    if (!element.is_string()) {
      (void)ElementError(context, position, collection, "string", element);
      return std::nullopt;
    }
    out.push_back(element.string());
  }
  return out;
}

std::optional<std::int64_t> IntOperand(BuiltinContext& context, std::size_t position, const Value& value) {
  if (!value.is_number()) {
    (void)context.OperandError(position, "number", value);
    return std::nullopt;
  }
  if (const std::optional<std::int64_t> out = value.ToPlainInt64()) return out;
  (void)context.TypeError("operand " + std::to_string(position) + " must be integer number but got floating-point number");
  return std::nullopt;
}

std::uint32_t NextRune(std::string_view text, std::size_t& pos) {
  // Decoders give strings of any bytes; the reader steps over each that is no UTF-8.
  return base::NextCodePoint(text, pos);
}

std::size_t CountRunes(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t pos = 0; pos < text.size(); ++count) (void)NextRune(text, pos);
  return count;
}

std::size_t ByteOffsetOfRune(std::string_view text, std::size_t rune) {
  std::size_t pos = 0;
  for (; rune > 0 && pos < text.size(); --rune) (void)NextRune(text, pos);
  return pos;
}

}  // namespace intentgate::rego::builtins
