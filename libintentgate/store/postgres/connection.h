// libpq with errors as values, deadlines and reconnection. Statements go out unprepared and carry all they need within
// one transaction, so that a pooler may hand every transaction to another server session.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/result.h>

#include "crypto/secret_bytes.h"
#include "store/postgres/values.h"

namespace intentgate::store::pg {

// After a failed attempt to connect, calls fail at once for this long; doubled with each further failure.
inline constexpr std::int64_t kFirstPauseMs = 50, kLongestPauseMs = 2'000;

// Where to connect and how long to wait. Immutable, shared by all connections of a store.
struct Target {
  crypto::SecretBytes conninfo;   // may hold a password
  std::int64_t connect_timeout_s = 0;
  std::int64_t statement_timeout_ms = 0;
  std::shared_ptr<const Clock> clock;
};

// kInvalidArgument when libpq cannot read it. The message quotes nothing of it.
Status CheckConninfo(const std::string& conninfo);

// One connection, made when it is needed and made again when it was lost. Thread-compatible.
class Connection {
 public:
  explicit Connection(std::shared_ptr<const Target> target) : target_(std::move(target)) {}
  Connection(const Connection&) = delete;   // owns the session
  Connection& operator=(const Connection&) = delete;

  // One statement in a read-only transaction that the server ends at the statement timeout. Repeated once on a new
  // connection when the old one turns out to be dead. `settings`: calls of set_config for this transaction, such as kPageSettings (query_sql.h).
  Result<Rows> Read(const Command& command, std::string_view settings = {});
  // One statement in a transaction of its own.
  Result<Rows> Run(const Command& command);
  // All statements in one round trip. At the first error the rest is skipped and an open transaction rolled back. A
  // warning counts as an error (kUnavailable) of statements that took effect: COMMIT warns when it stopped waiting for
  // a standby.
  Result<std::vector<Rows>> RunAll(std::span<const Command> commands);
  // Several statements separated by `;`, without parameters and rows; an open transaction is
  // rolled back after an error. `patience_ms`: for what may take longer than a statement of the gate's; 0: as those.
  Status Script(const std::string& sql, std::int64_t patience_ms = 0);

  // Of the last error; empty if libpq made it.
  const std::string& sqlstate() const { return sqlstate_; }
  // Whether the last RunAll may have taken effect although it gave back an error.
  bool in_doubt() const { return in_doubt_; }
  // Whether a transaction is open and its session alive.
  bool InTransaction();
  // Ends an open transaction.
  void RollBack();
  bool connected() const { return session_ != nullptr; }

 private:
  struct Closer {
    void operator()(PGconn* session) const { PQfinish(session); }
  };

  Status Connect();
  Status Ready();
  Status Send(std::span<const Command> commands);
  Status Flush(std::int64_t deadline);
  Status ReceiveAll(std::size_t commands, std::int64_t deadline, std::vector<Rows>& answers);
  // The next result of the current statement; nullopt behind its last one.
  Result<std::optional<Rows>> Next(std::int64_t deadline);
  Status Wait(bool until_writable, std::int64_t deadline);
  bool Alive();
  Error Lost();
  Error Late();
  Error Said(const Rows& error);
  std::string Scrubbed(std::string message) const;
  std::int64_t Deadline() const;

  const std::shared_ptr<const Target> target_;
  std::unique_ptr<PGconn, Closer> session_;
  std::string sqlstate_;
  bool warned_ = false, in_doubt_ = false;
  std::int64_t pause_ms_ = 0, next_attempt_nanos_ = 0;
  std::string last_failure_;
};

}  // namespace intentgate::store::pg
