#include "evidence.h"

#include <pybind11/stl.h>

#include <array>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/bundle.h>
#include <intentgate/clock.h>
#include <intentgate/evidence.h>

#include "audit.h"
#include "decision.h"
#include "raise.h"
#include "waiting.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

using Texts = std::vector<std::string>;

// The evidence of a gate, which it keeps alive.
std::shared_ptr<Evidence> EvidenceOf(py::handle self) {
  std::shared_ptr<Gate> gate = Borrow(self);
  Evidence* evidence = gate->evidence();
  if (evidence == nullptr) Raise(Error{ErrorCode::kUnavailable, "this gate's store keeps no tree over the chain"});
  return {std::move(gate), evidence};
}

py::dict ToDict(const CheckpointInfo& checkpoint) {
  py::dict out;
  out["note"] = checkpoint.note;
  out["origin"] = checkpoint.origin;
  out["epoch"] = checkpoint.epoch;
  out["size"] = checkpoint.size;
  out["root_hex"] = checkpoint.root_hex;
  out["signed_at_micros"] = checkpoint.signed_at_micros;
  out["witnessed_at_micros"] =
      checkpoint.witnessed_at_micros == 0 ? py::object(py::none()) : py::object(py::int_(checkpoint.witnessed_at_micros));
  return out;
}

py::dict MakeCheckpoint(py::handle self, const std::string& tenant) {
  const std::shared_ptr<Evidence> evidence = EvidenceOf(self);
  return ToDict(Take(WithoutGil([&] { return evidence->CheckpointNow(tenant); })));
}

py::dict LatestCheckpoint(py::handle self, const std::string& tenant) {
  const std::shared_ptr<Evidence> evidence = EvidenceOf(self);
  return ToDict(Take(WithoutGil([&] { return evidence->LatestCheckpoint(tenant); })));
}

py::dict ProveEvent(py::handle self, const std::string& tenant, const std::string& event_id) {
  const std::shared_ptr<Evidence> evidence = EvidenceOf(self);
  const EventProof proof = Take(WithoutGil([&] { return evidence->ProofOf(tenant, event_id); }));
  py::dict out;
  out["proof"] = proof.proof;
  out["seq"] = proof.seq;
  out["event_id"] = proof.event_id;
  out["hash"] = proof.hash;
  return out;
}

std::string SignReceipt(py::handle self, py::handle decision) {
  const Decision& of = DecisionOf(decision);
  if (!of.receipt) throw py::value_error("the decision has no place in the chain that a receipt could promise");
  const AuditReceipt receipt = *of.receipt;
  const std::shared_ptr<Evidence> evidence = EvidenceOf(self);
  return Take(WithoutGil([&] { return evidence->SignReceipt(receipt); }));
}

void WriteBundle(py::handle self, const std::string& path, const std::string& tenant, const py::dict& filter, bool include_uncovered,
                 bool witnessed, bool include_values) {
  BundleRequest request;
  request.tenant = tenant;
  request.filter = FilterFrom(filter);
  request.include_uncovered = include_uncovered;
  request.witnessed = witnessed;
  request.include_values = include_values;
  const std::shared_ptr<Evidence> evidence = EvidenceOf(self);
  OutputFile file(path);
  Take(WithoutGil([&] { return file.Close(evidence->WriteBundle(request, file.Sink())); }));
}

py::dict Prune(py::handle self, const std::string& tenant, std::int64_t before_micros, const std::string& reason, bool dry_run,
               const std::string& actor) {
  PruneRequest request;
  request.tenant = tenant;
  request.before_micros = before_micros;
  request.reason = reason;
  request.dry_run = dry_run;
  const std::shared_ptr<Evidence> evidence = EvidenceOf(self);
  const PruneReport report = Take(WithoutGil([&] { return evidence->Prune(request, {actor, "", ""}); }));
  py::dict out;
  out["first_seq"] = report.first_seq;
  out["next_first_seq"] = report.next_first_seq;
  out["resumed"] = report.resumed;
  out["archive"] = report.archive;
  out["archive_sha256"] = report.archive_sha256;
  return out;
}

BundleTrust TrustFrom(const Texts& keys, const Texts& older_checkpoints, const Texts& receipts,
                      const std::optional<std::string>& witness_policy) {
  return {keys, older_checkpoints, receipts, witness_policy};
}

Result<BundleReport> CheckBundle(const std::string& path, const BundleTrust& trust) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kIo, path + ": cannot be read"};
  Result<BundleVerifier> verifier = BundleVerifier::Create(trust);
  if (!verifier.ok()) return verifier.error();
  std::vector<char> piece(std::size_t{64} << 10);
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    verifier->Feed({piece.data(), static_cast<std::size_t>(file.gcount())});
  }
  if (file.bad()) return Error{ErrorCode::kIo, path + ": cannot be read"};
  return verifier->Finish();
}

py::dict VerifyBundle(const std::string& path, const Texts& keys, const Texts& older_checkpoints, const Texts& receipts,
                      const std::optional<std::string>& witness_policy) {
  const BundleTrust trust = TrustFrom(keys, older_checkpoints, receipts, witness_policy);
  const BundleReport report = Take(WithoutGil([&] { return CheckBundle(path, trust); }));
  py::dict out;
  out["verdict"] = std::string(BundleVerdictName(report.verdict));
  out["message"] = report.message;
  out["bad_seq"] = report.bad_seq;
  out["tenant"] = report.tenant;
  out["events"] = report.events;
  out["first_seq"] = report.first_seq;
  out["next_seq"] = report.next_seq;
  out["covered"] = report.covered;
  out["uncovered_events"] = report.uncovered_events;
  out["complete"] = report.complete;
  out["origin"] = report.origin;
  out["signed_by"] = report.signed_by;
  out["checkpoint_note"] = report.checkpoint_note;
  out["cosigned_at_micros"] = report.cosigned_at_micros == 0 ? py::object(py::none()) : py::object(py::int_(report.cosigned_at_micros));
  return out;
}

py::dict VerifyProof(const std::string& proof, const std::string& event_hash, const Texts& keys, const Texts& older_checkpoints,
                     const Texts& receipts, const std::optional<std::string>& witness_policy) {
  const BundleTrust trust = TrustFrom(keys, older_checkpoints, receipts, witness_policy);
  const ProofReport report = Take(VerifyEventProof(proof, event_hash, trust));
  py::dict out;
  out["verdict"] = std::string(BundleVerdictName(report.verdict));
  out["message"] = report.message;
  out["seq"] = report.seq;
  out["covered"] = report.covered;
  out["origin"] = report.origin;
  out["signed_by"] = report.signed_by;
  return out;
}

}  // namespace

void RegisterEvidence(py::module_& module, GateType& type) {
  type.def("_verifier_key", [](py::handle self) { return EvidenceOf(self)->VerifierKey(); })
      .def("_make_checkpoint", &MakeCheckpoint, py::arg("tenant"))
      .def("_latest_checkpoint", &LatestCheckpoint, py::arg("tenant"))
      .def("_prove_event", &ProveEvent, py::arg("tenant"), py::arg("event_id"))
      .def("_sign_receipt", &SignReceipt, py::arg("decision"))
      .def("_write_bundle", &WriteBundle, py::arg("path"), py::arg("tenant"), py::arg("filter"), py::arg("include_uncovered"),
           py::arg("witnessed"), py::arg("include_values"))
      .def("_prune", &Prune, py::arg("tenant"), py::arg("before_micros"), py::arg("reason"), py::arg("dry_run"), py::arg("actor"));
  module.def("verify_bundle", &VerifyBundle, py::arg("path"), py::arg("keys"), py::arg("older_checkpoints"), py::arg("receipts"),
             py::arg("witness_policy"));
  module.def("verify_proof", &VerifyProof, py::arg("proof"), py::arg("event_hash"), py::arg("keys"), py::arg("older_checkpoints"),
             py::arg("receipts"), py::arg("witness_policy"));
  module.def("make_signing_key", [](const std::string& path, const std::string& name) {
    return Take(MakeSigningKeyFile(path, name, *SystemRandom()));
  }, py::arg("path"), py::arg("name"));
}

}  // namespace intentgate::python
