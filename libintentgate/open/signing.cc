#include "open/signing.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "evidence/evidence.h"
#include "evidence/key_file.h"
#include "fetch/curl_fetcher.h"

namespace intentgate::open {
namespace {

Error In(const std::string& where, const Error& cause) { return {cause.code, where + ": " + cause.message}; }

Result<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kIo, path + ": " + std::strerror(errno)};
  std::string text(evidence::kMaxPolicyBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return Error{ErrorCode::kIo, path + ": cannot be read"};
  return text;
}

}  // namespace

Result<std::unique_ptr<evidence::SignerSetup>> ReadSigning(const GateSettings& settings,
                                                           std::shared_ptr<const Clock> clock) {
  if (settings.signing_key_file.empty()) return std::unique_ptr<evidence::SignerSetup>();
  Result<tlog::SigningKey> key = evidence::ReadKeyFile(settings.signing_key_file);
  if (!key.ok()) return In("audit.signing.key_file", key.error());
  std::optional<tlog::SigningKey> previous;
  if (!settings.signing_previous_key_file.empty()) {
    Result<tlog::SigningKey> read = evidence::ReadKeyFile(settings.signing_previous_key_file);
    if (!read.ok()) return In("audit.signing.previous_key_file", read.error());
    if (read->verifier().ToString() == key->verifier().ToString()) {
      return Error{ErrorCode::kInvalidArgument, "audit.signing.previous_key_file: holds the same key as audit.signing.key_file"};
    }
    previous = *std::move(read);
  }
  const std::string state = settings.signing_state_file.empty() ? settings.signing_key_file + ".state" : settings.signing_state_file;
  Result<evidence::SignerStateFile> file = evidence::SignerStateFile::Open(state);
  if (!file.ok()) return In("audit.signing.state_file", file.error());
  return std::make_unique<evidence::SignerSetup>(evidence::SignerSetup{
      nullptr, std::move(clock), settings.signing_deployment, *std::move(key), std::nullopt, *std::move(file), std::move(previous)});
}

Result<std::optional<evidence::PublisherSetup>> ReadPublishing(const GateSettings& settings) {
  evidence::PublisherSetup setup;
  setup.anchors = {settings.anchor_webhook_url, settings.anchor_file, settings.anchor_tenant};
  // Nothing in the background means nothing here either.
  setup.interval_ms = settings.signing_interval_ms > 0 ? settings.publish_interval_ms : 0;
  setup.timeout_ms = settings.publish_timeout_ms;
  const std::string& url = settings.anchor_webhook_url;
  if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://")) {
    return Error{ErrorCode::kInvalidArgument, "audit.publish.webhook_url: must begin with http:// or https://"};
  }
  if (!settings.witness_policy_file.empty()) {
    const Result<std::string> text = ReadText(settings.witness_policy_file);
    if (!text.ok()) return In("audit.publish.witness_policy_file", text.error());
    Result<evidence::WitnessPolicy> policy = evidence::WitnessPolicy::Parse(*text);
    if (!policy.ok()) return In("audit.publish.witness_policy_file", policy.error());
    setup.policy = *std::move(policy);
  }
  const bool anchors = !(setup.anchors.webhook_url + setup.anchors.file + setup.anchors.tenant).empty();
  if (!setup.policy && !anchors) return std::optional<evidence::PublisherSetup>();
  Result<std::shared_ptr<fetch::CurlFetcher>> http = fetch::CurlFetcher::Create();
  if (!http.ok()) return http.error();
  setup.http = *std::move(http);
  return std::optional(std::move(setup));
}

Status AddEvidence(std::unique_ptr<evidence::SignerSetup> signing, std::optional<evidence::PublisherSetup> publishing,
                   std::shared_ptr<audit::LogStore> tree, gate::GateParts& parts) {
  if (!tree) {
    if (!signing) return {};
    return Error{ErrorCode::kInvalidArgument, "audit.signing.key_file: this store keeps no checkpoints; unset it, or set "
                                              "store.kind to sqlite"};
  }
  if (signing) {
    parts.signing_key = signing->key.verifier().ToString();
    signing->log = tree;
  }
  struct Parts {
    std::unique_ptr<evidence::SignerSetup> signing;
    std::optional<evidence::PublisherSetup> publishing;
  };
  const auto shared = std::make_shared<Parts>(Parts{std::move(signing), std::move(publishing)});
  parts.make_evidence = [shared, tree, values = parts.private_values, retention = parts.retention_store,
                         clock = parts.clock, settings = parts.settings](audit::AuditLog& log) {
    evidence::EvidenceSetup setup;
    setup.tree = tree;
    setup.values = values;
    setup.retention = retention;
    setup.archive_directory = settings.archive_directory;
    setup.archive_values = settings.archive_values;
    setup.retention_days = settings.retention_days;
    setup.full_check.interval_ms = settings.verification_interval_hours * 3'600'000;
    setup.full_check.events_per_second = settings.verification_events_per_second;
    setup.clock = clock;
    setup.deployment = settings.signing_deployment;
    if (shared->signing) setup.signer = std::make_unique<evidence::Signer>(std::move(*shared->signing));
    setup.publisher = std::move(shared->publishing);
    setup.sealer = {settings.signing_interval_ms, settings.signing_max_events, settings.signing_reemit_ms};
    setup.max_merge_delay_ms = settings.signing_max_merge_delay_ms;
    return evidence::MakeEvidence(std::move(setup), log);
  };
  return {};
}

}  // namespace intentgate::open
