// The oracle of forgery: a token that verifies was minted here, whatever was done to it. The first
// byte chooses a genuine token; the rest edits the bytes inside its encoding, three bytes an edit.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <intentgate/token.h>

#include "base/encoding.h"
#include "token/v5/v5_token.h"

namespace {

using namespace intentgate;

constexpr std::int64_t kNow = 1'767'225'610;

class Counter final : public Random {
 public:
  Status Fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = next_++;
    return {};
  }

 private:
  std::uint8_t next_ = 0;
};

struct Genuine {
  std::string text;
  json::Value content;
};

struct World {
  KeyRing ring = *KeyRing::Builder().Active("k1", "0123456789abcdef0123456789abcdef").Build();
  ManualClock clock{kNow * 1'000'000};
  std::vector<Genuine> tokens;

  World() {
    Counter random;
    for (const TokenFormat format : {TokenFormat::kV3, TokenFormat::kV4, TokenFormat::kV5}) {
      MintRequest request;
      request.format = format;
      request.subject = "agent-7";
      request.caveats = {Caveat::ToolAllow({"read", "list_*"}), Caveat::MaxCalls(5)};
      Add(Mint(ring, request, clock, random)->token);
      Add(*Attenuate(tokens.back().text, {Caveat::MaxCalls(1)}, {}, clock, random));
    }
    Add(*Attenuate(tokens.back().text, {}, {.seal = true}, clock, random));
  }
  void Add(std::string text) {
    json::Value content = Decode(text)->ToJson();
    tokens.push_back({std::move(text), std::move(content)});
  }
};

// Overwrites, inserts, erases or copies within `bytes`, as `edits` says.
void Edit(std::string& bytes, std::string_view edits) {
  for (std::size_t i = 0; i + 3 <= edits.size() && bytes.size() < 4096; i += 3) {
    const auto op = static_cast<unsigned char>(edits[i]);
    const std::size_t at = (static_cast<unsigned char>(edits[i + 1]) + std::size_t{op} / 4 * 256) % (bytes.size() + 1);
    switch (op % 4) {
      case 0:
        if (at < bytes.size()) bytes[at] = edits[i + 2];
        break;
      case 1: bytes.insert(at, 1, edits[i + 2]); break;
      case 2: bytes.erase(at, static_cast<unsigned char>(edits[i + 2])); break;
      default: bytes.insert(at, bytes.substr(at, static_cast<unsigned char>(edits[i + 2]))); break;
    }
  }
}

// Edits the JSON of a v3 or v4 token, or one segment of a v5 token, and encodes the result again.
std::string Forge(const std::string& text, std::string_view edits) {
  if (!text.starts_with(token::kV5Prefix)) {
    std::string json = *base::Base64UrlDecodeText(text);
    Edit(json, edits);
    return base::Base64UrlEncode(base::AsBytes(json));
  }
  token::V5Token read;
  TokenContent content;
  if (token::ReadV5(text, read, content)) std::abort();
  if (edits.empty()) return text;
  const std::size_t target = static_cast<unsigned char>(edits[0]) % (read.segment_count() + 1);
  std::string parts;
  for (std::size_t i = 0; i < read.segment_count(); ++i) {
    std::string segment(read.segment(i));
    if (i == target) Edit(segment, edits.substr(1));
    parts += ".";
    base::Base64UrlAppend(base::AsBytes(segment), parts);
  }
  if (target == read.segment_count()) Edit(parts, edits.substr(1));
  const Result<std::string> framed = token::FrameV5(parts, read.tag);
  return framed.ok() ? *framed : text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const Genuine& genuine = world.tokens[data[0] % world.tokens.size()];
  const std::string forged = Forge(genuine.text, input.substr(1));
  for (const std::string_view text : {std::string_view(forged), input}) {
    const VerifyResult result = Verify(text, world.ring, {}, world.clock);
    if (!result.ok()) continue;
    bool minted = false;
    for (const Genuine& token : world.tokens) {
      // v3 and v4 have many spellings for one content; v5 has one.
      minted = minted || (text.starts_with(token::kV5Prefix) ? token.text == text
                                                             : token.content == result.token().content().ToJson());
    }
    if (!minted) std::abort();
  }
  return 0;
}
