// Opening: who may, what is refused, and what the message says.

#include <thread>
#include <vector>

#include <intentgate/gate.h>
#include <intentgate/settings.h>

#include "contract/chains.h"
#include "fixture.h"

namespace intentgate::test {
namespace {

Error Refusal(store::PostgresOptions options) {
  const auto store = store::PostgresStore::Open(std::move(options));
  REQUIRE_FALSE(store.ok());
  return store.error();
}

bool Says(const Error& error, std::string_view text) { return error.message.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("eight gateways that start at once on an empty database all get the schema") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  std::vector<std::thread> threads;
  std::vector<std::string> messages(8, "did not run");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto store = store::PostgresStore::Open(OptionsFor(server.Url(), schema));
      messages[i] = store.ok() ? "" : store.error().message;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& message : messages) CHECK(message.empty());
  CHECK(server.Sql("SELECT count(*) FROM " + schema + ".schema_migrations") ==
        server.Sql("SELECT count(DISTINCT name) FROM " + schema + ".schema_migrations"));
}

TEST_CASE("a newer schema is refused, with the version that is needed") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  OpenStore(OptionsFor(server.Url(), schema));
  server.Sql("INSERT INTO " + schema + ".schema_migrations VALUES (999, '0999_later.sql')");
  const Error error = Refusal(OptionsFor(server.Url(), schema));
  CHECK(error.code == ErrorCode::kUnsupportedVersion);
  CHECK(Says(error, "version 999"));
  CHECK(Says(error, "newer version of the program"));
}

TEST_CASE("a schema with tables of another program is left alone") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  server.Sql("CREATE SCHEMA " + schema + "; CREATE TABLE " + schema + ".theirs (x INT)");
  const Error error = Refusal(OptionsFor(server.Url(), schema));
  CHECK(error.code == ErrorCode::kInvalidArgument);
  CHECK(Says(error, "another program"));
  CHECK(server.Sql("SELECT count(*) FROM pg_tables WHERE schemaname = '" + schema + "'") == "1");
}

TEST_CASE("a wrong password is said without showing it") {
  PostgresServer& server = PostgresServer::Shared();
  server.Sql("DROP ROLE IF EXISTS secured; CREATE ROLE secured LOGIN PASSWORD 'right one'");
  const Error wrong = Refusal(OptionsFor(server.Url("secured") + " password=s3cr3t", server.FreshSchema()));
  CHECK(wrong.code == ErrorCode::kPermissionDenied);
  CHECK(Says(wrong, "refused the login"));
  CHECK_FALSE(Says(wrong, "s3cr3t"));
  const Error none = Refusal(OptionsFor(server.Url("secured"), server.FreshSchema()));
  CHECK(none.code == ErrorCode::kPermissionDenied);
  // libpq quotes what it cannot read.
  for (const char* broken : {"postgresql://gate:s3cr3t%zz@host/x", "host=x s3cr3t", "postgresql://u@h/d?s3cr3t=1", ""}) {
    const Error error = Refusal(OptionsFor(broken, "intentgate"));
    CHECK(error.code == ErrorCode::kInvalidArgument);
    CHECK_FALSE(Says(error, "s3cr3t"));
  }
}

TEST_CASE("a server that is not there is unavailable, and its password is not in the message") {
  const Error error = Refusal(OptionsFor("host=/nowhere user=s3cr3t password=s3cr3t dbname=x", "intentgate"));
  CHECK(error.code == ErrorCode::kUnavailable);
  CHECK(Says(error, "/nowhere"));
  CHECK_FALSE(Says(error, "s3cr3t"));
}

TEST_CASE("names that are no schema are refused") {
  for (const char* name : {"", "Upper", "1st", "a-b", "a\"; DROP SCHEMA x; --", "pg_mine", "information_schema"}) {
    const Error error = Refusal(OptionsFor("host=/nowhere", name));
    CHECK(error.code == ErrorCode::kInvalidArgument);
    CHECK(Says(error, "schema"));
  }
  const std::string longest(63, 'a');
  CHECK(Refusal(OptionsFor("host=/nowhere", longest)).code == ErrorCode::kUnavailable);
  CHECK(Refusal(OptionsFor("host=/nowhere", longest + "a")).code == ErrorCode::kInvalidArgument);
  // Reserved by SQL, but a good name.
  OpenStore(OptionsFor(PostgresServer::Shared().Url(), "table"));
}

TEST_CASE("a database that is not in UTF-8 is refused") {
  PostgresServer& server = PostgresServer::Shared();
  server.Sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  std::string url = server.Url();
  url.replace(url.find("dbname=postgres"), std::string::npos, "dbname=latin");
  const Error error = Refusal(OptionsFor(url, "intentgate"));
  CHECK(error.code == ErrorCode::kInvalidArgument);
  CHECK(Says(error, "LATIN1"));
}

TEST_CASE("a role with the grants of docs/audit.md writes, reads and makes partitions, and cannot delete events") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  OpenStore(OptionsFor(server.Url(), schema));
  server.Sql("DROP ROLE IF EXISTS runner; CREATE ROLE runner LOGIN; GRANT USAGE ON SCHEMA " + schema + " TO runner");
  const Error without = [&] {
    const auto store = store::PostgresStore::Open(OptionsFor(server.Url("runner"), schema));
    return store.ok() ? (*store)->Head("acme").error() : store.error();
  }();
  CHECK(without.code == ErrorCode::kPermissionDenied);
  CHECK(Says(without, "docs/audit.md"));

  server.Sql("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA " + schema + " TO runner; GRANT UPDATE ON " + schema +
             ".audit_heads, " + schema + ".audit_time_spans, " + schema + ".commit_fence, " + schema +
             ".budget_counters, " + schema + ".revocations, " + schema + ".revocation_version, " + schema + ".log_tiles, " +
             schema + ".log_signers, " + schema + ".log_checkpoints, " + schema + ".approvals, " + schema +
             ".approval_turns TO runner; GRANT DELETE ON " + schema + ".budget_counters, " + schema + ".log_tiles, " + schema +
             ".approvals, " + schema + ".used_proofs TO runner; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA " + schema + " TO runner");
  const auto store = OpenStore(OptionsFor(server.Url("runner"), schema));
  const audit::TenantBatch batch = MakeBatch("acme", {}, 3);
  const Status appended = store->Append(std::span(&batch, 1));
  CHECK_MESSAGE(appended.ok(), (appended.ok() ? "" : appended.error().message));
  CHECK(store->Add({"acme", "jti", "lost", "ann", 1}).ok());
  CHECK(static_cast<budget::BudgetStore&>(*store).Prune(100).ok());
  approval::StoredApproval approval;
  approval.row.id = "a";
  approval.row.deadline_micros = 1;
  for (int i = 0; i < 2; ++i) CHECK(store->RequestApproval(approval, {1, 1}).ok());
  CHECK(store->ReplaceApproval(approval).value());
  CHECK(store->ForgetApprovals(0).ok());
  const token::UsedProof proof{"p", 1};
  CHECK(store->TakeProofs(std::span(&proof, 1)).value() == std::vector<bool>{true});
  CHECK(store->ForgetProofs(2, 10).value() == 1);
  const audit::StoredTile tile{{0, 0, 1}, std::string(sizeof(tlog::Hash), 'h')};
  CHECK(store->PutTiles("acme", std::span(&tile, 1)).ok());
  CHECK(store->DropTiles("acme").ok());
  CHECK(store->SetSignerState("acme", std::nullopt, {1, 3, {}}).ok());
  CHECK(store->PutCheckpoint("acme", {1, 3, {}, 1, "note", 0}).ok());
  CHECK(server.Sql("SELECT has_table_privilege('runner', '" + schema + ".audit_events', 'DELETE')") == "f");
}

TEST_CASE("the next partition is there before the first event that needs it") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  const auto store = OpenStore(OptionsFor(server.Url(), schema));
  const auto partitions = [&] {
    return server.Sql("SELECT count(*) FROM pg_inherits WHERE inhparent = '" + schema + ".audit_events'::regclass");
  };
  CHECK(partitions() == "1");
  const std::int64_t width = std::int64_t{1} << 24;
  for (const std::int64_t seq : {width / 2 - 5, width / 2, width - 2, 3 * width - 1}) {
    server.Sql("DELETE FROM " + schema + ".audit_heads; INSERT INTO " + schema + ".audit_heads VALUES ('acme', " +
               std::to_string(seq) + ", 'x')");
    const audit::TenantBatch batch = MakeBatch("acme", {seq, "x"}, 4);
    const Status appended = store->Append(std::span(&batch, 1));
    CHECK_MESSAGE(appended.ok(), (appended.ok() ? "" : appended.error().message));
    const auto back = store->Scan("acme", seq, 4);
    REQUIRE(back.ok());
    CHECK(back->size() == 4);
    if (seq < width / 2) CHECK(partitions() == "1");
    if (seq == width / 2) CHECK(partitions() == "2");
  }
  CHECK(partitions() == "4");
  // A place is taken once, whatever partition it is in.
  server.Sql("UPDATE " + schema + ".audit_heads SET next_seq = " + std::to_string(width - 2) + ", hash = 'x'");
  const audit::TenantBatch again = MakeBatch("acme", {width - 2, "x"}, 1);
  const Status taken = store->Append(std::span(&again, 1));
  REQUIRE_FALSE(taken.ok());
  CHECK(taken.error().code == ErrorCode::kCorrupt);
}

TEST_CASE("Gate::Open takes the URL from the settings, and its description does not show it") {
  PostgresServer& server = PostgresServer::Shared();
  const SettingsLoad load = LoadGateSettings(
      "capability: {required: false}", "",
      {{"INTENTGATE_POSTGRES_URL", server.Url() + " password=s3cr3t"},
       {"INTENTGATE_STORE_POSTGRES_SCHEMA", server.FreshSchema()}});
  REQUIRE(load.problems.empty());
  const auto gate = Gate::Open(load.settings);
  if (!gate.ok()) FAIL(gate.error().message);
  CHECK((*gate)->Describe().find("store postgres") == 0);
  CHECK((*gate)->Describe().find("s3cr3t") == std::string::npos);
  CHECK_FALSE((*gate)->Authorize({.tool = "read_file"}).allowed());
  CHECK((*gate)->CountAudit({}).value() == 2);   // genesis and the refusal
}

}  // namespace intentgate::test
