// What a builtin function is, and the table of all of them.
//
// To add one: write `Value MyThing(BuiltinContext& context, std::span<const Value> args)` in the file of its
// family, add a row to that family's table, and lines to tests/unit/rego_builtins/cases/calls.json. A new family is a
// function `std::span<const Builtin> XxxBuiltins()` named in builtins/families.h and in registry.cc. "How to add" in
// docs/design/rego.md has the rest.
//
// A builtin gets defined arguments whose number the compiler has checked. The compiler checks the
// types of constants against `args`; at run time, before the call, the engine checks the
// kinds of every argument against `args` too and raises eval_type_error ("operand 1 must be string but
// got number"). The function itself checks what kinds cannot say (elements, ranges).
//
// Failure: `return context.Error("...")` is OPA's eval_builtin_error and `return context.TypeError(...)` its
// eval_type_error: the call is undefined, or the evaluation ends if builtin errors are strict. Returning
// undefined without an error is a plain undefined. EvalAbort (limits) passes through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <intentgate/clock.h>

#include "rego/meter.h"
#include "rego/value.h"

namespace intentgate::rego {

class HostAccess;

// Per thread, kept from one evaluation to the next: compiled regexes, globs, schemas. Bounded by its owner.
class BuiltinCache {
 public:
  virtual ~BuiltinCache() = default;
};

// Families that keep a cache; one slot each. What is in kEvaluation ends with the evaluation.
enum class CacheSlot : std::uint8_t { kRegex, kGlob, kTime, kJwt, kSchema, kEvaluation, kCount };

class BuiltinContext {
 public:
  BuiltinContext(Arena& arena_in, Steps& steps) : arena(arena_in), steps_(steps) {}

  Arena& arena;
  // Nanoseconds since 1970; the same for all calls of one evaluation. The clock is read by the first.
  std::int64_t NowNs() {
    if (!now_ns) now_ns = clock == nullptr ? 0 : clock->UnixMicros() * 1000;
    return *now_ns;
  }
  std::optional<std::int64_t> now_ns;
  const Clock* clock = nullptr;
  // Seeds rand.intn and uuid; results of equal calls agree within one evaluation.
  std::uint64_t seed = 0;
  // Tells one evaluation from the next, so that what an earlier one left in a cache costs no fewer steps.
  std::uint64_t evaluation = 0;
  // For builtins with kBuiltinHost; may be null.
  const HostAccess* host = nullptr;

  // Counts `steps` of work against the evaluation's limit; throws EvalAbort when it is used up, or the
  // evaluation was cancelled. Call it in proportion to the work: about one step for each element visited or 64 bytes touched.
  void Charge(std::uint64_t steps) { steps_.Take(steps); }
  // What may cancel the evaluation; null: nothing. A builtin that waits asks it.
  const CancelToken* cancel() const { return steps_.cancel(); }
  // Throws EvalAbort if the evaluation was cancelled.
  void CheckCancelled() const { steps_.Look(); }

  // Each records the error and returns undefined.
  Value Error(std::string message);
  Value TypeError(std::string message);
  // "operand 2 must be array but got number"; `position` counts from 1.
  Value OperandError(std::size_t position, std::string_view wanted, const Value& got);

  bool failed() const { return failed_; }
  bool is_type_error() const { return type_error_; }
  const std::string& message() const { return message_; }
  void ClearError() { failed_ = false; }

  // The family's cache, made by `Cache()` on first use. Cache must derive from BuiltinCache.
  template <typename Cache>
  Cache& CacheFor(CacheSlot slot) {
    auto& held = caches[static_cast<std::size_t>(slot)];
    if (held == nullptr) held = std::make_unique<Cache>();
    return static_cast<Cache&>(*held);
  }
  std::unique_ptr<BuiltinCache> caches[static_cast<std::size_t>(CacheSlot::kCount)];

 private:
  Steps& steps_;
  bool failed_ = false;
  bool type_error_ = false;
  std::string message_;
};

// A set of kinds, and for arrays, sets and objects optionally the kinds of their elements (object values).
struct TypeSpec {
  std::uint16_t kinds = 0;
  std::uint16_t elements = 0;  // 0: any
};

inline constexpr std::uint16_t KindBit(Type type) { return static_cast<std::uint16_t>(1U << static_cast<unsigned>(type)); }
namespace ty {
inline constexpr std::uint16_t kNull = KindBit(Type::kNull);
inline constexpr std::uint16_t kBoolean = KindBit(Type::kBoolean);
inline constexpr std::uint16_t kNumber = KindBit(Type::kNumber);
inline constexpr std::uint16_t kString = KindBit(Type::kString);
inline constexpr std::uint16_t kArray = KindBit(Type::kArray);
inline constexpr std::uint16_t kObject = KindBit(Type::kObject);
inline constexpr std::uint16_t kSet = KindBit(Type::kSet);
inline constexpr std::uint16_t kAny = kNull | kBoolean | kNumber | kString | kArray | kObject | kSet;
inline constexpr std::uint16_t kCollection = kArray | kObject | kSet;
inline constexpr TypeSpec Any{kAny, 0};
inline constexpr TypeSpec Null{kNull, 0};
inline constexpr TypeSpec Boolean{kBoolean, 0};
inline constexpr TypeSpec Number{kNumber, 0};
inline constexpr TypeSpec String{kString, 0};
inline constexpr TypeSpec Array{kArray, 0};
inline constexpr TypeSpec Object{kObject, 0};
inline constexpr TypeSpec Set{kSet, 0};
inline constexpr TypeSpec Collection{kCollection, 0};
inline constexpr TypeSpec OneOf(std::uint16_t kinds) { return {kinds, 0}; }
inline constexpr TypeSpec ArrayOf(std::uint16_t elements) { return {kArray, elements}; }
inline constexpr TypeSpec SetOf(std::uint16_t elements) { return {kSet, elements}; }
inline constexpr TypeSpec ArrayOrSetOf(std::uint16_t elements) { return {static_cast<std::uint16_t>(kArray | kSet), elements}; }
}  // namespace ty

// "one of {array, set}", "string": as OPA words it.
std::string DescribeKinds(std::uint16_t kinds);

using BuiltinFunction = Value (*)(BuiltinContext& context, std::span<const Value> args);

enum BuiltinFlags : std::uint8_t {
  kBuiltinPlain = 0,
  kBuiltinDeprecated = 1,        // v0 modules only
  kBuiltinNondeterministic = 2,  // never folded; equal calls agree within one evaluation
  kBuiltinRelation = 4,          // returns an array of its outputs; the call iterates over them (walk)
  kBuiltinUncheckedArgs = 8,     // the engine skips the run-time kind check
  kBuiltinHost = 16,             // reaches outside the process: exists where CompileOptions grants it
  kBuiltinNote = 32,             // its argument is a note for the observer
};

inline constexpr std::size_t kMaxBuiltinArgs = 10;

struct Builtin {
  std::string_view name;  // as in a policy: "json.filter"
  BuiltinFunction function = nullptr;
  std::uint8_t arity = 0;
  TypeSpec args[kMaxBuiltinArgs] = {};
  TypeSpec result = ty::Any;
  std::uint8_t flags = kBuiltinPlain;
};

// A row of a family's table:
//   MakeBuiltin("upper", Upper, ty::String, kBuiltinPlain, ty::String)
template <typename... Specs>
constexpr Builtin MakeBuiltin(std::string_view name, BuiltinFunction function, TypeSpec result, std::uint8_t flags, Specs... specs) {
  static_assert(sizeof...(specs) <= kMaxBuiltinArgs);
  return Builtin{name, function, static_cast<std::uint8_t>(sizeof...(specs)), {specs...}, result, flags};
}
// The call as the engine makes it, with as many arguments as the builtin takes: their kinds are looked at first.
inline Value CheckedCall(const Builtin& builtin, BuiltinContext& context, std::span<const Value> args) {
  const bool checked = (builtin.flags & kBuiltinUncheckedArgs) == 0;
  for (std::size_t i = 0; checked && i < args.size(); ++i) {
    const std::uint16_t wanted = builtin.args[i].kinds;
    if ((KindBit(args[i].type()) & wanted) == 0) return context.OperandError(i + 1, DescribeKinds(wanted), args[i]);
  }
  return builtin.function(context, args);
}

// All builtins by name. Immutable, built on first use. nullptr if unknown.
const Builtin* FindBuiltin(std::string_view name);
const std::map<std::string_view, const Builtin*>& AllBuiltins();

}  // namespace intentgate::rego
