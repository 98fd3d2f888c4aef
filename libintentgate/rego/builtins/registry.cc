#include "rego/builtins/registry.h"

#include <array>

#include "rego/builtins/families.h"

namespace intentgate::rego {
namespace {

std::map<std::string_view, const Builtin*> BuildTable() {
  std::map<std::string_view, const Builtin*> table;
  for (const std::span<const Builtin> family :
       {CoreBuiltins(), AggregateBuiltins(), AwsBuiltins(), BitBuiltins(), CollectionBuiltins(), DigestBuiltins(), EncodingBuiltins(),
        GlobBuiltins(), GraphqlBuiltins(), HostBuiltins(), JsonBuiltins(), JwtBuiltins(), JwtSignBuiltins(), NameBuiltins(), NetBuiltins(), NumberBuiltins(), ObjectBuiltins(),
        PatchBuiltins(), ParseBuiltins(), RegexBuiltins(), SchemaBuiltins(), SprintfBuiltins(), StringBuiltins(), TemplateBuiltins(), TimeBuiltins(), TypeBuiltins(),
        UnitBuiltins(), UriBuiltins(), X509Builtins(), YamlBuiltins(), TraceBuiltins()}) {
    for (const Builtin& builtin : family) table.emplace(builtin.name, &builtin);
  }
  return table;
}

}  // namespace

Value BuiltinContext::Error(std::string message) {
  failed_ = true;
  type_error_ = false;
  message_ = std::move(message);
  return {};
}

Value BuiltinContext::TypeError(std::string message) {
  failed_ = true;
  type_error_ = true;
  message_ = std::move(message);
  return {};
}

Value BuiltinContext::OperandError(std::size_t position, std::string_view wanted, const Value& got) {
  return TypeError("operand " + std::to_string(position) + " must be " + std::string(wanted) + " but got " +
                   std::string(TypeName(got.type())));
}

std::string DescribeKinds(std::uint16_t kinds) {
  if (kinds == ty::kAny) return "any";
  static constexpr std::array<std::pair<std::uint16_t, std::string_view>, 7> kNames = {{{ty::kArray, "array"},
                                                                                        {ty::kBoolean, "boolean"},
                                                                                        {ty::kNull, "null"},
                                                                                        {ty::kNumber, "number"},
                                                                                        {ty::kObject, "object"},
                                                                                        {ty::kSet, "set"},
                                                                                        {ty::kString, "string"}}};
  std::string list;
  int count = 0;
  for (const auto& [bit, name] : kNames) {
    if ((kinds & bit) == 0) continue;
    if (count++ > 0) list += ", ";
    list += name;
  }
  return count == 1 ? list : "one of {" + list + "}";
}

const std::map<std::string_view, const Builtin*>& AllBuiltins() {
  static const std::map<std::string_view, const Builtin*> kTable = BuildTable();
  return kTable;
}

const Builtin* FindBuiltin(std::string_view name) {
  const auto& table = AllBuiltins();
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace intentgate::rego
