// trace(text): true; what an observer hears of it is the machine's work (kBuiltinNote).

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"

namespace intentgate::rego {
namespace {

Value Trace(BuiltinContext&, std::span<const Value>) { return Value::Bool(true); }

constexpr Builtin kTable[] = {
    MakeBuiltin("trace", Trace, ty::Boolean, kBuiltinNondeterministic | kBuiltinNote, ty::String),
};

}  // namespace

std::span<const Builtin> TraceBuiltins() { return kTable; }

}  // namespace intentgate::rego
