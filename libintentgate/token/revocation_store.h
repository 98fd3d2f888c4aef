// Where revocations rest. The gate looks them up in a snapshot (gate/revocation_snapshot.h), never here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::token {

struct Revocation {
  std::string tenant;              // "" holds for every tenant
  std::string id;                  // a jti, a v5 hop id, or a root id: it ends the whole tree
  std::string reason;
  std::string revoked_by;
  std::int64_t revoked_at_micros = 0;
};

struct RevocationPage {
  std::vector<Revocation> revocations;
  std::int64_t version = 0;        // of the whole set, grows with every change
};

// Thread-safe.
class RevocationStore {
 public:
  virtual ~RevocationStore() = default;
  // Idempotent: a repeated revocation changes the reason and keeps the first time.
  virtual Status Add(const Revocation& revocation) = 0;
  // Newest first. `tenant` empty: all.
  virtual Result<RevocationPage> List(std::string_view tenant, std::size_t limit, std::size_t offset) = 0;
  // The whole set, for a snapshot.
  virtual Result<RevocationPage> All() = 0;
  virtual Result<std::int64_t> Version() = 0;
};

}  // namespace intentgate::token
