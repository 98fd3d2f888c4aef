#include "app/pin_book.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

namespace intentgate::app {
namespace {

Error Trouble(const PinBook::Place& place, const std::string& what, const std::string& why) {
  return {ErrorCode::kIo, "the file of pins of the upstream " + place.upstream + " cannot be " + what + (why.empty() ? "" : ": " + why) + "; none of its tools was accepted"};
}

// A file beside `target` that takes its place when it is whole, and goes away when it does not.
class Replacement {
 public:
  explicit Replacement(std::filesystem::path target) : target_(std::move(target)), fresh_(target_.string() + ".new") {}
  Replacement(const Replacement&) = delete;  // owns the file
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement() {
    std::error_code ignored;
    if (!done_) std::filesystem::remove(fresh_, ignored);
  }

  // "" or why it cannot be.
  std::string Write(const std::string& text) {
    std::ofstream file(fresh_, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) return std::strerror(errno);
    struct stat before {};
    if (stat(target_.c_str(), &before) == 0 && chmod(fresh_.c_str(), before.st_mode & 07777) != 0) return std::strerror(errno);
    return {};
  }
  std::string TakeItsPlace() {
    std::error_code error;
    std::filesystem::rename(fresh_, target_, error);
    done_ = !error;
    return error ? error.message() : std::string();
  }

 private:
  const std::filesystem::path target_, fresh_;
  bool done_ = false;
};

}  // namespace

bool PinBook::enabled() const {
  return std::any_of(places_.begin(), places_.end(), [](const Place& place) { return !place.file.empty(); });
}

std::vector<admin::PinRow> PinBook::List() const {
  std::vector<admin::PinRow> rows;
  for (std::size_t upstream = 0; upstream < places_.size(); ++upstream) {
    const auto pins = catalogue_->PinsOf(upstream);
    if (pins == nullptr) continue;
    std::map<std::string, admin::PinRow> by_name;
    for (const mcp::SeenTool& seen : catalogue_->SeenTools(upstream)) {
      const auto state = seen.quarantined ? admin::PinState::kQuarantined : admin::PinState::kAccepted;
      by_name[seen.tool] = {.tool = seen.tool, .upstream = places_[upstream].upstream, .state = state, .sha256 = seen.digest, .accepted = {},
                            .definition = seen.definition, .accepted_definition = {}};
    }
    for (const auto& [tool, digests] : pins->digests()) {
      // Upstreams may share a file, in which each finds the others' tools.
      if (!by_name.contains(tool) && IsElsewhere(upstream, tool)) continue;
      admin::PinRow& row = by_name.try_emplace(tool, admin::PinRow{.tool = tool, .upstream = places_[upstream].upstream, .state = admin::PinState::kAbsent,
                                                                   .sha256 = {}, .accepted = {}, .definition = {}, .accepted_definition = {}}).first->second;
      row.accepted = digests;
      row.accepted_definition = pins->DefinitionOf(digests.back());
    }
    for (auto& [name, row] : by_name) rows.push_back(std::move(row));
  }
  return rows;
}

bool PinBook::IsElsewhere(std::size_t upstream, const std::string& tool) const {
  for (std::size_t other = 0; other < places_.size(); ++other) {
    if (other == upstream || places_[other].file != places_[upstream].file) continue;
    const auto seen = catalogue_->FindSeen(tool);
    if (other < upstream || (seen && seen->first == other)) return true;
  }
  return false;
}

Status PinBook::Accept(const std::vector<admin::PinWish>& wishes, bool keep, const AdminContext& admin) {
  std::map<std::size_t, std::vector<mcp::SeenTool>> by_upstream;
  for (const admin::PinWish& wish : wishes) {
    const auto seen = catalogue_->FindSeen(wish.tool);
    if (!seen) return Error{ErrorCode::kNotFound, "no pinned upstream has told of the tool " + wish.tool};
    if (seen->second.digest != wish.sha256) {
      return Error{ErrorCode::kConflict, "the tool " + wish.tool + " says something else by now (" + seen->second.digest + "); read it again"};
    }
    by_upstream[seen->first].push_back(seen->second);
  }
  const std::lock_guard lock(writing_);
  for (const auto& [upstream, tools] : by_upstream) {
    if (Status done = AcceptAt(upstream, tools, keep, admin); !done.ok()) return done;
  }
  return {};
}

Status PinBook::AcceptAt(std::size_t upstream, const std::vector<mcp::SeenTool>& tools, bool keep, const AdminContext& admin) {
  const Place& place = places_[upstream];
  std::error_code error;
  // The file itself, where the setting names a link.
  const std::filesystem::path path = std::filesystem::canonical(place.file, error);
  if (error) return Trouble(place, "found", error.message());
  Result<std::string> text = mcp::ReadPinFile(path.string());
  if (!text.ok()) return Trouble(place, "read", {});
  const Result<mcp::ToolPins> before = mcp::ToolPins::Parse(*text);
  if (!before.ok()) return Trouble(place, "understood", before.error().message);
  for (const mcp::SeenTool& tool : tools) *text = mcp::WithPin(*text, tool, keep);
  if (text->size() > mcp::kMaxPinFileBytes) return Trouble(place, "written", "it would be larger than 4 MiB");
  Result<mcp::ToolPins> after = mcp::ToolPins::Parse(*text);
  for (const mcp::SeenTool& tool : tools) {
    if (!after.ok() || !after->Accepts(tool.tool, tool.digest)) return Error{ErrorCode::kInvalidArgument, "the tool's name cannot stand in a file of pins"};
  }
  Replacement replacement(path);
  if (const std::string why = replacement.Write(*text); !why.empty()) return Trouble(place, "written", why);
  for (const mcp::SeenTool& tool : tools) {
    const auto known = before->digests().find(tool.tool);
    const ToolAcceptance acceptance{.tool = tool.tool, .server = place.upstream, .sha256 = tool.digest,
                                    .before = known == before->digests().end() ? std::vector<std::string>() : known->second, .kept = keep};
    if (Status recorded = gate_->RecordToolAccepted(acceptance, admin); !recorded.ok()) return recorded;
  }
  const auto held = catalogue_->HoldFiles();
  if (const std::string why = replacement.TakeItsPlace(); !why.empty()) return Trouble(place, "replaced", why);
  const auto pins = std::make_shared<const mcp::ToolPins>(*std::move(after));
  for (std::size_t other = 0; other < places_.size(); ++other) {
    if (places_[other].file == place.file) catalogue_->SetPins(other, pins);
  }
  return {};
}

}  // namespace intentgate::app
