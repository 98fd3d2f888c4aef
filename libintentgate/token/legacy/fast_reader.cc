// One pass over the usual spelling of a v3 or v4 token: "v" first, members in their signed order,
// "t" first in every caveat, no escapes, nothing but ASCII in strings. Blanks between tokens are
// taken, as one public SDK writes them. Anything else ends the pass with false and no verdict.
// Tested by tests/unit/token/legacy_test.cc and tests/fuzz/token_decode_fuzz.cc.

#include <array>

#include "base/encoding.h"
#include "token/caveat_members.h"
#include "token/legacy/legacy_token.h"

namespace intentgate::token {
namespace {

enum TopMember : int { kV, kJti, kRootJti, kIss, kTenant, kZone, kSub, kIat, kNbf, kCav, kSig };
constexpr std::array<std::string_view, 11> kTopNames = {"v",   "jti", "root_jti", "iss", "tenant", "zone",
                                                        "sub", "iat", "nbf",      "cav", "sig"};

constexpr std::size_t kSigChars = 43;

enum class CharClass : std::uint8_t { kPlain, kQuote, kHtml, kOther };
constexpr std::array<CharClass, 256> MakeClasses() {
  std::array<CharClass, 256> classes{};
  for (std::size_t i = 0; i < 256; ++i) classes[i] = i < 0x20 || i >= 0x80 ? CharClass::kOther : CharClass::kPlain;
  classes['\\'] = CharClass::kOther;
  classes['"'] = CharClass::kQuote;
  classes['<'] = classes['>'] = classes['&'] = CharClass::kHtml;
  return classes;
}
constexpr auto kClasses = MakeClasses();

class FastReader {
 public:
  explicit FastReader(LegacyToken& out)
      : out_(out), begin_(out.json.data()), p_(begin_), end_(begin_ + out.json.size()) {}

  bool Read() {
    SkipBlanks();
    if (!Eat('{')) return false;
    int last = -1;
    std::string_view name;
    for (bool first = true; !AtClosing(); first = false) {
      if (!MemberName(first, name)) return false;
      const int member = Index(kTopNames, last, name);
      if (member < 0 || (first && member != kV) || !TopValue(member)) return false;
      if (member < kCav) out_.payload_end = Offset();
      last = member;
    }
    SkipBlanks();
    if (last != kSig || p_ != end_) return false;
    out_.canonical = canonical_;
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

  std::size_t Offset() const { return static_cast<std::size_t>(p_ - begin_); }

  void SkipBlanks() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) {
      ++p_;
      canonical_ = false;
    }
  }
  bool Eat(char c) {
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }
  // Whether the object or array ends here; then its bracket is eaten.
  bool AtClosing(char bracket = '}') {
    SkipBlanks();
    return Eat(bracket);
  }
  bool Comma(bool first) {
    if (!first && !Eat(',')) return false;
    SkipBlanks();
    return true;
  }
  bool MemberName(bool first, std::string_view& name) {
    if (!Comma(first) || !String(name)) return false;
    SkipBlanks();
    if (!Eat(':')) return false;
    SkipBlanks();
    return true;
  }

  bool String(std::string_view& text) {
    if (!Eat('"')) return false;
    const char* from = p_;
    for (; p_ != end_; ++p_) {
      const CharClass c = kClasses[static_cast<unsigned char>(*p_)];
      if (c == CharClass::kPlain) continue;
      if (c == CharClass::kOther) return false;
      if (c == CharClass::kQuote) {
        text = std::string_view(from, static_cast<std::size_t>(p_ - from));
        ++p_;
        return true;
      }
      canonical_ = false;
    }
    return false;
  }
  bool Text(std::string& out) {
    std::string_view text;
    if (!String(text)) return false;
    out = text;
    return true;
  }

  bool Integer(std::int64_t& number) {
    const bool negative = Eat('-');
    std::uint64_t value = 0;
    const char* from = p_;
    for (; p_ != end_ && *p_ >= '0' && *p_ <= '9'; ++p_) value = value * 10 + static_cast<std::uint64_t>(*p_ - '0');
    const auto digits = p_ - from;
    // Eighteen digits cannot overflow; the strict reader takes the rest.
    if (digits == 0 || digits > 18 || (*from == '0' && (digits > 1 || negative))) return false;
    number = negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
    return true;
  }
  // Zero is left out of the signed form.
  bool OmittedWhenZero(std::int64_t& number) {
    if (!Integer(number)) return false;
    if (number == 0) canonical_ = false;
    return true;
  }

  bool TopValue(int member) {
    TokenContent& c = out_.content;
    switch (member) {
      case kV: {
        std::int64_t version = 0;
        if (!Integer(version) || (version != 3 && version != 4)) return false;
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
      case kIat: return Integer(c.issued_at);
      case kNbf: {
        std::int64_t not_before = 0;
        if (!OmittedWhenZero(not_before)) return false;
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
    if (!String(text)) return false;
    return text.size() == kSigChars && base::Base64UrlDecodeInto(text, out_.sig.data());
  }

  bool Caveats() {
    if (!Eat('[')) return false;
    out_.content.caveats.reserve(8);
    out_.caveats.reserve(8);
    for (bool first = true; !AtClosing(']'); first = false) {
      if (!Comma(first) || out_.caveats.size() == kMaxCaveats) return false;
      const auto begin = static_cast<std::uint32_t>(Offset());
      if (!ReadCaveat(out_.content.caveats.emplace_back())) return false;
      out_.caveats.push_back({begin, static_cast<std::uint32_t>(Offset())});
    }
    return true;
  }

  bool ReadCaveat(Caveat& caveat) {
    std::string_view name;
    if (!Eat('{') || (SkipBlanks(), !MemberName(true, name)) || name != "t" || !Text(caveat.type_name)) return false;
    caveat.kind = CaveatKindFromName(caveat.type_name);
    if (!PublicFormatHas(caveat.kind, version_)) caveat.kind = CaveatKind::kUnknown;
    const std::size_t known = version_ == 3 ? kV3CaveatMembers : kCaveatMembers.size();
    std::size_t next = 0;
    while (!AtClosing()) {
      if (!MemberName(false, name)) return false;
      while (next < known && kCaveatMembers[next].name != name) ++next;
      if (next == known || !CaveatValue(kCaveatMembers[next], caveat)) return false;
      ++next;
    }
    return true;
  }

  bool CaveatValue(const CaveatMember& member, Caveat& caveat) {
    if (member.number != nullptr) return OmittedWhenZero(caveat.*member.number);
    if (member.text != nullptr) {
      if (!Text(caveat.*member.text)) return false;
      if ((caveat.*member.text).empty()) canonical_ = false;
      return true;
    }
    if (!Eat('[')) return false;
    std::vector<std::string>& list = caveat.*member.list;
    for (bool first = true; !AtClosing(']'); first = false) {
      if (!Comma(first) || !Text(list.emplace_back())) return false;
    }
    if (list.empty()) canonical_ = false;
    return true;
  }

  LegacyToken& out_;
  const char* begin_;
  const char* p_;
  const char* end_;
  int version_ = 0;
  bool seen_iss_ = false;
  bool canonical_ = true;
};

}  // namespace

bool ReadLegacyFast(LegacyToken& out) {
  if (!FastReader(out).Read()) return false;
  CompleteLegacyContent(out.content);
  return true;
}

}  // namespace intentgate::token
