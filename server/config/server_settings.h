// The server's settings: what is around the gate. The gate's own are in <intentgate/settings.h>; both are
// read from one YAML file and one environment.
//
//   SettingsSources sources{.yaml = text, .file_name = "intentgate.yaml", .environment = env, .flags = {}};
//   ServerSettingsLoad load = LoadServerSettings(sources, ReadSecretFile);
//   for (const SettingsProblem& p : load.problems) ...   // every mistake, with its place
//
// A flag wins over the environment, the environment over the file, the file over the default. A name that
// nobody knows is a mistake. Reading changes nothing and starts nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/result.h>
#include <intentgate/settings.h>

#include "config/oauth_settings.h"
#include "crypto/hash.h"
#include "crypto/secret_bytes.h"
#include "http/url.h"
#include "telemetry/log.h"

namespace intentgate::config {

inline constexpr std::size_t kMinAdminTokenBytes = 16;
inline constexpr std::size_t kMinSessionKeyBytes = 32;
inline constexpr std::size_t kMaxSessionKeys = 8;

// Who may use the admin API. The token itself is not kept.
struct AdminKey {
  std::string tenant;         // empty: every tenant
  crypto::Digest digest{};    // SHA-256 of the token
};

struct UpstreamHeader {
  std::string name;
  crypto::SecretBytes value;  // often a credential
};

struct UpstreamVariable {
  std::string name;
  crypto::SecretBytes value;  // often a credential
};

struct UpstreamSettings {
  std::string url_text;       // empty: not set
  http::Url url;
  std::string name = "upstream";      // what server_allow caveats and the policy call it
  std::string prefix;                 // before the names of its tools and prompts
  std::string tool_pins;              // as mcp.tool_pins, for this upstream; empty: that one
  std::string ca_file;                // empty: the machine's store
  std::int64_t timeout_ms = 30'000;   // to the first byte of an answer, and between two pieces of it
  std::int64_t connect_timeout_ms = 5'000;
  std::int64_t stream_idle_ms = 600'000;  // silence of a stream; a call may wait for a human in it
  std::int64_t max_connections = 4'096;   // of each event loop
  std::int64_t max_concurrent = 1'024;    // requests in progress, of all event loops; streams do not count
  std::int64_t breaker_failures = 5;      // failures in a row after which calls rest; 0: never
  std::int64_t breaker_open_ms = 10'000;  // for how long
  std::vector<UpstreamHeader> headers;
  UpstreamOAuth oauth;

  std::vector<std::string> command;       // a server that speaks over its standard input and output, in place of a URL
  std::string directory;                  // where it runs; empty: where the gateway does
  std::vector<UpstreamVariable> environment;
  std::vector<std::string> pass_environment;  // variables of the gateway that it gets, besides those that every one gets
};

struct ServerLimits {
  std::int64_t max_body_bytes = std::int64_t{1} << 20;
  std::int64_t max_answer_bytes = std::int64_t{16} << 20;  // of one upstream message
  std::int64_t idle_timeout_ms = 120'000;                  // a connection without a request
  std::int64_t header_timeout_ms = 10'000;                 // from a request's first byte to the end of its body
  std::int64_t drain_ms = 15'000;                          // calls in flight when the server stops
  std::int64_t max_header_bytes = 64 * 1024;               // request line and fields together
  std::int64_t max_header_fields = 100;
  std::int64_t write_timeout_ms = 30'000;                  // how long a client may take nothing of its answer
  std::int64_t max_connections = 20'000;                   // of all clients
  std::int64_t max_connections_per_address = 0;            // of one client address; 0: no limit
  std::int64_t max_sessions = 10'000;
  std::int64_t session_idle_seconds = 3'600;
};

struct ServerSettings {
  std::string listen = "127.0.0.1:8080";
  std::int64_t threads = 0;                                // 0: one for each core
  std::string tls_certificate, tls_key;                    // both or none
  UpstreamSettings upstream;                               // the only one, when `upstreams` is empty
  std::vector<UpstreamSettings> upstreams;
  std::vector<AdminKey> admin_keys;                        // empty: there is no admin API
  telemetry::LogLevel log_level = telemetry::LogLevel::kInfo;
  bool metrics = true;
  ServerLimits limits;
  std::vector<std::string> allowed_origins;                // exact; a browser's Origin that is not here is refused
  std::int64_t approval_wait_seconds = 300;                // a call that asks to wait for a person is held no longer
  std::string approval_url;                                // page for a person, with {id}; empty: calls that wait are told no URL
  bool offer_tasks = false;                                // clients are told that they may ask for a task of any call
  std::int64_t keep_alive_ms = 15'000;                     // between signs of life on a silent stream
  std::int64_t merge_wait_ms = 5'000;                      // a merged answer waits no longer for one of several upstreams
  std::vector<std::string> allowed_hosts;                  // without port; empty: on loopback only its own names
  std::string public_url;                                  // of /v1/mcp as clients reach it; empty: no resource metadata
  std::vector<std::string> authorization_servers;          // issuers that clients may get a token from
  std::string tool_pins;                                   // file of accepted tool definitions; empty: all are
  std::vector<crypto::SecretBytes> session_keys;           // the first seals ids of sessions and tasks, all open them; empty: ids are not sealed
  std::int64_t session_lifetime_seconds = 86'400;          // a sealed id is good for no longer
  std::vector<std::string> scopes;                         // what a client should ask for
  OAuthSettings oauth;
};

// Every upstream, in the order of the file.
std::vector<const UpstreamSettings*> UpstreamsOf(const ServerSettings& settings);

struct SettingsSources {
  std::string yaml;                                        // empty: no file
  std::string file_name;
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> flags;                // by the setting's path, such as "listen.address"
};

struct ServerSettingsLoad {
  ServerSettings settings;
  std::vector<SettingsProblem> problems;
  bool yaml_unreadable = false;                            // the file is no YAML; nothing else was looked at
};

using FileReader = std::function<Result<std::string>(const std::string& path)>;
// A small file that only its owner may read. kPermissionDenied names the chmod that is missing.
Result<std::string> ReadSecretFile(const std::string& path);

ServerSettingsLoad LoadServerSettings(const SettingsSources& sources, const FileReader& read_secret);

// The environment without the names that LoadServerSettings reads.
std::map<std::string, std::string> WithoutServerNames(const std::map<std::string, std::string>& environment);
std::vector<SettingReference> ServerSettingsReference();

}  // namespace intentgate::config
