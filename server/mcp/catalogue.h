// What the upstreams' tools are, as far as their lists told. Keeps the gate's catalogue, which the intent
// check ranks, in step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
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
  // Told of each definition that nobody has accepted, when it is first seen; and, with `several`, of an accepted one that a page has
  // beside another of the same name.
  using Unaccepted = std::function<void(const std::string& tool, const std::string& digest, bool several)>;

  // `pins` of each upstream; null: every definition is good.
  Catalogue(std::shared_ptr<Gate> gate, std::vector<std::shared_ptr<const ToolPins>> pins, Unaccepted unaccepted = {})
      : gate_(std::move(gate)), pinned_(Pinned(pins)), unaccepted_(std::move(unaccepted)), pins_(std::move(pins)), tools_(pins_.size()) {}

  // One page of an upstream's list, with the names that agents see. A list of one page replaces what was known of the
  // upstream; pages of a longer one add to it.
  void Learn(std::size_t upstream, const std::vector<ToolInfo>& page, bool first, bool last);
  // The definitions on a page of tools/list: their digests, and the parameters that are to be repeated in header fields.
  // `first`: the list begins with it. `seen` makes the name that agents see from the upstream's own.
  void LearnDefinitions(std::size_t upstream, const json::Value& page, bool first, const std::function<std::string(const std::string&)>& seen);
  // Held while a file of pins is read, or replaced, and what it holds is set, so that an older reading never follows a newer one.
  std::unique_lock<std::mutex> HoldFiles() { return std::unique_lock(files_); }
  // From now on these definitions are accepted; tells of those that were and are no more. REQUIRES: the upstream has had pins.
  void SetPins(std::size_t upstream, std::shared_ptr<const ToolPins> pins);
  // A definition that its upstream's list told of last is none that an operator has accepted, a page had several, or it has not been
  // seen yet. What one page had and a later one of the same list hides counts, too.
  bool Quarantined(std::size_t upstream, std::string_view tool) const;
  // Whether this very definition is accepted for the name; a page may have others of that name, and another loop may have learned a
  // page since this one was.
  bool Accepts(std::size_t upstream, std::string_view tool, const json::Value& definition) const;
  // For those who accept definitions. Null: the upstream has no pins.
  std::shared_ptr<const ToolPins> PinsOf(std::size_t upstream) const;
  // The tools of an upstream that has pins, by name.
  std::vector<SeenTool> SeenTools(std::size_t upstream) const;
  // The upstream too.
  std::optional<std::pair<std::size_t, SeenTool>> FindSeen(std::string_view tool) const;
  std::vector<ParamHeader> HeadersOf(std::string_view tool) const;
  // The upstream's last definition of the tool says that it makes tasks itself.
  bool MakesTasks(std::size_t upstream, std::string_view tool) const;
  std::size_t size() const;

 private:
  struct Definition {
    std::size_t upstream = 0;
    std::string digest;
    std::string text;  // as SeenTool::definition
    std::uint64_t list = 0;  // of lists_, when it was seen
    bool several = false;    // its page had others of the name
  };
  struct Finding {
    std::string tool, digest;
    bool several = false;
  };
  using Definitions = std::map<std::string, Definition, std::less<>>;

  Definition DefinitionAt(std::size_t upstream, const json::Value& tool) const;
  // Of several definitions of one name on a page one that is not accepted counts.
  void Gather(Definitions& page, const std::string& tool, Definition definition) const;
  void Judge(const std::string& tool, Definition definition, std::vector<Finding>& unaccepted);
  bool Accepted(const std::string& tool, const Definition& definition) const;
  bool InQuarantine(const std::string& tool, const Definition& definition) const { return definition.several || !Accepted(tool, definition); }
  bool AnyPins() const;
  void Tell(const std::vector<Finding>& unaccepted) const;
  static std::vector<bool> Pinned(const std::vector<std::shared_ptr<const ToolPins>>& pins);

  const std::shared_ptr<Gate> gate_;
  const std::vector<bool> pinned_;  // of each upstream; its definitions are held against pins
  const Unaccepted unaccepted_;
  std::mutex files_;  // taken before mutex_
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const ToolPins>> pins_;
  std::vector<std::vector<ToolInfo>> tools_;  // of each upstream
  std::map<std::string, std::vector<ParamHeader>, std::less<>> headers_;  // of tools that have some
  std::set<std::pair<std::string, std::size_t>> makes_tasks_;  // tools, and their upstreams
  std::vector<std::uint64_t> lists_ = std::vector<std::uint64_t>(pins_.size());  // of each upstream, how many have begun
  Definitions definitions_;  // of every tool seen, with pins only
};

}  // namespace intentgate::mcp
