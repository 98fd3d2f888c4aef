#include "mcp/tool_pins.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "mcp/message.h"

namespace intentgate::mcp {

std::string DefinitionDigest(const json::Value& tool) {
  constexpr std::array<std::string_view, 6> kSaid = {"name", "title", "description", "inputSchema", "outputSchema", "annotations"};
  json::Value said{json::Object{}};
  for (const std::string_view member : kSaid) {
    if (const json::Value* value = tool.Find(member)) said.Set(member, *value);
  }
  return base::HexEncode(crypto::Sha256(base::AsBytes(json::WriteSortedExact(said))));
}

Result<ToolPins> ToolPins::Parse(std::string_view text) {
  ToolPins pins;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t blank = line.find(' ');
    const std::string_view digest = line.substr(0, blank);
    std::string_view name = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
    while (name.starts_with(' ')) name.remove_prefix(1);
    const Result<base::Bytes> bytes = base::HexDecode(digest);
    if (!bytes.ok() || bytes->size() != std::tuple_size_v<crypto::Digest> || name.empty() || name.size() > kMaxToolNameBytes) {
      return Error{ErrorCode::kMalformed, "line " + std::to_string(number) +
                                              " must be a digest of 64 hexadecimal digits, a blank and a tool's name"};
    }
    pins.digests_[std::string(name)].emplace_back(digest);
  }
  return pins;
}

Result<ToolPins> ToolPins::Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kIo, "cannot read " + path};
  std::string text(kMaxPinFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (static_cast<std::size_t>(file.gcount()) > kMaxPinFileBytes) return Error{ErrorCode::kLimitExceeded, path + " is larger than 4 MiB"};
  text.resize(static_cast<std::size_t>(file.gcount()));
  return Parse(text);
}

bool ToolPins::Accepts(std::string_view tool, std::string_view digest) const {
  const auto found = digests_.find(tool);
  return found != digests_.end() && std::find(found->second.begin(), found->second.end(), digest) != found->second.end();
}

}  // namespace intentgate::mcp
