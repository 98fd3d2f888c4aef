// Reads a request in JSON: known members only, each of its type.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/caveat.h>
#include <intentgate/json.h>
#include <intentgate/result.h>

namespace intentgate::capi {

// Collects the first mistake; later reads are then of no consequence. Thread-compatible.
class Request {
 public:
  // Empty text is a request without members.
  Request(std::string_view text, std::initializer_list<std::string_view> known_members, const json::ParseLimits& limits = {});

  // The member, or the default when it is absent.
  std::string Text(std::string_view name, std::string_view absent = {});
  std::optional<std::int64_t> Integer(std::string_view name);
  bool Flag(std::string_view name);
  std::vector<std::string> Texts(std::string_view name);
  // An object; null when it is absent.
  json::Value Object(std::string_view name);
  std::vector<Caveat> Caveats(std::string_view name);

  const Status& status() const { return status_; }

 private:
  const json::Value* Member(std::string_view name, json::Kind kind, const char* wanted);
  void Refuse(Error error);

  json::Value value_;
  Status status_;
};

inline constexpr json::ParseLimits kDataLimits{.max_bytes = std::size_t{64} << 20, .max_depth = 128};   // a policy's base document

// An object, or nullopt for empty text. kMalformed, kInvalidArgument.
Result<std::optional<json::Value>> ReadArguments(std::string_view text);

}  // namespace intentgate::capi
