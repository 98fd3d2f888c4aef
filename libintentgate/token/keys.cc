#include <intentgate/keys.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/time_format.h"
#include "token/key_ring.h"

namespace intentgate {
namespace {

using Key = internal::KeyRingState::Key;

Error Invalid(std::string what) { return Error{ErrorCode::kInvalidArgument, "key ring: " + std::move(what)}; }

bool IsKeyId(std::string_view id) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !id.empty() && id.size() <= 32 && std::all_of(id.begin(), id.end(), allowed);
}

// The words of a line, split at blanks and tabs.
std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  std::size_t from = 0;
  while ((from = line.find_first_not_of(" \t\r", from)) != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(" \t\r", from), line.size());
    words.push_back(line.substr(from, end - from));
    from = end;
  }
  return words;
}

// The four spellings that the public product tries, most likely first.
Result<base::Bytes> DecodeMasterKey(std::string_view text) {
  const std::size_t end = text.find_last_not_of('=');
  const std::string_view bare = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  const std::size_t padding = text.size() - bare.size();
  if (padding != 0 && (padding > 2 || text.size() % 4 != 0)) return Invalid("the master key's padding is wrong");
  std::string url(bare);
  const bool has_std = bare.find_first_of("+/") != std::string_view::npos;
  const bool has_url = bare.find_first_of("-_") != std::string_view::npos;
  if (has_std && has_url) return Invalid("the master key mixes base64 and base64url");
  std::replace(url.begin(), url.end(), '+', '-');
  std::replace(url.begin(), url.end(), '/', '_');
  Result<base::Bytes> bytes = base::Base64UrlDecode(url);
  if (!bytes.ok()) return Invalid("the master key is not base64url; `intentgate keygen` makes one");
  return bytes;
}

}  // namespace

struct KeyRing::Builder::State {
  std::vector<Key> keys;
  std::optional<Error> error;

  void Add(KeyInfo info, std::string_view secret_bytes) {
    if (error) return;
    if (!IsKeyId(info.id)) {
      error = Invalid("a key id is 1 to 32 of A-Z a-z 0-9 _ -");
      return;
    }
    if (secret_bytes.size() < kMinKeyBytes) {
      error = Invalid("the key \"" + info.id + "\" has fewer than " + std::to_string(kMinKeyBytes) + " bytes");
      return;
    }
    const auto bytes = base::AsBytes(secret_bytes);
    keys.push_back(Key{std::move(info), crypto::SecretBytes(bytes), crypto::HmacKey(bytes)});
  }

  Status Validate() const {
    if (error) return *error;
    std::size_t active = 0, legacy = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      active += keys[i].info.active ? 1u : 0u;
      legacy += keys[i].info.legacy ? 1u : 0u;
      for (std::size_t j = 0; j < i; ++j) {
        if (keys[i].info.id == keys[j].info.id) return Invalid("the id \"" + keys[i].info.id + "\" appears twice");
      }
    }
    if (keys.size() > kMaxKeys) return Invalid("more than " + std::to_string(kMaxKeys) + " keys");
    if (active == 0) return Invalid("no key is active; mark one `active`");
    if (active > 1) return Invalid("more than one key is active");
    if (legacy > kMaxLegacyKeys) {
      return Invalid("more than " + std::to_string(kMaxLegacyKeys) +
                     " keys would be tried for v3 and v4 tokens; mark the others `v5-only`");
    }
    return {};
  }
};

KeyRing::Builder::Builder() : state_(std::make_unique<State>()) {}
KeyRing::Builder::~Builder() = default;
KeyRing::Builder::Builder(Builder&&) noexcept = default;
KeyRing::Builder& KeyRing::Builder::operator=(Builder&&) noexcept = default;

KeyRing::Builder& KeyRing::Builder::Active(std::string_view id, std::string_view secret_bytes) {
  state_->Add({.id = std::string(id), .active = true, .legacy = true, .accept_until = {}}, secret_bytes);
  return *this;
}

KeyRing::Builder& KeyRing::Builder::Retired(std::string_view id, std::string_view secret_bytes,
                                            std::optional<std::int64_t> accept_until) {
  state_->Add({.id = std::string(id), .active = false, .legacy = true, .accept_until = accept_until}, secret_bytes);
  return *this;
}

KeyRing::Builder& KeyRing::Builder::V5Only(std::string_view id) {
  for (Key& key : state_->keys) {
    if (key.info.id != id) continue;
    key.info.legacy = false;
    return *this;
  }
  if (!state_->error) state_->error = Invalid("no key \"" + std::string(id) + "\" to mark v5-only");
  return *this;
}

Result<KeyRing> KeyRing::Builder::Build() {
  if (Status s = state_->Validate(); !s.ok()) return s.error();
  std::vector<Key> keys = std::move(state_->keys);
  state_ = std::make_unique<State>();
  const auto active = std::find_if(keys.begin(), keys.end(), [](const Key& key) { return key.info.active; });
  std::rotate(keys.begin(), active, active + 1);
  return KeyRing(std::make_shared<const internal::KeyRingState>(std::move(keys)));
}

Result<KeyRing> KeyRing::FromMasterKey(std::string_view text) {
  Result<base::Bytes> bytes = DecodeMasterKey(text);
  if (!bytes.ok()) return bytes.error();
  const crypto::SecretBytes secret(*bytes);
  std::fill(bytes->begin(), bytes->end(), std::uint8_t{0});
  Builder builder;
  builder.Active("default", base::AsText(secret.Expose(crypto::SecretAccess{})));
  return builder.Build();
}

Result<KeyRing> KeyRing::Parse(std::string_view text) {
  Builder builder;
  std::size_t number = 0;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::vector<std::string_view> words = Words(text.substr(from, end - from));
    from = end + 1;
    ++number;
    if (words.empty() || words[0].front() == '#') continue;
    const auto at_line = [&](std::string what) { return Invalid("line " + std::to_string(number) + ": " + std::move(what)); };
    if (words.size() < 2) return at_line("expected `id secret [active|until=TIME] [v5-only]`");
    Result<base::Bytes> bytes = base::Base64UrlDecode(words[1]);
    if (!bytes.ok()) return at_line("the secret is not base64url without padding");
    const crypto::SecretBytes secret(*bytes);
    std::fill(bytes->begin(), bytes->end(), std::uint8_t{0});
    bool active = false, v5_only = false;
    std::optional<std::int64_t> until;
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (words[i] == "active") {
        active = true;
      } else if (words[i] == "v5-only") {
        v5_only = true;
      } else if (words[i].starts_with("until=")) {
        const Result<std::int64_t> micros = base::ParseRfc3339Micros(words[i].substr(6));
        if (!micros.ok()) return at_line("until= needs a time such as 2026-12-31T00:00:00Z");
        until = *micros / 1'000'000;
      } else {
        return at_line("a word that is none of active, until=TIME, v5-only");
      }
    }
    if (active && until) return at_line("an active key has no until=; retire it first");
    const std::string_view raw = base::AsText(secret.Expose(crypto::SecretAccess{}));
    active ? builder.Active(words[0], raw) : builder.Retired(words[0], raw, until);
    if (v5_only) builder.V5Only(words[0]);
  }
  return builder.Build();
}

std::vector<KeyInfo> KeyRing::keys() const {
  std::vector<KeyInfo> infos;
  for (const Key& key : state_->keys()) infos.push_back(key.info);
  return infos;
}

const std::string& KeyRing::active_id() const { return state_->active().info.id; }

Result<std::string> GenerateKeyLine(std::string_view id, Random& random) {
  if (!IsKeyId(id)) return Invalid("a key id is 1 to 32 of A-Z a-z 0-9 _ -");
  std::array<std::uint8_t, kGeneratedKeyBytes> secret{};
  if (Status s = random.Fill(secret); !s.ok()) return s.error();
  std::string line = std::string(id) + " " + base::Base64UrlEncode(secret) + " active";
  secret.fill(0);
  return line;
}

}  // namespace intentgate
