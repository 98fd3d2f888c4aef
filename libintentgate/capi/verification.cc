// What an auditor does without a gate: checking bundles and proofs. And the key that an operator signs with.

#include <intentgate/bundle.h>
#include <intentgate/clock.h>
#include <intentgate/evidence.h>

#include <array>

#include "capi/objects.h"
#include "capi/request.h"

namespace intentgate::capi {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

json::Value Names(const std::vector<std::string>& names) {
  json::Array out;
  for (const std::string& name : names) out.emplace_back(name);
  return out;
}

json::Value ToJson(const BundleFork& fork) {
  return json::MakeObject({{"older_note", fork.older_note}, {"newer_note", fork.newer_note}});
}

json::Value ToJson(const BundleReport& report) {
  json::Value out = json::MakeObject({{"verdict", BundleVerdictName(report.verdict)},
                                      {"message", report.message},
                                      {"tenant", report.tenant},
                                      {"events", report.events},
                                      {"first_seq", report.first_seq},
                                      {"next_seq", report.next_seq},
                                      {"covered", report.covered},
                                      {"uncovered_events", report.uncovered_events},
                                      {"filtered", report.filtered},
                                      {"archive", report.archive},
                                      {"complete", report.complete},
                                      {"last_hash", report.last_hash},
                                      {"origin", report.origin},
                                      {"root_hex", report.root_hex},
                                      {"checkpoint_note", report.checkpoint_note}});
  out.Set("signed_by", Names(report.signed_by));
  if (report.bad_seq) out.Set("bad_seq", *report.bad_seq);
  if (!report.bad_event_id.empty()) out.Set("bad_event_id", report.bad_event_id);
  if (report.cosigned_at_micros != 0) out.Set("cosigned_at_micros", report.cosigned_at_micros);
  if (report.fork) out.Set("fork", ToJson(*report.fork));
  return out;
}

json::Value ToJson(const ProofReport& report) {
  json::Value out = json::MakeObject({{"verdict", BundleVerdictName(report.verdict)},
                                      {"message", report.message},
                                      {"seq", report.seq},
                                      {"covered", report.covered},
                                      {"origin", report.origin}});
  out.Set("signed_by", Names(report.signed_by));
  if (report.fork) out.Set("fork", ToJson(*report.fork));
  return out;
}

Result<BundleTrust> ReadTrust(std::string_view text) {
  Request json(text, {"keys", "older_checkpoints", "receipts", "witness_policy"});
  BundleTrust trust;
  trust.keys = json.Texts("keys");
  trust.older_checkpoints = json.Texts("older_checkpoints");
  trust.receipts = json.Texts("receipts");
  if (std::string policy = json.Text("witness_policy"); !policy.empty()) trust.witness_policy = std::move(policy);
  if (!json.status().ok()) return json.status().error();
  return trust;
}

ig_code CheckBundle(ig_read read, void* context, const BundleTrust& trust, ig_text** report_json, ig_error** error) {
  Result<BundleVerifier> verifier = BundleVerifier::Create(trust);
  if (!verifier.ok()) return Fail(error, verifier.error());
  std::array<char, kPieceBytes> piece;
  for (;;) {
    const int64_t size = read(context, piece.data(), piece.size());
    if (size < 0 || size > static_cast<int64_t>(piece.size())) return Fail(error, IG_IO, "the bundle could not be read");
    if (size == 0) break;
    verifier->Feed({piece.data(), static_cast<std::size_t>(size)});
  }
  return GiveText(report_json, json::Write(ToJson(verifier->Finish())));
}

}  // namespace
}  // namespace intentgate::capi

using namespace intentgate;
using namespace intentgate::capi;

extern "C" {

ig_code ig_verify_bundle(ig_read read, void* context, const ig_str* keys, size_t key_count, ig_text** report_json,
                         ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(read);
    IG_NEED(report_json);
    if (key_count > 0) IG_NEED(keys);
    BundleTrust trust;
    for (std::size_t i = 0; i < key_count; ++i) trust.keys.emplace_back(View(keys[i]));
    return CheckBundle(read, context, trust, report_json, error);
  });
}

ig_code ig_verify_bundle_with(ig_read read, void* context, ig_str trust_json, ig_text** report_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(read);
    IG_NEED(report_json);
    const Result<BundleTrust> trust = ReadTrust(View(trust_json));
    return trust.ok() ? CheckBundle(read, context, *trust, report_json, error) : Fail(error, trust.error());
  });
}

ig_code ig_verify_proof(ig_str proof, ig_str event_hash, ig_str trust_json, ig_text** report_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(report_json);
    const Result<BundleTrust> trust = ReadTrust(View(trust_json));
    if (!trust.ok()) return Fail(error, trust.error());
    const Result<ProofReport> report = VerifyEventProof(View(proof), View(event_hash), *trust);
    return report.ok() ? GiveText(report_json, json::Write(ToJson(*report))) : Fail(error, report.error());
  });
}

ig_code ig_make_signing_key(ig_str path, ig_str deployment, ig_text** verifier_key, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(verifier_key);
    if (path.size == 0) return Fail(error, IG_INVALID_ARGUMENT, "path is empty");
    Result<std::string> key = MakeSigningKeyFile(std::string(View(path)), View(deployment), *SystemRandom());
    return key.ok() ? GiveText(verifier_key, *std::move(key)) : Fail(error, key.error());
  });
}

}  // extern "C"
