// Reads an export line by line and keeps, per tenant, the place and hash of the last event. The first
// thing that is wrong decides the outcome; what follows is read for counts only.
// Tested by tests/unit/audit/export_test.cc, by tests/fuzz/export_verify_fuzz.cc and against a second
// verifier, tests/golden/audit/verify_export.py.

#include <map>
#include <utility>

#include <intentgate/audit.h>

#include "audit/canonical_check.h"
#include "audit/canonical_event.h"
#include "audit/commitments.h"
#include "audit/export_format.h"

namespace intentgate {
namespace {

using audit::ExportTrailer;
using Outcome = ExportVerifier::Report::Outcome;

}  // namespace

struct ExportVerifier::State {
  struct Chain {
    std::int64_t events = 0;
    std::int64_t last_seq = -1;
    std::string last_hash;
    std::int64_t first_seq = 0;          // of an unfiltered export: not 0 when older events are not there
    std::int64_t first_line = 0;
    std::string link;                    // what the first event is linked to
    bool explained = true;               // an event says that the older ones were pruned
  };

  std::string line;                    // begun, not ended
  bool line_too_long = false;
  std::int64_t line_number = 0;
  audit::ExportDigest before_trailer;
  std::optional<audit::ExportHeader> header;
  bool trailer_seen = false;
  bool failed = false;
  audit::CanonicalChecker checker;
  std::map<std::string, Chain, std::less<>> chains;
  Report report;

  void Fail(Outcome outcome, const std::string& message, std::optional<std::int64_t> seq = std::nullopt,
            std::int64_t line_of_it = 0) {
    if (failed) return;
    failed = true;
    report.outcome = outcome;
    report.message = message;
    if (line_number > 0) report.bad_line = line_of_it > 0 ? line_of_it : line_number;
    report.bad_seq = seq;
  }

  void Line(std::string_view text) {
    ++line_number;
    if (failed) return;
    if (trailer_seen) return Fail(Outcome::kMalformed, "There is text after the trailer.");
    if (!header) return Header(text);
    if (audit::IsExportTrailer(text)) return Trailer(text);
    Event(text);
  }

  void Header(std::string_view text) {
    Result<audit::ExportHeader> read = audit::ReadExportHeader(text);
    if (!read.ok()) return Fail(Outcome::kMalformed, "The header cannot be read: " + read.error().message + ".");
    before_trailer.Header(text);
    header = std::move(*read);
  }

  void Event(std::string_view text) {
    const Result<audit::EventLine> parts = audit::ReadEventLine(text);
    if (!parts.ok()) return Fail(Outcome::kMalformed, "The line cannot be read: " + parts.error().message + ".");
    before_trailer.Event(text, parts->canonical.size());
    if (parts->proof) return Fail(Outcome::kMalformed, "The line has a proof; an export has none.");
    const auto tampered = [&](const std::string& message) { Fail(Outcome::kTampered, message, parts->seq); };
    if (!audit::IsHexOf(audit::ChainDigest(parts->prev_hash, parts->canonical), parts->hash)) {
      return tampered("The event's bytes do not give its hash: it was altered.");
    }
    const Result<audit::EventView> said = checker.Check(parts->canonical);
    if (!said.ok()) return tampered("The hashed bytes are no event: " + said.error().message + ".");
    if (said->tenant_json != parts->tenant_json || said->seq != parts->seq) {
      return tampered("The line names another place than the hashed bytes, which belong to event " +
                      std::to_string(said->seq) + " of tenant " + std::string(said->tenant) + ".");
    }
    if ((said->seq == 0) != (said->kind == "genesis")) return tampered("Event 0, and no other, is the genesis event.");
    if (!header->tenant.empty() && header->tenant != said->tenant) {
      return tampered("The event belongs to a tenant that was not exported.");
    }
    if (const Status values = audit::CheckValues(parts->canonical, parts->values); !values.ok()) {
      return tampered("A private value was altered: " + values.error().message + ".");
    }
    Place(said->tenant, *parts);
    if (!failed && said->kind == "control" && said->tool == audit::kPrunedTool) {
      Explain(chains.find(said->tenant)->second, parts->canonical);
    }
  }

  // An interrupted pruning leaves more events than the chain says.
  static void Explain(Chain& chain, std::string_view canonical) {
    const Result<audit::PrunePoint> pruned = audit::ReadPruned(canonical);
    if (!pruned.ok() || pruned->first_seq < chain.first_seq) return;
    if (pruned->first_seq > chain.first_seq || pruned->prev_hash == chain.link) chain.explained = true;
  }

  void Begin(Chain& chain, const audit::EventLine& parts) const {
    chain.first_seq = parts.seq;
    chain.first_line = line_number;
    chain.link = parts.prev_hash;
    chain.explained = parts.seq == 0;
    chain.last_seq = parts.seq - 1;
    chain.last_hash = parts.seq == 0 ? std::string() : chain.link;
  }

  // Against the events of the same tenant before it.
  void Place(std::string_view tenant, const audit::EventLine& parts) {
    const auto known = chains.find(tenant);
    Chain& chain = known != chains.end() ? known->second : chains[std::string(tenant)];
    if (known == chains.end() && !header->filtered) Begin(chain, parts);
    const std::int64_t seq = parts.seq;
    const auto tampered = [&](const std::string& message) { Fail(Outcome::kTampered, message, seq); };
    if (seq <= chain.last_seq) return tampered("The event stands behind a later one, or twice: lines were moved.");
    const bool next = seq == chain.last_seq + 1;
    if (!header->filtered && !next) {
      return Fail(Outcome::kTampered, "Event " + std::to_string(chain.last_seq + 1) + " of tenant " + std::string(tenant) +
                                          " is missing: it was removed.", chain.last_seq + 1);
    }
    if (next && parts.prev_hash != chain.last_hash) {
      return tampered("The event does not name the hash of the event before it: one of the two was replaced.");
    }
    chain.last_seq = seq;
    chain.last_hash = parts.hash;
    ++chain.events;
    ++report.events;
  }

  void Trailer(std::string_view text) {
    Result<ExportTrailer> trailer = audit::ReadExportTrailer(text);
    if (!trailer.ok()) return Fail(Outcome::kMalformed, "The trailer cannot be read: " + trailer.error().message + ".");
    trailer_seen = true;
    std::map<std::string, const audit::ExportedChain*, std::less<>> named;
    for (const audit::ExportedChain& chain : trailer->chains) named[chain.tenant] = &chain;
    for (const auto& [tenant, chain] : chains) {
      if (!named.contains(tenant)) return Fail(Outcome::kTampered, "The trailer does not know tenant " + tenant + ".");
    }
    for (const audit::ExportedChain& chain : trailer->chains) {
      if (!Ends(chain)) return;
    }
    if (trailer->events != report.events) {
      return Fail(Outcome::kTruncated, "The trailer counts " + std::to_string(trailer->events) + " events, the file has " +
                                           std::to_string(report.events) + ".");
    }
    if (trailer->sha256 != before_trailer.Finish()) {
      Fail(Outcome::kTampered, "The trailer's digest is not that of the lines before it: header or lines were changed.");
    }
  }

  // Whether the file holds of one chain what the trailer says.
  bool Ends(const audit::ExportedChain& said) {
    const auto found = chains.find(said.tenant);
    const Chain chain = found == chains.end() ? Chain() : found->second;
    const std::string name = "tenant " + said.tenant;
    if (!chain.explained) {
      Fail(Outcome::kTampered, "Event 0 of " + name + " and what follows it up to event " + std::to_string(chain.first_seq) +
                                   " is missing, and no event of the chain says that it was pruned: it was removed.",
           0, chain.first_line);
      return false;
    }
    if (chain.events != said.events || (!header->filtered && chain.events < said.head.next_seq - chain.first_seq)) {
      const std::int64_t expected =
          header->filtered ? said.events : std::max(said.events, said.head.next_seq - chain.first_seq);
      Fail(Outcome::kTruncated, "Of " + name + " there should be " + std::to_string(expected) + " events; the file has " +
                                    std::to_string(chain.events) + ".", chain.last_seq + 1);
      return false;
    }
    const bool reaches_head = chain.last_seq + 1 == said.head.next_seq;
    if (chain.last_seq >= said.head.next_seq || (reaches_head && chain.last_hash != said.head.hash)) {
      Fail(Outcome::kTampered, "The last event of " + name + " is not the head that the trailer names.", chain.last_seq);
      return false;
    }
    report.heads.emplace_back(said.tenant, said.head);
    if (chain.first_seq > 0) report.pruned.push_back({said.tenant, chain.first_seq, chain.link});
    return true;
  }

  void Conclude() {
    if (!line.empty() || line_too_long) {
      ++line_number;
      Fail(header ? Outcome::kTruncated : Outcome::kMalformed, "The file ends inside a line: its end was cut off.");
    }
    if (!header) Fail(Outcome::kMalformed, "The file is empty or has no header.");
    if (!trailer_seen) Fail(Outcome::kTruncated, "The file has no trailer: its end was cut off.");
    if (failed) return;
    const std::string count = std::to_string(report.events);
    report.complete = !header->filtered;
    const std::string older = report.pruned.empty() ? "" : "Older ones were pruned, as the chains themselves say; their archive segments have them. ";
    report.message =
        report.complete
            ? "All " + count + " events from the first to the head of each chain are here, unaltered and in order. " + older +
              "Whether the heads are the newest, only a copy of them from elsewhere can tell."
            : "The " + count + " events stand in the order of their chains, and each event's bytes give its hash. The "
              "export is filtered: it cannot be proved from it that no matching event was left out, nor that an event "
              "without its neighbour was not forged together with its hash. An unfiltered export proves both.";
  }
};

ExportVerifier::ExportVerifier() : state_(std::make_unique<State>()) {}
ExportVerifier::~ExportVerifier() = default;

void ExportVerifier::Feed(std::string_view bytes) {
  State& s = *state_;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (end != std::string_view::npos && s.line.empty() && !s.line_too_long && piece.size() <= audit::kMaxEventLineBytes) {
      s.Line(piece);
      bytes.remove_prefix(end + 1);
      continue;
    }
    if (s.line.size() + piece.size() > audit::kMaxEventLineBytes) {
      s.line.clear();
      s.line_too_long = true;
    } else if (!s.line_too_long) {
      s.line += piece;
    }
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    if (s.line_too_long) {
      ++s.line_number;
      s.Fail(Outcome::kMalformed, "The line is longer than an event can be.");
    } else {
      s.Line(s.line);
    }
    s.line.clear();
    s.line_too_long = false;
  }
}

ExportVerifier::Report ExportVerifier::Finish() {
  state_->Conclude();
  return state_->report;
}

}  // namespace intentgate
