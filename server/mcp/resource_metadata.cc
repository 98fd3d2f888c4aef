#include "mcp/resource_metadata.h"

#include <algorithm>
#include <vector>

#include <intentgate/json.h>

#include "http/url.h"
#include "mcp/endpoint.h"
#include "oauth/proof.h"

namespace intentgate::mcp {
namespace {

// The path of the resource as clients know it; a proxy in front may have another than ours.
std::string PublicPath(const config::ServerSettings& settings) {
  const Result<http::Url> url = http::ParseUrl(settings.public_url);
  return url.ok() ? url->target.substr(0, url->target.find('?')) : std::string();
}

// Where the document is: RFC 9728 puts the well-known part between host and path.
std::string MetadataUrl(const config::ServerSettings& settings) {
  const std::string path = PublicPath(settings);
  const std::size_t host = settings.public_url.find("://") + 3;
  const std::string origin = settings.public_url.substr(0, settings.public_url.find('/', host));
  return origin + std::string(kMetadataPath) + (path == "/" ? "" : path);
}

std::string Joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : " ") + text;
  return out;
}

void AddNew(const std::string& text, std::vector<std::string>& out) {
  if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
}

// Those that are only named, and those whose tokens are accepted.
std::vector<std::string> AuthorizationServers(const config::ServerSettings& settings) {
  std::vector<std::string> out = settings.authorization_servers;
  for (const config::OAuthIssuer& issuer : settings.oauth.issuers) AddNew(issuer.issuer, out);
  return out;
}

std::vector<std::string> Scopes(const config::ServerSettings& settings) {
  std::vector<std::string> out = settings.scopes;
  for (const config::OAuthIssuer& issuer : settings.oauth.issuers) {
    for (const std::string& scope : issuer.required_scopes) AddNew(scope, out);
    for (const config::ScopeTools& rule : issuer.scope_tools) AddNew(rule.scope, out);
  }
  return out;
}

json::Value Texts(const std::vector<std::string>& texts) {
  json::Array list;
  for (const std::string& text : texts) list.emplace_back(text);
  return json::Value(std::move(list));
}

}  // namespace

bool IsAboutProof(Reason code) { return code == Reason::kProofRequired || code == Reason::kProofRefused; }

std::string Challenge(const config::ServerSettings& settings, const ChallengeOptions& options) {
  std::string out = options.proof ? "DPoP realm=\"intentgate\", algs=\"" + Joined(oauth::ProofAlgorithms()) + "\"" : "Bearer realm=\"intentgate\"";
  if (!options.error.empty()) out += ", error=\"" + std::string(options.error) + "\"";
  if (!settings.public_url.empty()) out += ", resource_metadata=\"" + MetadataUrl(settings) + "\"";
  const std::vector<std::string>& scopes = options.scopes.empty() ? settings.scopes : options.scopes;
  return scopes.empty() ? out : out + ", scope=\"" + Joined(scopes) + "\"";
}

void SendMetadata(const config::ServerSettings& settings, http::Exchange& exchange, std::string_view below) {
  const std::string path = "/" + std::string(below);
  const bool known = below.empty() || path == kMcpPath || path == PublicPath(settings);
  if (settings.public_url.empty() || !known) return exchange.SendError(404, "there is no such resource");
  json::Value document = json::MakeObject({{"resource", settings.public_url}});
  if (const auto servers = AuthorizationServers(settings); !servers.empty()) document.Set("authorization_servers", Texts(servers));
  if (const auto scopes = Scopes(settings); !scopes.empty()) document.Set("scopes_supported", Texts(scopes));
  document.Set("dpop_signing_alg_values_supported", Texts(oauth::ProofAlgorithms()));
  document.Set("bearer_methods_supported", Texts({"header"}));
  document.Set("resource_name", "IntentGate");
  exchange.Send(200, {{"Content-Type", "application/json"}, {"Cache-Control", "max-age=300"}}, json::Write(document));
}

}  // namespace intentgate::mcp
