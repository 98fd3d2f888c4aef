// The bytes of a journal segment: docs/formats/journal.md. Pure functions; thread-safe.
//
// A segment is a row of frames. The first one names the producer, every other one is an event that waits for the
// chain. Reading takes bytes that a crash may have cut or a disk may have changed, and tells the two apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

#include "audit/canonical_event.h"

namespace intentgate::audit {

inline constexpr std::string_view kJournalFormat = "intentgate-journal-1";
// Length (4 bytes), sequence (8), check of the two (4), check of the payload (16).
inline constexpr std::size_t kFrameHeaderBytes = 32;
// A frame that claims to be longer is damage: an event of kMaxEventBytes with its charges and private values fits.
inline constexpr std::size_t kMaxFramePayloadBytes = std::size_t{256} << 20;

void AppendFrame(std::uint64_t sequence, std::string_view payload, std::string& out);

enum class FrameKind : std::uint8_t {
  kFrame,     // whole and unharmed
  kEnd,       // nothing is left
  kTorn,      // the beginning of a frame: what a crash leaves of bytes that nobody has acknowledged
  kDamaged,   // bytes that were never written so; what follows cannot be read
};

struct FrameRead {
  FrameKind kind = FrameKind::kEnd;
  std::uint64_t sequence = 0;
  std::string_view payload;      // into `bytes`
  std::size_t size = 0;          // of the whole frame, also of a torn one whose header is there
};

// The frame at the start of `bytes`.
FrameRead ReadFrame(std::string_view bytes);

// The payload of a segment's first frame; its sequence is that of the first event to follow.
std::string SegmentHeader(std::string_view producer_id);
// The producer id of such a payload; kMalformed, kUnsupportedVersion.
Result<std::string> ReadSegmentHeader(std::string_view payload);

// An event on its way to the chain: the draft with everything but its place, and what is stored beside it.
// REQUIRES: draft.producer_seq is set.
std::string EncodeEntry(const EventDraft& draft);

struct JournalEntry {
  std::uint64_t sequence = 0;
  EventDraft draft;                       // producer_seq is inside the text and so not set
  std::string producer_id;
  std::int64_t producer_seq = 0;
};

// kMalformed unless the payload is what EncodeEntry writes of some event.
Result<JournalEntry> DecodeEntry(std::uint64_t sequence, std::string_view payload);

}  // namespace intentgate::audit
