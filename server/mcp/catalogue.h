// What the upstream's tools are, as far as its lists told. Keeps the gate's catalogue, which the intent
// check ranks, in step.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <intentgate/gate.h>
#include <intentgate/intent.h>

namespace intentgate::mcp {

inline constexpr std::size_t kMaxCatalogueTools = kMaxIntentTools;

// Thread-safe.
class Catalogue {
 public:
  explicit Catalogue(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}

  // One page of a list. A list of one page replaces what was known; pages of a longer one add to it.
  void Learn(const std::vector<ToolInfo>& page, bool first, bool last);
  std::size_t size() const;

 private:
  const std::shared_ptr<Gate> gate_;
  mutable std::mutex mutex_;
  std::vector<ToolInfo> tools_;
};

}  // namespace intentgate::mcp
