#include "mcp/tool_pins.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "mcp/message.h"

namespace intentgate::mcp {

namespace {

constexpr std::string_view kShown = "# definition ";

struct PinLine {
  std::string_view digest, name;
};

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line;
}

// nullopt: it is none.
std::optional<PinLine> ReadPin(std::string_view line) {
  const std::size_t blank = line.find(' ');
  const std::string_view digest = line.substr(0, blank);
  std::string_view name = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
  while (name.starts_with(' ')) name.remove_prefix(1);
  const Result<base::Bytes> bytes = base::HexDecode(digest);
  if (!bytes.ok() || bytes->size() != std::tuple_size_v<crypto::Digest> || name.empty() || name.size() > kMaxToolNameBytes) return std::nullopt;
  return PinLine{digest, name};
}

bool IsComment(std::string_view line) { return line.empty() || line.front() == '#'; }

std::string DigestOf(std::string_view definition) { return base::HexEncode(crypto::Sha256(base::AsBytes(definition))); }

bool FitsInLine(std::string_view name) {
  return !name.empty() && name.size() <= kMaxToolNameBytes && name.front() != ' ' && name.back() != ' ' &&
         std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::string DefinitionText(const json::Value& tool) {
  constexpr std::array<std::string_view, 6> kSaid = {"name", "title", "description", "inputSchema", "outputSchema", "annotations"};
  json::Value said{json::Object{}};
  for (const std::string_view member : kSaid) {
    if (const json::Value* value = tool.Find(member)) said.Set(member, *value);
  }
  return json::WriteSortedExact(said);
}

std::string DefinitionDigest(const json::Value& tool) { return DigestOf(DefinitionText(tool)); }

Result<ToolPins> ToolPins::Parse(std::string_view text) {
  ToolPins pins;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = TakeLine(text);
    if (line.starts_with(kShown)) pins.definitions_.emplace(DigestOf(line.substr(kShown.size())), line.substr(kShown.size()));
    if (IsComment(line)) continue;
    const auto pin = ReadPin(line);
    if (!pin) {
      return Error{ErrorCode::kMalformed, "line " + std::to_string(number) +
                                              " must be a digest of 64 hexadecimal digits, a blank and a tool's name"};
    }
    pins.digests_[std::string(pin->name)].emplace_back(pin->digest);
  }
  return pins;
}

Result<std::string> ReadPinFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kIo, "cannot read " + path};
  std::string text(kMaxPinFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (static_cast<std::size_t>(file.gcount()) > kMaxPinFileBytes) return Error{ErrorCode::kLimitExceeded, path + " is larger than 4 MiB"};
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

Result<ToolPins> ToolPins::Read(const std::string& path) {
  const Result<std::string> text = ReadPinFile(path);
  return text.ok() ? Parse(*text) : Result<ToolPins>(text.error());
}

std::string ToolPins::DefinitionOf(std::string_view digest) const {
  const auto found = definitions_.find(digest);
  return found == definitions_.end() ? std::string() : found->second;
}

std::string WithPin(std::string_view text, const SeenTool& tool, bool keep) {
  if (!FitsInLine(tool.tool)) return std::string(text);
  std::set<std::string, std::less<>> dropped, needed;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = TakeLine(rest);
    const auto pin = IsComment(line) ? std::nullopt : ReadPin(line);
    if (pin) (pin->name == tool.tool && !keep ? dropped : needed).emplace(pin->digest);
  }
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = TakeLine(rest);
    const auto pin = IsComment(line) ? std::nullopt : ReadPin(line);
    const bool mine = pin && pin->name == tool.tool && (!keep || pin->digest == tool.digest);
    const std::string shown = line.starts_with(kShown) ? DigestOf(line.substr(kShown.size())) : std::string();
    const bool shows_mine = !shown.empty() && (shown == tool.digest || (dropped.contains(shown) && !needed.contains(shown)));
    if (!mine && !shows_mine) (out += line) += '\n';
  }
  if (!tool.definition.empty()) ((out += kShown) += tool.definition) += '\n';
  return out + tool.digest + " " + tool.tool + "\n";
}

bool ToolPins::Accepts(std::string_view tool, std::string_view digest) const {
  const auto found = digests_.find(tool);
  return found != digests_.end() && std::find(found->second.begin(), found->second.end(), digest) != found->second.end();
}

}  // namespace intentgate::mcp
