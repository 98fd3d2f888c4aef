// http.send, net.lookup_ip_addr and opa.runtime for programs that let policies reach the network. The gate does not.
//
//   rego::CompileOptions compile;
//   compile.granted_builtins = {"http.send"};
//   Result<std::shared_ptr<rego::HostAccess>> host = rego::NetworkHost({.allow_net = {"api.example"}});
//   rego::EvalOptions eval;
//   eval.host = host->get();
//
// Each request blocks the thread that evaluates, for `timeout` at most (5 s unless the policy says it), which is not
// counted as steps. Equal requests of one evaluation are sent once; nothing is kept from one evaluation to the next.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <intentgate/rego.h>
#include <intentgate/result.h>

namespace intentgate::rego {

struct NetworkHostOptions {
  // Names and addresses that may be reached, as URLs have them; also asked of every redirect. "*": all.
  std::vector<std::string> allow_net;
  std::size_t max_response_bytes = std::size_t{16} << 20;
  std::size_t max_redirects = 10;
};

// Taken from http.send's request: method, url, headers, body, raw_body, timeout, raise_error, enable_redirect,
// force_json_decode, force_yaml_decode, tls_insecure_skip_verify, tls_ca_cert, tls_client_cert, tls_client_key,
// tls_use_system_certs; what is about caching between queries is read over. Refused: certificates from files and
// variables, which a policy could read them by, tls_server_name, max_retry_attempts, and URLs that are not http or https.
// Thread-safe. kInvalidArgument: allow_net is empty.
Result<std::shared_ptr<HostAccess>> NetworkHost(NetworkHostOptions options);

}  // namespace intentgate::rego
