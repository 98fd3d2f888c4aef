#include "tlog/proof_file.h"

#include <doctest/doctest.h>

#include <string>

#include "base/encoding.h"
#include "support/fixed_random.h"
#include "support/merkle_oracle.h"
#include "tlog/checkpoint.h"
#include "tlog/lines.h"

namespace intentgate::tlog {
namespace {

constexpr std::size_t kSize = 11, kIndex = 6;

struct Log {
  SigningKey key;
  std::vector<std::string> leaves = test::OracleSample(kSize);

  Log() : key(MakeKey(1)) {}
  static SigningKey MakeKey(std::uint8_t seed) {
    test::FixedRandom random(seed);
    return *SigningKey::Generate("log.example", KeyType::kEd25519, random);
  }
  Hash Leaf(std::size_t i) const { return LeafHash(base::AsBytes(leaves[i])); }
  std::string SignedCheckpoint(const std::string& origin = "log.example/audit") const {
    Note note{.text = WriteCheckpoint({origin, kSize, test::OracleRoot(leaves)}), .signatures = {}};
    REQUIRE(SignNote(note, key, 0).ok());
    return WriteNote(note);
  }
  ProofFile Proof() const { return {"before", kIndex, test::OraclePath(kIndex, leaves), SignedCheckpoint()}; }
  Status Verify(const ProofFile& proof, std::string_view origin = "log.example/audit") const {
    return VerifyProofFile(proof, Leaf(kIndex), origin, {&key.verifier(), 1});
  }
};

std::string Refusal(const std::string& text) {
  const Result<ProofFile> proof = ParseProofFile(text);
  if (proof.ok()) return "accepted";
  CHECK(proof.error().code == ErrorCode::kMalformed);
  return proof.error().message;
}

}  // namespace

TEST_CASE("a proof file has the form of the specification and is read back") {
  const Log log;
  const ProofFile proof = log.Proof();
  const std::string text = WriteProofFile(proof);
  CHECK(text.starts_with("c2sp.org/tlog-proof@v1\nextra YmVmb3Jl\nindex 6\n" + WriteHash(proof.path[0]) + "\n"));
  CHECK(text.ends_with("\n\n" + proof.checkpoint_note));
  const Result<ProofFile> read = ParseProofFile(text);
  REQUIRE(read.ok());
  CHECK(read->extra == "before");
  CHECK(read->index == kIndex);
  CHECK(read->path == proof.path);
  CHECK(read->checkpoint_note == proof.checkpoint_note);
  CHECK(log.Verify(*read).ok());
  CHECK(log.Verify(*read, "").ok());
}

TEST_CASE("a proof without extra data and without a path has neither line") {
  const std::string text = WriteProofFile({"", 0, {}, "log\n"});
  CHECK(text == "c2sp.org/tlog-proof@v1\nindex 0\n\nlog\n");
  REQUIRE(ParseProofFile(text).ok());
  CHECK(ParseProofFile(text)->path.empty());
}

TEST_CASE("a proof of another leaf, place, log or key is refused") {
  const Log log;
  const ProofFile proof = log.Proof();
  CHECK(VerifyProofFile(proof, log.Leaf(kIndex + 1), "", {&log.key.verifier(), 1}).error().code == ErrorCode::kBadMac);
  const SigningKey other = Log::MakeKey(2);
  CHECK(VerifyProofFile(proof, log.Leaf(kIndex), "", {&other.verifier(), 1}).error().code == ErrorCode::kUnknownKey);
  CHECK(log.Verify(proof, "log.example/other").error().message ==
        "the checkpoint is of the log log.example/audit, not of log.example/other");
  CHECK(log.Verify(proof, "log.example/other").error().code == ErrorCode::kBadMac);
  ProofFile wrong = proof;
  wrong.index = kIndex - 1;
  CHECK(log.Verify(wrong).error().code == ErrorCode::kBadMac);
  wrong.index = kSize;
  CHECK(log.Verify(wrong).error().message == "the proof's index is not below the checkpoint's size");
  wrong = proof;
  wrong.path.pop_back();
  CHECK(log.Verify(wrong).error().message == "the proof does not lead to the root");
  wrong = proof;
  wrong.checkpoint_note.replace(wrong.checkpoint_note.find("\n11\n"), 4, "\n12\n");
  CHECK(log.Verify(wrong).error().message == "the signature by log.example is wrong");
  wrong.checkpoint_note = "no note";
  CHECK(log.Verify(wrong).error().code == ErrorCode::kMalformed);
}

TEST_CASE("a signed note that is no checkpoint is refused") {
  const Log log;
  Note note{.text = "something else\n", .signatures = {}};
  REQUIRE(SignNote(note, log.key, 0).ok());
  ProofFile proof = log.Proof();
  proof.checkpoint_note = WriteNote(note);
  CHECK(log.Verify(proof).error().code == ErrorCode::kMalformed);
}

TEST_CASE("every changed byte of a proof file is refused, but for the extra data") {
  const Log log;
  const std::string text = WriteProofFile(log.Proof());
  const std::size_t extra_begin = text.find("extra "), extra_end = text.find("index ");
  int accepted = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i >= extra_begin && i < extra_end) continue;
    for (const char mask : {'\x01', '\x20'}) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ mask);
      const Result<ProofFile> read = ParseProofFile(changed);
      if (read.ok() && log.Verify(*read).ok()) ++accepted;
    }
  }
  CHECK(accepted == 0);
}

TEST_CASE("proof files that do not follow the format are refused with what is wrong") {
  const std::string head = "c2sp.org/tlog-proof@v1\n";
  const std::string hash = WriteHash(EmptyRoot()) + "\n";
  const std::string end = "\nlog\n";
  CHECK(Refusal(head + "index 5\n" + hash + end) == "accepted");
  CHECK(Refusal("") == "a proof file begins with c2sp.org/tlog-proof@v1");
  CHECK(Refusal("c2sp.org/tlog-proof@v2\nindex 5\n" + end) == "a proof file begins with c2sp.org/tlog-proof@v1");
  CHECK(Refusal(head) == "a proof's index line is missing");
  CHECK(Refusal(head + "extra YQ==\n") == "a proof's index line is missing");
  CHECK(Refusal(head + "extra YQ==\nextra YQ==\nindex 5\n" + end) == "a proof's index line is missing");
  const std::string extra = "a proof's extra line is the base64 of 1 to 1024 bytes";
  CHECK(Refusal(head + "extra \nindex 5\n" + end) == extra);
  CHECK(Refusal(head + "extra !\nindex 5\n" + end) == extra);
  CHECK(Refusal(head + "extra " + base::Base64Encode(std::vector<std::uint8_t>(1025)) + "\nindex 5\n" + end) == extra);
  CHECK(Refusal(head + "extra " + base::Base64Encode(std::vector<std::uint8_t>(1024)) + "\nindex 5\n" + end) == "accepted");
  CHECK(Refusal(head + "index 05\n" + end) == "a proof's index is a decimal number without leading zeroes, below 2^63");
  CHECK(Refusal(head + "index 5\nAAAA\n" + end) == "a line of the proof's path is not the base64 of 32 bytes");
  CHECK(Refusal(head + "index 5\n" + hash) == "a proof ends in a blank line and a checkpoint");
  CHECK(Refusal(head + "index 5\n" + hash + "\n") == "a proof ends in a blank line and a checkpoint");
  std::string path;
  for (std::size_t i = 0; i < kMaxProofHashes; ++i) path += hash;
  CHECK(Refusal(head + "index 5\n" + path + end) == "accepted");
  CHECK(Refusal(head + "index 5\n" + path + hash + end) == "a proof's path has at most 63 hashes");
  CHECK(Refusal(head + "index 5\n\n" + std::string(kMaxProofFileBytes, 'x')) == "a proof file has at most 1056768 bytes");
}

}  // namespace intentgate::tlog
