// Finds the handler for a method and a path.
//
//   Router router;
//   router.Add("POST", "/v1/admin/approvals/{id}/decide", [](std::shared_ptr<Exchange> exchange) {
//     Decide(exchange->param("id"), ...);
//   });
//
// A path that no pattern has is answered 404; a method that the path does not have 405 with Allow. HEAD
// is answered by GET's handler. Paths are compared byte by byte: "//", "..", and "%2e" are not
// folded, they match nothing. A literal segment wins over a parameter.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"

namespace intentgate::http {

// Add while setting up; after that immutable and thread-safe.
class Router final : public Handler {
 public:
  // A pattern's segments are literal, "{name}" for exactly one segment, or as the last one "{name...}" for
  // the rest of the path (possibly empty). REQUIRES: pattern begins with "/"; the pair is new.
  void Add(std::string_view method, std::string_view pattern, HandlerFunction handler);
  void Handle(std::shared_ptr<Exchange> exchange) override;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;
    HandlerFunction handler;
  };
  // 405 for a path that other methods have.
  void SendOtherMethods(Exchange& exchange, const std::vector<std::string_view>& path) const;

  std::vector<Route> routes_;
};

// Percent-decoding of one path segment; false when it decodes to a slash, a control byte or bytes
// that are not UTF-8.
bool DecodeSegment(std::string_view segment, std::string& out);

}  // namespace intentgate::http
