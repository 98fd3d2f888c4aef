// Calls one builtin directly, as the engine would.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/json.h>

#include "rego/arena.h"
#include "rego/builtins/registry.h"
#include "rego/value.h"

namespace intentgate::rego {

// JSON as a Rego value that does not borrow from it; {"$set": [..]} is a set and {"$object": [[key, value], ..]} an object with any keys.
inline Value ToValue(Arena& arena, const json::Value& json) {
  if (json.is_array()) {
    ArrayBuilder out(arena);
    for (const json::Value& v : json.array()) out.Add(ToValue(arena, v));
    return out.Finish();
  }
  if (json.is_string()) return Value::StringCopy(arena, json.string_value());
  if (json.is_number()) return Value::NumberCopy(arena, json.number_text());
  if (!json.is_object()) return Value::FromJson(arena, json);
  if (const json::Value* members = json.Find("$set")) {
    SetBuilder out(arena);
    for (const json::Value& v : members->array()) out.Add(ToValue(arena, v));
    return out.Finish();
  }
  ObjectBuilder out(arena);
  if (const json::Value* pairs = json.Find("$object")) {
    for (const json::Value& pair : pairs->array()) {
      out.Set(ToValue(arena, pair.array()[0]), ToValue(arena, pair.array()[1]));
    }
    return out.Finish();
  }
  for (const json::Member& m : json.object()) out.Set(Value::StringCopy(arena, m.name), ToValue(arena, m.value));
  return out.Finish();
}

struct Outcome {
  std::string text;   // the result as Rego text; "undefined"; OPA's error code; or "limit: ..."
  std::string error;  // the message
};

// Has its own memory and step budget. `args` is a JSON array.
class Caller {
 public:
  explicit Caller(std::uint64_t steps = 1'000'000, std::size_t memory = Arena::kDefaultLimit)
      : arena_(memory), steps_(steps), context_(arena_, steps_) {}

  Outcome CallJson(std::string_view name, const json::Value& args) {
    const Builtin* builtin = FindBuiltin(name);
    if (builtin == nullptr) return {"no such builtin", std::string(name)};
    std::vector<Value> values;
    for (const json::Value& v : args.array()) values.push_back(ToValue(arena_, v));
    return CallValues(*builtin, values);
  }
  Outcome Call(std::string_view name, std::string_view args) { return CallJson(name, *json::Parse(args)); }

  Outcome CallValues(const Builtin& builtin, std::span<const Value> args) {
    if (args.size() != builtin.arity) return {"wrong arity", ""};
    try {
      const Meter meter(arena_, steps_);
      context_.ClearError();
      const Value out = CheckedCall(builtin, context_, args);
      if (context_.failed()) return {context_.is_type_error() ? "eval_type_error" : "eval_builtin_error", context_.message()};
      return {out.defined() ? out.ToText() : "undefined", ""};
    } catch (const EvalAbort& abort) {
      return {"limit: " + abort.code, abort.message};
    }
  }

  BuiltinContext& context() { return context_; }
  std::uint64_t steps_left() const { return steps_.left(); }

 private:
  Arena arena_;
  Steps steps_;
  BuiltinContext context_;
};

}  // namespace intentgate::rego
