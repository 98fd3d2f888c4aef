// Tested by tests/unit/tlog/note_test.cc with the vectors of the specifications, and by tests/integration/tlog_go
// against golang.org/x/mod/sumdb/note.

#include "tlog/note.h"

#include <algorithm>
#include <limits>

#include "base/encoding.h"
#include "base/utf8.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"

namespace intentgate::tlog {
namespace {

constexpr std::string_view kSignaturePrefix = "\xe2\x80\x94 ";   // em dash, space
constexpr std::string_view kSecretPrefix = "PRIVATE+KEY+";
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kKeyBytes = 32;

Error Malformed(std::string message) { return {ErrorCode::kMalformed, std::move(message)}; }

// The code points with Unicode's White_Space property.
bool IsSpace(std::uint32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool IsKeyName(std::string_view name) {
  if (name.empty() || !base::IsValidUtf8(name)) return false;
  for (std::size_t at = 0; at < name.size();) {
    const std::uint32_t c = base::NextCodePoint(name, at);
    if (c < 0x20 || c == 0x7f || c == '+' || IsSpace(c)) return false;
  }
  return true;
}

bool IsNoteText(std::string_view text) {
  return base::IsValidUtf8(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; });
}

std::uint32_t ReadId(std::span<const std::uint8_t> bytes) {
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < kKeyIdBytes; ++i) id = id << 8 | bytes[i];
  return id;
}

std::array<std::uint8_t, kKeyIdBytes> IdBytes(std::uint32_t id) {
  return {static_cast<std::uint8_t>(id >> 24), static_cast<std::uint8_t>(id >> 16), static_cast<std::uint8_t>(id >> 8),
          static_cast<std::uint8_t>(id)};
}

std::uint32_t KeyId(std::string_view name, KeyType type, std::span<const std::uint8_t> public_key) {
  std::string bytes(name);
  bytes += '\n';
  bytes += static_cast<char>(type);
  bytes += base::AsText(public_key);
  return ReadId(crypto::Sha256(base::AsBytes(bytes)));
}

// The parts of "name+hexid+base64(type || 32 bytes)".
struct KeyText {
  std::string_view name;
  std::uint32_t id = 0;
  KeyType type = KeyType::kEd25519;
  crypto::SecretBytes material;
};

Result<KeyText> SplitKey(std::string_view text) {
  const std::size_t name_end = text.find('+');
  const std::size_t id_end = name_end == std::string_view::npos ? name_end : text.find('+', name_end + 1);
  if (id_end == std::string_view::npos) return Malformed("a key has the form name+id+base64");
  KeyText key;
  key.name = text.substr(0, name_end);
  if (!IsKeyName(key.name)) return Malformed("a key's name is empty or holds a blank, a plus sign or a control character");
  const Result<base::Bytes> id = base::HexDecode(text.substr(name_end + 1, id_end - name_end - 1));
  if (!id.ok() || id->size() != kKeyIdBytes) return Malformed("a key's id is eight lower-case hex digits");
  key.id = ReadId(*id);
  Result<base::Bytes> bytes = base::Base64Decode(text.substr(id_end + 1));
  if (!bytes.ok() || bytes->empty()) return Malformed("a key's last part is not base64");
  const std::uint8_t type = bytes->front();
  key.material = crypto::SecretBytes(std::span(*bytes).subspan(1));
  crypto::Wipe(*bytes);
  if (type != static_cast<std::uint8_t>(KeyType::kEd25519) && type != static_cast<std::uint8_t>(KeyType::kCosignature)) {
    return Error{ErrorCode::kUnsupportedVersion, "the key's algorithm " + std::to_string(type) +
                                                     " is not known here; 1 (Ed25519) and 4 (cosignature) are"};
  }
  key.type = static_cast<KeyType>(type);
  if (key.material.size() != kKeyBytes) return Malformed("an Ed25519 key has 32 bytes");
  return key;
}

std::string WriteKey(std::string_view name, std::uint32_t id, KeyType type, std::span<const std::uint8_t> material) {
  std::vector<std::uint8_t> bytes{static_cast<std::uint8_t>(type)};
  bytes.insert(bytes.end(), material.begin(), material.end());
  std::string out(name);
  out.append("+").append(base::HexEncode(IdBytes(id))).append("+").append(base::Base64Encode(bytes));
  crypto::Wipe(bytes);
  return out;
}

// What a cosignature signs: tlog-cosignature, "Ed25519 signed message".
std::string CosignedMessage(std::string_view text, std::uint64_t unix_seconds) {
  return "cosignature/v1\ntime " + std::to_string(unix_seconds) + "\n" + std::string(text);
}

std::uint64_t ReadTime(std::span<const std::uint8_t> bytes) {
  std::uint64_t time = 0;
  for (std::size_t i = 0; i < kTimeBytes; ++i) time = time << 8 | bytes[i];
  return time;
}

Result<NoteSignature> ParseSignatureLine(std::string_view line) {
  if (!line.starts_with(kSignaturePrefix)) return Malformed("a note's signature line begins with an em dash and a space");
  line.remove_prefix(kSignaturePrefix.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return Malformed("a note's signature line has a name and a signature");
  NoteSignature signature{.name = std::string(line.substr(0, space)), .key_id = 0, .bytes = {}};
  if (!IsKeyName(signature.name)) return Malformed("a note's signature has no valid key name");
  const Result<base::Bytes> bytes = base::Base64Decode(line.substr(space + 1));
  if (!bytes.ok()) return Malformed("a note's signature is not base64");
  if (bytes->size() <= kKeyIdBytes) return Malformed("a note's signature is too short");
  signature.key_id = ReadId(*bytes);
  signature.bytes.assign(bytes->begin() + kKeyIdBytes, bytes->end());
  return signature;
}

}  // namespace

Result<VerifierKey> VerifierKey::Parse(std::string_view text) {
  if (text.starts_with(kSecretPrefix)) return Malformed("this is a signing key; only its verifier key belongs here");
  const Result<KeyText> parts = SplitKey(text);
  if (!parts.ok()) return parts.error();
  VerifierKey key;
  key.name_ = std::string(parts->name);
  key.id_ = parts->id;
  key.type_ = parts->type;
  const auto bytes = parts->material.Expose(crypto::SecretAccess{});
  std::copy(bytes.begin(), bytes.end(), key.public_key_.begin());
  if (KeyId(key.name_, key.type_, key.public_key_) != key.id_) return Malformed("the key's id does not belong to the key");
  return key;
}

std::string VerifierKey::ToString() const { return WriteKey(name_, id_, type_, public_key_); }

bool VerifierKey::Verify(std::string_view text, std::span<const std::uint8_t> signature) const {
  if (type_ == KeyType::kEd25519) return crypto::Ed25519Verify(public_key_, base::AsBytes(text), signature);
  if (signature.size() != kTimeBytes + sizeof(crypto::Ed25519Signature)) return false;
  const std::uint64_t time = ReadTime(signature);
  if (time > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return false;
  return crypto::Ed25519Verify(public_key_, base::AsBytes(CosignedMessage(text, time)), signature.subspan(kTimeBytes));
}

Result<SigningKey> SigningKey::Of(std::string_view name, KeyType type, crypto::SecretBytes seed) {
  if (!IsKeyName(name)) {
    return Error{ErrorCode::kInvalidArgument,
                 "a key's name is not empty and holds no blank, no plus sign and no control character"};
  }
  const Result<crypto::Ed25519PublicKey> public_key = crypto::Ed25519PublicOf(seed);
  if (!public_key.ok()) return public_key.error();
  SigningKey key;
  key.verifier_.name_ = std::string(name);
  key.verifier_.type_ = type;
  key.verifier_.public_key_ = *public_key;
  key.verifier_.id_ = KeyId(name, type, *public_key);
  key.seed_ = std::make_shared<const crypto::SecretBytes>(std::move(seed));
  return key;
}

Result<SigningKey> SigningKey::Generate(std::string_view name, KeyType type, Random& random) {
  std::array<std::uint8_t, crypto::kEd25519SeedBytes> drawn{};
  if (Status s = random.Fill(drawn); !s.ok()) return s.error();
  crypto::SecretBytes seed(drawn);
  crypto::Wipe(drawn);
  return Of(name, type, std::move(seed));
}

Result<SigningKey> SigningKey::Parse(std::string_view text) {
  if (!text.starts_with(kSecretPrefix)) return Malformed("a signing key begins with PRIVATE+KEY+");
  Result<KeyText> parts = SplitKey(text.substr(kSecretPrefix.size()));
  if (!parts.ok()) return parts.error();
  const std::uint32_t id = parts->id;
  Result<SigningKey> key = Of(parts->name, parts->type, std::move(parts->material));
  if (key.ok() && key->verifier().id() != id) return Malformed("the signing key's id does not belong to the key");
  return key;
}

crypto::SecretBytes SigningKey::ToSecretText() const {
  std::string key = WriteKey(verifier_.name_, verifier_.id_, verifier_.type_, seed_->Expose(crypto::SecretAccess{}));
  std::string text = std::string(kSecretPrefix) + key;
  crypto::SecretBytes out(base::AsBytes(text));
  crypto::Wipe(key);
  crypto::Wipe(text);
  return out;
}

Result<std::vector<std::uint8_t>> SigningKey::Sign(std::string_view text, std::int64_t unix_seconds) const {
  std::vector<std::uint8_t> out;
  std::string cosigned;
  if (verifier_.type_ == KeyType::kCosignature) {
    if (unix_seconds < 0) return Error{ErrorCode::kInvalidArgument, "a cosignature's time is not before 1970"};
    const auto time = static_cast<std::uint64_t>(unix_seconds);
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(time >> shift));
    cosigned = CosignedMessage(text, time);
    text = cosigned;
  }
  const Result<crypto::Ed25519Signature> signature = crypto::Ed25519Sign(*seed_, base::AsBytes(text));
  if (!signature.ok()) return signature.error();
  out.insert(out.end(), signature->begin(), signature->end());
  return out;
}

Result<Note> ParseNote(std::string_view bytes) {
  if (bytes.size() > kMaxNoteBytes) return Malformed("a note has at most " + std::to_string(kMaxNoteBytes) + " bytes");
  if (!IsNoteText(bytes)) return Malformed("a note is UTF-8 without control characters other than the newline");
  const std::size_t blank = bytes.rfind("\n\n");
  if (blank == std::string_view::npos) return Malformed("a note has a blank line between its text and its signatures");
  Note note{.text = std::string(bytes.substr(0, blank + 1)), .signatures = {}};
  std::string_view lines = bytes.substr(blank + 2);
  if (lines.empty() || !lines.ends_with('\n')) return Malformed("a note ends in a signature line and a newline");
  while (!lines.empty()) {
    if (note.signatures.size() == kMaxNoteSignatures) {
      return Malformed("a note has at most " + std::to_string(kMaxNoteSignatures) + " signatures");
    }
    const std::size_t end = lines.find('\n');
    Result<NoteSignature> signature = ParseSignatureLine(lines.substr(0, end));
    if (!signature.ok()) return signature.error();
    note.signatures.push_back(std::move(*signature));
    lines.remove_prefix(end + 1);
  }
  return note;
}

std::string WriteNote(const Note& note) {
  std::string out = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    const auto id = IdBytes(signature.key_id);
    std::vector<std::uint8_t> bytes(id.begin(), id.end());
    bytes.insert(bytes.end(), signature.bytes.begin(), signature.bytes.end());
    out.append(kSignaturePrefix).append(signature.name).append(" ").append(base::Base64Encode(bytes)).append("\n");
  }
  return out;
}

Status SignNote(Note& note, const SigningKey& key, std::int64_t unix_seconds) {
  if (!note.text.ends_with('\n') || !IsNoteText(note.text)) {
    return Error{ErrorCode::kInvalidArgument, "a note's text is UTF-8 without control characters and ends in a newline"};
  }
  if (note.signatures.size() >= kMaxNoteSignatures) {
    return Error{ErrorCode::kLimitExceeded, "a note has at most " + std::to_string(kMaxNoteSignatures) + " signatures"};
  }
  Result<std::vector<std::uint8_t>> signature = key.Sign(note.text, unix_seconds);
  if (!signature.ok()) return signature.error();
  note.signatures.push_back({key.verifier().name(), key.verifier().id(), std::move(*signature)});
  return {};
}

Result<std::vector<VerifiedBy>> VerifyNote(const Note& note, std::span<const VerifierKey> keys) {
  std::vector<VerifiedBy> verified;
  for (const NoteSignature& signature : note.signatures) {
    const auto names_it = [&](const VerifierKey& k) { return k.name() == signature.name && k.id() == signature.key_id; };
    const auto key = std::find_if(keys.begin(), keys.end(), names_it);
    if (key == keys.end()) continue;
    if (!key->Verify(note.text, signature.bytes)) {
      return Error{ErrorCode::kBadMac, "the signature by " + key->name() + " is wrong"};
    }
    if (std::any_of(verified.begin(), verified.end(), [&](const VerifiedBy& v) { return names_it(v.key); })) continue;
    VerifiedBy by{.key = *key, .unix_seconds = std::nullopt};
    if (key->type() == KeyType::kCosignature) by.unix_seconds = static_cast<std::int64_t>(ReadTime(signature.bytes));
    verified.push_back(std::move(by));
  }
  if (verified.empty()) return Error{ErrorCode::kUnknownKey, "the note is signed by none of the known keys"};
  return verified;
}

}  // namespace intentgate::tlog
