// The header fields in which a 2026-07-28 client repeats what its body says, so that others can route by them. Nothing is
// decided by them here: they must equal the body, or the request is refused.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/json.h>

#include "http/message.h"
#include "mcp/methods.h"

namespace intentgate::mcp {

inline constexpr std::size_t kMaxParamHeaders = 64;  // of one tool

// A parameter that its tool wants to be repeated in Mcp-Param-<name>.
struct ParamHeader {
  std::string name;
  std::vector<std::string> path;  // below the arguments
  friend bool operator==(const ParamHeader&, const ParamHeader&) = default;
};

// From the x-mcp-header annotations of a listed tool's inputSchema, along chains of "properties".
std::vector<ParamHeader> ReadParamHeaders(const json::Value& tool);

// What a field's value stands for: itself, or the text in =?base64?...?=. nullopt when that is malformed.
std::optional<std::string> DecodeHeaderValue(std::string_view value);

// The field's value for a text: as it is, or in base64 when a field cannot hold it.
std::string EncodeHeaderValue(std::string_view text);

// Mcp-Method and Mcp-Name against the body; else what is wrong.
std::optional<std::string> CheckStandardHeaders(const http::HeaderList& headers, const Method& method, const json::Value* params);
std::optional<std::string> CheckParamHeaders(const http::HeaderList& headers, const std::vector<ParamHeader>& wanted,
                                             const json::Value* arguments);

}  // namespace intentgate::mcp
