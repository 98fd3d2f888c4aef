// What the upstream's tools are, as far as its lists told. Keeps the gate's catalogue, which the intent
// check ranks, in step.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/gate.h>
#include <intentgate/intent.h>

#include "mcp/param_headers.h"
#include "mcp/tool_pins.h"

namespace intentgate::mcp {

inline constexpr std::size_t kMaxCatalogueTools = kMaxIntentTools;

// Thread-safe.
class Catalogue {
 public:
  // Told of each definition that nobody has accepted, when it is first seen.
  using Unaccepted = std::function<void(const std::string& tool, const std::string& digest)>;

  // `pins` null: every definition is good.
  explicit Catalogue(std::shared_ptr<Gate> gate, std::shared_ptr<const ToolPins> pins = nullptr, Unaccepted unaccepted = {})
      : gate_(std::move(gate)), pins_(std::move(pins)), unaccepted_(std::move(unaccepted)) {}

  // One page of a list. A list of one page replaces what was known; pages of a longer one add to it.
  void Learn(const std::vector<ToolInfo>& page, bool first, bool last);
  // The definitions on a page of tools/list: their digests, and the parameters that are to be repeated in header fields.
  void LearnDefinitions(const json::Value& page);
  // Its last definition is none that an operator has accepted, or it has not been seen yet.
  bool Quarantined(std::string_view tool) const;
  std::vector<ParamHeader> HeadersOf(std::string_view tool) const;
  std::size_t size() const;

 private:
  void Judge(const std::string& tool, std::string digest, std::vector<std::pair<std::string, std::string>>& unaccepted);

  const std::shared_ptr<Gate> gate_;
  const std::shared_ptr<const ToolPins> pins_;
  const Unaccepted unaccepted_;
  mutable std::mutex mutex_;
  std::vector<ToolInfo> tools_;
  std::map<std::string, std::vector<ParamHeader>, std::less<>> headers_;  // of tools that have some
  std::map<std::string, std::string, std::less<>> digests_;  // of every tool seen, with pins only
};

}  // namespace intentgate::mcp
