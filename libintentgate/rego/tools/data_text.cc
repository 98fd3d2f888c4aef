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
  Steps steps(std::uint64_t{1} << 20 | text.size() * kMemoryPerByte);
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

// The path at which two values meet, from `into` on; empty if none does.
std::string MergeBelow(json::Value& into, const json::Value& from) {
  for (const auto& [name, value] : from.object()) {
    json::Value* there = into.Find(name);
    if (there == nullptr) {
      into.Set(name, value);
    } else if (there->is_object() && value.is_object()) {
      if (const std::string at = MergeBelow(*there, value); !at.empty()) return "." + name + at;
    } else if (*there != value) {
      return "." + name;
    }
  }
  return "";
}

}  // namespace

Status MergeData(json::Value& into, const json::Value& from) {
  const std::string at = MergeBelow(into, from);
  if (at.empty()) return {};
  return Error{ErrorCode::kConflict, "gives data" + at + " another value than a file before it"};
}

Result<json::Value> ParseData(std::string_view file_name, std::string_view text) {
  if (file_name.ends_with(".json")) return json::Parse(text, {.max_bytes = kMaxDataBytes, .max_depth = kMaxDataDepth});
  if (text.size() > kMaxDataBytes) return Error{ErrorCode::kLimitExceeded, "longer than " + std::to_string(kMaxDataBytes) + " bytes"};
  return ParseYaml(text);
}

}  // namespace intentgate::rego
