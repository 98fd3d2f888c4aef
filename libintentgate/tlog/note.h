// Signed notes (C2SP signed-note): a text, a blank line, and signatures by named Ed25519 keys.
//
//   acme/audit/default/1
//   4711
//   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//   — acme Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//
// A key's id is the first four bytes of SHA-256(name || 0x0A || type || public key). Type 0x01 signs the text;
// type 0x04 is the timestamped cosignature of C2SP tlog-cosignature. Readers ignore signatures by keys they do
// not know and refuse a note in which a known key's signature is wrong.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/result.h>

#include "crypto/secret_bytes.h"

namespace intentgate::tlog {

inline constexpr std::size_t kMaxNoteBytes = 1u << 20;
inline constexpr std::size_t kMaxNoteSignatures = 64;

enum class KeyType : std::uint8_t { kEd25519 = 0x01, kCosignature = 0x04 };

// A verifier key, "name+hexid+base64(type || 32 bytes)". Immutable.
class VerifierKey {
 public:
  // kMalformed with what is wrong, kUnsupportedVersion for an algorithm that this build does not have.
  static Result<VerifierKey> Parse(std::string_view text);
  std::string ToString() const;
  const std::string& name() const { return name_; }
  std::uint32_t id() const { return id_; }
  KeyType type() const { return type_; }
  // `signature` is what follows the key id; for a cosignature that is 8 bytes of time and 64 of signature.
  bool Verify(std::string_view text, std::span<const std::uint8_t> signature) const;

 private:
  friend class SigningKey;
  VerifierKey() = default;
  std::string name_;
  std::uint32_t id_ = 0;
  KeyType type_ = KeyType::kEd25519;
  std::array<std::uint8_t, 32> public_key_{};
};

// A signing key, "PRIVATE+KEY+name+hexid+base64(type || 32 byte seed)": the form of Go's x/mod/sumdb/note. Never
// printed but by ToSecretText. Immutable, thread-safe.
class SigningKey {
 public:
  // `name` holds no blank, no plus sign and no control character. kInvalidArgument otherwise.
  static Result<SigningKey> Generate(std::string_view name, KeyType type, Random& random);
  static Result<SigningKey> Parse(std::string_view text);
  crypto::SecretBytes ToSecretText() const;
  const VerifierKey& verifier() const { return verifier_; }
  // The bytes after the key id. A cosignature signs `unix_seconds` as well (kInvalidArgument when negative); kEd25519
  // ignores it.
  Result<std::vector<std::uint8_t>> Sign(std::string_view text, std::int64_t unix_seconds) const;

 private:
  SigningKey() = default;
  static Result<SigningKey> Of(std::string_view name, KeyType type, crypto::SecretBytes seed);
  VerifierKey verifier_;
  std::shared_ptr<const crypto::SecretBytes> seed_;
};

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  std::vector<std::uint8_t> bytes;   // after the key id
};

struct Note {
  std::string text;                  // ends in a newline
  std::vector<NoteSignature> signatures;
};

// kMalformed with what is wrong. Checks the form only.
Result<Note> ParseNote(std::string_view bytes);
std::string WriteNote(const Note& note);
// Adds a signature. kInvalidArgument unless the text is what ParseNote would give back; kLimitExceeded beyond
// kMaxNoteSignatures.
Status SignNote(Note& note, const SigningKey& key, std::int64_t unix_seconds);

struct VerifiedBy {
  VerifierKey key;
  std::optional<std::int64_t> unix_seconds;   // of a cosignature
};
// Which of `keys` signed, each once, by its first signature. kUnknownKey when none did, kBadMac when any signature
// of a known key is wrong.
Result<std::vector<VerifiedBy>> VerifyNote(const Note& note, std::span<const VerifierKey> keys);

}  // namespace intentgate::tlog
