// Files of pins: what an acceptance makes of one is such a file again, accepts the tool's definition, and changes no other tool's.
// Input: whether to keep, the tool's name, an LF, the file.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mcp/tool_pins.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intentgate;  // NOLINT(google-build-using-namespace)
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  const bool keep = text.front() == 'k';
  text.remove_prefix(1);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string name(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  const Result<mcp::ToolPins> before = mcp::ToolPins::Parse(text);
  if (!before.ok()) return 0;
  const std::string definition = R"({"name":"t"})";
  const std::string digest = mcp::DefinitionDigest(*json::Parse(definition));
  const std::string changed = mcp::WithPin(text, {name, digest, definition}, keep);
  const Result<mcp::ToolPins> after = mcp::ToolPins::Parse(changed);
  Require(after.ok());
  if (changed == text) return 0;
  Require(after->Accepts(name, digest) && after->DefinitionOf(digest) == definition);
  for (const auto& [tool, digests] : before->digests()) {
    if (tool != name) Require(after->digests().at(tool) == digests);
    for (const std::string& one : digests) Require(tool == name && !keep ? after->Accepts(name, one) == (one == digest) : after->Accepts(tool, one));
  }
  Require(after->digests().size() == before->digests().size() + (before->digests().contains(name) ? 0u : 1u));
  return 0;
}
