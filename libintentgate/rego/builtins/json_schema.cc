// json.match_schema and json.verify_schema: JSON Schema drafts 4, 6 and 7, with the findings in OPA's words. References
// lead to the schema itself only ("#/definitions/x"); nothing is fetched.
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <re2/re2.h>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/pattern_cache.h"
#include "rego/number.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;

constexpr int kMaxSchemaDepth = 200;
constexpr std::size_t kMaxFindings = 1000;

struct Finding {
  std::string type;
  std::string field;
  std::string text;
};

std::string_view JsonType(const Value& value) {
  if (value.is_number()) return value.IsIntegral() ? "integer" : "number";
  if (value.is_set()) return "array";
  return TypeName(value.type());
}

// Why a schema is none; thrown inside this file only.
struct BadSchema {
  std::string message;
};

std::string Scalar(const Value& value) { return value.ToJsonText(); }

// What "#/definitions/x" names in the schema. Throws BadSchema.
Value Resolve(const Value& root, std::string_view ref) {
  if (!ref.starts_with('#')) throw BadSchema{"Reference " + std::string(ref) + " leads outside of the schema, and nothing is fetched"};
  std::string_view rest = ref.substr(1);
  Value at = root;
  while (!rest.empty()) {
    rest.remove_prefix(rest.starts_with('/') ? 1 : 0);
    std::string part(rest.substr(0, rest.find('/')));
    rest.remove_prefix(part.size());
    for (const auto& [from, to] : {std::pair{"~1", "/"}, {"~0", "~"}}) {
      for (std::size_t p = part.find(from); p != std::string::npos; p = part.find(from, p + 1)) part.replace(p, 2, to);
    }
    const bool index = at.is_array() && !part.empty() && part.size() < 10 && part.find_first_not_of("0123456789") == std::string::npos;
    at = index ? at.Get(Value::Int(std::stoll(part))) : at.GetMember(part);
    if (!at.defined()) throw BadSchema{"Object has no key '" + part + "'"};
  }
  return at;
}

class SchemaChecker {
 public:
  SchemaChecker(BuiltinContext& context, const Value& root) : context_(context), root_(root) {}

  // Looks at every schema inside the schema, and at what references lead to. Throws BadSchema.
  void Run() {
    if (!root_.is_object() && !root_.is_bool()) throw BadSchema{"schema is invalid"};
    Check(root_, 0);
    while (!referred_.empty()) {
      const Value schema = referred_.back();
      referred_.pop_back();
      Check(schema, 0);
    }
  }

 private:
  void Check(const Value& schema, int depth) {
    context_.Charge(2);
    if (depth > kMaxSchemaDepth) throw BadSchema{"the schema nests too deep"};
    if (schema.is_bool()) return;
    if (!schema.is_object()) throw BadSchema{"Invalid type. Expected: Valid Schema/Array Of Schemas, given: " + std::string(TypeName(schema.type()))};
    const auto kind = [&](std::string_view name, std::uint16_t kinds, std::string_view wanted) {
      const Value value = schema.GetMember(name);
      if (value.defined() && (KindBit(value.type()) & kinds) == 0) throw BadSchema{std::string(name) + " must be of " + std::string(wanted)};
    };
    for (const std::string_view name : {"$ref", "$id", "title", "description"}) kind(name, ty::kString, "type string");
    kind("definitions", ty::kObject, "type object");
    for (const Entry& entry : schema.GetMember("definitions").entries()) Check(entry.value, depth + 1);
    // What stands beside a reference does not count.
    if (const Value ref = schema.GetMember("$ref"); ref.defined()) return Follow(ref.string());
    CheckType(schema.GetMember("type"));
    for (const std::string_view name : {"pattern", "format"}) kind(name, ty::kString, "type string");
    for (const std::string_view name : {"properties", "patternProperties", "dependencies"}) kind(name, ty::kObject, "type object");
    for (const std::string_view name : {"allOf", "anyOf", "oneOf", "enum", "required"}) kind(name, ty::kArray, "an array");
    for (const std::string_view name : {"multipleOf", "minimum", "maximum"}) kind(name, ty::kNumber, "a Number");
    for (const std::string_view name : {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}) {
      const Value value = schema.GetMember(name);
      if (value.defined() && (!value.is_number() || !value.IsIntegral())) throw BadSchema{std::string(name) + " must be of an integer"};
    }
    if (const Value pattern = schema.GetMember("pattern"); pattern.defined() && builtins::CompileRegex(context_, pattern.string()) == nullptr) {
      throw BadSchema{"pattern must be a valid regex"};
    }
    for (const std::string_view name : {"properties", "patternProperties"}) {
      for (const Entry& entry : schema.GetMember(name).entries()) Check(entry.value, depth + 1);
    }
    for (const std::string_view name : {"allOf", "anyOf", "oneOf"}) {
      for (const Value& item : schema.GetMember(name).elements()) Check(item, depth + 1);
    }
    for (const std::string_view name : {"not", "if", "then", "else", "contains", "propertyNames", "additionalProperties", "additionalItems", "items"}) {
      const Value value = schema.GetMember(name);
      if (!value.defined()) continue;
      if (value.is_array() && name == "items") {
        for (const Value& item : value.elements()) Check(item, depth + 1);
      } else {
        Check(value, depth + 1);
      }
    }
  }

  void Follow(std::string_view ref) {
    const Value schema = Resolve(root_, ref);
    if (followed_.emplace(ref).second) referred_.push_back(schema);
  }

  void CheckType(const Value& type) const {
    static constexpr std::array<std::string_view, 7> kTypes = {"array", "boolean", "integer", "number", "null", "object", "string"};
    if (!type.defined()) return;
    if (!type.is_string() && !type.is_array()) throw BadSchema{"type must be of type string/array of strings"};
    builtins::ForEachOrOne(type, [&](const Value& one) {
      if (!one.is_string()) throw BadSchema{"type must be of type string/array of strings"};
      if (std::find(kTypes.begin(), kTypes.end(), one.string()) != kTypes.end()) return;
      throw BadSchema{"has a primitive type that is NOT VALID -- given: /" + std::string(one.string()) +
                      "/ Expected valid values are:[array boolean integer number null object string]"};
    });
  }

  BuiltinContext& context_;
  Value root_;
  std::set<std::string, std::less<>> followed_;
  std::vector<Value> referred_;  // that are to be looked at
};

class SchemaMatcher {
 public:
  SchemaMatcher(BuiltinContext& context, const Value& root) : context_(context), root_(root) {}

  std::vector<Finding> Match(const Value& value) {
    std::vector<Finding> out;
    Visit(root_, value, "(Root)", out, 0);
    return out;
  }

 private:
  using Findings = std::vector<Finding>;

  static std::string Below(const std::string& field, const std::string& name) { return field == "(Root)" ? name : field + "." + name; }

  void Add(Findings& out, std::string type, const std::string& field, std::string text) const {
    if (out.size() < kMaxFindings) out.push_back({std::move(type), field, std::move(text)});
  }

  bool Holds(const Value& schema, const Value& value, const std::string& field, int depth) {
    Findings ignored;
    Visit(schema, value, field, ignored, depth);
    return ignored.empty();
  }

  void Visit(const Value& schema, const Value& value, const std::string& field, Findings& out, int depth) {
    context_.Charge(5);
    if (depth > kMaxSchemaDepth) throw BadSchema{"the schema refers to itself without an end"};
    if (schema.is_bool()) {
      if (!schema.bool_value()) Add(out, "false", field, "False always fails validation");
      return;
    }
    if (const Value ref = schema.GetMember("$ref"); ref.is_string()) return Visit(Resolve(root_, ref.string()), value, field, out, depth + 1);
    if (!CheckType(schema, value, field, out)) return;
    CheckCombined(schema, value, field, out, depth);
    CheckValues(schema, value, field, out);
    if (value.is_array() || value.is_set()) CheckArray(schema, value, field, out, depth);
    if (value.is_object()) CheckObject(schema, value, field, out, depth);
    if (value.is_string()) CheckString(schema, value, field, out);
    if (value.is_number()) CheckNumber(schema, value, field, out);
  }

  bool CheckType(const Value& schema, const Value& value, const std::string& field, Findings& out) const {
    const Value type = schema.GetMember("type");
    if (!type.defined()) return true;
    const std::string_view have = JsonType(value);
    bool fits = false;
    std::string wanted;
    builtins::ForEachOrOne(type, [&](const Value& one) {
      fits = fits || one.string() == have || (one.string() == "number" && have == "integer");
      wanted += (wanted.empty() ? "" : ",") + std::string(one.string());
    });
    if (type.is_array() && type.size() > 1) wanted = "[" + wanted + "]";
    if (!fits) Add(out, "invalid_type", field, "Invalid type. Expected: " + wanted + ", given: " + std::string(have));
    return fits;
  }

  void CheckCombined(const Value& schema, const Value& value, const std::string& field, Findings& out, int depth) {
    const auto best = [&](const Value& list, std::size_t& valid) {
      Findings fewest;
      valid = 0;
      bool first = true;
      for (const Value& one : list.elements()) {
        Findings found;
        Visit(one, value, field, found, depth + 1);
        if (found.empty()) ++valid;
        if (first || found.size() < fewest.size()) fewest = std::move(found);
        first = false;
      }
      return fewest;
    };
    std::size_t valid = 0;
    if (const Value list = schema.GetMember("anyOf"); list.size() > 0) {
      Findings fewest = best(list, valid);
      if (valid == 0) {
        Add(out, "number_any_of", field, "Must validate at least one schema (anyOf)");
        out.insert(out.end(), fewest.begin(), fewest.end());
      }
    }
    if (const Value list = schema.GetMember("oneOf"); list.size() > 0) {
      Findings fewest = best(list, valid);
      if (valid != 1) {
        Add(out, "number_one_of", field, "Must validate one and only one schema (oneOf)");
        if (valid == 0) out.insert(out.end(), fewest.begin(), fewest.end());
      }
    }
    if (const Value list = schema.GetMember("allOf"); list.size() > 0) {
      const std::size_t before = out.size();
      for (const Value& one : list.elements()) Visit(one, value, field, out, depth + 1);
      if (out.size() != before) Add(out, "number_all_of", field, "Must validate all the schemas (allOf)");
    }
    if (const Value no = schema.GetMember("not"); no.defined() && Holds(no, value, field, depth + 1)) Add(out, "number_not", field, "Must not validate the schema (not)");
    CheckDependencies(schema.GetMember("dependencies"), value, field, out, depth);
    const Value condition = schema.GetMember("if");
    if (!condition.defined()) return;
    const bool holds = Holds(condition, value, field, depth + 1);
    const Value branch = schema.GetMember(holds ? "then" : "else");
    if (!branch.defined()) return;
    Findings found;
    Visit(branch, value, field, found, depth + 1);
    if (found.empty()) return;
    Add(out, holds ? "condition_then" : "condition_else", field,
        holds ? "Must validate \"then\" as \"if\" was valid" : "Must validate \"else\" as \"if\" was not valid");
    out.insert(out.end(), found.begin(), found.end());
  }

  void CheckDependencies(const Value& dependencies, const Value& value, const std::string& field, Findings& out, int depth) {
    if (!dependencies.is_object() || !value.is_object()) return;
    for (const Entry& entry : dependencies.entries()) {
      if (!value.Get(entry.key).defined()) continue;
      if (!entry.value.is_array()) {
        Visit(entry.value, value, field, out, depth + 1);
        continue;
      }
      for (const Value& name : entry.value.elements()) {
        if (!value.Get(name).defined()) Add(out, "missing_dependency", field, "Has a dependency on " + std::string(name.string()));
      }
    }
  }

  void CheckValues(const Value& schema, const Value& value, const std::string& field, Findings& out) const {
    if (const Value only = schema.GetMember("const"); only.defined() && !(only == value)) Add(out, "const", field, field + " does not match: " + Scalar(only));
    const Value list = schema.GetMember("enum");
    if (!list.is_array() || std::find(list.elements().begin(), list.elements().end(), value) != list.elements().end()) return;
    std::string allowed;
    for (const Value& one : list.elements()) allowed += (allowed.empty() ? "" : ", ") + Scalar(one);
    Add(out, "enum", field, field + " must be one of the following: " + allowed);
  }

  std::optional<std::int64_t> Limit(const Value& schema, std::string_view name) const {
    const Value limit = schema.GetMember(name);
    return limit.is_number() ? limit.ToInt64() : std::nullopt;
  }

  void CheckArray(const Value& schema, const Value& value, const std::string& field, Findings& out, int depth) {
    const std::span<const Value> elements = value.elements();
    const Value items = schema.GetMember("items");
    const std::size_t fixed = items.is_array() ? std::min<std::size_t>(items.size(), elements.size()) : 0;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const std::string at = Below(field, std::to_string(i));
      if (items.is_object() || items.is_bool()) Visit(items, elements[i], at, out, depth + 1);
      if (i < fixed) Visit(items.elements()[i], elements[i], at, out, depth + 1);
      if (!items.is_array() || i < fixed) continue;
      const Value more = schema.GetMember("additionalItems");
      if (more.is_false()) {
        Add(out, "array_no_additional_items", field, "No additional items allowed on array");
        break;
      }
      if (more.is_object()) Visit(more, elements[i], at, out, depth + 1);
    }
    const auto count = static_cast<std::int64_t>(elements.size());
    if (const auto min = Limit(schema, "minItems"); min && count < *min) Add(out, "array_min_items", field, "Array must have at least " + std::to_string(*min) + " items");
    if (const auto max = Limit(schema, "maxItems"); max && count > *max) Add(out, "array_max_items", field, "Array must have at most " + std::to_string(*max) + " items");
    if (schema.GetMember("uniqueItems").truthy()) CheckUnique(elements, field, out);
    const Value contains = schema.GetMember("contains");
    if (!contains.defined()) return;
    Findings fewest;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      Findings found;
      Visit(contains, elements[i], field, found, depth + 1);
      if (found.empty()) return;
      if (i == 0 || found.size() < fewest.size()) fewest = std::move(found);
    }
    Add(out, "contains", field, "At least one of the items must match");
    out.insert(out.end(), fewest.begin(), fewest.end());
  }

  void CheckUnique(std::span<const Value> elements, const std::string& field, Findings& out) const {
    for (std::size_t i = 0; i < elements.size(); ++i) {
      context_.Charge(1 + i / 4);
      for (std::size_t j = 0; j < i; ++j) {
        if (!(elements[i] == elements[j])) continue;
        Add(out, "unique", field, "array items[" + std::to_string(j) + "," + std::to_string(i) + "] must be unique");
        return;
      }
    }
  }

  void CheckObject(const Value& schema, const Value& value, const std::string& field, Findings& out, int depth) {
    for (const Value& name : schema.GetMember("required").elements()) {
      if (name.is_string() && !value.Get(name).defined()) Add(out, "required", field, std::string(name.string()) + " is required");
    }
    const auto count = static_cast<std::int64_t>(value.size());
    if (const auto min = Limit(schema, "minProperties"); min && count < *min) Add(out, "array_min_properties", field, "Must have at least " + std::to_string(*min) + " properties");
    if (const auto max = Limit(schema, "maxProperties"); max && count > *max) Add(out, "array_max_properties", field, "Must have at most " + std::to_string(*max) + " properties");
    const Value properties = schema.GetMember("properties");
    const Value patterns = schema.GetMember("patternProperties");
    const Value more = schema.GetMember("additionalProperties");
    const Value names = schema.GetMember("propertyNames");
    for (const Entry& entry : value.entries()) {
      const std::string name = entry.key.is_string() ? std::string(entry.key.string()) : entry.key.ToText();
      const std::string at = Below(field, name);
      const Value own = properties.GetMember(name);
      bool known = own.defined();
      if (known) Visit(own, entry.value, at, out, depth + 1);
      for (const Entry& pattern : patterns.entries()) {
        if (!Matches(pattern.key.string(), name)) continue;
        known = true;
        Visit(pattern.value, entry.value, at, out, depth + 1);
      }
      if (!known && more.is_false()) Add(out, "additional_property_not_allowed", field, "Additional property " + name + " is not allowed");
      if (!known && more.is_object()) Visit(more, entry.value, at, out, depth + 1);
      if (!names.defined()) continue;
      Findings found;
      Visit(names, entry.key, field, found, depth + 1);
      if (found.empty()) continue;
      Add(out, "invalid_property_name", field, "Property name of \"" + name + "\" does not match");
      out.insert(out.end(), found.begin(), found.end());
    }
  }

  bool Matches(std::string_view pattern, std::string_view text) {
    builtins::ChargeBytes(context_, text.size() + pattern.size());
    const RE2* program = builtins::CompileRegex(context_, pattern);
    if (program == nullptr) throw BadSchema{"Invalid regex pattern '" + std::string(pattern) + "'"};
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *program);
  }

  void CheckString(const Value& schema, const Value& value, const std::string& field, Findings& out) {
    const std::string_view text = value.string();
    const auto length = static_cast<std::int64_t>(builtins::CountRunes(text));
    if (const auto min = Limit(schema, "minLength"); min && length < *min) Add(out, "string_gte", field, "String length must be greater than or equal to " + std::to_string(*min));
    if (const auto max = Limit(schema, "maxLength"); max && length > *max) Add(out, "string_lte", field, "String length must be less than or equal to " + std::to_string(*max));
    if (const Value pattern = schema.GetMember("pattern"); pattern.is_string() && !Matches(pattern.string(), text)) {
      Add(out, "pattern", field, "Does not match pattern '" + std::string(pattern.string()) + "'");
    }
    const Value format = schema.GetMember("format");
    if (format.is_string() && !FitsFormat(format.string(), text)) Add(out, "format", field, "Does not match format '" + std::string(format.string()) + "'");
  }

  // What other builtins can read; other formats say nothing.
  bool FitsFormat(std::string_view format, std::string_view text) {
    const auto call = [&](std::string_view name, std::string_view argument) {
      const Value value = Value::StringRef(argument);
      const Value out = FindBuiltin(name)->function(context_, {&value, 1});
      const bool good = !context_.failed() && out.defined() && !out.is_false();
      context_.ClearError();
      return good;
    };
    if (format == "date-time") return call("time.parse_rfc3339_ns", text);
    if (format == "date") return call("time.parse_rfc3339_ns", std::string(text) + "T00:00:00Z");
    if (format == "time") return call("time.parse_rfc3339_ns", "2000-01-01T" + std::string(text)) || call("time.parse_rfc3339_ns", "2000-01-01T" + std::string(text) + "Z");
    if (format == "ipv4") return text.find(':') == std::string_view::npos && call("net.cidr_is_valid", std::string(text) + "/32");
    if (format == "ipv6") return text.find(':') != std::string_view::npos && call("net.cidr_is_valid", std::string(text) + "/128");
    if (format == "uri") return text.find(':') != std::string_view::npos && call("uri.is_valid", text);
    if (format == "uri-reference") return text.empty() || call("uri.is_valid", text);
    if (format == "uuid") return text.size() == 36 && call("uuid.parse", text);
    if (format == "regex") return call("regex.is_valid", text);
    if (format == "email") return Matches(R"(^[^@\s]+@[^@\s]+$)", text);
    if (format == "hostname") return text.size() < 256 && Matches(R"(^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])(\.([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]{0,61}[a-zA-Z0-9]))*$)", text);
    return true;
  }

  void CheckNumber(const Value& schema, const Value& value, const std::string& field, Findings& out) const {
    const auto text = [](const Value& number) { return number.ToJsonText(); };
    if (const Value multiple = schema.GetMember("multipleOf"); multiple.is_number() && !NumberIsZero(multiple)) {
      if (!NumberDivExact(context_.arena, value, multiple).IsIntegral()) Add(out, "multiple_of", field, "Must be a multiple of " + text(multiple));
    }
    // Draft 4 says `exclusiveMaximum: true` beside the limit, later drafts make it a limit of its own.
    const Value max = schema.GetMember("maximum");
    const Value below = schema.GetMember("exclusiveMaximum");
    const Value upper = below.is_number() ? below : below.truthy() ? max : Value();
    if (max.is_number() && !below.truthy() && NumberCompare(value, max) > 0) Add(out, "number_lte", field, "Must be less than or equal to " + text(max));
    if (upper.is_number() && NumberCompare(value, upper) >= 0) Add(out, "number_lt", field, "Must be less than " + text(upper));
    const Value min = schema.GetMember("minimum");
    const Value above = schema.GetMember("exclusiveMinimum");
    const Value lower = above.is_number() ? above : above.truthy() ? min : Value();
    if (min.is_number() && !above.truthy() && NumberCompare(value, min) < 0) Add(out, "number_gte", field, "Must be greater than or equal to " + text(min));
    if (lower.is_number() && NumberCompare(value, lower) <= 0) Add(out, "number_gt", field, "Must be greater than " + text(lower));
  }

  BuiltinContext& context_;
  Value root_;
};

// A document or a schema: an object or an array, or its JSON text.
Result<Value> ReadDocument(BuiltinContext& context, const Value& value) {
  builtins::ChargeTree(context, value);
  if (value.is_object() || value.is_array()) return value;
  if (!value.is_string()) return Error{ErrorCode::kMalformed, "wrong type, expected string or object"};
  Result<Value> read = builtins::ReadJson(context, value.string());
  if (!read.ok()) return Error{ErrorCode::kMalformed, "invalid JSON string"};
  return read;
}

Value MatchSchema(BuiltinContext& context, Args args) {
  const Result<Value> document = ReadDocument(context, args[0]);
  if (!document.ok()) return context.Error(document.error().message);
  const Result<Value> schema = ReadDocument(context, args[1]);
  if (!schema.ok()) return context.Error(schema.error().message);
  std::vector<Finding> findings;
  try {
    SchemaChecker(context, *schema).Run();
    findings = SchemaMatcher(context, *schema).Match(*document);
  } catch (const BadSchema& bad) {
    return context.Error(bad.message);
  }
  ArrayBuilder list(context.arena);
  for (const Finding& finding : findings) {
    ObjectBuilder one(context.arena);
    one.Set(Value::StringRef("error"), builtins::MakeString(context, finding.field + ": " + finding.text));
    one.Set(Value::StringRef("type"), builtins::MakeString(context, finding.type));
    one.Set(Value::StringRef("field"), builtins::MakeString(context, finding.field));
    one.Set(Value::StringRef("desc"), builtins::MakeString(context, finding.text));
    list.Add(one.Finish());
  }
  const Value parts[] = {Value::Bool(findings.empty()), list.Finish()};
  return Value::Array(context.arena, parts);
}

Value VerifySchema(BuiltinContext& context, Args args) {
  std::string problem;
  const Result<Value> schema = ReadDocument(context, args[0]);
  if (!schema.ok()) {
    problem = schema.error().message;
  } else {
    try {
      SchemaChecker(context, *schema).Run();
    } catch (const BadSchema& bad) {
      context.ClearError();
      problem = bad.message;
    }
  }
  const Value parts[] = {Value::Bool(problem.empty()), problem.empty() ? Value::Null() : builtins::MakeString(context, "jsonschema: " + problem)};
  return Value::Array(context.arena, parts);
}

constexpr TypeSpec kDocument = ty::OneOf(ty::kString | ty::kObject);
constexpr Builtin kTable[] = {
    MakeBuiltin("json.match_schema", MatchSchema, ty::Array, kBuiltinUncheckedArgs, kDocument, kDocument),
    MakeBuiltin("json.verify_schema", VerifySchema, ty::Array, kBuiltinUncheckedArgs, kDocument),
};

}  // namespace

std::span<const Builtin> SchemaBuiltins() { return kTable; }

}  // namespace intentgate::rego
