#include "tlog/note.h"

#include <doctest/doctest.h>

#include <string>

#include "base/encoding.h"
#include "support/fixed_random.h"

namespace intentgate::tlog {
namespace {

// The published example of golang.org/x/mod/sumdb/note.
constexpr std::string_view kVerifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kSigner = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const std::string kSigned =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

SigningKey Key(std::string_view name, KeyType type, std::uint8_t seed) {
  test::FixedRandom random(seed);
  return *SigningKey::Generate(name, type, random);
}

std::string SecretText(const SigningKey& key) {
  return std::string(base::AsText(key.ToSecretText().Expose(crypto::SecretAccess{})));
}

std::string MalformedBecause(std::string_view bytes) {
  const Result<Note> note = ParseNote(bytes);
  if (note.ok()) return "accepted";
  CHECK(note.error().code == ErrorCode::kMalformed);
  return note.error().message;
}

template <typename K>
std::string KeyRefusal(std::string_view text, ErrorCode code = ErrorCode::kMalformed) {
  const Result<K> key = K::Parse(text);
  if (key.ok()) return "accepted";
  CHECK(key.error().code == code);
  return key.error().message;
}

std::string Signature(std::string_view name, std::size_t bytes) {
  return "\xe2\x80\x94 " + std::string(name) + " " + base::Base64Encode(std::vector<std::uint8_t>(bytes, 7)) + "\n";
}

}  // namespace

TEST_CASE("the published note is read, verified, and signed again to the byte") {
  const Result<VerifierKey> verifier = VerifierKey::Parse(kVerifier);
  REQUIRE(verifier.ok());
  CHECK(verifier->name() == "PeterNeumann");
  CHECK(verifier->id() == 0xc74f20a3);
  CHECK(verifier->type() == KeyType::kEd25519);
  CHECK(verifier->ToString() == kVerifier);
  const Result<Note> note = ParseNote(kSigned);
  REQUIRE(note.ok());
  CHECK(WriteNote(*note) == kSigned);
  const auto verified = VerifyNote(*note, {&*verifier, 1});
  REQUIRE(verified.ok());
  CHECK(verified->size() == 1);
  CHECK_FALSE(verified->front().unix_seconds.has_value());

  const Result<SigningKey> signer = SigningKey::Parse(kSigner);
  REQUIRE(signer.ok());
  CHECK(SecretText(*signer) == kSigner);
  CHECK(signer->verifier().ToString() == kVerifier);
  Note again{.text = note->text, .signatures = {}};
  REQUIRE(SignNote(again, *signer, 0).ok());
  CHECK(WriteNote(again) == kSigned);
}

TEST_CASE("a cosignature carries its time, and another time does not verify") {
  const SigningKey key = Key("witness.example/w1", KeyType::kCosignature, 9);
  Note note{.text = "log\n5\nroot\n", .signatures = {}};
  REQUIRE(SignNote(note, key, 1679315147).ok());
  const VerifierKey verifier = *VerifierKey::Parse(key.verifier().ToString());
  CHECK(verifier.type() == KeyType::kCosignature);
  const auto verified = VerifyNote(*ParseNote(WriteNote(note)), {&verifier, 1});
  REQUIRE(verified.ok());
  CHECK(verified->front().unix_seconds == 1679315147);
  for (std::size_t byte = 0; byte < 8; ++byte) {
    Note moved = note;
    moved.signatures[0].bytes[byte] ^= 1;
    CHECK(VerifyNote(moved, {&verifier, 1}).error().code == ErrorCode::kBadMac);
  }
  Note cut = note;
  cut.signatures[0].bytes.pop_back();
  CHECK(VerifyNote(cut, {&verifier, 1}).error().code == ErrorCode::kBadMac);
  CHECK(key.Sign(note.text, -1).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("a time beyond 2^63 is refused though its signature is right") {
  const SigningKey plain = Key("w", KeyType::kEd25519, 9);
  const SigningKey cosigner = Key("w", KeyType::kCosignature, 9);
  const std::string text = "log\n5\nroot\n";
  std::vector<std::uint8_t> bytes(8, 0xff);
  const auto signature = *plain.Sign("cosignature/v1\ntime 18446744073709551615\n" + text, 0);
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  CHECK_FALSE(cosigner.verifier().Verify(text, bytes));
}

TEST_CASE("one key bytes under two types has two ids, and neither verifies the other's signature") {
  const SigningKey plain = Key("same", KeyType::kEd25519, 3), cosigner = Key("same", KeyType::kCosignature, 3);
  CHECK(plain.verifier().id() != cosigner.verifier().id());
  const std::string text = "text\n";
  CHECK_FALSE(cosigner.verifier().Verify(text, *plain.Sign(text, 5)));
  CHECK_FALSE(plain.verifier().Verify(text, *cosigner.Sign(text, 5)));
}

TEST_CASE("signatures by unknown keys are ignored, and one wrong signature of a known key refuses the note") {
  const SigningKey ours = Key("ours", KeyType::kEd25519, 1), theirs = Key("theirs", KeyType::kEd25519, 2);
  Note note{.text = "text\n", .signatures = {}};
  REQUIRE(SignNote(note, theirs, 0).ok());
  const Result<std::vector<VerifiedBy>> unknown = VerifyNote(note, {&ours.verifier(), 1});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().code == ErrorCode::kUnknownKey);
  CHECK(VerifyNote(note, {}).error().code == ErrorCode::kUnknownKey);
  REQUIRE(SignNote(note, ours, 0).ok());
  CHECK(VerifyNote(note, {&ours.verifier(), 1}).ok());

  const std::vector<VerifierKey> both{ours.verifier(), theirs.verifier()};
  CHECK(VerifyNote(note, both)->size() == 2);
  Note wrong = note;
  wrong.signatures[0].bytes[10] ^= 1;
  CHECK(VerifyNote(wrong, {&ours.verifier(), 1}).ok());
  const Result<std::vector<VerifiedBy>> refused = VerifyNote(wrong, both);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kBadMac);
  CHECK(refused.error().message == "the signature by theirs is wrong");
  wrong = note;
  wrong.text = "Text\n";
  CHECK(VerifyNote(wrong, both).error().code == ErrorCode::kBadMac);
}

TEST_CASE("a key's second signature is verified too, and counted once") {
  const SigningKey key = Key("ours", KeyType::kEd25519, 1);
  Note note{.text = "text\n", .signatures = {}};
  REQUIRE(SignNote(note, key, 0).ok());
  REQUIRE(SignNote(note, key, 0).ok());
  CHECK(VerifyNote(note, {&key.verifier(), 1})->size() == 1);
  note.signatures[1].bytes[0] ^= 1;
  CHECK(VerifyNote(note, {&key.verifier(), 1}).error().code == ErrorCode::kBadMac);
}

TEST_CASE("a key that shares only a name or only an id with a signature is unknown") {
  const SigningKey key = Key("ours", KeyType::kEd25519, 1), other = Key("ours", KeyType::kEd25519, 2);
  Note note{.text = "text\n", .signatures = {}};
  REQUIRE(SignNote(note, other, 0).ok());
  CHECK(VerifyNote(note, {&key.verifier(), 1}).error().code == ErrorCode::kUnknownKey);
  note.signatures[0].name = "else";
  note.signatures[0].key_id = key.verifier().id();
  CHECK(VerifyNote(note, {&key.verifier(), 1}).error().code == ErrorCode::kUnknownKey);
}

TEST_CASE("notes that do not follow the format are refused with what is wrong") {
  const std::string good = "text\n\n" + Signature("name", 68);
  CHECK(MalformedBecause(good) == "accepted");
  CHECK(MalformedBecause("") == "a note has a blank line between its text and its signatures");
  CHECK(MalformedBecause("text\n") == "a note has a blank line between its text and its signatures");
  CHECK(MalformedBecause("text\n\n") == "a note ends in a signature line and a newline");
  CHECK(MalformedBecause(good.substr(0, good.size() - 1)) == "a note ends in a signature line and a newline");
  CHECK(MalformedBecause("text\n\n- name AAAAAAA=\n") == "a note's signature line begins with an em dash and a space");
  CHECK(MalformedBecause("text\n\n\xe2\x80\x94 name\n") == "a note's signature line has a name and a signature");
  CHECK(MalformedBecause("text\n\n\xe2\x80\x94 na+me AAAAAAA=\n") == "a note's signature has no valid key name");
  CHECK(MalformedBecause("text\n\n\xe2\x80\x94 na\xc2\xa0me AAAAAAA=\n") == "a note's signature has no valid key name");
  CHECK(MalformedBecause("text\n\n\xe2\x80\x94  AAAAAAA=\n") == "a note's signature has no valid key name");
  CHECK(MalformedBecause("text\n\n\xe2\x80\x94 name AAAA!\n") == "a note's signature is not base64");
  CHECK(MalformedBecause("text\n\n\xe2\x80\x94 name AAAAAA==\n") == "a note's signature is too short");
  for (const std::string& bad : {std::string("\t"), std::string("\r"), std::string(1, '\0'), std::string("\xff")}) {
    CHECK(MalformedBecause(bad + good) == "a note is UTF-8 without control characters other than the newline");
  }
}

TEST_CASE("the text may hold blank lines: the last one ends it") {
  const std::string bytes = "one\n\n\ntwo\n\n" + Signature("name", 68);
  const Result<Note> note = ParseNote(bytes);
  REQUIRE(note.ok());
  CHECK(note->text == "one\n\n\ntwo\n");
  CHECK(WriteNote(*note) == bytes);
}

TEST_CASE("a note has at least sixteen and at most kMaxNoteSignatures signatures, and kMaxNoteBytes bytes") {
  std::string bytes = "text\n\n";
  for (std::size_t i = 0; i < kMaxNoteSignatures; ++i) bytes += Signature("name" + std::to_string(i), 68);
  static_assert(kMaxNoteSignatures >= 16);
  Result<Note> note = ParseNote(bytes);
  REQUIRE(note.ok());
  const SigningKey key = Key("ours", KeyType::kEd25519, 1);
  CHECK(SignNote(*note, key, 0).error().code == ErrorCode::kLimitExceeded);
  CHECK(MalformedBecause(bytes + Signature("more", 68)) == "a note has at most 64 signatures");
  CHECK(MalformedBecause(std::string(kMaxNoteBytes, 'x') + "\n\n" + Signature("name", 68)) ==
        "a note has at most 1048576 bytes");
}

TEST_CASE("a text that no note can hold is not signed") {
  const SigningKey key = Key("ours", KeyType::kEd25519, 1);
  for (const char* text : {"", "no newline", "tab\t\n", "\xff\n"}) {
    Note note{.text = text, .signatures = {}};
    CHECK(SignNote(note, key, 0).error().code == ErrorCode::kInvalidArgument);
    CHECK(note.signatures.empty());
  }
}

TEST_CASE("keys that do not follow the format are refused with what is wrong") {
  using V = VerifierKey;
  CHECK(KeyRefusal<V>("") == "a key has the form name+id+base64");
  CHECK(KeyRefusal<V>("name+c74f20a3") == "a key has the form name+id+base64");
  CHECK(KeyRefusal<V>("+c74f20a3+AAAA") == "a key's name is empty or holds a blank, a plus sign or a control character");
  CHECK(KeyRefusal<V>("a b+c74f20a3+AAAA") == "a key's name is empty or holds a blank, a plus sign or a control character");
  CHECK(KeyRefusal<V>("name+C74F20A3+AAAA") == "a key's id is eight lower-case hex digits");
  CHECK(KeyRefusal<V>("name+c74f20+AAAA") == "a key's id is eight lower-case hex digits");
  CHECK(KeyRefusal<V>("name+c74f20a3+!") == "a key's last part is not base64");
  CHECK(KeyRefusal<V>("name+c74f20a3+") == "a key's last part is not base64");
  CHECK(KeyRefusal<V>("name+c74f20a3+AQID") == "an Ed25519 key has 32 bytes");
  CHECK(KeyRefusal<V>("name+c74f20a3+BgID", ErrorCode::kUnsupportedVersion) ==
        "the key's algorithm 6 is not known here; 1 (Ed25519) and 4 (cosignature) are");
  CHECK(KeyRefusal<V>("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW") ==
        "the key's id does not belong to the key");
  CHECK(KeyRefusal<V>("Peterneumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW") ==
        "the key's id does not belong to the key");
  CHECK(KeyRefusal<V>(kSigner) == "this is a signing key; only its verifier key belongs here");
  CHECK(KeyRefusal<SigningKey>(kVerifier) == "a signing key begins with PRIVATE+KEY+");
  CHECK(KeyRefusal<SigningKey>("PRIVATE+KEY+PeterNeumann+c74f20a4+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz") ==
        "the signing key's id does not belong to the key");
}

TEST_CASE("a key is generated only under a name that a note can carry") {
  test::FixedRandom random(1);
  for (const char* name : {"", "a b", "a+b", "a\nb", "a\x7f", "\xff", "a\xe2\x80\xa8"}) {
    CHECK(SigningKey::Generate(name, KeyType::kEd25519, random).error().code == ErrorCode::kInvalidArgument);
  }
  CHECK(SigningKey::Generate("k\xc3\xb6ln.example/log", KeyType::kEd25519, random).ok());
}

}  // namespace intentgate::tlog
