// Tested by tests/unit/audit/public_chain_test.cc on vectors of the public product.

#include "audit/public_chain.h"

#include <array>

#include "audit/canonical_event.h"

namespace intentgate::audit {
namespace {

enum class Type : std::uint8_t { kText, kInteger, kFlag, kTexts };

struct MemberRule {
  std::string_view name;
  Type type;
  bool always = false;   // written when empty, too
};

constexpr std::array<MemberRule, 24> kMembers = {{
    {"ts", Type::kText, true},
    {"event", Type::kText, true},
    {"schema_version", Type::kText, true},
    {"decision", Type::kText, true},
    {"check", Type::kText},
    {"reason", Type::kText},
    {"tenant", Type::kText},
    {"agent_id", Type::kText},
    {"session_id", Type::kText},
    {"tool", Type::kText, true},
    {"arg_keys", Type::kTexts},
    {"capability_token_id", Type::kText},
    {"root_capability_token_id", Type::kText},
    {"caveat_count", Type::kInteger},
    {"pending_id", Type::kText},
    {"decided_by", Type::kText},
    {"intent_summary", Type::kText},
    {"latency_ms", Type::kInteger, true},
    {"remote_ip", Type::kText},
    {"upstream_status", Type::kInteger},
    {"requires_step_up", Type::kFlag},
    {"elevation_id", Type::kText},
    {"bundle_id", Type::kText},
    {"bundle_digest", Type::kText},
}};

bool HasType(const json::Value& value, Type type) {
  switch (type) {
    case Type::kText: return value.is_string();
    case Type::kInteger: return value.AsInt64().has_value();
    case Type::kFlag: return value.is_bool();
    case Type::kTexts: break;
  }
  if (!value.is_array()) return false;
  for (const json::Value& element : value.array()) {
    if (!element.is_string()) return false;
  }
  return true;
}

bool IsEmpty(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::kString: return value.string_value().empty();
    case json::Kind::kNumber: return value.AsInt64() == 0;
    case json::Kind::kBool: return !value.bool_value();
    case json::Kind::kArray: return value.array().empty();
    default: return true;
  }
}

class Walk {
 public:
  explicit Walk(const PublicChainRules& rules) : rules_(rules) {}

  // False at the first break.
  Result<bool> Row(const PublicRow& row) {
    if (row.hash.empty() && (rules_.every_row_hashed || report.verified > 0)) {
      return Break(row, last_hash_, "the row has no hash");
    }
    if (row.hash.empty()) {
      ++report.skipped;
      return true;
    }
    const bool first = report.verified == 0;
    if (first && rules_.from_the_start && !row.prev_hash.empty()) {
      return Break(row, "", "the first row names a row before it, which is missing");
    }
    if (!first && row.prev_hash != last_hash_) {
      return Break(row, last_hash_, "the row does not name the hash of the row before it");
    }
    Result<std::string> canonical = PublicCanonical(row.event);
    if (!canonical.ok()) return canonical.error();
    const std::string computed = ChainHash(row.prev_hash, *canonical);
    if (computed != row.hash) return Break(row, computed, "the row's content does not give its hash");
    last_hash_ = row.hash;
    ++report.verified;
    return true;
  }

  void End() {
    if (!report.ok || !rules_.head_hash || *rules_.head_hash == last_hash_) return;
    report.ok = false;
    report.stored_hash = last_hash_;
    report.expected_hash = *rules_.head_hash;
    report.reason = "the last row is not the chain's head: rows at the end are missing or were written again";
  }

  PublicChainReport report;

 private:
  bool Break(const PublicRow& row, std::string_view expected, std::string_view reason) {
    report.ok = false;
    report.broken_id = row.id;
    report.stored_hash = row.hash;
    report.expected_hash = expected;
    report.reason = reason;
    return false;
  }

  const PublicChainRules& rules_;
  std::string last_hash_;
};

bool BelongsTo(const json::Value& event, std::string_view tenant) {
  const json::Value* member = event.Find("tenant");
  const bool named = member != nullptr && member->is_string() && !member->string_value().empty();
  return named ? member->string_value() == tenant : tenant == "default";
}

}  // namespace

Result<std::string> PublicCanonical(const json::Value& event) {
  if (!event.is_object()) return Error{ErrorCode::kMalformed, "a row's event is not a JSON object"};
  json::Value ordered = json::MakeObject({});
  for (const MemberRule& rule : kMembers) {
    const json::Value* value = event.Find(rule.name);
    if (value != nullptr && !value->is_null() && !HasType(*value, rule.type)) {
      return Error{ErrorCode::kMalformed, "a row's member " + std::string(rule.name) + " has another type than expected"};
    }
    if (value != nullptr && !IsEmpty(*value)) {
      ordered.Set(rule.name, *value);
    } else if (rule.always) {
      ordered.Set(rule.name, rule.type == Type::kInteger ? json::Value(0) : json::Value(""));
    }
  }
  return json::WriteTokenRule(ordered);
}

Result<PublicChainReport> VerifyPublicChain(std::span<const PublicRow> rows, std::string_view tenant,
                                            const PublicChainRules& rules) {
  Walk walk(rules);
  for (const PublicRow& row : rows) {
    if (!BelongsTo(row.event, tenant)) continue;
    Result<bool> going = walk.Row(row);
    if (!going.ok()) return going.error();
    if (!*going) break;
  }
  walk.End();
  return std::move(walk.report);
}

}  // namespace intentgate::audit
