// A chain with its writer and its evidence, as a gate has them; rounds are run by the test.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include <intentgate/gate.h>

#include "audit/audit_log.h"
#include "evidence/evidence.h"
#include "store/memory/memory_store.h"
#include "unit/evidence/signing.h"

namespace intentgate::test {

inline tlog::SigningKey KeyOf(std::uint8_t seed) {
  FixedRandom random(seed);
  auto key = tlog::SigningKey::Generate("prod", tlog::KeyType::kEd25519, random);
  REQUIRE(key.ok());
  return *std::move(key);
}

// One run of a gate's evidence over `store`. Several may follow each other, or stand side by side.
template <typename Store>
struct EvidenceRun {
  std::shared_ptr<Store> store;
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1'700'000'000'000'000);
  std::vector<EvidenceNotice> notices;
  std::unique_ptr<audit::AuditLog> log;
  std::unique_ptr<Evidence> evidence;

  EvidenceRun(std::shared_ptr<Store> over, const std::string& state_file, tlog::SigningKey key,
              std::optional<tlog::SigningKey> previous = std::nullopt)
      : store(std::move(over)) {
    audit::AuditLogOptions options;
    options.deployment = "prod";
    options.signing_key = key.verifier().ToString();
    auto made = audit::AuditLog::Create(store, std::move(options), clock, SystemRandom());
    REQUIRE(made.ok());
    log = *std::move(made);
    auto file = evidence::SignerStateFile::Open(state_file);
    REQUIRE(file.ok());
    evidence::EvidenceSetup setup;
    setup.tree = store;
    setup.clock = clock;
    setup.deployment = "prod";
    setup.signer = std::make_unique<evidence::Signer>(evidence::SignerSetup{
        store, clock, "prod", std::move(key), std::nullopt, *std::move(file), std::move(previous)});
    setup.sealer.interval_ms = 0;
    evidence = evidence::MakeEvidence(std::move(setup), *log);
    evidence->OnNotice([this](const EvidenceNotice& notice) { notices.push_back(notice); });
  }

  AuditReceipt Append(const std::string& reason = "") {
    AuditEvent event;
    event.tenant = "acme";
    event.reason = reason;
    auto receipt = log->AppendAndWait(std::move(event));
    REQUIRE(receipt.ok());
    return *std::move(receipt);
  }
  std::vector<AuditRecord> Controls(const std::string& tool) const {
    AuditFilter filter;
    filter.tenant = "acme";
    filter.tool = tool;
    auto page = store->Query(filter, true, "", 100);
    REQUIRE(page.ok());
    return std::move(page->records);
  }
};

using MemoryRun = EvidenceRun<store::MemoryStore>;

}  // namespace intentgate::test
