// An admin request as its resource sees it, and what the resource answers. Resources run on a worker
// thread and may wait for the store; they see copies, never the exchange.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/gate.h>
#include <intentgate/json.h>
#include <intentgate/result.h>

#include "admin/access.h"

namespace intentgate::admin {

inline constexpr std::size_t kMaxAdminBodyBytes = 64 * 1024;
inline constexpr std::size_t kMaxElevationIdBytes = 128;

struct Request {
  Operator who;
  std::map<std::string, std::string> query;  // decoded
  std::string body;
  std::string remote_ip;
  std::string elevation_id;
  std::string id;                            // from the path, where it names one

  AdminContext Context() const { return {who.actor(), remote_ip, elevation_id}; }
};

struct Reply {
  int status = 200;
  json::Value body;

  static Reply Error(int status, std::string_view message);
  // By code; messages that may name a store or a path stay inside.
  static Reply FromError(const intentgate::Error& error);
};

// "a=1&b=x%20y". kMalformed: a bad escape, bytes that are not UTF-8, a name given twice.
Result<std::map<std::string, std::string>> ParseQuery(std::string_view query);

// The body as an object that has no other members than these.
Result<json::Value> ReadBody(const Request& request, std::initializer_list<std::string_view> members);
// Refuses query parameters that are not named.
Status KnownParameters(const Request& request, std::initializer_list<std::string_view> names);

// Typed members; absent is nullopt, null counts as absent. kInvalidArgument names the member.
Result<std::optional<std::string>> TextMember(const json::Value& body, std::string_view name);
Result<std::optional<std::int64_t>> IntegerMember(const json::Value& body, std::string_view name);
Result<std::optional<bool>> BoolMember(const json::Value& body, std::string_view name);
Result<std::vector<std::string>> TextsMember(const json::Value& body, std::string_view name);

// A whole number in the query, or `fallback`. kInvalidArgument outside min..max.
Result<std::int64_t> IntegerParameter(const Request& request, const std::string& name, std::int64_t fallback,
                                      std::int64_t min, std::int64_t max);
std::string TextParameter(const Request& request, const std::string& name);

// The tenant that a request is about: what it asks for, or the operator's own. kPermissionDenied when an
// operator asks for another tenant than its own. Empty: every tenant.
Result<std::string> TenantFor(const Request& request, std::string_view asked);

}  // namespace intentgate::admin
