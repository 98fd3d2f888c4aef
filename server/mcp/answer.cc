#include "mcp/answer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace intentgate::mcp {
namespace {

constexpr std::array<std::string_view, 3> kServed = {"2025-03-26", "2025-06-18", "2025-11-25"};

Error Malformed(std::string what) { return Error{ErrorCode::kMalformed, std::move(what)}; }

bool IsRpcError(const json::Value& error) {
  if (!error.is_object()) return false;
  const json::Value* code = error.Find("code");
  const json::Value* message = error.Find("message");
  return code != nullptr && code->AsInt64().has_value() && message != nullptr && message->is_string();
}

// Names of the top-level properties of a JSON Schema.
std::vector<std::string> PropertyNames(const json::Value& tool) {
  std::vector<std::string> names;
  const json::Value* properties = tool.AtPointer("/inputSchema/properties");
  if (properties == nullptr || !properties->is_object()) return names;
  for (const json::Member& member : properties->object()) names.push_back(member.name);
  return names;
}

}  // namespace

bool IsServedProtocol(std::string_view version) {
  return std::find(kServed.begin(), kServed.end(), version) != kServed.end();
}

Status CheckShape(const AnswerShape& shape) {
  if (!shape.object) return Malformed("the answer is no object");
  if (!shape.version) return Malformed("the answer is not JSON-RPC 2.0");
  if (shape.has_result == shape.has_error) return Malformed("the answer needs a result or an error, not both");
  if (!shape.awaited_id) return Malformed("the answer is for another request");
  if (shape.has_error && !shape.rpc_error) return Malformed("the answer's error needs a code and a message");
  if (shape.has_result && !shape.result_object) return Malformed("the answer's result is no object");
  return {};
}

Result<Answer> CheckAnswer(json::Value body, const json::Value& id) {
  const json::Value* version = body.Find("jsonrpc");
  const json::Value* answered = body.Find("id");
  const json::Value* result = body.Find("result");
  const json::Value* error = body.Find("error");
  const Status shaped = CheckShape({.object = body.is_object(),
                                    .version = version != nullptr && version->is_string() && version->string_value() == "2.0",
                                    .has_result = result != nullptr,
                                    .has_error = error != nullptr,
                                    .awaited_id = answered != nullptr && *answered == id,
                                    .result_object = result != nullptr && result->is_object(),
                                    .rpc_error = error != nullptr && IsRpcError(*error)});
  if (!shaped.ok()) return shaped.error();
  Answer answer{.body = {}, .rpc_error = error != nullptr, .tool_error = false};
  if (result != nullptr) {
    const json::Value* failed = result->Find("isError");
    answer.tool_error = failed != nullptr && failed->is_bool() && failed->bool_value();
  }
  answer.body = std::move(body);
  return answer;
}

Result<Answer> ReadAnswer(std::string_view text, const json::Value& id, std::size_t max_bytes) {
  Result<json::Value> body = json::Parse(text, {.max_bytes = max_bytes});
  if (!body.ok()) return body.error();
  return CheckAnswer(std::move(*body), id);
}

void KeepRefusal(std::string_view piece, std::string& kept) { kept.append(piece.substr(0, kMaxRefusalBytes - std::min(kMaxRefusalBytes, kept.size()))); }

std::optional<Answer> ReadError(std::string_view text, const json::Value& id) {
  Result<Answer> answer = ReadAnswer(text, id, kMaxRefusalBytes);
  if (!answer.ok() || !answer->rpc_error) return std::nullopt;
  return std::move(*answer);
}

std::optional<Answer> ReadRefusal(int status, std::string_view text, const json::Value& id) {
  if (status < 400 || status > 499 || status == 401 || status == 403) return std::nullopt;
  return ReadError(text, id);
}

void AddAllowNote(Answer& answer, std::int64_t latency_ms) {
  json::Value* result = answer.body.Find("result");
  result->Set("_intentgate", json::MakeObject({{"decision", "allow"},
                                               {"reason", "forwarded"},
                                               {"check", ""},
                                               {"latency_ms", latency_ms}}));
}

Result<std::vector<ToolInfo>> ReadToolList(const Answer& answer) {
  const json::Value* tools = answer.body.AtPointer("/result/tools");
  if (tools == nullptr || !tools->is_array()) return Malformed("the answer's result has no list of tools");
  std::vector<ToolInfo> out;
  out.reserve(tools->array().size());
  for (const json::Value& tool : tools->array()) {
    const json::Value* name = tool.Find("name");
    if (name == nullptr || !name->is_string()) return Malformed("a listed tool has no name");
    const json::Value* description = tool.Find("description");
    const bool described = description != nullptr && description->is_string();
    out.push_back({name->string_value(), described ? description->string_value() : "", PropertyNames(tool)});
  }
  return out;
}

bool MakesTasksItself(const json::Value& tool) {
  const json::Value* support = tool.AtPointer("/execution/taskSupport");
  return support != nullptr && (*support == json::Value("optional") || *support == json::Value("required"));
}

Result<std::vector<std::string>> ReadNames(const Answer& answer, std::string_view member) {
  const json::Value* result = answer.body.Find("result");
  const json::Value* list = result == nullptr ? nullptr : result->Find(member);
  if (list == nullptr || !list->is_array()) return Malformed("the answer's result has no list of " + std::string(member));
  const std::string_view key = member == "resources" ? "uri" : member == "resourceTemplates" ? "uriTemplate" : member == "tasks" ? "taskId" : "name";
  std::vector<std::string> names;
  names.reserve(list->array().size());
  for (const json::Value& element : list->array()) {
    const json::Value* name = element.Find(key);
    if (name == nullptr || !name->is_string()) return Malformed("an element of " + std::string(member) + " has no " + std::string(key));
    names.push_back(name->string_value());
  }
  return names;
}

void FilterList(Answer& answer, std::string_view member, const std::vector<bool>& keep) {
  json::Array& elements = answer.body.Find("result")->Find(member)->array();
  json::Array kept;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i < keep.size() && keep[i]) kept.push_back(std::move(elements[i]));
  }
  elements = std::move(kept);
}

void MakePrivate(Answer& answer) {
  json::Value* result = answer.body.Find("result");
  result->Set("ttlMs", 0);
  result->Set("cacheScope", "private");
}

json::Value CarriedCapabilities(const json::Value* capabilities) {
  constexpr std::array<std::string_view, 6> kCarried = {"tools", "resources", "prompts", "completions", "logging", "tasks"};
  json::Value carried{json::Object{}};
  for (const std::string_view name : kCarried) {
    const json::Value* one = capabilities == nullptr ? nullptr : capabilities->Find(name);
    if (one != nullptr) carried.Set(name, *one);
  }
  const json::Value* extensions = capabilities == nullptr ? nullptr : capabilities->Find("extensions");
  const json::Value* tasks = extensions == nullptr ? nullptr : extensions->Find(kTasksExtension);
  if (tasks != nullptr) carried.Set("extensions", json::MakeObject({{kTasksExtension, *tasks}}));
  return carried;
}

json::Value MergedCapabilities(const std::vector<const json::Value*>& all) {
  json::Value merged{json::Object{}};
  for (const json::Value* one : all) {
    const json::Value carried = CarriedCapabilities(one);
    for (const json::Member& capability : carried.object()) {
      json::Value* known = merged.Find(capability.name);
      if (known == nullptr || !known->is_object() || !capability.value.is_object()) {
        if (known == nullptr) merged.Set(capability.name, capability.value);
        continue;
      }
      // A flag such as listChanged holds when it holds for one of them.
      for (const json::Member& flag : capability.value.object()) {
        if (known->Find(flag.name) == nullptr || flag.value == json::Value(true)) known->Set(flag.name, flag.value);
      }
    }
  }
  return merged;
}

Status NarrowInitialize(Answer& answer) {
  json::Value* result = answer.body.Find("result");
  const json::Value* version = result->Find("protocolVersion");
  if (version == nullptr || !version->is_string() || !IsServedProtocol(version->string_value())) {
    return Malformed("the upstream chose a protocol revision that is not served here");
  }
  result->Set("capabilities", CarriedCapabilities(result->Find("capabilities")));
  return {};
}

json::Value OwnInitializeResult(std::string_view asked, std::string_view version) {
  return json::MakeObject({{"protocolVersion", IsServedProtocol(asked) ? asked : kNewestProtocol},
                           {"capabilities", json::MakeObject({{"tools", json::MakeObject({})}})},
                           {"serverInfo", json::MakeObject({{"name", "intentgate"}, {"version", version}})}});
}

}  // namespace intentgate::mcp
