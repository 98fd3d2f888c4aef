// Takes checkpoints out of this machine: to witnesses, whose cosignatures come back, and to anchors, which keep them.
// One thread of its own, so that a slow witness holds up no signature.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <intentgate/clock.h>
#include <intentgate/evidence.h>

#include "audit/audit_log.h"
#include "audit/log_store.h"
#include "base/http_fetch.h"
#include "evidence/witness_client.h"
#include "evidence/witness_policy.h"

namespace intentgate::evidence {

// Where copies are kept. Empty: not there.
struct Anchors {
  std::string webhook_url;     // gets a POST with a JSON object: tenant, origin, size, root, note
  std::string file;            // gets the same object as a line, synced
  std::string tenant;          // this tenant's chain gets an event `audit/anchored` for each checkpoint of the others
};

struct PublisherSetup {
  std::shared_ptr<base::HttpFetcher> http;      // needed for witnesses and the webhook
  std::optional<WitnessPolicy> policy;
  Anchors anchors;
  std::int64_t interval_ms = 10'000;            // at most one checkpoint of a tenant leaves in this time; 0: no thread
  std::int64_t timeout_ms = 5'000;              // of one request
};

// Thread-safe. The log and the tree must outlive it.
class Publisher {
 public:
  Publisher(audit::AuditLog& log, audit::LogStore& tree, std::shared_ptr<const Clock> clock, PublisherSetup setup,
            std::function<void(const EvidenceNotice&)> notice);
  // What was offered and has not left stays for the next run.
  ~Publisher();
  Publisher(const Publisher&) = delete;   // the thread refers to this object
  Publisher& operator=(const Publisher&) = delete;

  // The newest checkpoint of a tenant; takes the place of an older one that has not left yet.
  void Offer(const std::string& tenant, const audit::StoredCheckpoint& checkpoint);
  // Publishes what was offered. Whatever fails is tried again in the next round.
  void Round();

 private:
  struct Done {
    std::int64_t epoch = 0;
    std::uint64_t size = 0;
    friend bool operator==(const Done&, const Done&) = default;
  };
  using Waiting = std::map<std::string, audit::StoredCheckpoint, std::less<>>;

  void Run();
  bool Publish(const std::string& tenant, audit::StoredCheckpoint checkpoint);
  bool AskWitnesses(const std::string& tenant, audit::StoredCheckpoint& checkpoint);
  Status AskOne(const std::string& tenant, const Witness& witness, tlog::Note& note, const tlog::Checkpoint& checkpoint);
  bool Anchor(const std::string& tenant, const audit::StoredCheckpoint& checkpoint);
  Status ToWebhook(const std::string& line);
  Status ToFile(const std::string& line);
  Status ToTenant(const std::string& tenant, const audit::StoredCheckpoint& checkpoint);
  // Tells of a problem when it begins and when it is over; one that speaks against the log (it went back, it has two
  // histories) also when another problem was there before it. True when there is none.
  bool Report(const std::string& tenant, const std::string& source, const Status& status);

  audit::AuditLog& log_;
  audit::LogStore& tree_;
  const std::shared_ptr<const Clock> clock_;
  const PublisherSetup setup_;
  const std::function<void(const EvidenceNotice&)> notice_;
  std::mutex round_mutex_;                                       // guards the next three
  WitnessClient witnesses_;
  std::map<std::pair<std::string, std::string>, Done> done_;     // (tenant, anchor) -> what it has
  std::map<std::pair<std::string, std::string>, ErrorCode> problems_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Waiting waiting_;
  bool stopping_ = false;
  std::thread thread_;   // last: it uses the others
};

}  // namespace intentgate::evidence
