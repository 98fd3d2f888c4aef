#include "settings/sections.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <intentgate/caveat.h>

#include "settings/files.h"
#include "settings/suggest.h"
#include "settings/values.h"

namespace intentgate::settings {
namespace {

constexpr std::size_t kMaxToolRows = 10'000;
constexpr std::size_t kMaxPolicyFiles = 256;

class FileReader {
 public:
  FileReader(const std::string& file_name, const std::vector<Field>& fields, Draft& draft)
      : file_name_(file_name), fields_(fields), draft_(draft) {}

  void Read(const YamlNode& root, const std::vector<std::string>& skip);

 private:
  std::string Where(YamlPlace place, const std::string& path) const;
  void Problem(const YamlNode& node, const std::string& path, std::string message) {
    draft_.Problem(Where(node.place, path), std::move(message));
  }
  void Unknown(const YamlNode& member, const std::string& path, const std::vector<std::string>& known);
  // False, and a problem said, unless `node` has the kind. A null stands for an empty list or map.
  bool Is(const YamlNode& node, YamlKind kind, const std::string& path);

  void Visit(const YamlNode& node, const std::string& path);
  void ReadPolicyFiles(const YamlNode& node, const std::string& path);
  void ReadBudgets(const YamlNode& node, const std::string& path, std::map<std::string, BudgetLimits>& out);
  void ReadTools(const YamlNode& node, const std::string& path);
  ToolSettings ReadTool(const YamlNode& node, const std::string& path);
  std::string SetToolMember(ToolSettings& tool, const YamlNode& member, bool& known);
  std::vector<std::string> NamesBelow(const std::string& path) const;

  const std::string& file_name_;
  const std::vector<Field>& fields_;
  Draft& draft_;
};

std::string FileReader::Where(YamlPlace place, const std::string& path) const {
  std::string where = file_name_.empty() ? "configuration" : file_name_;
  if (place.line > 0) where += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  return path.empty() ? where : where + " (" + path + ")";
}

void FileReader::Unknown(const YamlNode& member, const std::string& path, const std::vector<std::string>& known) {
  draft_.Problem(Where(member.name_place, path), "there is no such setting" + DidYouMean(member.name, known));
}

bool FileReader::Is(const YamlNode& node, YamlKind kind, const std::string& path) {
  if (node.kind == YamlKind::kNull && kind != YamlKind::kText) return false;
  if (node.kind == kind) return true;
  Problem(node, path, kind == YamlKind::kText   ? "must be one value"
                      : kind == YamlKind::kList ? "must be a list"
                                                : "must be a section of names and values");
  return false;
}

// The names that may follow `path`, which is "" or ends in a dot.
std::vector<std::string> FileReader::NamesBelow(const std::string& path) const {
  std::vector<std::string> names;
  const auto add = [&](std::string_view whole) {
    if (!whole.starts_with(path)) return;
    const std::string name(whole.substr(path.size(), whole.find('.', path.size()) - path.size()));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const Field& field : fields_) add(field.path);
  for (const std::string_view other : {"policy.files", "budget.agents", "budget.tenants", "tools"}) add(other);
  return names;
}

void FileReader::Read(const YamlNode& root, const std::vector<std::string>& skip) {
  if (!Is(root, YamlKind::kMap, "")) return;
  for (const YamlNode& member : root.children) {
    if (std::find(skip.begin(), skip.end(), member.name) != skip.end()) continue;
    std::vector<std::string> known = NamesBelow("");
    if (std::find(known.begin(), known.end(), member.name) != known.end()) {
      Visit(member, member.name);
    } else {
      known.insert(known.end(), skip.begin(), skip.end());
      Unknown(member, member.name, known);
    }
  }
}

void FileReader::Visit(const YamlNode& node, const std::string& path) {
  if (path == "tools") return ReadTools(node, path);
  if (path == "policy.files") return ReadPolicyFiles(node, path);
  if (path == "budget.agents") return ReadBudgets(node, path, draft_.settings.agent_budgets);
  if (path == "budget.tenants") return ReadBudgets(node, path, draft_.settings.tenant_budgets);
  for (const Field& field : fields_) {
    if (field.path != path) continue;
    if (!Is(node, YamlKind::kText, path)) return;
    const bool names_a_file = path == "keys.file" || path == "store.sqlite_path" ||
                              path == "audit.retention.archive_directory" ||
                              path == "audit.publish.file" || path == "policy.bundle_key_file" || path == "audit.publish.witness_policy_file" ||
                              (path.starts_with("audit.signing.") && path.ends_with("_file"));
    const std::string text = names_a_file && !node.text.empty() ? Beside(file_name_, node.text) : node.text;
    std::string problem = field.set(draft_, text, Where(node.place, path));
    if (!problem.empty()) Problem(node, path, std::move(problem));
    return;
  }
  if (!Is(node, YamlKind::kMap, path)) return;
  const std::vector<std::string> known = NamesBelow(path + ".");
  for (const YamlNode& member : node.children) {
    const std::string below = path + "." + member.name;
    if (std::find(known.begin(), known.end(), member.name) != known.end()) {
      Visit(member, below);
    } else {
      Unknown(member, below, known);
    }
  }
}

void FileReader::ReadPolicyFiles(const YamlNode& node, const std::string& path) {
  if (!Is(node, YamlKind::kList, path)) return;
  if (node.children.size() > kMaxPolicyFiles) return Problem(node, path, "more than 256 files");
  for (const YamlNode& item : node.children) {
    if (Is(item, YamlKind::kText, path)) draft_.policy_files.push_back({Beside(file_name_, item.text), Where(item.place, path)});
  }
}

void FileReader::ReadBudgets(const YamlNode& node, const std::string& path, std::map<std::string, BudgetLimits>& out) {
  if (!Is(node, YamlKind::kMap, path)) return;
  for (const YamlNode& owner : node.children) {
    const std::string owner_path = path + "." + owner.name;
    BudgetLimits limits;
    if (!Is(owner, YamlKind::kMap, owner_path)) continue;
    for (const YamlNode& member : owner.children) {
      const std::string below = owner_path + "." + member.name;
      if (!Is(member, YamlKind::kText, below)) continue;
      const std::optional<std::string> problem = SetBudgetMember(limits, member.name, member.text);
      if (!problem) {
        Unknown(member, below, BudgetMembers());
      } else if (!problem->empty()) {
        Problem(member, below, *problem);
      }
    }
    out[owner.name] = limits;
  }
}

std::string FileReader::SetToolMember(ToolSettings& tool, const YamlNode& member, bool& known) {
  if (member.name == "match") {
    tool.pattern = member.text;
    if (member.text.empty()) return "must name a tool or be a glob over tool names";
    // The globs are those of token caveats, and so is what makes one malformed.
    const Status status = Caveat::ToolAllow({member.text}).Validate();
    return status.ok() ? "" : status.error().message;
  }
  if (member.name == "cost") return ReadInt(member.text, {}, tool.cost);
  if (member.name == "cost_argument") {
    tool.cost_argument = member.text;
    return member.text.starts_with("/") ? "" : "must be a JSON pointer, such as /amount";
  }
  if (member.name == "durability") {
    AuditDurability durability = AuditDurability::kDurable;
    std::string problem = ReadDurability(member.text, durability);
    if (problem.empty()) tool.durability = durability;
    return problem;
  }
  if (member.name == "overflow") {
    AuditOverflow overflow = AuditOverflow::kDeny;
    std::string problem = ReadOverflow(member.text, overflow);
    if (problem.empty()) tool.overflow = overflow;
    return problem;
  }
  known = false;
  return "";
}

ToolSettings FileReader::ReadTool(const YamlNode& node, const std::string& path) {
  ToolSettings tool;
  for (const YamlNode& member : node.children) {
    const std::string below = path + "." + member.name;
    if (!Is(member, YamlKind::kText, below)) continue;
    bool known = true;
    std::string problem = SetToolMember(tool, member, known);
    if (!known) Unknown(member, below, {"match", "cost", "cost_argument", "durability", "overflow"});
    if (!problem.empty()) Problem(member, below, std::move(problem));
  }
  return tool;
}

void FileReader::ReadTools(const YamlNode& node, const std::string& path) {
  if (!Is(node, YamlKind::kList, path)) return;
  if (node.children.size() > kMaxToolRows) return Problem(node, path, "more than 10000 rows");
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const std::string row = path + "[" + std::to_string(i) + "]";
    const YamlNode& item = node.children[i];
    if (item.kind != YamlKind::kMap) {
      Problem(item, row, "must be a section such as {match: transfer_funds, cost_argument: /amount}");
      continue;
    }
    ToolSettings tool = ReadTool(item, row);
    if (tool.pattern.empty()) Problem(item, row, "needs `match`: a tool's name or a glob over names");
    draft_.settings.tools.push_back(std::move(tool));
  }
}

}  // namespace

void ReadSections(const YamlNode& root, const std::string& file_name, const std::vector<Field>& fields,
                  const std::vector<std::string>& skip, Draft& draft) {
  FileReader(file_name, fields, draft).Read(root, skip);
}

std::vector<SettingReference> SectionReference() {
  return {
      {"policy.files", "INTENTGATE_POLICY_FILE", "",
       "Rego files, and bundles (`.tar.gz`, docs/policy/bundles.md); the variable names one and replaces the list. Without any, every call is refused. Relative paths start at the configuration file."},
      {"budget.agents.<id>", "", "", "A budget for this agent instead of `budget.agent`, with the same four members."},
      {"budget.tenants.<id>", "", "", "A budget for this tenant instead of `budget.tenant`, with the same four members."},
      {"tools[].match", "", "", "A tool's name, or a glob over names. The first row that matches holds."},
      {"tools[].cost", "", "0", "What one call costs, in the unit that the budgets use (tokens count cents)."},
      {"tools[].cost_argument", "", "",
       "JSON pointer to the argument that is the cost instead, rounded up. A call without it, or with no amount there, is refused."},
      {"tools[].durability", "", "", "`durable`, `async` or `journal` for these tools, whatever `audit.durability` says."},
      {"tools[].overflow", "", "", "`deny`, `block` or `drop_and_declare` for these tools, whatever `audit.overflow` says."},
  };
}

}  // namespace intentgate::settings
