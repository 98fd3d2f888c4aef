#include "mcp/catalogue.h"

#include <algorithm>

namespace intentgate::mcp {

void Catalogue::Learn(const std::vector<ToolInfo>& page, bool first, bool last) {
  const std::lock_guard lock(mutex_);
  std::vector<ToolInfo> tools;
  if (!(first && last)) tools = tools_;
  for (const ToolInfo& tool : page) {
    const auto known = std::find_if(tools.begin(), tools.end(), [&](const ToolInfo& t) { return t.name == tool.name; });
    if (known != tools.end()) *known = tool;
    else if (tools.size() < kMaxCatalogueTools) tools.push_back(tool);
  }
  if (tools == tools_) return;
  tools_ = std::move(tools);
  gate_->SetToolCatalogue(tools_);
}

std::size_t Catalogue::size() const {
  const std::lock_guard lock(mutex_);
  return tools_.size();
}

}  // namespace intentgate::mcp
