#include "mcp/methods.h"

#include <algorithm>
#include <array>

namespace intentgate::mcp {
namespace {

constexpr std::array<Method, 20> kMethods = {{
    {"initialize", Rule::kHandshake, true, false, "", ""},
    {"server/discover", Rule::kHandshake, false, true, "", ""},
    {"ping", Rule::kPing, true, false, "", ""},
    {"tools/list", Rule::kList, true, true, "", "tools"},
    {"resources/list", Rule::kList, true, true, "", "resources"},
    {"resources/templates/list", Rule::kList, true, true, "", "resourceTemplates"},
    {"prompts/list", Rule::kList, true, true, "", "prompts"},
    {"tools/call", Rule::kJudged, true, true, "name", ""},
    {"resources/read", Rule::kJudged, true, true, "uri", ""},
    {"resources/subscribe", Rule::kJudged, true, false, "", ""},
    {"resources/unsubscribe", Rule::kSession, true, false, "", ""},
    {"prompts/get", Rule::kJudged, true, true, "name", ""},
    {"completion/complete", Rule::kJudged, true, true, "", ""},
    {"logging/setLevel", Rule::kSession, true, false, "", ""},
    {"tasks/list", Rule::kList, true, false, "", "tasks"},
    {"tasks/get", Rule::kTask, true, true, "taskId", ""},
    {"tasks/result", Rule::kTask, true, false, "", ""},
    {"tasks/update", Rule::kTask, false, true, "taskId", ""},
    {"tasks/cancel", Rule::kTask, true, true, "taskId", ""},
    {"subscriptions/listen", Rule::kListen, false, true, "", ""},
}};

}  // namespace

const Method* FindMethod(std::string_view name, Era era) {
  const auto found = std::find_if(kMethods.begin(), kMethods.end(), [&](const Method& method) {
    return method.name == name && (era == Era::kLegacy ? method.legacy : method.modern);
  });
  return found == kMethods.end() ? nullptr : &*found;
}

bool IsJudgedMethod(std::string_view name) {
  return std::any_of(kMethods.begin(), kMethods.end(), [name](const Method& method) {
    return method.name == name && method.rule == Rule::kJudged;
  });
}

}  // namespace intentgate::mcp
