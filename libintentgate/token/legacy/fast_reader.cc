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
  // Without `keep` the token is only looked at.
  FastReader(std::string_view json, LegacyShape& shape, LegacyToken* keep)
      : shape_(shape), keep_(keep), begin_(json.data()), p_(begin_), end_(begin_ + json.size()) {}

  bool Read() {
    SkipBlanks();
    if (!Eat('{')) return false;
    int last = -1;
    std::string_view name;
    for (bool first = true; !AtClosing(); first = false) {
      if (!MemberName(first, name)) return false;
      const int member = Index(kTopNames, last, name);
      if (member < 0 || (first && member != kV) || !TopValue(member)) return false;
      if (member < kCav) shape_.payload_end = Offset();
      last = member;
    }
    SkipBlanks();
    return last == kSig && p_ == end_ && (filled_ | kOptional) == (version_ == 4 ? kAll : kAll & ~Bit(kZone));
  }

 private:
  static constexpr std::uint32_t Bit(int member) { return std::uint32_t{1} << member; }
  static constexpr std::uint32_t kAll = (std::uint32_t{1} << kTopNames.size()) - 1;
  static constexpr std::uint32_t kOptional = 1u << kV | 1u << kNbf | 1u << kCav | 1u << kSig;

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
      shape_.canonical = false;
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
      shape_.canonical = false;
    }
    return false;
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
    if (number == 0) shape_.canonical = false;
    return true;
  }

  bool TopText(int member, std::string TokenContent::*field) {
    std::string_view text;
    if (!String(text)) return false;
    // Only the issuer may be empty.
    if (!text.empty() || member == kIss) filled_ |= Bit(member);
    if (keep_ != nullptr) keep_->content.*field = text;
    return true;
  }

  bool TopValue(int member) {
    switch (member) {
      case kV: return Version();
      case kJti: return TopText(kJti, &TokenContent::jti);
      case kRootJti: return TopText(kRootJti, &TokenContent::root_jti);
      case kIss: return TopText(kIss, &TokenContent::issuer);
      case kTenant: return TopText(kTenant, &TokenContent::tenant);
      case kZone: return version_ == 4 && TopText(kZone, &TokenContent::zone);
      case kSub: return TopText(kSub, &TokenContent::subject);
      case kIat: {
        std::int64_t issued_at = 0;
        if (!Integer(issued_at)) return false;
        if (issued_at != 0) filled_ |= Bit(kIat);
        if (keep_ != nullptr) keep_->content.issued_at = issued_at;
        return true;
      }
      case kNbf: {
        std::int64_t not_before = 0;
        if (!OmittedWhenZero(not_before)) return false;
        if (keep_ != nullptr && not_before != 0) keep_->content.not_before = not_before;
        return true;
      }
      case kCav: return Caveats();
      case kSig: return Sig();
      default: return false;
    }
  }

  bool Version() {
    std::int64_t version = 0;
    if (!Integer(version) || (version != 3 && version != 4)) return false;
    version_ = static_cast<int>(version);
    shape_.format = version == 3 ? TokenFormat::kV3 : TokenFormat::kV4;
    return true;
  }

  bool Sig() {
    std::string_view text;
    if (!String(text)) return false;
    return text.size() == kSigChars && base::Base64UrlDecodeInto(text, shape_.sig.data());
  }

  bool Caveats() {
    if (!Eat('[')) return false;
    if (keep_ != nullptr) {
      keep_->content.caveats.reserve(8);
      keep_->caveats.reserve(8);
    }
    for (bool first = true; !AtClosing(']'); first = false) {
      if (!Comma(first) || shape_.caveats == kMaxCaveats) return false;
      const auto begin = static_cast<std::uint32_t>(Offset());
      if (!ReadCaveat(keep_ == nullptr ? nullptr : &keep_->content.caveats.emplace_back())) return false;
      ++shape_.caveats;
      shape_.caveats_end = Offset();
      if (keep_ != nullptr) keep_->caveats.push_back({begin, static_cast<std::uint32_t>(Offset())});
    }
    return true;
  }

  bool ReadCaveat(Caveat* keep) {
    std::string_view name, type;
    if (!Eat('{') || (SkipBlanks(), !MemberName(true, name)) || name != "t" || !String(type)) return false;
    if (keep != nullptr) {
      keep->type_name = type;
      keep->kind = CaveatKindFromName(type);
      if (!PublicFormatHas(keep->kind, version_)) keep->kind = CaveatKind::kUnknown;
    }
    const std::size_t known = version_ == 3 ? kV3CaveatMembers : kCaveatMembers.size();
    std::size_t next = 0;
    while (!AtClosing()) {
      if (!MemberName(false, name)) return false;
      while (next < known && kCaveatMembers[next].name != name) ++next;
      if (next == known || !CaveatValue(kCaveatMembers[next], keep)) return false;
      ++next;
    }
    return true;
  }

  bool CaveatValue(const CaveatMember& member, Caveat* keep) {
    if (member.number != nullptr) {
      std::int64_t number = 0;
      if (!OmittedWhenZero(number)) return false;
      if (keep != nullptr) keep->*member.number = number;
      return true;
    }
    std::string_view text;
    if (member.text != nullptr) {
      if (!String(text)) return false;
      if (text.empty()) shape_.canonical = false;
      if (keep != nullptr) keep->*member.text = text;
      return true;
    }
    if (!Eat('[')) return false;
    bool first = true;
    for (; !AtClosing(']'); first = false) {
      if (!Comma(first) || !String(text)) return false;
      if (keep != nullptr) (keep->*member.list).emplace_back(text);
    }
    if (first) shape_.canonical = false;
    return true;
  }

  LegacyShape& shape_;
  LegacyToken* keep_;
  const char* begin_;
  const char* p_;
  const char* end_;
  int version_ = 0;
  std::uint32_t filled_ = 0;  // by Bit(member), of those that a token must have
};

}  // namespace

bool ReadLegacyFast(LegacyToken& out) {
  LegacyShape shape;
  if (!FastReader(out.json, shape, &out).Read()) return false;
  out.content.format = shape.format;
  out.sig = shape.sig;
  out.canonical = shape.canonical;
  out.payload_end = shape.payload_end;
  CompleteLegacyContent(out.content);
  return true;
}

bool ScanLegacy(std::string_view json, LegacyShape& out) { return FastReader(json, out, nullptr).Read(); }

}  // namespace intentgate::token
