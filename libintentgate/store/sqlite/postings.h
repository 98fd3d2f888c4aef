// Which events have a value, without a row of an index for each event: the table audit_postings has a row for each value
// in each block of 64 consecutive events, with a bit for each of them. A batch's events mostly have the same agents, tools
// and tokens, so that it writes few rows for all of them.
//
// A bit that is set too much does no harm, since a query looks at the event's own columns as well. One that is missing
// would hide an event; FalsifyUnfound is how verification notices.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit_store.h"
#include "store/sqlite/connection.h"

namespace intentgate::store {

// In the file: values stay. Migration 0010 has them too, with the block and the two rules below.
enum class PostingField : int {
  kAgent = 1,
  kTool = 2,
  kAgentAndTool = 3,
  kDecision = 4,    // block and escalate only
  kKind = 5,        // admin and control only
  kElevation = 6,
  kRootToken = 7,
  kSession = 8,
  kEventId = 9,     // EventIdPosting
  kMoment = 10,     // MomentOf, an integer
};

inline constexpr int kPostingShift = 6;   // a block is seq >> 6, as many events as an integer has bits

std::string AgentAndToolPosting(std::string_view agent_id, std::string_view tool);
// A UUID of version 7 begins with its millisecond, which the events of a batch share; any other id stands for itself.
std::string_view EventIdPosting(std::string_view event_id);
// The sixtieth of a second or so that a time lies in.
inline std::int64_t MomentOf(std::int64_t ts_micros) { return ts_micros >> 14; }
bool IsPostedDecision(std::string_view decision);
bool IsPostedKind(std::string_view kind);

struct Posting {
  PostingField field = PostingField::kAgent;
  std::string value;         // empty for kMoment
  std::int64_t moment = 0;
  std::int64_t block = 0;
  std::uint64_t bits = 0;
};

// The postings of some events of one tenant. Thread-compatible.
class PostingSums {
 public:
  PostingSums() { last_.fill(kNone); }

  void Add(const audit::StoredEvent& event);
  // Each once, in the order of the table, so that neighbours are written together.
  std::vector<Posting> Take();

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  void AddOne(PostingField field, std::string_view value, std::int64_t moment, std::int64_t seq);

  std::vector<Posting> made_;
  std::array<std::uint32_t, 256> last_{};   // by hash: where in made_ a posting like this may be
};

// In the writer's transaction. Takes what is in `sums`.
Status InsertPostings(Connection& connection, std::string_view tenant, PostingSums& sums, const audit::Pause& pause);
// Takes back what the tenant's events before `seq` have.
Status DeletePostings(Connection& connection, std::string_view tenant, std::int64_t seq);
// Gives each projection under which no query would find the event a value that no event has. In the transaction that read the events, which
// ascend by seq.
Status FalsifyUnfound(Connection& connection, std::string_view tenant, std::span<audit::StoredEvent> events);

}  // namespace intentgate::store
