// An issuer whose answers the test decides.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/http_fetch.h"

namespace intentgate::oauth {

class FakeIssuer final : public base::HttpFetcher {
 public:
  Result<base::HttpFetchReply> Fetch(const base::HttpFetchRequest& request) override {
    asked.push_back(request.url);
    if (down) return Error{ErrorCode::kUnavailable, "the connection was refused"};
    const auto page = pages.find(request.url);
    if (page == pages.end()) return base::HttpFetchReply{404, "{}"};
    return base::HttpFetchReply{200, page->second, {{"cache-control", cache_control}}};
  }

  std::map<std::string, std::string> pages;
  std::string cache_control = "public, max-age=300";
  bool down = false;
  std::vector<std::string> asked;
};

}  // namespace intentgate::oauth
