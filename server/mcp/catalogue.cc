#include "mcp/catalogue.h"

#include <algorithm>

#include <intentgate/intent.h>

namespace intentgate::mcp {

void Catalogue::Learn(const std::vector<ListedTool>& page, bool first, bool last) {
  const std::lock_guard lock(mutex_);
  std::vector<ListedTool> tools;
  if (!(first && last)) tools = tools_;
  for (const ListedTool& tool : page) {
    const auto known = std::find_if(tools.begin(), tools.end(), [&](const ListedTool& t) { return t.name == tool.name; });
    if (known != tools.end()) *known = tool;
    else if (tools.size() < kMaxCatalogueTools) tools.push_back(tool);
  }
  if (tools == tools_) return;
  tools_ = std::move(tools);
  std::vector<ToolInfo> infos;
  for (const ListedTool& tool : tools_) infos.push_back({tool.name, tool.description, tool.parameters});
  gate_->SetToolCatalogue(std::move(infos));
}

std::size_t Catalogue::size() const {
  const std::lock_guard lock(mutex_);
  return tools_.size();
}

}  // namespace intentgate::mcp
