// A gate on the store of a configuration, for commands that work on it directly.

#include <string_view>
#include <utility>

#include <intentgate/settings.h>

#include "cli/command.h"

extern char** environ;

namespace intentgate::cli {
namespace {

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

// The journal's folder and the producer's name belong to the server, which may be running.
void LeaveToServer(GateSettings& settings) {
  settings.durability = AuditDurability::kDurable;
  settings.journal_directory.clear();
  settings.audit_producer.clear();
  for (ToolSettings& tool : settings.tools) tool.durability.reset();
}

}  // namespace

Result<std::shared_ptr<Gate>> OpenGate(const std::string& config, Beside beside, const Streams& streams) {
  std::string text;
  if (!config.empty()) {
    Result<std::string> read = ReadInput(config, streams);
    if (!read.ok()) return read.error();
    text = std::move(*read);
  }
  SettingsLoad load = LoadGateSettings(text, config, Environment());
  if (!load.problems.empty()) {
    std::string message = "the configuration has mistakes:";
    for (const SettingsProblem& problem : load.problems) message += "\n  " + problem.where + ": " + problem.message;
    return Error{ErrorCode::kInvalidArgument, message};
  }
  if (beside == Beside::kServer) {
    if (load.settings.store == StoreKind::kMemory) {
      return Error{ErrorCode::kInvalidArgument, "store.kind memory is inside the server; use its admin API"};
    }
    LeaveToServer(load.settings);
  }
  return Gate::Open(load.settings);
}

}  // namespace intentgate::cli
