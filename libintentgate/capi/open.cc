// Opening a gate through the C API.

#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <map>

#include <intentgate/settings.h>

#include "capi/objects.h"

extern "C" char** environ;

namespace intentgate::capi {
namespace {

std::map<std::string, std::string> ProcessEnvironment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (const auto equals = text.find('='); equals != text.npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

std::map<std::string, std::string> Given(const ig_gate_options& options) {
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i < options.variable_count; ++i) {
    out.insert_or_assign(std::string(View(options.variables[i].name)), std::string(View(options.variables[i].text)));
  }
  return out;
}

constexpr std::size_t kFirstOptionsSize = offsetof(ig_gate_options, variable_count) + sizeof(std::size_t);

// A caller that was built with an older header hands in a shorter structure.
Result<ig_gate_options> Read(const ig_gate_options& caller) {
  ig_gate_options out = IG_GATE_OPTIONS_INIT;
  if (caller.struct_size < kFirstOptionsSize || caller.struct_size > sizeof out) {
    return Error{ErrorCode::kInvalidArgument, "options.struct_size is none of this library's; start from IG_GATE_OPTIONS_INIT"};
  }
  std::memcpy(&out, &caller, caller.struct_size);
  if (out.policy_count > 0 && out.policy == nullptr) return Error{ErrorCode::kInvalidArgument, "options.policy is NULL"};
  if (out.variable_count > 0 && out.variables == nullptr) return Error{ErrorCode::kInvalidArgument, "options.variables is NULL"};
  return out;
}

ig_code Open(SettingsLoad load, ig_gate** gate, ig_error** error) {
  if (!load.problems.empty()) {
    std::string message = "the configuration has mistakes:";
    for (const SettingsProblem& problem : load.problems) message += "\n  " + problem.where + ": " + problem.message;
    return Fail(error, Error{ErrorCode::kInvalidArgument, std::move(message)});
  }
  Result<std::shared_ptr<Gate>> opened = Gate::Open(load.settings);
  return opened.ok() ? Give(gate, ig_gate{*std::move(opened)}) : Fail(error, opened.error());
}

}  // namespace
}  // namespace intentgate::capi

using namespace intentgate;
using namespace intentgate::capi;

extern "C" {

ig_code ig_gate_open(ig_str yaml, ig_str file_name, ig_gate** gate, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    return Open(LoadGateSettings(View(yaml), View(file_name), ProcessEnvironment()), gate, error);
  });
}

ig_code ig_gate_open_with(ig_str yaml, ig_str file_name, const ig_gate_options* options, ig_gate** gate, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(options);
    const Result<ig_gate_options> read = Read(*options);
    if (!read.ok()) return Fail(error, read.error());
    SettingsLoad load = LoadGateSettings(View(yaml), View(file_name), Given(*read), kServerSections, read->keys != nullptr);
    if (read->keys != nullptr) load.settings.keys = read->keys->ring;
    for (std::size_t i = 0; i < read->policy_count; ++i) {
      if (i == 0) load.settings.policy_sources.clear();
      load.settings.policy_sources.emplace_back(std::string(View(read->policy[i].name)), std::string(View(read->policy[i].text)));
    }
    return Open(std::move(load), gate, error);
  });
}

}  // extern "C"
