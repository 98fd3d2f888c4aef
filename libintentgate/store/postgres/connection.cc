#include "store/postgres/connection.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "store/postgres/errors.h"

namespace intentgate::store::pg {
namespace {

constexpr std::int64_t kNanosPerMs = 1'000'000;

struct OptionsFreer {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ConninfoOptions = std::unique_ptr<PQconninfoOption, OptionsFreer>;

ConninfoOptions ParseConninfo(const std::string& text) {
  char* problem = nullptr;
  ConninfoOptions options(PQconninfoParse(text.c_str(), &problem));
  PQfreemem(problem);   // may quote the text, and so the password
  return options;
}

std::string ExposeText(const crypto::SecretBytes& secret) {
  const auto bytes = secret.Expose(crypto::SecretAccess());
  return {bytes.begin(), bytes.end()};
}

PGconn* Start(const Target& target) {
  std::string text = ExposeText(target.conninfo);
  const ConninfoOptions given = ParseConninfo(text);
  std::fill(text.begin(), text.end(), '\0');
  if (given == nullptr) return nullptr;
  // What the operator left open. tcp_user_timeout: a server that vanished is noticed while something is being sent.
  const std::string connect_timeout = std::to_string(target.connect_timeout_s);
  const std::string user_timeout = std::to_string(target.statement_timeout_ms);
  std::map<std::string_view, const char*> set{{"application_name", "intentgate"},
                                              {"connect_timeout", connect_timeout.c_str()},
                                              {"target_session_attrs", "read-write"},
                                              {"tcp_user_timeout", user_timeout.c_str()}};
  for (const PQconninfoOption* o = given.get(); o->keyword != nullptr; ++o) {
    if (o->val != nullptr) set[o->keyword] = o->val;
  }
  set["client_encoding"] = "UTF8";
  std::vector<const char*> keywords, values;
  for (const auto& [keyword, value] : set) {
    keywords.push_back(keyword.data());   // literals and libpq's own: both end in NUL
    values.push_back(value);
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectdbParams(keywords.data(), values.data(), 0);
}

void NoteWarning(void* warned, const PGresult* notice) {
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity != nullptr && std::strcmp(severity, "WARNING") == 0) *static_cast<bool*>(warned) = true;
}

std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

Status CheckConninfo(const std::string& conninfo) {
  if (!conninfo.empty() && conninfo.find('\0') == std::string::npos && ParseConninfo(conninfo) != nullptr) return {};
  return Error{ErrorCode::kInvalidArgument,
               "not a PostgreSQL connection text; write postgresql://user:password@host/database (special characters "
               "of the password as %XX) or host=... user=... dbname=..."};
}

Result<Rows> Connection::Read(const Command& command, std::string_view settings) {
  Command begin("BEGIN READ ONLY");
  Command limit("SELECT set_config('statement_timeout', $1, true)");
  if (!settings.empty()) limit.sql.append(", ").append(settings);
  limit.Text(std::to_string(target_->statement_timeout_ms));
  const std::vector<Command> commands{begin, limit, command, Command("COMMIT")};
  for (bool again = true;; again = false) {
    Result<std::vector<Rows>> answers = RunAll(commands);
    if (answers.ok()) return std::move((*answers)[2]);
    if (!again || connected() || pause_ms_ > 0) return answers.error();
  }
}

Result<Rows> Connection::Run(const Command& command) {
  Result<std::vector<Rows>> answers = RunAll(std::span(&command, 1));
  if (!answers.ok()) return answers.error();
  return std::move(answers->front());
}

Result<std::vector<Rows>> Connection::RunAll(std::span<const Command> commands) {
  sqlstate_.clear();
  in_doubt_ = false;
  if (Status s = Ready(); !s.ok()) return s.error();
  warned_ = false;
  in_doubt_ = true;
  if (Status s = Send(commands); !s.ok()) return s.error();
  std::vector<Rows> answers;
  if (Status s = ReceiveAll(commands.size(), Deadline(), answers); !s.ok()) {
    in_doubt_ = !connected() || warned_;
    if (NeedsReconnect(sqlstate_)) session_.reset();
    RollBack();
    return s.error();
  }
  in_doubt_ = warned_;
  if (warned_) {
    return Error{ErrorCode::kUnavailable,
                 "PostgreSQL committed with a warning; it may have stopped waiting for a standby"};
  }
  return answers;
}

Status Connection::Script(const std::string& sql, std::int64_t patience_ms) {
  sqlstate_.clear();
  if (Status s = Ready(); !s.ok()) return s;
  if (PQsendQuery(session_.get(), sql.c_str()) != 1) return Lost();
  const std::int64_t deadline = Deadline() + patience_ms * kNanosPerMs;
  if (Status s = Flush(deadline); !s.ok()) return s;
  Status status;
  for (;;) {
    Result<std::optional<Rows>> rows = Next(deadline);
    if (!rows.ok()) return rows.error();
    if (!rows->has_value()) break;
    if ((*rows)->status() == PGRES_FATAL_ERROR && status.ok()) status = Said(**rows);
  }
  if (!status.ok()) RollBack();
  return status;
}

// A connection that the server closed while it was idle shows as something to read.
bool Connection::Alive() {
  while (session_ != nullptr && PQstatus(session_.get()) == CONNECTION_OK) {
    pollfd idle{PQsocket(session_.get()), POLLIN, 0};
    if (::poll(&idle, 1, 0) <= 0) return true;
    if (PQconsumeInput(session_.get()) != 1) break;
  }
  session_.reset();
  return false;
}

bool Connection::InTransaction() { return Alive() && PQtransactionStatus(session_.get()) == PQTRANS_INTRANS; }

Status Connection::Ready() {
  if (Alive()) return {};
  const std::int64_t now = target_->clock->MonotonicNanos();
  if (pause_ms_ > 0 && now < next_attempt_nanos_) {
    return Error{ErrorCode::kUnavailable, "no connection to PostgreSQL; the next attempt follows. " + last_failure_};
  }
  Status s = Connect();
  if (s.ok()) {
    pause_ms_ = 0;
    return s;
  }
  last_failure_ = s.error().message;
  pause_ms_ = std::clamp(pause_ms_ * 2, kFirstPauseMs, kLongestPauseMs);
  next_attempt_nanos_ = target_->clock->MonotonicNanos() + pause_ms_ * kNanosPerMs;
  return s;
}

Status Connection::Connect() {
  session_.reset(Start(*target_));
  if (session_ == nullptr) return Error{ErrorCode::kLimitExceeded, "no memory for a connection to PostgreSQL"};
  PGconn* session = session_.get();
  if (PQstatus(session) != CONNECTION_OK) {
    const std::string said = OneLine(Scrubbed(PQerrorMessage(session)));
    // Before a session exists libpq gives no SQLSTATE.
    const bool asks_password = PQconnectionNeedsPassword(session) == 1 || PQconnectionUsedPassword(session) == 1;
    session_.reset();
    if (asks_password && said.find("authentication failed") != std::string::npos) return ErrorOf("28P01", said);
    if (asks_password && said.find("no password supplied") != std::string::npos) return ErrorOf("28P01", said);
    return Error{ErrorCode::kUnavailable, "cannot connect to PostgreSQL (" + said + ")"};
  }
  PQsetNoticeReceiver(session, NoteWarning, &warned_);
  if (PQsetnonblocking(session, 1) != 0) return Lost();
  return {};
}

Status Connection::Send(std::span<const Command> commands) {
  PGconn* session = session_.get();
  if (PQenterPipelineMode(session) != 1) return Lost();
  for (const Command& c : commands) {
    std::vector<const char*> values;
    std::vector<int> sizes, formats(c.values.size(), 1);
    for (const std::string& value : c.values) {
      values.push_back(value.data());
      sizes.push_back(static_cast<int>(value.size()));
    }
    if (PQsendQueryParams(session, c.sql.c_str(), static_cast<int>(c.values.size()), c.types.data(), values.data(),
                          sizes.data(), formats.data(), 1) != 1) {
      return Lost();
    }
  }
  if (PQpipelineSync(session) != 1) return Lost();
  return Flush(Deadline());
}

Status Connection::Flush(std::int64_t deadline) {
  for (;;) {
    const int left = PQflush(session_.get());
    if (left < 0) return Lost();
    if (left == 0) return {};
    if (Status s = Wait(true, deadline); !s.ok()) return s;
  }
}

Status Connection::ReceiveAll(std::size_t commands, std::int64_t deadline, std::vector<Rows>& answers) {
  Status status;
  for (std::size_t received = 0; received < commands;) {
    Result<std::optional<Rows>> rows = Next(deadline);
    if (!rows.ok()) return status.ok() ? Status(rows.error()) : status;   // a server that ends says why, then hangs up
    if (!rows->has_value()) {
      ++received;
      continue;
    }
    if ((*rows)->status() == PGRES_FATAL_ERROR && status.ok()) status = Said(**rows);
    answers.push_back(std::move(**rows));
  }
  Result<std::optional<Rows>> sync = Next(deadline);
  if (!sync.ok()) return status.ok() ? Status(sync.error()) : status;
  if (!sync->has_value() || (*sync)->status() != PGRES_PIPELINE_SYNC || PQexitPipelineMode(session_.get()) != 1) {
    Error lost = Lost();
    return status.ok() ? Status(std::move(lost)) : status;
  }
  return status;
}

Result<std::optional<Rows>> Connection::Next(std::int64_t deadline) {
  while (PQisBusy(session_.get()) == 1) {
    if (Status s = Wait(false, deadline); !s.ok()) return s.error();
  }
  PGresult* result = PQgetResult(session_.get());
  if (result == nullptr) {
    if (PQstatus(session_.get()) != CONNECTION_OK) return Lost();
    return std::optional<Rows>();
  }
  return std::optional<Rows>(Rows(result));
}

// Until there is something to read, which it takes in, or, on demand, room to write.
Status Connection::Wait(bool until_writable, std::int64_t deadline) {
  pollfd socket{PQsocket(session_.get()), static_cast<short>(until_writable ? POLLIN | POLLOUT : POLLIN), 0};
  const std::int64_t left_ms = (deadline - target_->clock->MonotonicNanos()) / kNanosPerMs;
  const int ready = left_ms <= 0 ? 0 : ::poll(&socket, 1, static_cast<int>(std::min<std::int64_t>(left_ms, 60'000)));
  if (ready < 0 && errno != EINTR) return Lost();
  if (ready == 0 && target_->clock->MonotonicNanos() >= deadline - kNanosPerMs) return Late();
  if (ready > 0 && (socket.revents & ~POLLOUT) != 0 && PQconsumeInput(session_.get()) != 1) return Lost();
  return {};
}

void Connection::RollBack() {
  if (session_ == nullptr) return;
  const PGTransactionStatusType state = PQtransactionStatus(session_.get());
  if (state == PQTRANS_IDLE) return;
  const std::string before = sqlstate_;
  // Of a connection that breaks now the server rolls back the transaction.
  if ((state != PQTRANS_INERROR && state != PQTRANS_INTRANS) || !Script("ROLLBACK").ok()) session_.reset();
  sqlstate_ = before;
}

Error Connection::Lost() {
  const std::string said = OneLine(Scrubbed(PQerrorMessage(session_.get())));
  session_.reset();
  return {ErrorCode::kUnavailable, "the connection to PostgreSQL broke (" + said + ")"};
}

Error Connection::Late() {
  session_.reset();
  return {ErrorCode::kUnavailable,
          "PostgreSQL did not answer within " + std::to_string(target_->statement_timeout_ms) + " ms"};
}

Error Connection::Said(const Rows& error) {
  sqlstate_ = error.Diagnostic(PG_DIAG_SQLSTATE);
  return ErrorOf(sqlstate_, OneLine(Scrubbed(error.Diagnostic(PG_DIAG_MESSAGE_PRIMARY))));
}

std::string Connection::Scrubbed(std::string message) const {
  const char* password = session_ == nullptr ? nullptr : PQpass(session_.get());
  const std::string_view secret = password == nullptr ? "" : password;
  if (secret.empty()) return message;
  for (std::size_t at = 0; (at = message.find(secret, at)) != std::string::npos; at += 3) {
    message.replace(at, secret.size(), "***");
  }
  return message;
}

// Twice the server's own limit, so that it is the server that says no.
std::int64_t Connection::Deadline() const {
  return target_->clock->MonotonicNanos() + 2 * target_->statement_timeout_ms * kNanosPerMs;
}

}  // namespace intentgate::store::pg
