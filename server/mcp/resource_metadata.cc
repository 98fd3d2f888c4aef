#include "mcp/resource_metadata.h"

#include <vector>

#include <intentgate/json.h>

#include "http/url.h"
#include "mcp/endpoint.h"

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

json::Value Texts(const std::vector<std::string>& texts) {
  json::Array list;
  for (const std::string& text : texts) list.emplace_back(text);
  return json::Value(std::move(list));
}

}  // namespace

std::string Challenge(const config::ServerSettings& settings, bool token_given) {
  std::string out = "Bearer realm=\"intentgate\"";
  if (token_given) out += ", error=\"invalid_token\"";
  if (!settings.public_url.empty()) out += ", resource_metadata=\"" + MetadataUrl(settings) + "\"";
  if (settings.scopes.empty()) return out;
  out += ", scope=\"";
  for (std::size_t i = 0; i < settings.scopes.size(); ++i) out += (i == 0 ? "" : " ") + settings.scopes[i];
  return out + "\"";
}

void SendMetadata(const config::ServerSettings& settings, http::Exchange& exchange, std::string_view below) {
  const std::string path = "/" + std::string(below);
  const bool known = below.empty() || path == kMcpPath || path == PublicPath(settings);
  if (settings.public_url.empty() || !known) return exchange.SendError(404, "there is no such resource");
  json::Value document = json::MakeObject({{"resource", settings.public_url}});
  if (!settings.authorization_servers.empty()) document.Set("authorization_servers", Texts(settings.authorization_servers));
  if (!settings.scopes.empty()) document.Set("scopes_supported", Texts(settings.scopes));
  document.Set("bearer_methods_supported", Texts({"header"}));
  document.Set("resource_name", "IntentGate");
  exchange.Send(200, {{"Content-Type", "application/json"}, {"Cache-Control", "max-age=300"}}, json::Write(document));
}

}  // namespace intentgate::mcp
