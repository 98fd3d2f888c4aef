// The tool definitions that an operator has accepted. A tool server that changes what a tool says of itself, after
// somebody read it and found it good, must not reach an agent with it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/result.h>

namespace intentgate::mcp {

inline constexpr std::size_t kMaxPinFileBytes = std::size_t{4} << 20;

// SHA-256, in hex, over what a tool says of itself: name, title, description, schemas and annotations. The order of
// members does not count.
std::string DefinitionDigest(const json::Value& tool);

// Immutable after Parse. A tool may have several accepted definitions, so that an upstream can be updated without a gap.
class ToolPins {
 public:
  // Lines of a digest, a blank and a tool's name; empty lines and those that begin with "#" do not count.
  // kMalformed names the line.
  static Result<ToolPins> Parse(std::string_view text);
  static Result<ToolPins> Read(const std::string& path);

  bool Accepts(std::string_view tool, std::string_view digest) const;
  std::size_t size() const { return digests_.size(); }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> digests_;
};

}  // namespace intentgate::mcp
