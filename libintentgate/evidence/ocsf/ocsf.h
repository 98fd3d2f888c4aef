// Audit events as OCSF events (Open Cybersecurity Schema Framework, schema.ocsf.io), for SIEMs.
//
//   Result<json::Value> event = RenderOcsf(record, {.version = OcsfVersion::k1_9_0});
//
// A rendering is a view: what was hashed are the record's canonical bytes, and only an NDJSON export or a bundle
// proves anything. docs/ocsf.md has the mapping; one file renders one class:
//
//   decision, outcome   API Activity 6003            api_activity.cc
//   admin               Entity Management 3004       entity_management.cc
//   genesis, control    Application Lifecycle 6002   application_lifecycle.cc
//
// Members that have no place in OCSF stand under `unmapped.intentgate`; nothing is dropped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/audit.h>
#include <intentgate/json.h>
#include <intentgate/result.h>

namespace intentgate::evidence {

enum class OcsfVersion : std::uint8_t { k1_8_0, k1_9_0 };
std::string_view OcsfVersionName(OcsfVersion version);   // "1.8.0", "1.9.0"

struct OcsfOptions {
  OcsfVersion version = OcsfVersion::k1_9_0;
  std::string product_version;   // metadata.product.version; empty: left out
  std::string log_key_name;      // name of the key that signs the tenant's checkpoints; empty: left out
};

// The event before, in its chain. What 1.9.0 needs to point back.
struct OcsfPredecessor {
  std::string tenant;
  std::int64_t seq = -1;
  std::string event_id;
  std::int64_t type_uid = 0;
};

// kCorrupt when the record's bytes are no event. `before` is used only if it is the event right before this one;
// without it `prev_event` is left out. Pure; thread-safe.
Result<json::Value> RenderOcsf(const AuditRecord& record, const OcsfOptions& options,
                               const OcsfPredecessor* before = nullptr);

// Renders a stream as NDJSON and remembers the event before. Thread-compatible.
class OcsfLines {
 public:
  explicit OcsfLines(OcsfOptions options) : options_(std::move(options)) {}
  // Appends one line to `out`; errors as RenderOcsf, and `out` is unchanged then.
  Status Append(const AuditRecord& record, std::string& out);

 private:
  const OcsfOptions options_;
  OcsfPredecessor before_;
};

}  // namespace intentgate::evidence
