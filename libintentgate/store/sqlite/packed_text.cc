// Tested by tests/unit/store/sqlite_packed_text_test.cc and tests/fuzz/packed_text_fuzz.cc.
#include "store/sqlite/packed_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/encoding.h"

namespace intentgate::store {
namespace {

constexpr char kFormat = 0x01;
constexpr unsigned char kTime = 0xfc, kUuid = 0xfd, kHex = 0xfe, kWord = 0xff;
constexpr unsigned char kFirstCode = kTime;
// Of the time those that each has.
constexpr std::size_t kTimeBytes = 8, kUuidBytes = 16, kUuidText = 36;
constexpr std::size_t kMinHex = 16, kMaxHex = 2 * 255;

constexpr bool IsCode(unsigned char c) { return c < 0x20 || c >= kFirstCode; }

// In files: a word keeps its place for good, and new ones go to the end of the second table.
constexpr std::array<std::string_view, 32> kShortWords = {
    R"({"agent_id":)", R"(,"arg_keys":)", R"(,"capability_token_id":)", R"(,"caveat_count":)", R"(,"code":)", R"(,"commitments":)", R"(,"decision":)",
    R"(,"decision_event_id":)", R"(,"event":)", R"(,"event_id":)", R"(,"kind":)", R"(,"latency_ms":)", R"(,"latency_us":)", R"(,"method":)",
    R"(,"outcome":)", R"(,"policy_sha256":)", R"(,"producer_id":)", R"(,"producer_seq":)", R"(,"reason":)", R"(,"result_bytes":)",
    R"(,"result_sha256":)", R"(,"root_capability_token_id":)", R"(,"schema_version":)", R"(,"seq":)", R"(,"session_id":)", R"(,"tenant":)", R"(,"tool":)",
    R"(,"ts":)", R"(,"upstream_status":)", R"("intentgate.tool_call")", R"("intentgate.tool_outcome")", R"(,"check":)"};
constexpr std::array<std::string_view, 112> kLongWords = {
    R"({"actor":)", R"({"arg_keys":)", R"({"arg_values":)", R"({"args_sha256":)", R"({"check":)", R"({"event":)", R"({"details":)", R"({"intent_summary":)", R"({"remote_ip":)",
    R"(,"agent_id":)", R"(,"arg_values":)", R"(,"arg_values_text":)", R"(,"args_sha256":)", R"(,"decided_by":)", R"(,"details":)", R"(,"details_text":)",
    R"(,"elevation_id":)", R"(,"intent_summary":)", R"(,"pending_id":)", R"(,"refused_caveat":)", R"(,"remote_ip":)", R"(,"requires_step_up":)",
    R"("ig1")", R"("intentgate.audit")", R"("genesis")", R"("decision")", R"("outcome")", R"("admin")", R"("control")", R"("allow")", R"("block")", R"("escalate")",
    R"("default")", R"("success")", R"("error")", R"("timeout")", R"("cancelled")", R"("capability")", R"("intent")", R"("policy")", R"("budget")",
    R"("tools/call")", R"("resources/read")", R"("prompts/get")", R"("completion/complete")", R"("path")", R"("query")", R"("url")", R"("id")", R"("name")", R"("text")",
    R"("allowed")", R"("capability.no_token")", R"("capability.token_malformed")", R"("capability.token_too_large")", R"("capability.token_version")",
    R"("capability.token_unknown_key")", R"("capability.token_bad_mac")", R"("capability.token_truncated")", R"("capability.token_expired")",
    R"("capability.token_not_yet_valid")", R"("capability.token_key_retired")", R"("capability.token_ttl_too_long")", R"("capability.token_revoked")",
    R"("capability.token_wrong_audience")", R"("capability.token_wrong_tenant")", R"("capability.token_depth_exceeded")",
    R"("capability.token_sealed_extended")", R"("capability.revocation_unavailable")", R"("capability.token_wrong_issuer")",
    R"("capability.token_wrong_type")", R"("capability.token_scope")", R"("capability.issuer_unavailable")", R"("capability.proof_required")",
    R"("capability.proof_refused")", R"("capability.tool_not_allowed")", R"("capability.tool_denied")", R"("capability.agent_mismatch")",
    R"("capability.caveat_unknown")", R"("capability.caveat_invalid")", R"("capability.argument_missing")", R"("capability.argument_refused")",
    R"("capability.server_not_allowed")", R"("capability.risk_too_high")", R"("capability.callee_not_allowed")", R"("intent.required")",
    R"("intent.forbidden")", R"("intent.not_covered")", R"("intent.unavailable")", R"("policy.blocked")", R"("policy.escalated")", R"("policy.failed")",
    R"("policy.limit")", R"("policy.missing")", R"("policy.approval_rejected")", R"("policy.approval_expired")", R"("policy.approval_used")",
    R"("policy.approval_mismatch")", R"("policy.approval_limit")", R"("policy.approval_unavailable")", R"("budget.exhausted")", R"("budget.rate")",
    R"("budget.cost")", R"("budget.unavailable")", R"("budget.cost_unknown")", R"("gate.audit_unavailable")", R"("gate.invalid_request")",
    R"("gate.shutting_down")", R"("read")", R"("write")", R"(,"delegation":)", R"({"delegation":)"};

// Of both tables one index; the second behind the first.
constexpr std::size_t kWordCount = kShortWords.size() + kLongWords.size();
constexpr std::array<std::string_view, kWordCount> kWords = [] {
  std::array<std::string_view, kWordCount> words{};
  std::copy(kShortWords.begin(), kShortWords.end(), words.begin());
  std::copy(kLongWords.begin(), kLongWords.end(), words.begin() + kShortWords.size());
  return words;
}();

constexpr std::size_t kWordBytes = 8;
constexpr int kSlotBits = 10;
constexpr std::uint16_t kNoWord = 0xffff;

// By what stands between the quotes: its first eight bytes, little-endian, and its size.
constexpr std::size_t SlotOf(std::uint64_t first, std::size_t size) {
  return static_cast<std::size_t>((first + 0x9e37'79b9'7f4a'7c15u * size) * 0xff51'afd7'ed55'8ccdu >> (64 - kSlotBits));
}

constexpr std::array<std::uint16_t, 1 << kSlotBits> kSlots = [] {
  std::array<std::uint16_t, 1 << kSlotBits> slots{};
  slots.fill(kNoWord);
  for (std::size_t n = 0; n < kWordCount; ++n) {
    const std::size_t open = kWords[n].find('"');
    const std::string_view inside = kWords[n].substr(open + 1, kWords[n].find('"', open + 1) - open - 1);
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < std::min(inside.size(), kWordBytes); ++i) first |= std::uint64_t{static_cast<unsigned char>(inside[i])} << (8 * i);
    std::size_t slot = SlotOf(first, inside.size());
    while (slots[slot] != kNoWord) slot = (slot + 1) % slots.size();
    slots[slot] = static_cast<std::uint16_t>(n);
  }
  return slots;
}();

std::uint64_t EightAt(const char* at) {
  std::uint64_t eight = 0;
  std::memcpy(&eight, at, sizeof eight);
  return eight;
}

// Without a call, since that would cost more than the comparison.
bool IsSame(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  if (size < kWordBytes) return a == b;
  for (std::size_t at = 0; at + kWordBytes < size; at += kWordBytes) {
    if (EightAt(a.data() + at) != EightAt(b.data() + at)) return false;
  }
  return EightAt(a.data() + size - kWordBytes) == EightAt(b.data() + size - kWordBytes);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr std::array<std::size_t, 4> kHyphens = {8, 13, 18, 23};

bool ReadUuid(std::string_view text, std::uint8_t* to) {
  if (text[kHyphens[0]] != '-' || text[kHyphens[1]] != '-' || text[kHyphens[2]] != '-' || text[kHyphens[3]] != '-') return false;
  std::array<char, 2 * kUuidBytes> digits;
  std::memcpy(digits.data(), text.data(), 8);
  std::memcpy(digits.data() + 8, text.data() + 9, 4);
  std::memcpy(digits.data() + 12, text.data() + 14, 4);
  std::memcpy(digits.data() + 16, text.data() + 19, 4);
  std::memcpy(digits.data() + 20, text.data() + 24, 12);
  return base::HexDecodeInto({digits.data(), digits.size()}, to);
}

void AppendUuid(std::string_view bytes, std::string& out) {
  std::array<char, 2 * kUuidBytes> digits{};
  base::HexEncodeInto(base::AsBytes(bytes), digits.data());
  std::size_t from = 0;
  for (std::size_t i = 0; i < kHyphens.size(); ++i) {
    const std::size_t to = kHyphens[i] - i;
    out.append(digits.data() + from, to - from).append(1, '-');
    from = to;
  }
  out.append(digits.data() + from, digits.size() - from);
}

// '0': a digit; anything else: itself.
constexpr std::string_view kTimeShape = "0000-00-00T00:00:00";
constexpr std::size_t kMostFraction = 9;

bool IsTime(std::string_view text) {
  if (text.size() <= kTimeShape.size() || text.size() > kTimeShape.size() + kMostFraction + 2 || text[10] != 'T' || text.back() != 'Z') return false;
  bool fits = true;
  for (std::size_t i = 0; i < kTimeShape.size(); ++i) fits &= kTimeShape[i] == '0' ? IsDigit(text[i]) : text[i] == kTimeShape[i];
  const std::string_view fraction = text.substr(kTimeShape.size(), text.size() - kTimeShape.size() - 1);
  if (!fraction.empty() && (fraction[0] != '.' || fraction.size() == 1)) return false;
  for (std::size_t i = 1; i < fraction.size(); ++i) fits &= IsDigit(fraction[i]);
  return fits;
}

// Two digits.
char Pair(char high, char low) { return static_cast<char>((high & 0xf) << 4 | (low & 0xf)); }

char* PutTime(std::string_view text, char* to) {
  for (const std::size_t at : {0u, 2u, 5u, 8u, 11u, 14u, 17u}) *to++ = Pair(text[at], text[at + 1]);
  const std::string_view rest = text.substr(kTimeShape.size(), text.size() - kTimeShape.size() - 1);
  const std::string_view fraction = rest.substr(rest.empty() ? 0 : 1);
  *to++ = static_cast<char>(fraction.size());
  for (std::size_t i = 0; i < fraction.size(); i += 2) *to++ = Pair(fraction[i], i + 1 < fraction.size() ? fraction[i + 1] : '0');
  return to;
}

// The places of a text's quotes, and whether it has bytes that mean something else in a packed one.
class Quotes {
 public:
  explicit Quotes(std::string_view text) : text_(text) { Look(); }

  // npos behind the last one.
  std::size_t Next() {
    while (found_ == 0) {
      at_ += kAtOnce;
      if (at_ >= text_.size()) return std::string_view::npos;
      Look();
    }
    const std::size_t place = at_ + static_cast<std::size_t>(std::countr_zero(found_));
    found_ &= found_ - 1;
    return place;
  }
  // Of what was looked at.
  bool has_codes() const { return codes_ != 0; }

 private:
  static constexpr std::size_t kAtOnce = 16;

  void Look() {
    if (text_.size() - at_ >= kAtOnce) return Look(text_.data() + at_);
    std::array<char, kAtOnce> rest;
    rest.fill(' ');
    std::copy(text_.begin() + static_cast<std::ptrdiff_t>(at_), text_.end(), rest.begin());
    Look(rest.data());
  }

  void Look(const char* bytes) {
#if defined(__SSE2__)
    const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
    // As signed numbers the codes from 0xfc on are those from -4 on.
    const __m128i codes = _mm_and_si128(_mm_cmplt_epi8(all, _mm_set1_epi8(0x20)), _mm_cmpgt_epi8(all, _mm_set1_epi8(-5)));
    codes_ |= static_cast<unsigned>(_mm_movemask_epi8(codes));
    found_ = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_set1_epi8('"'))));
#else
    found_ = 0;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      found_ |= static_cast<unsigned>(bytes[i] == '"') << i;
      codes_ |= static_cast<unsigned>(IsCode(static_cast<unsigned char>(bytes[i])));
    }
#endif
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  unsigned found_ = 0, codes_ = 0;
};

// Steps over a text from string to string. Room is made once: no step is longer than what it stands for.
class Packer {
 public:
  Packer(std::string_view text, char* to) : text_(text), to_(to) {}

  // Where the packed bytes end; nullptr: the text cannot be packed.
  char* Run() {
    *to_++ = kFormat;
    Quotes quotes(text_);
    for (;;) {
      const std::size_t open = quotes.Next();
      std::size_t close = quotes.Next();
      while (close != std::string_view::npos && IsEscaped(open, close)) close = quotes.Next();
      if (close == std::string_view::npos) break;
      std::size_t end = close + 1;
      if (end < text_.size() && text_[end] == ':') {
        // With what stands before it: ',' or '{'.
        if (open > taken_) TakeWord(open, close, open - 1, end + 1);
      } else {
        TakeValue(open, close);
      }
    }
    Literal(text_.size());
    return quotes.has_codes() ? nullptr : to_;
  }

 private:
  bool IsEscaped(std::size_t open, std::size_t quote) const {
    std::size_t backslashes = 0;
    while (quote - backslashes > open + 1 && text_[quote - backslashes - 1] == '\\') ++backslashes;
    return backslashes % 2 == 1;
  }

  void Literal(std::size_t until) {
    constexpr std::size_t kUsual = 16;
    const std::size_t size = until - taken_;
    // Mostly few, and there is as much room behind `to_` as there is text.
    if (size <= kUsual && text_.size() - taken_ >= kUsual) std::memcpy(to_, text_.data() + taken_, kUsual);
    else std::memcpy(to_, text_.data() + taken_, size);
    to_ += size;
    taken_ = until;
  }

  std::uint16_t FindWord(std::size_t open, std::size_t close, std::string_view whole) const {
    const std::size_t size = close - open - 1;
    if (size == 0 || open + 1 + kWordBytes > text_.size()) return kNoWord;
    std::uint64_t first = EightAt(text_.data() + open + 1);
    if constexpr (std::endian::native == std::endian::big) first = __builtin_bswap64(first);
    if (size < kWordBytes) first &= (std::uint64_t{1} << (8 * size)) - 1;
    for (std::size_t slot = SlotOf(first, size);; slot = (slot + 1) % kSlots.size()) {
      const std::uint16_t word = kSlots[slot];
      if (word == kNoWord || IsSame(kWords[word], whole)) return word;
    }
  }

  void TakeWord(std::size_t open, std::size_t close, std::size_t from, std::size_t end) {
    const std::uint16_t word = FindWord(open, close, text_.substr(from, end - from));
    if (word == kNoWord) return;
    Literal(from);
    if (word < kShortWords.size()) {
      *to_++ = static_cast<char>(word);
    } else {
      *to_++ = static_cast<char>(kWord);
      *to_++ = static_cast<char>(word - kShortWords.size());
    }
    taken_ = end;
  }

  void TakeValue(std::size_t open, std::size_t close) {
    const std::string_view inside = text_.substr(open + 1, close - open - 1);
    std::array<std::uint8_t, kMaxHex / 2> bytes;
    if (inside.size() == kUuidText && ReadUuid(inside, bytes.data())) {
      Take(open, kUuid);
      return Bytes(bytes.data(), kUuidBytes, close + 1);
    }
    if (inside.size() >= kMinHex && inside.size() <= kMaxHex && base::HexDecodeInto(inside, bytes.data())) {
      Take(open, kHex);
      *to_++ = static_cast<char>(inside.size() / 2);
      return Bytes(bytes.data(), inside.size() / 2, close + 1);
    }
    if (IsTime(inside)) {
      Take(open, kTime);
      to_ = PutTime(inside, to_);
      taken_ = close + 1;
      return;
    }
    TakeWord(open, close, open, close + 1);
  }

  void Take(std::size_t from, unsigned char code) {
    Literal(from);
    *to_++ = static_cast<char>(code);
  }

  void Bytes(const std::uint8_t* bytes, std::size_t size, std::size_t end) {
    std::memcpy(to_, bytes, size);
    to_ += size;
    taken_ = end;
  }

  const std::string_view text_;
  char* to_;
  std::size_t taken_ = 0;   // of the text, what is written
};

// Takes `size` bytes from the front of `in`; false when it has less.
bool TakeBytes(std::string_view& in, std::size_t size, std::string_view& bytes) {
  if (in.size() < size) return false;
  bytes = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}

// Of two digits in a byte; false when they are none.
bool AppendPair(char pair, std::string& out) {
  const unsigned high = static_cast<unsigned char>(pair) >> 4, low = static_cast<unsigned char>(pair) & 0xfu;
  if (high > 9 || low > 9) return false;
  out += static_cast<char>('0' + high);
  out += static_cast<char>('0' + low);
  return true;
}

bool UnpackTime(std::string_view& in, std::string& out) {
  std::string_view bytes;
  if (!TakeBytes(in, kTimeBytes, bytes)) return false;
  out += '"';
  constexpr std::string_view kBehind = {"\0--T::\0", 7};
  for (std::size_t i = 0; i < kBehind.size(); ++i) {
    if (!AppendPair(bytes[i], out)) return false;
    if (kBehind[i] != '\0') out += kBehind[i];
  }
  const std::size_t digits = static_cast<unsigned char>(bytes[kTimeBytes - 1]);
  if (digits > kMostFraction || !TakeBytes(in, (digits + 1) / 2, bytes)) return false;
  if (digits > 0) out += '.';
  for (const char pair : bytes) {
    if (!AppendPair(pair, out)) return false;
  }
  if (digits % 2 == 1) out.pop_back();
  out += "Z\"";
  return true;
}

// One step behind its first byte.
bool UnpackStep(unsigned char code, std::string_view& in, std::string& out) {
  std::string_view bytes;
  if (code < kShortWords.size()) {
    out += kShortWords[code];
    return true;
  }
  switch (code) {
    case kWord: {
      if (!TakeBytes(in, 1, bytes)) return false;
      const auto word = static_cast<unsigned char>(bytes[0]);
      if (word >= kLongWords.size()) return false;
      out += kLongWords[word];
      return true;
    }
    case kHex: {
      if (!TakeBytes(in, 1, bytes) || !TakeBytes(in, static_cast<unsigned char>(bytes[0]), bytes)) return false;
      const std::size_t at = out.size() + 1;
      out.append(2 * bytes.size() + 2, '"');
      base::HexEncodeInto(base::AsBytes(bytes), out.data() + at);
      return true;
    }
    case kUuid:
      if (!TakeBytes(in, kUuidBytes, bytes)) return false;
      out += '"';
      AppendUuid(bytes, out);
      out += '"';
      return true;
    case kTime: return UnpackTime(in, out);
    default: return false;
  }
}

}  // namespace

bool PackText(std::string_view text, std::string& out) {
  out.resize(text.size() + 1);
  const char* const end = Packer(text, out.data()).Run();
  if (end == nullptr) return false;
  out.resize(static_cast<std::size_t>(end - out.data()));
  return true;
}

std::optional<std::string> UnpackText(std::string_view packed, std::size_t most) {
  if (packed.empty() || packed.front() != kFormat) return std::nullopt;
  std::string_view in = packed.substr(1);
  std::string out;
  out.reserve(std::min(most, 4 * packed.size()));
  while (!in.empty()) {
    const auto literal = static_cast<std::size_t>(
        std::find_if(in.begin(), in.end(), [](char c) { return IsCode(static_cast<unsigned char>(c)); }) - in.begin());
    out.append(in.substr(0, literal));
    in.remove_prefix(literal);
    if (in.empty()) break;
    const auto code = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    if (!UnpackStep(code, in, out) || out.size() > most) return std::nullopt;
  }
  if (out.size() > most) return std::nullopt;
  return out;
}

}  // namespace intentgate::store
