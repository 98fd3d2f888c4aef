#include "open.h"

#include <map>
#include <string>
#include <utility>

#include <intentgate/settings.h>

#include "convert.h"
#include "key_ring.h"

namespace intentgate::node {
namespace {

Result<std::map<std::string, std::string>> Environment(const std::string& text) {
  const Result<json::Value> parsed = json::Parse(text);
  if (!parsed.ok()) return Error{ErrorCode::kInvalidArgument, "environment: " + parsed.error().message};
  std::map<std::string, std::string> variables;
  if (!parsed->is_object()) return Error{ErrorCode::kInvalidArgument, "environment must be an object"};
  for (const json::Member& member : parsed->object()) {
    if (member.value.is_string()) variables[member.name] = member.value.string_value();
  }
  return variables;
}

std::string Listed(const std::vector<SettingsProblem>& problems) {
  std::string message = "the configuration has mistakes:";
  for (const SettingsProblem& problem : problems) message += "\n  " + problem.where + ": " + problem.message;
  return message;
}

}  // namespace

std::shared_ptr<Gate> OpenGate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto variables = Environment(Text(info, 2));
  if (!variables.ok()) return Throw(env, variables.error()), nullptr;
  const bool keys_in_code = !info[3].IsUndefined();
  const KeyRing* ring = keys_in_code ? RingAt(info, 3) : nullptr;
  if (keys_in_code && ring == nullptr) return nullptr;
  SettingsLoad load = LoadGateSettings(Text(info, 0), Text(info, 1), *variables, kServerSections, keys_in_code);
  if (keys_in_code) load.settings.keys = *ring;
  if (!load.problems.empty()) return Throw(env, "invalid_argument", Listed(load.problems)), nullptr;
  if (IsText(info, 4)) {
    Result<Sources> sources = ReadSources(Text(info, 4));
    if (!sources.ok()) return Throw(env, sources.error()), nullptr;
    load.settings.policy_sources = std::move(*sources);
  }
  Result<std::shared_ptr<Gate>> gate = Gate::Open(load.settings);
  if (!gate.ok()) return Throw(env, gate.error()), nullptr;
  return std::move(*gate);
}

}  // namespace intentgate::node
