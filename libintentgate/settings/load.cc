#include <intentgate/settings.h>

#include "settings/environment.h"
#include "settings/fields.h"
#include "settings/files.h"
#include "settings/sections.h"
#include "settings/yaml_tree.h"

namespace intentgate {

const std::vector<std::string> kServerSections = {"listen", "tls",     "upstream", "upstreams", "admin",
                                                  "log",    "metrics", "limits",   "mcp",       "oauth"};

namespace settings {
namespace {

void ReadFileText(std::string_view yaml, const std::string& file_name, const std::vector<Field>& fields,
                  const std::vector<std::string>& skip, Draft& draft) {
  const std::variant<YamlNode, YamlProblem> tree = ReadYaml(yaml);
  if (const auto* problem = std::get_if<YamlProblem>(&tree)) {
    std::string where = file_name.empty() ? "configuration" : file_name;
    if (problem->place.line > 0) {
      where += ":" + std::to_string(problem->place.line) + ":" + std::to_string(problem->place.column);
    }
    return draft.Problem(std::move(where), problem->message);
  }
  ReadSections(std::get<YamlNode>(tree), file_name, fields, skip, draft);
}

// What only shows when everything has been read.
void CheckTogether(bool keys_in_code, Draft& draft) {
  GateSettings& settings = draft.settings;
  if (keys_in_code && draft.keys_named) {
    draft.Problem("keys.file", "the keys are given in code as well; take them away here (keys.file, INTENTGATE_KEYS_FILE, "
                               "INTENTGATE_MASTER_KEY) or there");
  }
  if (settings.require_capability && !draft.keys_named && !keys_in_code) {
    draft.Problem("keys.file", "no token key is set: make one with `intentgate keygen`, then name its file in keys.file "
                               "(INTENTGATE_KEYS_FILE), or set INTENTGATE_MASTER_KEY");
  }
  if (!settings.extractor_url.empty() && !draft.extractor_chosen) settings.extractor = ExtractorKind::kHttp;
  if (settings.extractor == ExtractorKind::kHttp && settings.extractor_url.empty()) {
    draft.Problem("intent.extractor", "`http` needs intent.extractor_url (INTENTGATE_EXTRACTOR_URL)");
  }
  if (settings.revocation_refresh_ms >= settings.revocation_max_age_ms) {
    draft.Problem("capability.revocation_refresh_ms", "must be less than capability.revocation_max_age_ms (" +
                                                          std::to_string(settings.revocation_max_age_ms) + ")");
  }
  if (!settings.postgres_url.empty() && !draft.store_chosen) settings.store = StoreKind::kPostgres;
  if (settings.store == StoreKind::kPostgres && settings.postgres_url.empty()) {
    draft.Problem("store.kind", "`postgres` needs store.postgres_url (INTENTGATE_POSTGRES_URL)");
  }
  if (settings.signing_max_merge_delay_ms < settings.signing_interval_ms) {
    draft.Problem("audit.signing.max_merge_delay_ms", "must not be less than audit.signing.interval_ms (" +
                                                          std::to_string(settings.signing_interval_ms) + ")");
  }
  if (settings.signing_key_file.empty() && !settings.signing_previous_key_file.empty()) {
    draft.Problem("audit.signing.previous_key_file", "needs audit.signing.key_file, the key that takes its place");
  }
  if (settings.signing_key_file.empty() && !settings.signing_time_key_file.empty()) {
    draft.Problem("audit.signing.time_key_file", "needs audit.signing.key_file: it only adds the time to what that key signs");
  }
  if (settings.signing_key_file.empty() && !(settings.witness_policy_file + settings.anchor_webhook_url +
                                             settings.anchor_file + settings.anchor_tenant).empty()) {
    draft.Problem("audit.publish", "needs audit.signing.key_file: without it there are no checkpoints to publish");
  }
  if (settings.store == StoreKind::kSqlite && settings.sqlite_path.empty()) {
    draft.Problem("store.sqlite_path", "must name a file");
  }
}

}  // namespace
}  // namespace settings

SettingsLoad LoadGateSettings(std::string_view yaml, std::string_view file_name,
                              const std::map<std::string, std::string>& environment,
                              const std::vector<std::string>& skip_sections, bool keys_in_code) {
  const std::vector<settings::Field> fields = settings::MakeFields();
  settings::Draft draft;
  settings::ReadFileText(yaml, std::string(file_name), fields, skip_sections, draft);
  settings::ReadEnvironment(environment, fields, skip_sections, draft);
  settings::ReadNamedFiles(draft);
  settings::CheckTogether(keys_in_code, draft);
  return {std::move(draft.settings), std::move(draft.problems)};
}

std::vector<SettingReference> SettingsReference() {
  std::vector<SettingReference> rows;
  for (settings::Field& field : settings::MakeFields()) {
    rows.push_back({std::move(field.path), std::move(field.environment), std::move(field.default_value), std::move(field.description)});
  }
  for (SettingReference& row : settings::SectionReference()) rows.push_back(std::move(row));
  for (SettingReference& row : settings::EnvironmentReference()) rows.push_back(std::move(row));
  return rows;
}

}  // namespace intentgate
