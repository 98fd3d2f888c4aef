#include "tlog/proof_file.h"

#include <optional>
#include <utility>

#include "base/encoding.h"
#include "tlog/checkpoint.h"
#include "tlog/lines.h"

namespace intentgate::tlog {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

Error Malformed(std::string message) { return {ErrorCode::kMalformed, std::move(message)}; }

}  // namespace

std::string WriteProofFile(const ProofFile& proof) {
  std::string out = std::string(kHeader) + "\n";
  if (!proof.extra.empty()) out.append(kExtra).append(base::Base64Encode(base::AsBytes(proof.extra))).append("\n");
  out.append(kIndex).append(std::to_string(proof.index)).append("\n");
  for (const Hash& hash : proof.path) out.append(WriteHash(hash)).append("\n");
  return out + "\n" + proof.checkpoint_note;
}

Result<ProofFile> ParseProofFile(std::string_view text) {
  if (text.size() > kMaxProofFileBytes) {
    return Malformed("a proof file has at most " + std::to_string(kMaxProofFileBytes) + " bytes");
  }
  if (TakeLine(text) != kHeader) return Malformed("a proof file begins with " + std::string(kHeader));
  ProofFile proof;
  std::optional<std::string_view> line = TakeLine(text);
  if (line && line->starts_with(kExtra)) {
    const Result<base::Bytes> extra = base::Base64Decode(line->substr(kExtra.size()));
    if (!extra.ok() || extra->empty() || extra->size() > kMaxProofExtraBytes) {
      return Malformed("a proof's extra line is the base64 of 1 to " + std::to_string(kMaxProofExtraBytes) + " bytes");
    }
    proof.extra = std::string(base::AsText(*extra));
    line = TakeLine(text);
  }
  if (!line || !line->starts_with(kIndex)) return Malformed("a proof's index line is missing");
  const std::optional<std::uint64_t> index = ParseDecimal(line->substr(kIndex.size()));
  if (!index) return Malformed("a proof's index is a decimal number without leading zeroes, below 2^63");
  proof.index = *index;
  for (line = TakeLine(text); line && !line->empty(); line = TakeLine(text)) {
    const std::optional<Hash> hash = ParseHash(*line);
    if (!hash) return Malformed("a line of the proof's path is not the base64 of 32 bytes");
    if (proof.path.size() == kMaxProofHashes) return Malformed("a proof's path has at most 63 hashes");
    proof.path.push_back(*hash);
  }
  if (!line || text.empty()) return Malformed("a proof ends in a blank line and a checkpoint");
  proof.checkpoint_note = std::string(text);
  return proof;
}

Status VerifyProofFile(const ProofFile& proof, const Hash& leaf_hash, std::string_view origin,
                       std::span<const VerifierKey> keys) {
  const Result<Note> note = ParseNote(proof.checkpoint_note);
  if (!note.ok()) return note.error();
  if (const auto verified = VerifyNote(*note, keys); !verified.ok()) return verified.error();
  const Result<Checkpoint> checkpoint = ParseCheckpoint(note->text);
  if (!checkpoint.ok()) return checkpoint.error();
  if (!origin.empty() && checkpoint->origin != origin) {
    return Error{ErrorCode::kBadMac, "the checkpoint is of the log " + checkpoint->origin + ", not of " +
                                         std::string(origin)};
  }
  if (proof.index >= checkpoint->size) {
    return Error{ErrorCode::kBadMac, "the proof's index is not below the checkpoint's size"};
  }
  return VerifyInclusion(leaf_hash, proof.index, checkpoint->size, proof.path, checkpoint->root);
}

}  // namespace intentgate::tlog
