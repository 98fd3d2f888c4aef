#include "bundles.h"

#include <array>
#include <fstream>
#include <string>
#include <utility>

#include <intentgate/bundle.h>
#include <intentgate/evidence.h>

#include "convert.h"
#include "key_ring.h"
#include "promised.h"

namespace intentgate::node {
namespace {

std::vector<std::string> Texts(const json::Value& request, std::string_view name) {
  std::vector<std::string> out;
  const json::Value* list = request.Find(name);
  if (list == nullptr) return out;
  for (const json::Value& text : list->array()) out.push_back(text.string_value());
  return out;
}

json::Value ToJson(const BundleReport& r) {
  json::Array signed_by;
  for (const std::string& name : r.signed_by) signed_by.emplace_back(name);
  json::Value out = json::MakeObject({{"verdict", BundleVerdictName(r.verdict)}, {"message", r.message}, {"tenant", r.tenant},
                                      {"events", r.events}, {"firstSeq", r.first_seq}, {"nextSeq", r.next_seq},
                                      {"covered", r.covered}, {"uncoveredEvents", r.uncovered_events}, {"filtered", r.filtered},
                                      {"archive", r.archive}, {"complete", r.complete}, {"lastHash", r.last_hash},
                                      {"origin", r.origin}, {"rootHex", r.root_hex}, {"checkpointNote", r.checkpoint_note},
                                      {"signedBy", json::Value(std::move(signed_by))}});
  if (r.bad_seq) out.Set("badSeq", *r.bad_seq);
  if (r.cosigned_at_micros != 0) out.Set("cosignedAtMicros", r.cosigned_at_micros);
  if (!r.bad_event_id.empty()) out.Set("badEventId", r.bad_event_id);
  if (r.fork) out.Set("fork", json::MakeObject({{"olderNote", r.fork->older_note}, {"newerNote", r.fork->newer_note}}));
  return out;
}

Result<std::string> VerifyFile(const std::string& path, const BundleTrust& trust) {
  Result<BundleVerifier> verifier = BundleVerifier::Create(trust);
  if (!verifier.ok()) return verifier.error();
  std::ifstream file(path, std::ios::binary);
  std::array<char, 65536> piece;
  while (file) {
    file.read(piece.data(), piece.size());
    verifier->Feed({piece.data(), static_cast<std::size_t>(file.gcount())});
  }
  if (!file.eof()) return Error{ErrorCode::kIo, path + ": cannot be read"};
  return json::Write(ToJson(verifier->Finish()));
}

// verifyBundle(path, trustJson {keys, olderCheckpoints, receipts, witnessPolicy}) -> promise of the report's JSON
Napi::Value VerifyBundle(const Napi::CallbackInfo& info) {
  const Result<json::Value> request = json::Parse(Text(info, 1));
  if (!request.ok()) return Throw(info.Env(), request.error()), info.Env().Undefined();
  BundleTrust trust{.keys = Texts(*request, "keys"), .older_checkpoints = Texts(*request, "olderCheckpoints"),
                    .receipts = Texts(*request, "receipts"), .witness_policy = std::nullopt};
  if (request->Find("witnessPolicy") != nullptr) trust.witness_policy = Member(*request, "witnessPolicy");
  return Promised(info.Env(), [path = Text(info, 0), trust = std::move(trust)] { return VerifyFile(path, trust); });
}

// makeSigningKeyFile(path, deployment) -> verifier key
Napi::Value MakeKeyFile(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Result<std::string> key = MakeSigningKeyFile(Text(info, 0), Text(info, 1), *env.GetInstanceData<AddonData>()->random);
  if (!key.ok()) return Throw(env, key.error()), env.Undefined();
  return Napi::String::New(env, *key);
}

}  // namespace

void ExportBundleFunctions(Napi::Env env, Napi::Object exports) {
  exports.Set("verifyBundle", Napi::Function::New<&VerifyBundle>(env));
  exports.Set("makeSigningKeyFile", Napi::Function::New<&MakeKeyFile>(env));
}

}  // namespace intentgate::node
