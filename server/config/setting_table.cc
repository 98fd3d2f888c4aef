#include "config/setting_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/encoding.h"
#include "http/syntax.h"
#include "net/address.h"

namespace intentgate::config {
namespace {

using Problem = std::optional<std::string>;

Problem Integer(const std::string& text, std::int64_t min, std::int64_t max, std::int64_t& out) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max);
  }
  out = value;
  return std::nullopt;
}

constexpr std::size_t kMinNonceKeyBytes = 32;
constexpr std::int64_t kDay = 24 * 3600;
constexpr std::int64_t kMaxBytes = std::int64_t{1} << 30;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

// The mistakes' sentences never repeat the token.
Problem AddAdminKey(std::string tenant, std::string_view token, ServerSettings& out) {
  token = Trim(token);
  if (token.size() < kMinAdminTokenBytes) {
    return "the admin token is shorter than 16 characters; make one with: openssl rand -hex 32";
  }
  if (std::any_of(token.begin(), token.end(), [](char c) { return c <= ' ' || c >= 0x7f; })) {
    return "an admin token is printable ASCII without blanks";
  }
  const crypto::Digest digest = crypto::Sha256(base::AsBytes(token));
  for (const AdminKey& key : out.admin_keys) {
    // Whoever comes first in the list would be taken for the other.
    if (key.digest == digest && key.tenant != tenant) return "another admin has the same token; each needs its own";
  }
  out.admin_keys.push_back({std::move(tenant), digest});
  return std::nullopt;
}

Problem StoreTenantAdmin(const std::string& text, const FileReader&, ServerSettings& out) {
  const std::size_t colon = text.find(':');
  const std::string tenant = colon == std::string::npos ? "" : std::string(Trim(std::string_view(text).substr(0, colon)));
  // Also a name of blanks: a key without a tenant is the superadmin's.
  if (tenant.empty()) return "must be tenant:token, with commas between several";
  return AddAdminKey(tenant, std::string_view(text).substr(colon + 1), out);
}

Problem StoreListen(const std::string& text, const FileReader&, ServerSettings& out) {
  if (Result<net::HostPort> address = net::ParseHostPort(text); !address.ok()) return address.error().message;
  out.listen = text;
  return std::nullopt;
}

Problem StoreUpstreamUrl(const std::string& text, const FileReader&, ServerSettings& out) {
  Result<http::Url> url = http::ParseUrl(text);
  if (!url.ok()) return url.error().message;
  out.upstream.url = std::move(*url);
  out.upstream.url_text = text;
  return std::nullopt;
}

Problem StoreAdminToken(const std::string& text, const FileReader&, ServerSettings& out) {
  return AddAdminKey({}, text, out);
}

Problem StoreAdminTokenFile(const std::string& text, const FileReader& read_secret, ServerSettings& out) {
  Result<std::string> token = read_secret(text);
  if (!token.ok()) return token.error().message;
  return AddAdminKey({}, *token, out);
}

Problem StoreSessionKeys(const std::string& text, const FileReader& read_secret, ServerSettings& out) {
  Result<std::string> read = read_secret(text);
  if (!read.ok()) return read.error().message;
  std::string_view rest = *read;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view secret = Trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (secret.empty()) continue;
    if (secret.size() < kMinSessionKeyBytes) return "a line is shorter than 32 characters; make one with: openssl rand -hex 32";
    out.session_keys.emplace_back(base::AsBytes(secret));
  }
  crypto::Wipe(*read);
  if (out.session_keys.empty()) return "has no secret in it; make one with: openssl rand -hex 32";
  if (out.session_keys.size() > kMaxSessionKeys) return "has more than 8 secrets; remove the oldest";
  return std::nullopt;
}

Problem StoreNonceKeyFile(const std::string& text, const FileReader& read_secret, ServerSettings& out) {
  const Result<std::string> key = read_secret(text);
  if (!key.ok()) return key.error().message;
  if (Trim(*key).size() < kMinNonceKeyBytes) return "the key is shorter than 32 characters; make one with: openssl rand -hex 32";
  out.oauth.dpop.nonce_key = crypto::SecretBytes(base::AsBytes(Trim(*key)));
  return std::nullopt;
}

Problem StoreLogLevel(const std::string& text, const FileReader&, ServerSettings& out) {
  Result<telemetry::LogLevel> level = telemetry::ParseLogLevel(text);
  if (!level.ok()) return level.error().message;
  out.log_level = *level;
  return std::nullopt;
}

Problem StoreOrigin(const std::string& text, const FileReader&, ServerSettings& out) {
  Result<http::Url> url = http::ParseUrl(text);
  if (!url.ok() || url->target != "/" || text.ends_with('/')) {
    return "must be an origin such as https://app.example.com, without a path";
  }
  out.allowed_origins.push_back(text);
  return std::nullopt;
}

Problem StoreHost(const std::string& text, const FileReader&, ServerSettings& out) {
  if (!http::IsAuthority(text) || (text.find(':') != std::string::npos && !text.starts_with('['))) {
    return "must be a host name or address without a port";
  }
  out.allowed_hosts.push_back(text);
  return std::nullopt;
}

Problem StorePublicUrl(const std::string& text, const FileReader&, ServerSettings& out) {
  const Result<http::Url> url = http::ParseUrl(text);
  if (!url.ok()) return url.error().message;
  if (url->target.find('?') != std::string::npos || text.find('"') != std::string::npos) return "must be a URL without a query";
  out.public_url = text;
  return std::nullopt;
}

// What stands for {id} is a UUID, which every part of a URL but the host may have.
Problem StoreApprovalUrl(const std::string& text, const FileReader&, ServerSettings& out) {
  constexpr std::string_view kPlace = "{id}";
  const std::size_t at = text.find(kPlace);
  if (at == std::string::npos) return "must have {id} where the approval's id belongs";
  std::string filled = text;
  const Result<http::Url> url = http::ParseUrl(filled.replace(at, kPlace.size(), "id"));
  if (!url.ok()) return url.error().message;
  out.approval_url = text;
  return std::nullopt;
}

Problem StoreAuthorizationServer(const std::string& text, const FileReader&, ServerSettings& out) {
  if (const Result<http::Url> url = http::ParseUrl(text); !url.ok()) return url.error().message;
  out.authorization_servers.push_back(text);
  return std::nullopt;
}

// RFC 6749 section 3.3.
Problem StoreScope(const std::string& text, const FileReader&, ServerSettings& out) {
  const bool good = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
  if (!good) return "must be a scope: printable ASCII without blanks, quotes and backslashes";
  out.scopes.push_back(text);
  return std::nullopt;
}

// What may stand in a tool's name by the recommendation of the protocol; empty is none.
bool IsPrefix(std::string_view text) {
  return text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

bool IsVariable(std::string_view text) {
  return !text.empty() && text.find_first_of(std::string_view("=\0", 2)) == std::string_view::npos;
}

// Fields that frame a message, belong to one connection, or are the protocol's: a second one of them would be read in two ways.
bool IsOwnField(std::string_view name) {
  constexpr std::array<std::string_view, 17> kOwn = {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade",
                                                     "Expect", "Content-Type", "Accept", "Mcp-Session-Id", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Last-Event-ID"};
  return std::any_of(kOwn.begin(), kOwn.end(), [name](std::string_view own) { return http::EqualsIgnoreCase(own, name); });
}

// Rows whose text is taken as it is, and rows that are whole numbers.
#define IG_TEXT(member)                                                                     \
  [](const std::string& text, const FileReader&, ServerSettings& out) -> Problem {         \
    if (text.empty()) return "must not be empty";                                           \
    out.member = text;                                                                      \
    return std::nullopt;                                                                    \
  }
#define IG_FLAG(member)                                                                     \
  [](const std::string& text, const FileReader&, ServerSettings& out) -> Problem {         \
    if (text != "true" && text != "false") return "must be true or false";                  \
    out.member = text == "true";                                                            \
    return std::nullopt;                                                                    \
  }
#define IG_INTEGER(member, min, max)                                                        \
  [](const std::string& text, const FileReader&, ServerSettings& out) -> Problem {         \
    return Integer(text, min, max, out.member);                                             \
  }

#define IG_SECRET(member)                                                                    \
  [](const std::string& text, const FileReader& read_secret, ServerSettings& out) -> Problem { \
    const Result<std::string> secret = read_secret(text);                                    \
    if (!secret.ok()) return secret.error().message;                                         \
    if (Trim(*secret).empty()) return "the file is empty";                                   \
    out.member = crypto::SecretBytes(base::AsBytes(Trim(*secret)));                          \
    return std::nullopt;                                                                     \
  }

std::vector<SettingRow> MakeTable() {
  using Shape = SettingRow::Shape;
  return {
      {"listen.address", "INTENTGATE_ADDR", "127.0.0.1:8080", "where the gateway listens; \":8080\" is every interface",
       StoreListen},
      {"listen.threads", "", "0", "event loops; 0 is one for each core", IG_INTEGER(threads, 0, 256)},
      {"tls.certificate", "", "", "PEM file with the certificate chain", IG_TEXT(tls_certificate),
       Shape::kPath},
      {"tls.key", "", "", "PEM file with its key", IG_TEXT(tls_key), Shape::kPath},
      {"upstream.url", "INTENTGATE_UPSTREAM_URL", "", "the MCP server that allowed calls go to", StoreUpstreamUrl},
      {"upstream.name", "", "upstream", "what caveats and policies call the upstream", IG_TEXT(upstream.name)},
      {"upstream.prefix", "", "", "put before the names of the upstream's tools and prompts; with several upstreams its name and _ unless set",
       [](const std::string& text, const FileReader&, ServerSettings& out) -> Problem {
         if (!IsPrefix(text)) return "must be letters, digits, _, - and ., at most 64";
         out.upstream.prefix = text;
         return std::nullopt;
       }},
      {"upstream.tool_pins", "", "", "as mcp.tool_pins, for this upstream alone", IG_TEXT(upstream.tool_pins), Shape::kPath},
      {"upstream.timeout_ms", "INTENTGATE_UPSTREAM_TIMEOUT_MS", "30000",
       "wait for the first byte of an answer, and for each next one", IG_INTEGER(upstream.timeout_ms, 1, kDay * 1000)},
      {"upstream.connect_timeout_ms", "", "5000", "wait for a connection",
       IG_INTEGER(upstream.connect_timeout_ms, 1, 600'000)},
      {"upstream.stream_idle_ms", "", "600000", "how long an event stream of the upstream may be silent",
       IG_INTEGER(upstream.stream_idle_ms, 1000, kDay * 1000)},
      {"upstream.max_connections", "", "4096", "connections to the upstream, for each event loop; a call beyond fails at once",
       IG_INTEGER(upstream.max_connections, 1, 1'000'000)},
      {"upstream.max_concurrent", "", "1024", "requests to the upstream in progress; one more fails at once. Streams do not count",
       IG_INTEGER(upstream.max_concurrent, 1, 1'000'000)},
      {"upstream.breaker_failures", "", "5", "failures in a row after which calls to the upstream rest; 0: they never do",
       IG_INTEGER(upstream.breaker_failures, 0, 1'000'000)},
      {"upstream.breaker_open_ms", "", "10000", "how long they rest; then one call tries it",
       IG_INTEGER(upstream.breaker_open_ms, 1, 3'600'000)},
      {"upstream.oauth_token_url", "", "", "token endpoint that gives the gateway access tokens for this upstream; https, or http to this machine",
       [](const std::string& text, const FileReader&, ServerSettings& out) -> Problem {
         const Result<http::Url> url = http::ParseUrl(text);
         if (!url.ok()) return url.error().message;
         const std::string& host = url->origin.host;
         if (!url->tls && host != "127.0.0.1" && host != "::1" && host != "localhost") return "must be https: a client's secret goes there";
         out.upstream.oauth.token_url = text;
         return std::nullopt;
       }},
      {"upstream.oauth_grant", "", "client_credentials", "`client_credentials`: one token of the gateway's; `token_exchange`: one for each caller (RFC 8693)",
       [](const std::string& text, const FileReader&, ServerSettings& out) -> Problem {
         if (text != "client_credentials" && text != "token_exchange") return "must be client_credentials or token_exchange";
         out.upstream.oauth.exchange = text == "token_exchange";
         return std::nullopt;
       }},
      {"upstream.oauth_own_grant", "", "client_credentials", "beside token_exchange, how the gateway's own question for the tools gets a token: `client_credentials`, or `none`: it is not asked",
       [](const std::string& text, const FileReader&, ServerSettings& out) -> Problem {
         if (text != "client_credentials" && text != "none") return "must be client_credentials or none";
         out.upstream.oauth.own_token = text == "client_credentials";
         return std::nullopt;
       }},
      {"upstream.oauth_assertion_key_file", "", "", "file with a private JWK, mode 0600: the gateway signs who a caller with a capability token is, for token_exchange. Without it such callers are refused",
       IG_SECRET(upstream.oauth.assertion_key), Shape::kPath},
      {"upstream.oauth_audience", "", "", "the audience to ask for (RFC 8693)", IG_TEXT(upstream.oauth.audience)},
      {"upstream.oauth_client_id", "", "", "who the gateway is there", IG_TEXT(upstream.oauth.client_id)},
      {"upstream.oauth_client_secret_file", "", "", "file with the client's secret, mode 0600", IG_SECRET(upstream.oauth.client_secret), Shape::kPath},
      {"upstream.oauth_client_key_file", "", "", "file with a private JWK, mode 0600, in place of a secret (private_key_jwt, RFC 7523)", IG_SECRET(upstream.oauth.client_key),
       Shape::kPath},
      {"upstream.oauth_client_auth", "", "basic", "`basic` or `post`: where the secret goes",
       [](const std::string& text, const FileReader&, ServerSettings& out) -> Problem {
         if (text != "basic" && text != "post") return "must be basic or post";
         out.upstream.oauth.secret_in_body = text == "post";
         return std::nullopt;
       }},
      {"upstream.oauth_scope", "", "", "scopes to ask for, with blanks between several", IG_TEXT(upstream.oauth.scope)},
      {"upstream.oauth_resource", "", "", "the resource to ask for (RFC 8707); the upstream's URL unless this or an audience is set", IG_TEXT(upstream.oauth.resource)},
      {"upstream.command", "", "", "in place of a url: a program with its arguments, as a list, that speaks MCP over its standard input and output",
       [](const std::string& text, const FileReader&, ServerSettings& out) -> Problem {
         if (text.empty() && out.upstream.command.empty()) return "must begin with a program";
         if (text.find('\0') != std::string::npos) return "must not hold a NUL";
         out.upstream.command.push_back(text);
         return std::nullopt;
       },
       Shape::kList},
      {"upstream.directory", "", "", "where the program runs; as the gateway unless set", IG_TEXT(upstream.directory), Shape::kPath},
      {"upstream.pass_environment", "", "", "variables of the gateway's environment that the program gets besides PATH, HOME, LANG, LC_ALL, TZ, TMPDIR",
       [](const std::string& text, const FileReader&, ServerSettings& out) -> Problem {
         if (!IsVariable(text)) return "must be a list of names of environment variables";
         out.upstream.pass_environment.push_back(text);
         return std::nullopt;
       },
       Shape::kList},
      {"upstream.ca_file", "", "", "PEM file with the authorities that may sign the upstream's certificate",
       IG_TEXT(upstream.ca_file), Shape::kPath},
      {"admin.token", "INTENTGATE_ADMIN_TOKEN", "", "superadmin's token; better in a file", StoreAdminToken},
      {"admin.token_file", "", "", "file with the superadmin's token, mode 0600", StoreAdminTokenFile,
       Shape::kPath},
      {"admin.tenants", "INTENTGATE_TENANT_ADMINS", "", "tenant:token, one admin for one tenant each", StoreTenantAdmin,
       Shape::kList},
      {"log.level", "INTENTGATE_LOG_LEVEL", "info", "debug, info, warn, error or off", StoreLogLevel},
      {"metrics.enabled", "INTENTGATE_METRICS_ENABLED", "true", "whether GET /metrics answers", IG_FLAG(metrics)},
      {"limits.max_body_bytes", "", "1048576", "a request's body", IG_INTEGER(limits.max_body_bytes, 1024, kMaxBytes)},
      {"limits.max_answer_bytes", "", "16777216", "one message of the upstream",
       IG_INTEGER(limits.max_answer_bytes, 1024, kMaxBytes)},
      {"limits.idle_timeout_ms", "", "120000", "a connection without a request",
       IG_INTEGER(limits.idle_timeout_ms, 1, kDay * 1000)},
      {"limits.header_timeout_ms", "", "10000", "from a request's first byte to its last",
       IG_INTEGER(limits.header_timeout_ms, 1, kDay * 1000)},
      {"limits.max_header_bytes", "", "65536", "a request's line and header fields together; 431 beyond it",
       IG_INTEGER(limits.max_header_bytes, 1024, 1 << 20)},
      {"limits.max_header_fields", "", "100", "a request's header fields; 431 beyond it",
       IG_INTEGER(limits.max_header_fields, 10, 10'000)},
      {"limits.write_timeout_ms", "", "30000", "how long a client may take nothing of an answer that waits for it",
       IG_INTEGER(limits.write_timeout_ms, 1, kDay * 1000)},
      {"limits.max_connections", "", "20000",
       "of all clients; one more takes the place of the one that has waited longest without a whole request",
       IG_INTEGER(limits.max_connections, 1, 10'000'000)},
      {"limits.max_connections_per_address", "", "0",
       "of one client address; one more is closed. 0: no limit, since behind a proxy all clients have its address",
       IG_INTEGER(limits.max_connections_per_address, 0, 10'000'000)},
      {"limits.drain_ms", "", "15000", "time for calls in flight when the server stops",
       IG_INTEGER(limits.drain_ms, 0, 3'600'000)},
      {"limits.max_sessions", "", "10000", "MCP sessions remembered", IG_INTEGER(limits.max_sessions, 1, 10'000'000)},
      {"limits.session_idle_seconds", "", "3600", "a session without use is forgotten after it",
       IG_INTEGER(limits.session_idle_seconds, 1, 30 * kDay)},
      {"mcp.allowed_origins", "", "", "browser origins that may call", StoreOrigin, Shape::kList},
      {"mcp.approval_wait_seconds", "", "300", "how long a call that asks for it with Prefer: wait may wait for a person; 0: it is not held",
       IG_INTEGER(approval_wait_seconds, 0, 86'400)},
      {"mcp.approval_url", "", "", "URL of a page where a person answers, with {id} for the approval's id; clients that take URLs show it", StoreApprovalUrl},
      {"mcp.offer_tasks", "", "false", "whether clients are told that they may ask for a task of any call: it is the gateway's where the tool server has none", IG_FLAG(offer_tasks)},
      {"mcp.keep_alive_ms", "", "15000", "between two signs of life on a silent stream; the caller's token is asked again as often",
       IG_INTEGER(keep_alive_ms, 10, 600'000)},
      {"mcp.merge_wait_ms", "", "5000", "with several upstreams: how long a list or a handshake waits for one of them",
       IG_INTEGER(merge_wait_ms, 10, 600'000)},
      {"mcp.allowed_hosts", "", "", "names in the Host field that are served; empty: on loopback its own names, else any",
       StoreHost, Shape::kList},
      {"mcp.public_url", "INTENTGATE_PUBLIC_URL", "", "URL of /v1/mcp as clients reach it; switches the OAuth resource metadata on", StorePublicUrl},
      {"mcp.authorization_servers", "", "", "issuers named in the resource metadata", StoreAuthorizationServer, Shape::kList},
      {"mcp.tool_pins", "", "", "file of the tool definitions that are accepted; others are in quarantine", IG_TEXT(tool_pins), Shape::kPath},
      {"mcp.session_key_file", "", "", "file with a secret a line, mode 0600: ids of sessions and tasks, and the states of calls, are sealed by the first, and good at every gateway that has it",
       StoreSessionKeys, Shape::kPath},
      {"mcp.session_lifetime_seconds", "", "86400", "how long a sealed id of a session or a task is good", IG_INTEGER(session_lifetime_seconds, 60, 30 * kDay)},
      {"oauth.ca_file", "", "", "PEM file with the authorities that may sign the issuers' certificates", IG_TEXT(oauth.ca_file), Shape::kPath},
      {"oauth.dpop_nonce", "", "false", "whether a proof of possession needs a nonce of the gateway's (RFC 9449)", IG_FLAG(oauth.dpop.nonce_required)},
      {"oauth.dpop_nonce_seconds", "", "300", "how often the nonce changes; the one before serves as long again", IG_INTEGER(oauth.dpop.nonce_seconds, 10, kDay)},
      {"oauth.dpop_nonce_key_file", "", "", "file with at least 32 characters, mode 0600, the same for all replicas: their nonces are each other's", StoreNonceKeyFile, Shape::kPath},
      {"oauth.dpop_proof_seconds", "", "60", "how old a proof may be", IG_INTEGER(oauth.dpop.proof_seconds, 5, 600)},
      {"oauth.dpop_max_proofs", "", "100000", "proofs remembered so that none is used twice; beyond it they are refused", IG_INTEGER(oauth.dpop.max_proofs, 100, 10'000'000)},
      {"mcp.scopes", "", "", "scopes named in the resource metadata and in challenges", StoreScope, Shape::kList},
  };
}
#undef IG_TEXT
#undef IG_FLAG
#undef IG_INTEGER
#undef IG_SECRET

}  // namespace

const std::vector<SettingRow>& SettingTable() {
  static const std::vector<SettingRow> table = MakeTable();
  return table;
}

const SettingRow* FindByPath(std::string_view path) {
  for (const SettingRow& row : SettingTable()) {
    if (row.path == path) return &row;
  }
  return nullptr;
}

std::optional<std::string> StoreUpstreamVariable(const std::string& name, const std::string& value, ServerSettings& out) {
  if (!IsVariable(name)) return "is no name of an environment variable";
  if (value.find('\0') != std::string::npos) return "the variable's value holds a NUL";
  out.upstream.environment.push_back({name, crypto::SecretBytes(base::AsBytes(value))});
  return std::nullopt;
}

std::optional<std::string> StoreUpstreamHeader(const std::string& name, const std::string& value, ServerSettings& out) {
  if (!http::IsToken(name)) return "is no header name";
  if (IsOwnField(name)) return "the gateway sets " + name + " itself, or the connection does without it; leave it out";
  if (!http::IsFieldValue(value)) return "the header's value holds a control character";
  out.upstream.headers.push_back({name, crypto::SecretBytes(base::AsBytes(value))});
  return std::nullopt;
}

}  // namespace intentgate::config
