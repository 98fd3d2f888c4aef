// Data documents from files.

#include <intentgate/rego.h>

#include "rego/arena.h"
#include "rego/builtins/registry.h"

namespace intentgate::rego {
namespace {

constexpr std::size_t kMemoryPerByte = 64;
constexpr std::size_t kLeastMemory = std::size_t{1} << 20;

Result<json::Value> ParseYaml(std::string_view text) {
  Arena arena(kLeastMemory + text.size() * kMemoryPerByte);
  std::uint64_t steps = std::uint64_t{1} << 20 | text.size() * kMemoryPerByte;
  BuiltinContext context(arena, steps);
  const Meter meter(arena, steps);
  try {
    const Value argument = Value::StringCopy(arena, text);
    const Value value = FindBuiltin("yaml.unmarshal")->function(context, {&argument, 1});
    if (!value.defined()) return Error{ErrorCode::kMalformed, context.message()};
    return value.ToJson();
  } catch (const EvalAbort& abort) {
    return Error{ErrorCode::kLimitExceeded, abort.message};
  }
}

}  // namespace

Result<json::Value> ParseData(std::string_view file_name, std::string_view text) {
  if (file_name.ends_with(".json")) return json::Parse(text, {.max_bytes = kMaxDataBytes, .max_depth = kMaxDataDepth});
  if (text.size() > kMaxDataBytes) return Error{ErrorCode::kLimitExceeded, "longer than " + std::to_string(kMaxDataBytes) + " bytes"};
  return ParseYaml(text);
}

}  // namespace intentgate::rego
