#include "rego/compile/annotations.h"

#include <algorithm>
#include <array>
#include <optional>

#include "rego/builtins/registry.h"

namespace intentgate::rego {
namespace {

constexpr std::uint64_t kBlockSteps = 1'000'000;

void Put(ObjectBuilder& out, std::string_view name, const Value& value) { out.Set(Value::StringRef(name), value); }

// "Name <mail>", "Name", or an object that says the same.
Value ReadAuthor(Arena& arena, const Value& value) {
  if (!value.is_string()) return value;
  const std::string_view text = value.string();
  ObjectBuilder out(arena);
  const std::size_t open = text.rfind('<');
  const bool has_mail = open != std::string_view::npos && text.ends_with('>');
  std::string_view name = has_mail ? text.substr(0, open) : text;
  while (name.ends_with(' ')) name.remove_suffix(1);
  if (!name.empty()) Put(out, "name", Value::StringCopy(arena, name));
  if (has_mail) Put(out, "email", Value::StringCopy(arena, text.substr(open + 1, text.size() - open - 2)));
  return out.Finish();
}

Value ReadRelated(Arena& arena, const Value& value) {
  if (!value.is_string()) return value;
  ObjectBuilder out(arena);
  Put(out, "ref", value);
  return out.Finish();
}

// data.x["y.z"] as ["data", "x", "y.z"].
Value ReadPath(Arena& arena, std::string_view text) {
  constexpr std::string_view kOpen = "[\"", kClose = "\"]";
  ArrayBuilder parts(arena);
  while (!text.empty()) {
    const bool bracket = text.starts_with(kOpen);
    if (bracket) text.remove_prefix(kOpen.size());
    const std::size_t end = std::min(bracket ? text.find(kClose) : text.find_first_of(".["), text.size());
    parts.Add(Value::StringCopy(arena, text.substr(0, end)));
    text.remove_prefix(std::min(text.size(), end + (bracket ? kClose.size() : 0)));
    if (text.starts_with('.')) {
      text.remove_prefix(1);
    } else if (!text.starts_with(kOpen) && !text.empty()) {
      break;  // no reference
    }
  }
  return parts.Finish();
}

// [{data.x: schema.y}] as [{"path": ["data", "x"], "schema": ["schema", "y"]}].
Value ReadSchema(Arena& arena, const Value& value) {
  if (!value.is_object() || value.size() != 1 || !value.entries()[0].key.is_string()) return value;
  const auto path = [&](std::string_view text) { return ReadPath(arena, text); };
  const Entry& entry = value.entries()[0];
  ObjectBuilder out(arena);
  Put(out, "path", path(entry.key.string()));
  Put(out, entry.value.is_string() ? "schema" : "definition", entry.value.is_string() ? path(entry.value.string()) : entry.value);
  return out.Finish();
}

Value MapList(Arena& arena, const Value& list, Value (*read)(Arena&, const Value&)) {
  ArrayBuilder out(arena);
  for (const Value& item : list.elements()) out.Add(read(arena, item));
  return out.Finish();
}

std::size_t TermBytes(const Value& value) {
  std::size_t bytes = 2 * sizeof(Term);
  if (value.is_string()) return bytes + value.string().size();
  for (const Value& item : value.elements()) bytes += TermBytes(item);
  for (const Entry& entry : value.entries()) bytes += TermBytes(entry.key) + TermBytes(entry.value);
  return bytes;
}

Term TermOf(const Value& value, Location at) {
  Term out;
  out.at = at;
  std::vector<Term> items;
  switch (value.type()) {
    case Type::kBoolean: return MakeBool(value.bool_value(), at);
    case Type::kString: return MakeString(value.string(), at);
    case Type::kNumber: {
      std::string scratch;
      out.kind = TermKind::kNumber;
      out.text = value.number_text(scratch);
      return out;
    }
    case Type::kArray:
      for (const Value& item : value.elements()) items.push_back(TermOf(item, at));
      return MakeComposite(TermKind::kArray, std::move(items), at);
    case Type::kObject:
      for (const Entry& entry : value.entries()) {
        items.push_back(TermOf(entry.key, at));
        items.push_back(TermOf(entry.value, at));
      }
      return MakeComposite(TermKind::kObject, std::move(items), at);
    default: return out;
  }
}

std::vector<std::string> PackagePath(const ModuleAst& module) {
  std::vector<std::string> out;
  for (std::size_t i = 1; i < module.package.items.size(); ++i) out.push_back(module.package.items[i].text);
  return out;
}

std::vector<std::string> RulePath(const ModuleAst& module, const Rule& rule) {
  std::vector<std::string> out = PackagePath(module);
  for (const Term& part : rule.ref.items) {
    if (!part.IsString() && &part != &rule.ref.items[0]) break;
    out.push_back(part.text);
  }
  return out;
}

}  // namespace

Annotations::Annotations(Arena& arena, std::span<const ModuleAst> modules, Diagnostics& diagnostics) : arena_(arena) {
  for (const ModuleAst& module : modules) AddModule(module, diagnostics);
}

void Annotations::AddModule(const ModuleAst& module, Diagnostics& diagnostics) {
  for (auto line = module.metadata.begin(); line != module.metadata.end();) {
    // A block is the lines of comment directly below one another.
    Block block;
    block.at = {module.file, line->first, 1};
    std::string yaml;
    std::uint32_t last = line->first;
    for (++line; line != module.metadata.end() && line->first == last + 1 && line->second != "METADATA"; ++line) {
      yaml += line->second + "\n";
      last = line->first;
    }
    std::string problem;
    block.content = ReadBlock(yaml, problem);
    if (!problem.empty()) {
      diagnostics.Parse(block.at, "invalid metadata: " + problem, "see the comment block below # METADATA");
      continue;
    }
    Attach(module, block, last, diagnostics);
  }
}

Value Annotations::ReadBlock(const std::string& yaml, std::string& problem) {
  Steps steps(kBlockSteps);
  BuiltinContext context(arena_, steps);
  const Value text = Value::StringCopy(arena_, yaml);
  const Value raw = FindBuiltin("yaml.unmarshal")->function(context, {&text, 1});
  if (context.failed()) return problem = context.message(), Value();
  if (!raw.is_object()) return problem = "the block must be a YAML object", Value();
  static constexpr std::array<std::string_view, 12> kKnown = {"scope", "title", "description", "organizations", "related_resources", "authors",
                                                             "schemas", "entrypoint", "custom", "labels", "compile", "entrypoints"};
  ObjectBuilder out(arena_);
  for (const Entry& entry : raw.entries()) {
    const std::string_view name = entry.key.string();
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end() || entry.value.is_null()) continue;
    const bool list = name == "authors" || name == "related_resources" || name == "schemas" || name == "organizations";
    if (list && !entry.value.is_array()) return problem = std::string(name) + " must be a list", Value();
    if (name == "authors") {
      Put(out, name, MapList(arena_, entry.value, ReadAuthor));
    } else if (name == "related_resources") {
      Put(out, name, MapList(arena_, entry.value, ReadRelated));
    } else if (name == "schemas") {
      Put(out, name, MapList(arena_, entry.value, ReadSchema));
    } else if (name != "entrypoint" || entry.value.truthy()) {
      out.Set(entry.key, entry.value);
    }
  }
  return out.Finish();
}

void Annotations::Attach(const ModuleAst& module, const Block& block, std::uint32_t last_line, Diagnostics& diagnostics) {
  const rego::Rule* rule = nullptr;
  for (const rego::Rule& candidate : module.rules) {
    if (candidate.at.line > last_line && (rule == nullptr || candidate.at.line < rule->at.line)) rule = &candidate;
  }
  const bool on_package = module.package.at.line > last_line;
  const Value said = block.content.GetMember("scope");
  std::string scope = said.is_string() ? std::string(said.string()) : "";
  if (scope.empty()) scope = on_package ? "package" : block.content.GetMember("entrypoint").truthy() ? "document" : "rule";
  const bool for_package = scope == "package" || scope == "subpackages";
  if (!for_package && scope != "rule" && scope != "document") {
    diagnostics.Parse(block.at, "invalid metadata: invalid scope '" + scope + "'", "use one of rule, document, package, subpackages");
    return;
  }
  if (for_package != on_package || (!on_package && rule == nullptr)) {
    diagnostics.Parse(block.at, "annotation scope '" + scope + "' must be applied to " + (for_package ? "package" : "rule"),
                      "put the block directly before what it describes");
    return;
  }
  ObjectBuilder content(arena_);
  for (const Entry& entry : block.content.entries()) content.Set(entry.key, entry.value);
  Put(content, "scope", Value::StringCopy(arena_, scope));
  const Block whole = {block.at, content.Finish()};
  all_.push_back({for_package ? nullptr : rule, scope == "document", whole.content});
  if (scope == "rule") {
    rules_[{rule->at.file, rule->at.line}].push_back(whole);
    return;
  }
  auto& held = scope == "document" ? documents_ : scope == "package" ? packages_ : subpackages_;
  const std::vector<std::string> path = scope == "document" ? RulePath(module, *rule) : PackagePath(module);
  if (!held.emplace(path, whole).second) diagnostics.Add("rego_type_error", block.at, scope + " annotation redeclared", "keep one of the two");
}

Term Annotations::Constant(const Value& value, Location at) const {
  constants_ += TermBytes(value);
  arena_.CheckRoom(constants_);
  return TermOf(value, at);
}

Term Annotations::Rule(const ModuleAst&, const rego::Rule& rule) const {
  const auto found = rules_.find({rule.at.file, rule.at.line});
  return Constant(found == rules_.end() ? Value::EmptyObject() : found->second.front().content, rule.at);
}

Value Annotations::ChainItem(const std::vector<std::string>& path, const Block* block) const {
  ArrayBuilder parts(arena_);
  for (const std::string& part : path) parts.Add(Value::StringCopy(arena_, part));
  ObjectBuilder out(arena_);
  Put(out, "path", parts.Finish());
  if (block != nullptr) Put(out, "annotations", block->content);
  return out.Finish();
}

Term Annotations::Chain(const ModuleAst& module, const rego::Rule& rule) const {
  ArrayBuilder chain(arena_);
  const std::vector<std::string> path = RulePath(module, rule);
  const auto own = rules_.find({rule.at.file, rule.at.line});
  if (own == rules_.end()) {
    chain.Add(ChainItem(path, nullptr));
  } else {
    for (auto block = own->second.rbegin(); block != own->second.rend(); ++block) chain.Add(ChainItem(path, &*block));
  }
  if (const auto found = documents_.find(path); found != documents_.end()) chain.Add(ChainItem(path, &found->second));
  std::vector<std::string> package = PackagePath(module);
  if (const auto found = packages_.find(package); found != packages_.end()) chain.Add(ChainItem(package, &found->second));
  for (; !package.empty(); package.pop_back()) {
    if (const auto found = subpackages_.find(package); found != subpackages_.end()) chain.Add(ChainItem(package, &found->second));
  }
  return Constant(chain.Finish(), rule.at);
}

}  // namespace intentgate::rego
