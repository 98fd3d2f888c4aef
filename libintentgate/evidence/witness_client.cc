// Tested by tests/unit/evidence/publisher_test.cc with a witness in the process, and by tests/run/suites/witness.sh against litewitness.

#include "evidence/witness_client.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/encoding.h"

namespace intentgate::evidence {
namespace {

constexpr std::int64_t kOk = 200, kBadRequest = 400, kForbidden = 403, kUnknownLog = 404, kConflict = 409, kBadProof = 422;
constexpr std::size_t kMaxReplyBytes = 64 * 1024;

std::optional<std::uint64_t> ReadSize(std::string_view body) {
  while (body.ends_with('\n')) body.remove_suffix(1);
  std::uint64_t size = 0;
  const auto read = std::from_chars(body.data(), body.data() + body.size(), size);
  if (read.ec != std::errc() || read.ptr != body.data() + body.size()) return std::nullopt;
  return size;
}

Error Of(const Witness& witness, ErrorCode code, const std::string& what) { return {code, "the witness " + witness.name + " " + what}; }

// The lines of the answer, held against the witness's key.
Result<std::vector<tlog::NoteSignature>> ReadCosignatures(const Witness& witness, const tlog::Note& note, const std::string& body) {
  Result<tlog::Note> cosigned = tlog::ParseNote(note.text + "\n" + body);
  if (!cosigned.ok()) return Of(witness, ErrorCode::kMalformed, "answered with no signature: " + cosigned.error().message);
  const Result<std::vector<tlog::VerifiedBy>> by = tlog::VerifyNote(*cosigned, {&witness.key, 1});
  if (!by.ok()) return Of(witness, ErrorCode::kBadMac, "answered with a signature that its key did not make");
  std::erase_if(cosigned->signatures, [&](const tlog::NoteSignature& one) {
    return one.name != witness.key.name() || one.key_id != witness.key.id();
  });
  return std::move(cosigned->signatures);
}

Error Refused(const Witness& witness, std::int64_t status) {
  switch (status) {
    case kForbidden: return Of(witness, ErrorCode::kUnknownKey, "does not accept the log's key (HTTP 403)");
    case kUnknownLog: return Of(witness, ErrorCode::kUnknownKey, "does not know this log (HTTP 404)");
    case kBadProof:
      return Of(witness, ErrorCode::kCorrupt, "has cosigned a tree that this one does not go on from (HTTP 422): two histories "
                                              "were signed");
    case kBadRequest: return Of(witness, ErrorCode::kMalformed, "could not read the request (HTTP 400)");
    default: return Of(witness, ErrorCode::kUnavailable, "answered with HTTP " + std::to_string(status));
  }
}

}  // namespace

Result<base::HttpFetchReply> WitnessClient::Post(const Witness& witness, const tlog::Note& note,
                                                 const tlog::Checkpoint& checkpoint, std::uint64_t old_size,
                                                 const tlog::NodeAt& nodes) {
  base::HttpFetchRequest request;
  request.method = "POST";
  request.url = witness.url + "/add-checkpoint";
  request.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  request.timeout_ms = timeout_ms_;
  request.max_response_bytes = kMaxReplyBytes;
  request.body = "old " + std::to_string(old_size) + "\n";
  if (old_size > 0) {
    const Result<std::vector<tlog::Hash>> proof = tlog::ConsistencyProof(old_size, checkpoint.size, nodes);
    if (!proof.ok()) return proof.error();
    for (const tlog::Hash& hash : *proof) request.body += base::Base64Encode(hash) + "\n";
  }
  request.body += "\n" + tlog::WriteNote(note);
  return http_->Fetch(request);
}

Result<std::vector<tlog::NoteSignature>> WitnessClient::AddCheckpoint(const Witness& witness, const tlog::Note& note,
                                                                      const tlog::Checkpoint& checkpoint,
                                                                      const tlog::NodeAt& nodes) {
  std::uint64_t& followed = followed_[{witness.name, checkpoint.origin}];
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (followed > checkpoint.size) {
      return Of(witness, ErrorCode::kConflict, "has cosigned " + std::to_string(followed) + " events of this log, more than the " +
                                                   std::to_string(checkpoint.size) + " of this checkpoint");
    }
    const Result<base::HttpFetchReply> reply = Post(witness, note, checkpoint, followed, nodes);
    if (!reply.ok()) return Of(witness, reply.error().code, "cannot be asked: " + reply.error().message);
    if (reply->status == kOk) {
      Result<std::vector<tlog::NoteSignature>> cosigned = ReadCosignatures(witness, note, reply->body);
      if (cosigned.ok()) followed = checkpoint.size;
      return cosigned;
    }
    if (reply->status != kConflict) return Refused(witness, reply->status);
    // It says how far it has followed; what it said before, or 0, was wrong.
    const std::optional<std::uint64_t> size = ReadSize(reply->body);
    if (!size || *size == followed) return Of(witness, ErrorCode::kMalformed, "answered HTTP 409 without another size");
    followed = *size;
  }
  return Of(witness, ErrorCode::kUnavailable, "moves between two requests; somebody else submits this log too");
}

std::uint64_t WitnessClient::FollowedBy(const Witness& witness, const std::string& origin) const {
  const auto found = followed_.find({witness.name, origin});
  return found == followed_.end() ? 0 : found->second;
}

}  // namespace intentgate::evidence
