// What a gate says without judging a call: about tools, a token and itself.

#include <intentgate/intent.h>

#include "capi/objects.h"
#include "capi/request.h"

namespace intentgate::capi {
namespace {

Result<std::vector<ToolInfo>> ReadTools(std::string_view text) {
  const Result<json::Value> parsed = json::Parse(text);
  if (!parsed.ok()) return Error{parsed.error().code, "tools_json: " + parsed.error().message};
  if (!parsed->is_array()) return Error{ErrorCode::kInvalidArgument, "tools_json must be an array"};
  std::vector<ToolInfo> tools;
  for (const json::Value& entry : parsed->array()) {
    Request json(json::Write(entry), {"name", "description", "parameters"});
    ToolInfo tool{json.Text("name"), json.Text("description"), json.Texts("parameters")};
    if (json.status().ok() && tool.name.empty()) return Error{ErrorCode::kInvalidArgument, "tools_json: a tool has no name"};
    if (!json.status().ok()) return Error{json.status().error().code, "tools_json: " + json.status().error().message};
    tools.push_back(std::move(tool));
  }
  return tools;
}

}  // namespace
}  // namespace intentgate::capi

using namespace intentgate;
using namespace intentgate::capi;

extern "C" {

ig_code ig_gate_visible_tools(ig_gate* gate, ig_str token, ig_str server, const ig_str* tools, size_t count, ig_text** names_json,
                              ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(names_json);
    if (count > 0) IG_NEED(tools);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.emplace_back(View(tools[i]));
    const std::vector<bool> visible = gate->gate->VisibleTools(View(token), View(server), names);
    json::Array shown;
    for (std::size_t i = 0; i < count; ++i) {
      if (visible[i]) shown.emplace_back(names[i]);
    }
    return GiveText(names_json, json::Write(json::Value(std::move(shown))));
  });
}

ig_code ig_gate_check_token(ig_gate* gate, ig_str token, ig_decision** decision, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(decision);
    return Give(decision, ig_decision{gate->gate->CheckToken(View(token))});
  });
}

ig_code ig_gate_set_tools(ig_gate* gate, ig_str tools_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    Result<std::vector<ToolInfo>> tools = ReadTools(View(tools_json));
    if (!tools.ok()) return Fail(error, tools.error());
    gate->gate->SetToolCatalogue(*std::move(tools));
    return IG_OK;
  });
}

ig_code ig_gate_health(ig_gate* gate, ig_text** health_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(health_json);
    const GateHealth health = gate->gate->Health();
    return GiveText(health_json, json::Write(json::MakeObject({{"ready", health.ready}, {"problem", health.problem}})));
  });
}

ig_code ig_gate_describe(ig_gate* gate, ig_text** line, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(line);
    return GiveText(line, gate->gate->Describe());
  });
}

}  // extern "C"
