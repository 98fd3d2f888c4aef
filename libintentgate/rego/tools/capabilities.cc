// Tested by tests/unit/rego/capabilities_test.cc.

#include <intentgate/rego_capabilities.h>

#include <algorithm>
#include <utility>

#include "rego/builtins/registry.h"

namespace intentgate::rego {
namespace {

constexpr json::ParseLimits kFileLimits{.max_bytes = std::size_t{16} << 20, .max_depth = 128};
constexpr Type kKinds[] = {Type::kNull, Type::kBoolean, Type::kNumber, Type::kString, Type::kArray, Type::kObject, Type::kSet};
// Written between their operands.
constexpr std::pair<std::string_view, std::string_view> kInfix[] = {
    {"and", "&"}, {"div", "/"}, {"eq", "="}, {"equal", "=="}, {"gt", ">"}, {"gte", ">="}, {"internal.member_2", "in"},
    {"internal.member_3", "in"}, {"lt", "<"}, {"lte", "<="}, {"minus", "-"}, {"mul", "*"}, {"neq", "!="}, {"or", "|"}, {"plus", "+"}, {"rem", "%"}};

Error Bad(std::string what) { return {ErrorCode::kMalformed, "capabilities: " + std::move(what)}; }

json::Value TypeJson(std::uint16_t kinds, std::uint16_t elements);

json::Value KindJson(Type kind, std::uint16_t elements) {
  const auto below = [&] { return TypeJson(elements == 0 ? ty::kAny : elements, 0); };
  switch (kind) {
    case Type::kNull: return json::MakeObject({{"type", "null"}});
    case Type::kBoolean: return json::MakeObject({{"type", "boolean"}});
    case Type::kNumber: return json::MakeObject({{"type", "number"}});
    case Type::kString: return json::MakeObject({{"type", "string"}});
    case Type::kArray: return json::MakeObject({{"type", "array"}, {"dynamic", below()}});
    case Type::kSet: return json::MakeObject({{"type", "set"}, {"of", below()}});
    default: break;
  }
  return json::MakeObject({{"type", "object"}, {"dynamic", json::MakeObject({{"key", TypeJson(ty::kAny, 0)}, {"value", below()}})}});
}

json::Value TypeJson(std::uint16_t kinds, std::uint16_t elements) {
  if ((kinds & ty::kAny) == ty::kAny) return json::MakeObject({{"type", "any"}});
  json::Array all;
  for (const Type kind : kKinds) {
    if ((kinds & KindBit(kind)) != 0) all.push_back(KindJson(kind, elements));
  }
  if (all.size() == 1) return std::move(all[0]);
  return json::MakeObject({{"type", "any"}, {"of", json::Value(std::move(all))}});
}

json::Value BuiltinJson(const Builtin& builtin) {
  json::Value decl = json::MakeObject({{"type", "function"}});
  json::Array args;
  for (std::size_t i = 0; i < builtin.arity; ++i) args.push_back(TypeJson(builtin.args[i].kinds, builtin.args[i].elements));
  if (!args.empty()) decl.Set("args", json::Value(std::move(args)));
  decl.Set("result", TypeJson(builtin.result.kinds, builtin.result.elements));
  json::Value out = json::MakeObject({{"name", builtin.name}, {"decl", std::move(decl)}});
  const auto infix = std::find_if(std::begin(kInfix), std::end(kInfix), [&](const auto& one) { return one.first == builtin.name; });
  if (infix != std::end(kInfix)) out.Set("infix", infix->second);
  if ((builtin.flags & kBuiltinRelation) != 0) out.Set("relation", true);
  if ((builtin.flags & kBuiltinNondeterministic) != 0) out.Set("nondeterministic", true);
  if ((builtin.flags & kBuiltinDeprecated) != 0) out.Set("deprecated", true);
  return out;
}

// What the compiler deals with itself; OPA lists it among the builtins, and asks for it.
constexpr const char* kOfTheLanguage = R"([
  {"name": "assign", "decl": {"args": [{"type": "any"}, {"type": "any"}], "result": {"type": "boolean"}, "type": "function"}, "infix": ":="},
  {"name": "internal.print", "decl": {"args": [{"dynamic": {"of": {"type": "any"}, "type": "set"}, "type": "array"}], "type": "function"}},
  {"name": "internal.template_string", "decl": {"args": [{"dynamic": {"type": "any"}, "type": "array"}], "result": {"type": "string"}, "type": "function"}},
  {"name": "internal.test_case", "decl": {"args": [{"dynamic": {"type": "any"}, "type": "array"}], "type": "function"}},
  {"name": "print", "decl": {"type": "function", "variadic": {"type": "any"}}},
  {"name": "rego.metadata.chain", "decl": {"result": {"dynamic": {"type": "any"}, "type": "array"}, "type": "function"}},
  {"name": "rego.metadata.rule", "decl": {"result": {"type": "any"}, "type": "function"}}
])";

Result<std::vector<std::string>> Hosts(const json::Value& value) {
  if (!value.is_array()) return Bad("`allow_net` must be a list of hosts");
  std::vector<std::string> out;
  for (const json::Value& host : value.array()) {
    if (!host.is_string()) return Bad("`allow_net` must be a list of hosts");
    out.push_back(host.string_value());
  }
  return out;
}

}  // namespace

Result<CapabilitySet> ReadCapabilities(std::string_view text) {
  const Result<json::Value> read = json::Parse(text, kFileLimits);
  if (!read.ok()) return Bad(read.error().message);
  const json::Value* builtins = read->is_object() ? read->Find("builtins") : nullptr;
  if (builtins == nullptr || !builtins->is_array()) return Bad("the file must be an object with a list `builtins`, as `policy capabilities` writes it");
  CapabilitySet out;
  for (const json::Value& builtin : builtins->array()) {
    const json::Value* name = builtin.is_object() ? builtin.Find("name") : nullptr;
    if (name == nullptr || !name->is_string()) return Bad("each of `builtins` must be an object with a `name`");
    out.builtins.push_back(name->string_value());
  }
  std::sort(out.builtins.begin(), out.builtins.end());
  if (const json::Value* hosts = read->Find("allow_net"); hosts != nullptr && !hosts->is_null()) {
    Result<std::vector<std::string>> list = Hosts(*hosts);
    if (!list.ok()) return list.error();
    out.allow_net = *std::move(list);
  }
  return out;
}

json::Value AllCapabilities() {
  json::Array builtins;
  for (const auto& [name, builtin] : AllBuiltins()) builtins.push_back(BuiltinJson(*builtin));
  const Result<json::Value> others = json::Parse(kOfTheLanguage);
  for (const json::Value& one : others->array()) builtins.push_back(one);
  const auto name_of = [](const json::Value& one) -> const std::string& { return one.Find("name")->string_value(); };
  std::sort(builtins.begin(), builtins.end(), [&](const json::Value& a, const json::Value& b) { return name_of(a) < name_of(b); });
  return json::MakeObject({{"builtins", json::Value(std::move(builtins))},
                           {"future_keywords", json::Value(json::Array{"and", "not", "or"})},
                           {"features", json::Value(json::Array{"keywords_in_refs", "rego_v1", "rego_v2", "rego_v2_import", "template_strings"})}});
}

}  // namespace intentgate::rego
