// One pass over the usual spelling of a v3 or v4 token: "v" first, members in their signed order,
// "t" first in every caveat, no escapes, nothing but ASCII in strings. Blanks between tokens are
// taken, as one public SDK writes them. Anything else ends the pass with false and no verdict.
// Tested by tests/unit/token/legacy_test.cc and tests/fuzz/token_decode_fuzz.cc.

#include <array>

#include "base/encoding.h"
#include "token/legacy/legacy_token.h"
#include "token/plain_caveat.h"

namespace intentgate::token {
namespace {

enum TopMember : int { kV, kJti, kRootJti, kIss, kTenant, kZone, kSub, kIat, kNbf, kCav, kSig };
constexpr std::array<std::string_view, 11> kTopNames = {"v",   "jti", "root_jti", "iss", "tenant", "zone",
                                                        "sub", "iat", "nbf",      "cav", "sig"};

constexpr std::size_t kSigChars = 43;

class FastReader {
 public:
  explicit FastReader(LegacyToken& out) : out_(out), in_(out.json) {}

  bool Read() {
    in_.SkipBlanks();
    if (!in_.Eat('{')) return false;
    int last = -1;
    std::string_view name;
    for (bool first = true; !in_.AtClosing(); first = false) {
      if (!in_.MemberName(first, name)) return false;
      const int member = Index(kTopNames, last, name);
      if (member < 0 || (first && member != kV) || !TopValue(member)) return false;
      if (member < kCav) out_.payload_end = in_.Offset();
      last = member;
    }
    in_.SkipBlanks();
    if (last != kSig || !in_.AtEnd()) return false;
    out_.canonical = in_.canonical();
    return !out_.content.jti.empty() && !out_.content.subject.empty() && !out_.content.root_jti.empty() &&
           !out_.content.tenant.empty() && out_.content.issued_at != 0 && seen_iss_ &&
           out_.content.zone.empty() == (version_ == 3);
  }

 private:
  // The index of `name` behind `last`, or -1: signed order leaves no room for repetition.
  template <std::size_t N>
  static int Index(const std::array<std::string_view, N>& names, int last, std::string_view name) {
    for (int i = last + 1; i < static_cast<int>(N); ++i) {
      if (names[static_cast<std::size_t>(i)] == name) return i;
    }
    return -1;
  }

  bool Text(std::string& out) {
    std::string_view text;
    if (!in_.String(text)) return false;
    out = text;
    return true;
  }

  bool TopValue(int member) {
    TokenContent& c = out_.content;
    switch (member) {
      case kV: {
        std::int64_t version = 0;
        if (!in_.Integer(version) || (version != 3 && version != 4)) return false;
        version_ = static_cast<int>(version);
        c.format = version == 3 ? TokenFormat::kV3 : TokenFormat::kV4;
        return true;
      }
      case kJti: return Text(c.jti);
      case kRootJti: return Text(c.root_jti);
      case kIss: seen_iss_ = true; return Text(c.issuer);
      case kTenant: return Text(c.tenant);
      case kZone: return version_ == 4 && Text(c.zone);
      case kSub: return Text(c.subject);
      case kIat: return in_.Integer(c.issued_at);
      case kNbf: {
        std::int64_t not_before = 0;
        if (!in_.OmittedWhenZero(not_before)) return false;
        if (not_before != 0) c.not_before = not_before;
        return true;
      }
      case kCav: return Caveats();
      case kSig: return Sig();
      default: return false;
    }
  }

  bool Sig() {
    std::string_view text;
    if (!in_.String(text)) return false;
    return text.size() == kSigChars && base::Base64UrlDecodeInto(text, out_.sig.data());
  }

  bool Caveats() {
    if (!in_.Eat('[')) return false;
    out_.content.caveats.reserve(8);
    out_.caveats.reserve(8);
    for (bool first = true; !in_.AtClosing(']'); first = false) {
      if (!in_.Comma(first) || out_.caveats.size() == kMaxCaveats) return false;
      const auto begin = static_cast<std::uint32_t>(in_.Offset());
      if (!ReadPlainCaveat(in_, version_, &out_.content.caveats.emplace_back())) return false;
      out_.caveats.push_back({begin, static_cast<std::uint32_t>(in_.Offset())});
    }
    return true;
  }

  LegacyToken& out_;
  PlainJson in_;
  int version_ = 0;
  bool seen_iss_ = false;
};

}  // namespace

bool ReadLegacyFast(LegacyToken& out) {
  if (!FastReader(out).Read()) return false;
  CompleteLegacyContent(out.content);
  return true;
}

}  // namespace intentgate::token
