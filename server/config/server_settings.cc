// The file becomes a flat list of (path, texts, place); the environment and the flags become the same list.
// Later lists win, row by row, and only the winner is stored.
#include "config/server_settings.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <utility>

#include <yaml-cpp/yaml.h>

#include "config/issuer_reader.h"
#include "config/near_name.h"
#include "config/setting_table.h"
#include "http/syntax.h"

namespace intentgate::config {
namespace {

using Shape = SettingRow::Shape;

constexpr std::string_view kHeaderPrefix = "upstream.headers.";
constexpr std::string_view kVariablePrefix = "upstream.environment.";
constexpr std::string_view kIssuers = "oauth.issuers";
constexpr std::string_view kList = "upstreams";  // each element has the members of the section `upstream`
constexpr std::size_t kMaxUpstreams = 64;

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
    StoreList();
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
    if (name == kList) return ReadList(key, value);
    if (!IsServerSection(name)) return;  // the gate's; LoadGateSettings knows them
    if (!seen_.insert(name).second) Report(PlaceOf(key, name), "the section appears twice");
    if (value.IsNull()) return;
    if (!value.IsMap()) return Report(PlaceOf(key, name), "must be a mapping");
    ReadMap(name, value);
  }

  // Each element is read like the section `upstream`, into a table of its own.
  void ReadList(const YAML::Node& key, const YAML::Node& list) {
    const std::string name(kList);
    if (!seen_.insert(name).second) return Report(PlaceOf(key, name), "the section appears twice");
    if (!list.IsSequence() || list.size() == 0 || list.size() > kMaxUpstreams) {
      return Report(PlaceOf(key, name), "must be a list of 1 to " + std::to_string(kMaxUpstreams) + " upstreams");
    }
    for (const YAML::Node& element : list) {
      const std::string where = PlaceOf(element, name + "[" + std::to_string(list_.size()) + "]");
      std::map<std::string, Given> outer = std::exchange(given_, {});
      std::set<std::string> outer_seen = std::exchange(seen_, {});
      if (element.IsMap()) ReadMap("upstream", element);
      else Report(where, "must be a mapping with a name and a url");
      seen_ = std::move(outer_seen);
      list_.emplace_back(where, std::exchange(given_, std::move(outer)));
    }
  }

  void ReadMap(const std::string& prefix, const YAML::Node& map) {
    for (const auto& entry : map) {
      const std::string path = prefix + "." + entry.first.as<std::string>();
      const std::string where = PlaceOf(entry.first, path);
      if (!seen_.insert(path).second) Report(where, "appears twice");
      if (path == "upstream.headers" || path == "upstream.environment") {
        if (!entry.second.IsMap()) Report(where, "must be a mapping of names to values");
        else ReadMap(path, entry.second);
        continue;
      }
      if (path == kIssuers) {
        issuers_at_ = where;
        load_.settings.oauth.issuers = ReadIssuers(
            entry.second, [this](const YAML::Node& node, const std::string& at) { return PlaceOf(node, at); },
            [this](std::string at, std::string message) { Report(std::move(at), std::move(message)); });
        continue;
      }
      const SettingRow* row = FindByPath(path);
      if (row == nullptr && !path.starts_with(kHeaderPrefix) && !path.starts_with(kVariablePrefix)) {
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
    paths.emplace_back("upstream.environment");
    paths.emplace_back(kIssuers);
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

  void Store() { StoreAll(given_, load_.settings); }

  void StoreAll(const std::map<std::string, Given>& all, ServerSettings& out) {
    for (const auto& [path, given] : all) {
      const SettingRow* row = FindByPath(path);
      for (const std::string& text : given.texts) {
        std::optional<std::string> problem;
        if (row != nullptr) problem = row->store(text, read_secret_, out);
        else if (path.starts_with(kHeaderPrefix)) problem = StoreUpstreamHeader(path.substr(kHeaderPrefix.size()), text, out);
        else problem = StoreUpstreamVariable(path.substr(kVariablePrefix.size()), text, out);
        if (problem) Report(given.where, std::move(*problem));
      }
    }
  }

  void StoreList() {
    for (const auto& [where, given] : list_) {
      ServerSettings scratch;
      StoreAll(given, scratch);
      UpstreamSettings& one = scratch.upstream;
      if (!given.contains("upstream.name")) Report(where, "needs a name, by which tokens and policies know it");
      CheckKind(given, where);
      CheckOAuth(one, given, where);
      if (!given.contains("upstream.prefix") && list_.size() > 1) {
        // A prefix that could not be written out is none that a token or a policy should have to name.
        if (const auto problem = FindByPath("upstream.prefix")->store(one.name + "_", read_secret_, scratch)) {
          Report(where, "its name and _ cannot be the prefix of its tools, which " + *problem + ": set prefix");
        }
      }
      load_.settings.upstreams.push_back(std::move(one));
    }
    CheckList();
  }

  // An upstream has a url or a command, and what belongs to the one is nothing for the other.
  void CheckKind(const std::map<std::string, Given>& given, const std::string& where) {
    const bool url = given.contains("upstream.url"), command = given.contains("upstream.command");
    if (url == command) return Report(where, url ? "give a url or a command, not both" : "needs a url or a command");
    for (const auto& [path, one] : given) {
      const bool program = path == "upstream.directory" || path == "upstream.pass_environment" || path.starts_with(kVariablePrefix);
      const bool place = path == "upstream.ca_file" || path.starts_with(kHeaderPrefix) || path == "upstream.connect_timeout_ms" || path.starts_with("upstream.oauth_");
      if (url && program) Report(one.where, "belongs to an upstream with a command");
      if (command && place) Report(one.where, "belongs to an upstream with a url");
    }
  }

  void CheckOAuth(const UpstreamSettings& one, const std::map<std::string, Given>& given, const std::string& where) {
    const UpstreamOAuth& oauth = one.oauth;
    const bool secret = !oauth.client_secret.empty(), key = !oauth.client_key.empty();
    if (oauth.token_url.empty()) {
      // One that was refused is reported already.
      if (given.contains("upstream.oauth_token_url")) return;
      if (secret || key || !oauth.client_id.empty()) Report(where, "has OAuth credentials and no oauth_token_url to send them to");
      else ReportTokensFromNowhere(given);
      return;
    }
    if (oauth.client_id.empty()) Report(where, "needs oauth_client_id beside oauth_token_url");
    if (secret == key) Report(where, "needs oauth_client_secret_file or oauth_client_key_file, and not both");
    if (!one.command.empty()) Report(where, "a program has no use for an access token; leave oauth_token_url out");
    CheckExchange(oauth, where);
    for (const UpstreamHeader& header : one.headers) {
      if (http::EqualsIgnoreCase(header.name, "Authorization")) Report(where, "has an Authorization header of its own; leave it or oauth_token_url out");
    }
  }

  void ReportTokensFromNowhere(const std::map<std::string, Given>& given) {
    for (const auto& [path, one] : given) {
      if (path.starts_with("upstream.oauth_")) Report(one.where, "needs oauth_token_url beside it: without one the upstream gets calls without any token");
    }
  }

  void CheckExchange(const UpstreamOAuth& oauth, const std::string& where) {
    const bool vouches = !oauth.assertion_key.empty();
    if (!oauth.exchange) {
      if (vouches || !oauth.own_token) Report(where, "oauth_assertion_key_file and oauth_own_grant belong to oauth_grant: token_exchange");
    } else if (!vouches && load_.settings.oauth.issuers.empty()) {
      Report(where, "with oauth_grant: token_exchange no caller gets through: name the issuers of their access tokens in oauth.issuers, "
                    "or set oauth_assertion_key_file for callers with capability tokens");
    }
  }

  // What would make two upstreams one to a token, a policy or an agent.
  void CheckList() {
    const std::vector<UpstreamSettings>& all = load_.settings.upstreams;
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (all[i].name == all[k].name) Report(list_[i].first, "the name " + all[i].name + " is taken by an upstream above");
        const std::string& longer = all[i].prefix.size() > all[k].prefix.size() ? all[i].prefix : all[k].prefix;
        const std::string& shorter = all[i].prefix.size() > all[k].prefix.size() ? all[k].prefix : all[i].prefix;
        if (!shorter.empty() && longer.starts_with(shorter)) {
          Report(list_[i].first, "with the prefix " + all[i].prefix + " its names could be those of " + all[k].name +
                                     ", which has " + all[k].prefix + ": set another upstreams[].prefix");
        }
      }
    }
  }

  // A name that no upstream has would quietly keep an issuer's tokens from what they are meant for.
  void CheckServers() {
    std::vector<std::string> names;
    for (const UpstreamSettings* one : UpstreamsOf(load_.settings)) names.push_back(one->name);
    for (const OAuthIssuer& issuer : load_.settings.oauth.issuers) {
      for (const std::string& server : issuer.servers) {
        if (server.empty() || std::find(names.begin(), names.end(), server) != names.end()) continue;
        Report(issuers_at_, "servers of " + issuer.issuer + ": " + server + " is the name of no upstream" + DidYouMean(server, names));
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
    if (list_.empty()) CheckOAuth(s.upstream, given_, WhereOf("upstream.oauth_token_url"));
    if (s.oauth.dpop.nonce_required && s.public_url.empty() && !given_.contains("mcp.public_url")) {
      Report(WhereOf("oauth.dpop_nonce"), "needs mcp.public_url, the URL that proofs of possession are made for; without it every proof is refused");
    }
    CheckServers();
    for (const OAuthIssuer& issuer : s.oauth.issuers) {
      if (!issuer.audiences.empty() || !s.public_url.empty()) continue;
      Report(issuers_at_, "needs audiences, or mcp.public_url: a token of " + issuer.issuer + " for another service must not serve here");
    }
    if (!list_.empty()) {
      for (const auto& [path, given] : given_) {
        if (path.starts_with("upstream.")) Report(given.where, "the upstreams are set by the list upstreams; leave this out");
      }
    } else if (given_.contains("upstream.command")) {
      CheckKind(given_, WhereOf("upstream.command"));
    } else if (s.upstream.url_text.empty() && given_.find("upstream.url") == given_.end() && !seen_.contains(std::string(kList))) {
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
  std::vector<std::pair<std::string, std::map<std::string, Given>>> list_;  // of `upstreams`: place, members
  std::set<std::string> seen_;
  std::string issuers_at_;
  ServerSettingsLoad load_;
};

}  // namespace

std::vector<const UpstreamSettings*> UpstreamsOf(const ServerSettings& settings) {
  std::vector<const UpstreamSettings*> all;
  for (const UpstreamSettings& one : settings.upstreams) all.push_back(&one);
  if (all.empty()) all.push_back(&settings.upstream);
  return all;
}

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
  for (SettingReference& row : IssuerReference()) rows.push_back(std::move(row));
  rows.push_back({"upstreams[]", "", "", "several upstreams: a list of mappings with the members of `upstream`, name and url needed"});
  rows.push_back({"upstream.environment", "", "", "names and values of environment variables for the program"});
  rows.push_back({"upstream.headers", "", "", "header names and values sent with every call, such as a credential"});
  return rows;
}

}  // namespace intentgate::config
