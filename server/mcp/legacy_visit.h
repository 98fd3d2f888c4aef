// A request by the rules of the revisions 2025-03-26 to 2025-11-25.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/reception.h"

namespace intentgate::mcp {

// Loop-bound.
class LegacyVisit : Reception {
 public:
  using Reception::Reception;

  void Post(std::shared_ptr<const Message> message);
  // A JSON array; the revision 2025-03-26 alone has it.
  void Batch();
  void Get();
  void Delete();

 private:
  void NoSession(const json::Value& id);
  // The caller's own session, when the request names one that is its own.
  std::optional<BoundSession> Bound(const Decision& caller);
  void OnRequest(const std::shared_ptr<const Message>& message);
  void OnJudged(const std::shared_ptr<const Message>& message);
  void OnPing(const json::Value& id);
  void OnTask(const std::shared_ptr<const Message>& message, const Decision& caller, BoundSession bound);
  void OnNotification(const Message& message);

  std::string_view protocol_;
};

}  // namespace intentgate::mcp
