#include "mcp/catalogue.h"

#include <algorithm>
#include <utility>

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

void Catalogue::LearnDefinitions(const json::Value& page) {
  const json::Value* tools = page.AtPointer("/result/tools");
  if (tools == nullptr || !tools->is_array()) return;
  std::vector<std::pair<std::string, std::string>> unaccepted;
  std::unique_lock lock(mutex_);
  for (const json::Value& tool : tools->array()) {
    const json::Value* name = tool.Find("name");
    if (name == nullptr || !name->is_string()) continue;
    if (pins_ != nullptr) Judge(name->string_value(), DefinitionDigest(tool), unaccepted);
    std::vector<ParamHeader> headers = ReadParamHeaders(tool);
    if (headers.empty()) headers_.erase(name->string_value());
    else if (headers_.size() < kMaxCatalogueTools) headers_[name->string_value()] = std::move(headers);
  }
  lock.unlock();
  for (const auto& [tool, digest] : unaccepted) {
    if (unaccepted_) unaccepted_(tool, digest);
  }
}

void Catalogue::Judge(const std::string& tool, std::string digest, std::vector<std::pair<std::string, std::string>>& unaccepted) {
  const auto known = digests_.find(tool);
  if (known != digests_.end() && known->second == digest) return;
  if (!pins_->Accepts(tool, digest)) unaccepted.emplace_back(tool, digest);
  // A tool that cannot be remembered stays unseen, and so in quarantine.
  if (known != digests_.end()) known->second = std::move(digest);
  else if (digests_.size() < kMaxCatalogueTools) digests_.emplace(tool, std::move(digest));
}

bool Catalogue::Quarantined(std::string_view tool) const {
  if (pins_ == nullptr) return false;
  const std::lock_guard lock(mutex_);
  const auto known = digests_.find(tool);
  return known == digests_.end() || !pins_->Accepts(tool, known->second);
}

std::vector<ParamHeader> Catalogue::HeadersOf(std::string_view tool) const {
  const std::lock_guard lock(mutex_);
  const auto found = headers_.find(tool);
  return found == headers_.end() ? std::vector<ParamHeader>() : found->second;
}

std::size_t Catalogue::size() const {
  const std::lock_guard lock(mutex_);
  return tools_.size();
}

}  // namespace intentgate::mcp
