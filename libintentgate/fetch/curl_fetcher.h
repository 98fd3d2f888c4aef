// Outgoing HTTP by libcurl, for the services that an operator names in the settings.
//
// What it never does: follow a redirect, speak anything but http and https, read .netrc or send cookies, skip the check
// of a certificate or take a proxy from the environment unless told to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <intentgate/result.h>

#include "base/http_fetch.h"

namespace intentgate::fetch {

struct CurlOptions {
  std::string ca_file;                       // PEM; empty: the system's certificates
  std::string ca_pem;                        // the same as text, in place of a file
  std::string client_certificate_pem, client_key_pem;  // shown to the server; both or none
  bool verify_certificates = true;           // false: any certificate is good; for a caller who was told so
  bool proxy_from_environment = false;       // honour http_proxy, https_proxy, all_proxy and no_proxy
  std::int64_t connect_timeout_ms = 5'000;   // part of a request's whole time
  std::size_t max_idle_connections = 8;      // kept open for the next request
  std::string user_agent = "intentgate";
};

// Thread-safe. Connections are reused between requests and closed with the fetcher. A request blocks its
// caller; requests of different threads run side by side, each on its own connection.
class CurlFetcher final : public base::HttpFetcher {
 public:
  // kInvalidArgument: a ca_file that cannot be read; kInternal: libcurl refused to start.
  static Result<std::shared_ptr<CurlFetcher>> Create(CurlOptions options = {});
  ~CurlFetcher() override;
  CurlFetcher(const CurlFetcher&) = delete;  // owns connections
  CurlFetcher& operator=(const CurlFetcher&) = delete;

  Result<base::HttpFetchReply> Fetch(const base::HttpFetchRequest& request) override;

 private:
  class Pool;
  CurlFetcher(CurlOptions options, std::unique_ptr<Pool> pool);

  const CurlOptions options_;
  const std::unique_ptr<Pool> pool_;
};

}  // namespace intentgate::fetch
