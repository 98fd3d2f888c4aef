// What the upstream's tools are, as far as its lists told. Keeps the gate's catalogue, which the intent
// check ranks, in step.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/gate.h>
#include <intentgate/intent.h>

#include "mcp/param_headers.h"

namespace intentgate::mcp {

inline constexpr std::size_t kMaxCatalogueTools = kMaxIntentTools;

// Thread-safe.
class Catalogue {
 public:
  explicit Catalogue(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}

  // One page of a list. A list of one page replaces what was known; pages of a longer one add to it.
  void Learn(const std::vector<ToolInfo>& page, bool first, bool last);
  // The parameters that a tool wants to be repeated in header fields, of those on a page of tools/list.
  void LearnHeaders(const json::Value& page);
  std::vector<ParamHeader> HeadersOf(std::string_view tool) const;
  std::size_t size() const;

 private:
  const std::shared_ptr<Gate> gate_;
  mutable std::mutex mutex_;
  std::vector<ToolInfo> tools_;
  std::map<std::string, std::vector<ParamHeader>, std::less<>> headers_;  // of tools that have some
};

}  // namespace intentgate::mcp
