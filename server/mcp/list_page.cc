#include "mcp/list_page.h"

#include <utility>

#include "mcp/tasks.h"

namespace intentgate::mcp {
namespace {

bool IsAccepted(const Catalogue& catalogue, std::size_t upstream, const std::string& seen, const json::Value& definition) {
  return !catalogue.Quarantined(upstream, seen) && catalogue.Accepts(upstream, seen, definition);
}

void LearnTools(Lane& lane, std::size_t upstream, bool first, bool last, const Answer& answer) {
  Result<std::vector<ToolInfo>> tools = ReadToolList(answer);
  Catalogue& catalogue = *lane.context.catalogue;
  const Directory& directory = *lane.context.directory;
  const auto seen = [&](const std::string& own) { return directory.Seen(Directory::Kind::kTool, upstream, own); };
  catalogue.LearnDefinitions(upstream, answer.body, first, seen);
  if (!tools.ok()) return;
  // What a tool that cannot be called says of itself must not steer the intent check either.
  const json::Array& elements = answer.body.AtPointer("/result/tools")->array();
  std::vector<ToolInfo> known;
  for (std::size_t i = 0; i < tools->size(); ++i) {
    ToolInfo& tool = (*tools)[i];
    tool.name = seen(tool.name);
    if (IsAccepted(catalogue, upstream, tool.name, elements[i]) && directory.Find(Directory::Kind::kTool, tool.name) == upstream) known.push_back(std::move(tool));
  }
  catalogue.Learn(upstream, known, first, last);
}

// Whether the token could make some call of the method. The policy and the budget are not asked: a list must not depend
// on them. A caveat that wants an argument may hold for the arguments of a call.
bool CouldReach(Lane& lane, std::size_t upstream, const Credential& caller, std::string_view method, const json::Value* arguments) {
  const Decision decision = lane.context.gate->Explain(
      {.token = caller.token, .tool = method, .arguments = arguments, .method = method, .server = lane.At(upstream).upstream->name(),
       .holder = caller.holder});
  return decision.check != Check::kCapability || (arguments == nullptr && decision.code == Reason::kArgumentMissing);
}

std::vector<bool> Reachable(Lane& lane, std::size_t upstream, const Credential& caller, const Method& method,
                            const std::vector<std::string>& seen) {
  if (method.name == "tools/list") return lane.context.gate->VisibleTools(caller.token, lane.At(upstream).upstream->name(), seen, caller.holder);
  if (method.name == "prompts/list") return std::vector<bool>(seen.size(), CouldReach(lane, upstream, caller, "prompts/get", nullptr));
  if (method.name == "resources/templates/list") {
    return std::vector<bool>(seen.size(), CouldReach(lane, upstream, caller, "resources/read", nullptr));
  }
  std::vector<bool> reachable;
  for (const std::string& uri : seen) {
    const json::Value arguments = json::MakeObject({{"uri", uri}});
    reachable.push_back(CouldReach(lane, upstream, caller, "resources/read", &arguments));
  }
  return reachable;
}

}  // namespace

std::optional<std::string> NextCursor(const Answer& answer) {
  const json::Value* next = answer.body.AtPointer("/result/nextCursor");
  return next != nullptr && next->is_string() ? std::optional<std::string>(next->string_value()) : std::nullopt;
}

Directory::Kind KindOf(const Method& method) {
  if (method.name == "tools/list") return Directory::Kind::kTool;
  if (method.name == "prompts/list") return Directory::Kind::kPrompt;
  return method.name == "resources/list" ? Directory::Kind::kResource : Directory::Kind::kTemplate;
}

void LearnPage(Lane& lane, std::size_t upstream, const Method& method, bool first, const Answer& answer) {
  if (method.name == "tasks/list") return;
  const bool last = !NextCursor(answer);
  if (lane.merged()) {
    const Result<std::vector<std::string>> names = ReadNames(answer, method.list_member);
    if (names.ok()) lane.context.directory->Learn(KindOf(method), upstream, *names, first && last);
  }
  if (method.name == "tools/list") LearnTools(lane, upstream, first, last, answer);
}

std::vector<bool> VisibleNames(Lane& lane, std::size_t upstream, const Credential& caller, const Method& method,
                               const std::vector<std::string>& own, const Answer& answer) {
  if (method.name == "tasks/list") return VisibleTasks(lane, upstream, caller, own);
  const Directory& directory = *lane.context.directory;
  const Directory::Kind kind = KindOf(method);
  std::vector<std::string> seen;
  seen.reserve(own.size());
  for (const std::string& name : own) seen.push_back(directory.Seen(kind, upstream, name));
  std::vector<bool> visible = Reachable(lane, upstream, caller, method, seen);
  const Catalogue& catalogue = *lane.context.catalogue;
  const json::Array& elements = answer.body.Find("result")->Find(method.list_member)->array();
  for (std::size_t i = 0; i < visible.size(); ++i) {
    if (kind == Directory::Kind::kTool && visible[i]) visible[i] = IsAccepted(catalogue, upstream, seen[i], elements[i]);
    if (directory.merged() && directory.Find(kind, seen[i]) != upstream) visible[i] = false;
  }
  return visible;
}

}  // namespace intentgate::mcp
