// The file becomes a flat list of (path, texts, place); the environment and the flags become the same list.
// Later lists win, row by row, and only the winner is stored.
#include "config/server_settings.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <utility>

#include <yaml-cpp/yaml.h>

#include "config/near_name.h"
#include "config/setting_table.h"

namespace intentgate::config {
namespace {

using Shape = SettingRow::Shape;

constexpr std::string_view kHeaderPrefix = "upstream.headers.";

bool IsServerSection(std::string_view name) {
  return std::any_of(SettingTable().begin(), SettingTable().end(), [name](const SettingRow& row) {
    return row.path.substr(0, row.path.find('.')) == name;
  });
}

struct Given {
  std::vector<std::string> texts;
  std::string where;
};

class Loader {
 public:
  Loader(const SettingsSources& sources, const FileReader& read_secret) : sources_(sources), read_secret_(read_secret) {}

  ServerSettingsLoad Load() {
    if (!ReadFile()) return std::move(load_);
    ReadEnvironment();
    ReadFlags();
    Store();
    CheckTogether();
    return std::move(load_);
  }

 private:
  void Report(std::string where, std::string message) { load_.problems.push_back({std::move(where), std::move(message)}); }

  std::string PlaceOf(const YAML::Node& node, const std::string& path) const {
    const YAML::Mark mark = node.Mark();
    return sources_.file_name + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1) + " (" +
           path + ")";
  }

  // yaml-cpp reports through exceptions; they end here.
  bool ReadFile() {
    if (sources_.yaml.empty()) return true;
    try {
      const YAML::Node root = YAML::Load(sources_.yaml);
      if (root.IsNull()) return true;
      if (!root.IsMap()) {
        Report(sources_.file_name + ":1:1", "the file must be a mapping of sections");
        load_.yaml_unreadable = true;
        return false;
      }
      for (const auto& section : root) ReadSection(section.first, section.second);
      return true;
    } catch (const YAML::Exception& e) {
      Report(sources_.file_name + ":" + std::to_string(e.mark.line + 1) + ":" + std::to_string(e.mark.column + 1), e.msg);
      load_.yaml_unreadable = true;
      return false;
    }
  }

  void ReadSection(const YAML::Node& key, const YAML::Node& value) {
    const std::string name = key.as<std::string>();
    if (!IsServerSection(name)) return;  // the gate's; LoadGateSettings knows them
    if (!seen_.insert(name).second) Report(PlaceOf(key, name), "the section appears twice");
    if (value.IsNull()) return;
    if (!value.IsMap()) return Report(PlaceOf(key, name), "must be a mapping");
    ReadMap(name, value);
  }

  void ReadMap(const std::string& prefix, const YAML::Node& map) {
    for (const auto& entry : map) {
      const std::string path = prefix + "." + entry.first.as<std::string>();
      const std::string where = PlaceOf(entry.first, path);
      if (!seen_.insert(path).second) Report(where, "appears twice");
      if (path == "upstream.headers") {
        if (!entry.second.IsMap()) Report(where, "must be a mapping of header names to values");
        else ReadMap(path, entry.second);
        continue;
      }
      const SettingRow* row = FindByPath(path);
      if (row == nullptr && !path.starts_with(kHeaderPrefix)) {
        Report(where, "is no setting" + DidYouMean(path, KnownPaths()));
        continue;
      }
      ReadValue(path, where, row == nullptr ? Shape::kPlain : row->shape, entry.second);
    }
  }

  // A relative path in the file starts at the file's folder, wherever the process was started.
  std::string FromFolder(const std::string& text) const {
    const std::size_t slash = sources_.file_name.rfind('/');
    if (text.empty() || text.front() == '/' || slash == std::string::npos) return text;
    return sources_.file_name.substr(0, slash + 1) + text;
  }

  void ReadValue(const std::string& path, const std::string& where, Shape shape, const YAML::Node& value) {
    const bool list = shape == Shape::kList;
    Given given{{}, where};
    if (value.IsScalar()) {
      given.texts.push_back(shape == Shape::kPath ? FromFolder(value.Scalar()) : value.Scalar());
    } else if (list && value.IsSequence()) {
      for (const YAML::Node& element : value) {
        if (!element.IsScalar()) return Report(where, "must be a list of texts");
        given.texts.push_back(element.Scalar());
      }
    } else {
      return Report(where, list ? "must be a list" : "must be a single value");
    }
    given_[path] = std::move(given);
  }

  static std::vector<std::string> KnownPaths() {
    std::vector<std::string> paths;
    for (const SettingRow& row : SettingTable()) paths.emplace_back(row.path);
    paths.emplace_back("upstream.headers");
    return paths;
  }

  static std::vector<std::string> Split(const SettingRow& row, const std::string& text) {
    if (row.shape != Shape::kList) return {text};
    std::vector<std::string> parts;
    for (std::size_t from = 0; from <= text.size();) {
      const std::size_t comma = std::min(text.find(',', from), text.size());
      if (comma > from) parts.push_back(text.substr(from, comma - from));
      from = comma + 1;
    }
    return parts;
  }

  void ReadEnvironment() {
    for (const SettingRow& row : SettingTable()) {
      if (row.environment.empty()) continue;
      const auto found = sources_.environment.find(std::string(row.environment));
      // An empty variable is how Helm and compose files leave a value out.
      if (found == sources_.environment.end() || found->second.empty()) continue;
      given_[std::string(row.path)] = {Split(row, found->second), found->first};
    }
  }

  void ReadFlags() {
    for (const auto& [path, text] : sources_.flags) {
      const SettingRow* row = FindByPath(path);
      if (row == nullptr) Report("--" + path, "is no setting" + DidYouMean(path, KnownPaths()));
      else given_[path] = {Split(*row, text), "command line (" + path + ")"};
    }
  }

  void Store() {
    for (const auto& [path, given] : given_) {
      const SettingRow* row = FindByPath(path);
      for (const std::string& text : given.texts) {
        std::optional<std::string> problem =
            row != nullptr ? row->store(text, read_secret_, load_.settings)
                           : StoreUpstreamHeader(path.substr(kHeaderPrefix.size()), text, load_.settings);
        if (problem) Report(given.where, std::move(*problem));
      }
    }
  }

  std::string WhereOf(const std::string& path) const {
    const auto found = given_.find(path);
    return found == given_.end() ? path : found->second.where;
  }

  void CheckTogether() {
    const ServerSettings& s = load_.settings;
    if (s.tls_certificate.empty() != s.tls_key.empty()) {
      const bool has_key = s.tls_certificate.empty();
      Report(WhereOf(has_key ? "tls.key" : "tls.certificate"),
             has_key ? "needs tls.certificate beside it" : "needs tls.key beside it");
    }
    if (s.upstream.url_text.empty() && given_.find("upstream.url") == given_.end()) {
      Report("upstream.url", "is not set: give the MCP server's URL with --upstream, INTENTGATE_UPSTREAM_URL or in the file");
    }
    if (given_.contains("admin.token") && given_.contains("admin.token_file") &&
        !WhereOf("admin.token").starts_with("INTENTGATE_")) {
      Report(WhereOf("admin.token"), "give admin.token or admin.token_file, not both");
    }
  }

  const SettingsSources& sources_;
  const FileReader& read_secret_;
  std::map<std::string, Given> given_;
  std::set<std::string> seen_;
  ServerSettingsLoad load_;
};

}  // namespace

ServerSettingsLoad LoadServerSettings(const SettingsSources& sources, const FileReader& read_secret) {
  return Loader(sources, read_secret).Load();
}

std::map<std::string, std::string> WithoutServerNames(const std::map<std::string, std::string>& environment) {
  std::map<std::string, std::string> rest = environment;
  for (const SettingRow& row : SettingTable()) rest.erase(std::string(row.environment));
  return rest;
}

std::vector<SettingReference> ServerSettingsReference() {
  std::vector<SettingReference> rows;
  for (const SettingRow& row : SettingTable()) {
    rows.push_back({std::string(row.path), std::string(row.environment), std::string(row.default_value),
                    std::string(row.description)});
  }
  rows.push_back({"upstream.headers", "", "", "header names and values sent with every call, such as a credential"});
  return rows;
}

}  // namespace intentgate::config
