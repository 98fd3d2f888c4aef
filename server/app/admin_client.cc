#include "app/admin_client.h"

#include <utility>

#include "fetch/curl_fetcher.h"

namespace intentgate::app {
namespace {

constexpr std::size_t kMaxAdminReplyBytes = std::size_t{64} << 20;
constexpr std::int64_t kAdminTimeoutMs = 60'000;

}  // namespace

Result<cli::AdminReply> AskAdmin(const cli::AdminRequest& request) {
  fetch::CurlOptions options;
  options.ca_file = request.ca_file;
  const Result<std::shared_ptr<fetch::CurlFetcher>> fetcher = fetch::CurlFetcher::Create(options);
  if (!fetcher.ok()) return fetcher.error();
  base::HttpFetchRequest out{.method = request.method, .url = request.gateway, .headers = {{"Authorization", "Bearer " + request.token}}, .body = request.body};
  while (out.url.ends_with('/')) out.url.pop_back();
  out.url += request.path;
  out.timeout_ms = kAdminTimeoutMs;
  out.max_response_bytes = kMaxAdminReplyBytes;
  if (!request.body.empty()) out.headers.emplace_back("Content-Type", "application/json");
  Result<base::HttpFetchReply> reply = (*fetcher)->Fetch(out);
  if (!reply.ok()) return reply.error();
  return cli::AdminReply{reply->status, std::move(reply->body)};
}

}  // namespace intentgate::app
