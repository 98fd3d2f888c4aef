// The parts of an auditor's bundle (docs/formats/bundle.md), each written and read on its own. Every part has one
// spelling: a reader writes again what it read and compares.
//
// All functions are pure and thread-safe. Readers fail with kMalformed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/audit.h>

#include "tlog/merkle.h"

namespace intentgate::evidence {

inline constexpr std::string_view kBundleFormat = "intentgate-audit-bundle-1";
inline constexpr std::string_view kReadmeFile = "README.txt";
inline constexpr std::string_view kManifestFile = "manifest.json";
inline constexpr std::string_view kCheckpointFile = "checkpoint.note";
inline constexpr std::string_view kRangeProofFile = "range.proof";
inline constexpr std::string_view kAnchorFile = "anchor.json";
inline constexpr std::string_view kEndFile = "end.json";

// A segment is closed before it would exceed this; one event alone may.
inline constexpr std::size_t kSegmentBytes = 4u << 20;
// Of every file that is no segment.
inline constexpr std::size_t kMaxPartBytes = 1u << 20;

struct BundleManifest {
  std::string tenant;
  std::int64_t first_seq = 0;   // where the chain begins in the store
  std::int64_t next_seq = 0;    // behind the last event that the bundle speaks for
  std::int64_t covered = 0;     // the checkpoint's size; 0 without one
  bool filtered = false;
  AuditFilter filter;
  std::int64_t created_micros = 0;
  std::string product;
  bool values = false;          // the lines may carry private values
  bool archive = false;         // a segment of what was pruned: it ends before the checkpoint does
  std::map<std::string, std::string, std::less<>> files;   // name -> hex SHA-256 of every file before the events but this one
};
std::string WriteManifest(const BundleManifest& manifest);
Result<BundleManifest> ReadManifest(std::string_view text);

struct BundleEnd {
  std::int64_t events = 0, segments = 0;
  std::string last_hash;        // of the last event; "" when there is none
  std::string manifest_sha256;
};
std::string WriteBundleEnd(const BundleEnd& end);
Result<BundleEnd> ReadBundleEnd(std::string_view text);

struct BundleAnchor {
  std::int64_t first_seq = 0;
  std::string prev_hash;        // of the event before it
};
std::string WriteAnchor(const BundleAnchor& anchor);
Result<BundleAnchor> ReadAnchor(std::string_view text);

struct BundleRange {
  std::uint64_t first = 0, last = 0, size = 0;
  tlog::RangeProof proof;
};
std::string WriteRangeProof(const BundleRange& range);
Result<BundleRange> ReadRangeProof(std::string_view text);

// "events/000000.ndjson"
std::string SegmentName(std::int64_t number);
// For people; says how to verify this bundle and what it cannot prove.
std::string WriteReadme(const BundleManifest& manifest, std::string_view origin);

// The levels, from the leaf upwards, at which the inclusion path of leaf `index` has a hash. REQUIRES: index < size.
std::vector<unsigned> PathLevels(std::uint64_t index, std::uint64_t size);
// The lowest level at which both leaves are below the same node: from there on their paths are the same.
unsigned SharedLevel(std::uint64_t a, std::uint64_t b);

}  // namespace intentgate::evidence
