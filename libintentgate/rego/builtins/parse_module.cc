// rego.parse_module(file, text): the syntax tree of a module, as OPA has it.

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/syntax/parser.h"
#include "rego/tools/ast_json.h"

namespace intentgate::rego {
namespace {

constexpr std::size_t kMaxModuleBytes = std::size_t{256} << 10;
// A tree is this much longer than its module, about; it is built before it is read into the arena.
constexpr std::size_t kGrowth = 64;

Value ParseModuleText(BuiltinContext& context, std::span<const Value> args) {
  for (const Value& arg : args) {
    if (!arg.is_string()) return context.OperandError(1, "string", arg);  // OPA says 1 of both
  }
  const SourceFile file{std::string(args[0].string()), std::string(args[1].string())};
  if (file.text.size() > kMaxModuleBytes) return context.Error("the module is larger than " + std::to_string(kMaxModuleBytes) + " bytes");
  builtins::ChargeBytes(context, file.text.size() * kGrowth);
  Diagnostics diagnostics({&file, 1}, 1);
  ModuleAst module = ParseModule(file.text, 0, Dialect::kV1, diagnostics, {.keep_comments = true});
  const std::vector<Diagnostic> findings = diagnostics.Take();
  if (!findings.empty()) return context.Error(findings[0].ToString());
  const Result<Value> tree = Value::ParseJson(context.arena, ModuleJson(std::move(module), file.name));
  return tree.ok() ? *tree : context.Error(tree.error().message);
}

constexpr Builtin kTable[] = {
    MakeBuiltin("rego.parse_module", ParseModuleText, ty::Object, kBuiltinUncheckedArgs, ty::String, ty::String),
};

}  // namespace

std::span<const Builtin> ParseBuiltins() { return kTable; }

}  // namespace intentgate::rego
