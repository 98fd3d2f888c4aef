#include "mcp/admission.h"

#include <algorithm>
#include <string>

#include "http/syntax.h"
#include "mcp/answer.h"
#include "net/address.h"

namespace intentgate::mcp {
namespace {

// The Host field without its port and brackets.
std::string_view HostName(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

bool IsLoopbackName(std::string_view host) {
  return http::EqualsIgnoreCase(host, "localhost") || host == "127.0.0.1" || host == "::1";
}

bool HostAllowed(const config::ServerSettings& settings, std::string_view authority) {
  const std::string_view host = HostName(authority);
  if (!settings.allowed_hosts.empty()) {
    return std::any_of(settings.allowed_hosts.begin(), settings.allowed_hosts.end(), [host](std::string_view allowed) {
      return http::EqualsIgnoreCase(HostName(allowed), host);
    });
  }
  // A page in a browser on this machine can reach a loopback address under a name of its own (DNS rebinding).
  const Result<net::HostPort> listen = net::ParseHostPort(settings.listen);
  return !listen.ok() || !IsLoopbackName(listen->host) || IsLoopbackName(host);
}

// A page that this address served itself, under a name that is known to be its own.
bool IsOwnOrigin(const config::ServerSettings& settings, std::string_view origin, std::string_view authority) {
  const std::string scheme = settings.tls_certificate.empty() ? "http://" : "https://";
  return origin == scheme + std::string(authority) &&
         (IsLoopbackName(HostName(authority)) || !settings.allowed_hosts.empty());
}

}  // namespace

std::optional<AdmissionRefusal> CheckAdmission(const config::ServerSettings& settings, const http::RequestHead& head) {
  const std::string_view host = head.headers.Get("Host").value_or("");
  if (!HostAllowed(settings, host)) {
    return AdmissionRefusal{403, "this host name is not served here; see mcp.allowed_hosts"};
  }
  if (head.headers.Count("Origin") > 1) return AdmissionRefusal{403, "a request has one Origin at most"};
  if (const auto origin = head.headers.Get("Origin")) {
    const auto& allowed = settings.allowed_origins;
    if (std::find(allowed.begin(), allowed.end(), *origin) == allowed.end() && !IsOwnOrigin(settings, *origin, host)) {
      return AdmissionRefusal{403, "this origin is not in mcp.allowed_origins"};
    }
  }
  if (head.method != "POST") return std::nullopt;
  const std::string_view type = head.headers.Get("Content-Type").value_or("");
  if (!http::EqualsIgnoreCase(http::TrimBlanks(type.substr(0, type.find(';'))), "application/json")) {
    return AdmissionRefusal{415, "Content-Type must be application/json"};
  }
  return std::nullopt;
}

std::string_view ProtocolOf(const http::RequestHead& head, bool& bad) {
  const auto version = head.headers.Get("MCP-Protocol-Version");
  bad = version && !IsServedProtocol(*version);
  return version && !bad ? *version : std::string_view();
}

}  // namespace intentgate::mcp
