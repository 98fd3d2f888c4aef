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

// What a tool says of itself, as JSON with its members in order: what is hashed, and what an operator reads.
std::string DefinitionText(const json::Value& tool);
// SHA-256, in hex, over what a tool says of itself: name, title, description, schemas and annotations. The order of
// members does not count.
std::string DefinitionDigest(const json::Value& tool);

// A tool as its upstream's list told of it last, under the name that agents see. Of several definitions it is one that is not accepted.
struct SeenTool {
  std::string tool, digest;
  std::string definition;  // DefinitionText; "" when it is longer than kMaxKeptDefinitionBytes
  bool quarantined = false;
};
inline constexpr std::size_t kMaxKeptDefinitionBytes = std::size_t{64} << 10;

// Immutable after Parse. A tool may have several accepted definitions, so that an upstream can be updated without a gap.
class ToolPins {
 public:
  // Lines of a digest, a blank and a tool's name; empty lines and those that begin with "#" do not count. A comment that is
  // "# definition " and a definition's JSON shows what one of the digests stands for.
  // kMalformed names the line.
  static Result<ToolPins> Parse(std::string_view text);
  static Result<ToolPins> Read(const std::string& path);

  bool Accepts(std::string_view tool, std::string_view digest) const;
  std::size_t size() const { return digests_.size(); }
  // Of each tool, in the file's order.
  const std::map<std::string, std::vector<std::string>, std::less<>>& digests() const { return digests_; }
  // "" when the file does not show it.
  std::string DefinitionOf(std::string_view digest) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> digests_;
  std::map<std::string, std::string, std::less<>> definitions_;  // by digest
};

// A file's text, of kMaxPinFileBytes at most.
Result<std::string> ReadPinFile(const std::string& path);
// `text` with the tool's definition accepted, in place of what was accepted of it or (`keep`) beside that. Other lines stay. A name that
// cannot stand in a line leaves the text as it is.
std::string WithPin(std::string_view text, const SeenTool& tool, bool keep);

}  // namespace intentgate::mcp
