// The audit chain of the public product: its canonical form and its verification, so that an old chain
// can be checked before it is put away. Nothing here writes such a chain.
//
// The public verifier trusts the first row it sees, skips rows without a hash at the front and never
// looks at the head. VerifyPublicChain gives its answers by default; PublicChainRules asks for more
// (docs/audit.md, "Compared with the public product"). All functions are pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <intentgate/json.h>
#include <intentgate/result.h>

namespace intentgate::audit {

// One stored row. `event` is the row's wire form; members outside the hash are ignored.
struct PublicRow {
  std::int64_t id = 0;
  json::Value event;
  std::string prev_hash, hash;
};

struct PublicChainRules {
  bool from_the_start = false;           // the first row must be the first of the chain
  bool every_row_hashed = false;         // a row without a hash is a break, also at the front
  std::optional<std::string> head_hash;  // the last row must have this hash
};

struct PublicChainReport {
  bool ok = true;
  std::int64_t verified = 0, skipped = 0;
  std::optional<std::int64_t> broken_id;
  std::string stored_hash, expected_hash;
  std::string reason;
};

// The bytes that were hashed: 24 members in a fixed order, empty ones left out, strings by the token
// rule. kMalformed when `event` is no object or a member has another type than the public product's.
Result<std::string> PublicCanonical(const json::Value& event);

// Walks the rows of `tenant` ("default" also takes rows without a tenant) in the order given.
Result<PublicChainReport> VerifyPublicChain(std::span<const PublicRow> rows, std::string_view tenant,
                                            const PublicChainRules& rules = {});

}  // namespace intentgate::audit
