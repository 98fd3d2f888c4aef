#include "mcp/catalogue.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "mcp/answer.h"

namespace intentgate::mcp {

void Catalogue::Learn(std::size_t upstream, const std::vector<ToolInfo>& page, bool first, bool last) {
  const std::lock_guard lock(mutex_);
  std::vector<ToolInfo> tools;
  if (!(first && last)) tools = tools_[upstream];
  for (const ToolInfo& tool : page) {
    const auto known = std::find_if(tools.begin(), tools.end(), [&](const ToolInfo& t) { return t.name == tool.name; });
    if (known != tools.end()) *known = tool;
    else if (tools.size() < kMaxCatalogueTools) tools.push_back(tool);
  }
  if (tools == tools_[upstream]) return;
  tools_[upstream] = std::move(tools);
  std::vector<ToolInfo> all;
  for (const std::vector<ToolInfo>& part : tools_) {
    const std::size_t room = std::min(part.size(), kMaxCatalogueTools - all.size());
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(room));
  }
  gate_->SetToolCatalogue(std::move(all));
}

void Catalogue::LearnDefinitions(std::size_t upstream, const json::Value& page, bool first,
                                 const std::function<std::string(const std::string&)>& seen) {
  const json::Value* tools = page.AtPointer("/result/tools");
  if (tools == nullptr || !tools->is_array()) return;
  std::vector<Finding> unaccepted;
  Definitions found;
  std::unique_lock lock(mutex_);
  if (first) ++lists_[upstream];
  for (const json::Value& tool : tools->array()) {
    const json::Value* own = tool.Find("name");
    if (own == nullptr || !own->is_string()) continue;
    const std::string name = seen(own->string_value());
    if (AnyPins()) Gather(found, name, DefinitionAt(upstream, tool));
    if (!MakesTasksItself(tool)) makes_tasks_.erase({name, upstream});
    else if (makes_tasks_.size() < kMaxCatalogueTools) makes_tasks_.emplace(name, upstream);
    std::vector<ParamHeader> headers = ReadParamHeaders(tool);
    if (headers.empty()) headers_.erase(name);
    else if (headers_.size() < kMaxCatalogueTools) headers_[name] = std::move(headers);
  }
  for (auto& [name, definition] : found) Judge(name, std::move(definition), unaccepted);
  lock.unlock();
  Tell(unaccepted);
}

Catalogue::Definition Catalogue::DefinitionAt(std::size_t upstream, const json::Value& tool) const {
  std::string text = DefinitionText(tool);
  Definition definition{upstream, base::HexEncode(crypto::Sha256(base::AsBytes(text))), {}, lists_[upstream]};
  if (text.size() <= kMaxKeptDefinitionBytes) definition.text = std::move(text);
  return definition;
}

void Catalogue::Gather(Definitions& page, const std::string& tool, Definition definition) const {
  const auto [at, fresh] = page.try_emplace(tool, definition);
  if (fresh || at->second.digest == definition.digest) return;
  if (Accepted(tool, at->second)) at->second = std::move(definition);
  at->second.several = true;
}

void Catalogue::Tell(const std::vector<Finding>& unaccepted) const {
  for (const Finding& one : unaccepted) {
    if (unaccepted_) unaccepted_(one.tool, one.digest, one.several);
  }
}

bool Catalogue::AnyPins() const { return std::find(pinned_.begin(), pinned_.end(), true) != pinned_.end(); }

std::vector<bool> Catalogue::Pinned(const std::vector<std::shared_ptr<const ToolPins>>& pins) {
  std::vector<bool> pinned;
  for (const auto& one : pins) pinned.push_back(one != nullptr);
  return pinned;
}

void Catalogue::SetPins(std::size_t upstream, std::shared_ptr<const ToolPins> pins) {
  std::vector<Finding> unaccepted;
  {
    const std::lock_guard lock(mutex_);
    const auto before = std::exchange(pins_[upstream], std::move(pins));
    for (const auto& [tool, definition] : definitions_) {
      if (definition.upstream != upstream || pins_[upstream]->Accepts(tool, definition.digest)) continue;
      if (before->Accepts(tool, definition.digest)) unaccepted.push_back({tool, definition.digest});
    }
  }
  Tell(unaccepted);
}

bool Catalogue::Accepted(const std::string& tool, const Definition& definition) const {
  const auto& pins = pins_[definition.upstream];
  return pins == nullptr || pins->Accepts(tool, definition.digest);
}

bool Catalogue::Accepts(std::size_t upstream, std::string_view tool, const json::Value& definition) const {
  if (!pinned_[upstream]) return true;
  const std::string digest = DefinitionDigest(definition);
  return PinsOf(upstream)->Accepts(tool, digest);
}

void Catalogue::Judge(const std::string& tool, Definition definition, std::vector<Finding>& unaccepted) {
  const auto known = definitions_.find(tool);
  const bool again = known != definitions_.end() && known->second.upstream == definition.upstream;
  const bool same = again && known->second.digest == definition.digest;
  if (again && known->second.list == definition.list) {
    if (!same && !Accepted(tool, known->second)) return;
    definition.several = definition.several || known->second.several;
  }
  const bool accepted = Accepted(tool, definition);
  const bool told = same && (!accepted || known->second.several);
  if (pins_[definition.upstream] != nullptr && !told && InQuarantine(tool, definition)) unaccepted.push_back({tool, definition.digest, accepted});
  // A tool that cannot be remembered stays unseen, and so in quarantine.
  if (known != definitions_.end()) known->second = std::move(definition);
  else if (definitions_.size() < kMaxCatalogueTools) definitions_.emplace(tool, std::move(definition));
}

bool Catalogue::Quarantined(std::size_t upstream, std::string_view tool) const {
  if (!pinned_[upstream]) return false;
  const std::lock_guard lock(mutex_);
  const auto known = definitions_.find(tool);
  return known == definitions_.end() || known->second.upstream != upstream || InQuarantine(known->first, known->second);
}

std::shared_ptr<const ToolPins> Catalogue::PinsOf(std::size_t upstream) const {
  const std::lock_guard lock(mutex_);
  return pins_[upstream];
}

std::vector<SeenTool> Catalogue::SeenTools(std::size_t upstream) const {
  std::vector<SeenTool> seen;
  const std::lock_guard lock(mutex_);
  for (const auto& [tool, definition] : definitions_) {
    if (definition.upstream == upstream) seen.push_back({tool, definition.digest, definition.text, InQuarantine(tool, definition)});
  }
  return seen;
}

std::optional<std::pair<std::size_t, SeenTool>> Catalogue::FindSeen(std::string_view tool) const {
  const std::lock_guard lock(mutex_);
  const auto found = definitions_.find(tool);
  if (found == definitions_.end() || !pinned_[found->second.upstream]) return std::nullopt;
  return std::pair{found->second.upstream, SeenTool{found->first, found->second.digest, found->second.text, InQuarantine(found->first, found->second)}};
}

std::vector<ParamHeader> Catalogue::HeadersOf(std::string_view tool) const {
  const std::lock_guard lock(mutex_);
  const auto found = headers_.find(tool);
  return found == headers_.end() ? std::vector<ParamHeader>() : found->second;
}

bool Catalogue::MakesTasks(std::size_t upstream, std::string_view tool) const {
  const std::lock_guard lock(mutex_);
  return makes_tasks_.contains({std::string(tool), upstream});
}

std::size_t Catalogue::size() const {
  const std::lock_guard lock(mutex_);
  std::size_t all = 0;
  for (const std::vector<ToolInfo>& part : tools_) all += part.size();
  return all;
}

}  // namespace intentgate::mcp
