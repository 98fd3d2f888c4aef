// One call of a builtin: the first line names it, each further line is an argument, as JSON if it is JSON and as
// a string of its bytes if not. Whatever the arguments are, the call ends within small limits, and what it gives can
// be written out.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "unit/rego_builtins/call.h"

namespace {

using intentgate::rego::Arena;
using intentgate::rego::Builtin;
using intentgate::rego::Caller;
using intentgate::rego::Value;
namespace json = intentgate::json;

const Builtin* Choose(std::string_view line) {
  if (const Builtin* named = intentgate::rego::FindBuiltin(line)) return named;
  const auto& all = intentgate::rego::AllBuiltins();
  std::size_t number = 0;
  for (const char c : line) number = number * 31 + static_cast<unsigned char>(c);
  auto at = all.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(number % all.size()));
  return at->second;
}

// The forms that call.h writes sets and objects in; its reader expects them to be whole.
bool IsWholeForm(const json::Value& value) {
  if (value.is_array()) {
    for (const json::Value& v : value.array()) {
      if (!IsWholeForm(v)) return false;
    }
  }
  if (!value.is_object()) return true;
  for (const json::Member& m : value.object()) {
    if ((m.name == "$set" || m.name == "$object") && !m.value.is_array()) return false;
    if (m.name == "$object") {
      for (const json::Value& pair : m.value.array()) {
        if (!pair.is_array() || pair.array().size() != 2) return false;
      }
    }
    if (!IsWholeForm(m.value)) return false;
  }
  return true;
}

Value ReadArgument(Arena& arena, std::string_view line) {
  const auto parsed = json::Parse(line, {.max_bytes = 1 << 16, .max_depth = 32});
  if (!parsed.ok() || !IsWholeForm(*parsed)) return Value::StringCopy(arena, line);
  return intentgate::rego::ToValue(arena, *parsed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto next_line = [&] {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    return line;
  };
  const Builtin* builtin = Choose(next_line());
  Arena arena;
  std::vector<Value> args;
  while (args.size() < builtin->arity) {
    args.push_back(ReadArgument(arena, next_line()));
  }
  Caller caller(20'000, std::size_t{4} << 20);
  (void)caller.CallValues(*builtin, args);
  return 0;
}
