// A recursive descent over the bytes. In canonical JSON every value has exactly one spelling, so each rule is
// local: a string may hold only the escapes that it needs, a member's name must be greater than the name before
// it, a number must be the text that ECMAScript gives for its value. What has no local rule, a number that is
// no short integer, is written again by json::WriteJcs and compared.
//
// Tested by tests/unit/audit/canonical_check_test.cc and tests/fuzz/canonical_check_fuzz.cc, both against the
// parser and the writer (tests/support/canonical_reference.h).

#include "audit/canonical_check.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <iterator>

#include <intentgate/json.h>

#include "audit/canonical_event.h"
#include "base/time_format.h"
#include "base/utf8.h"

namespace intentgate::audit {
namespace {

// The members that the columns of a store come from, and the two numbers.
enum Wanted : std::size_t {
  kActor, kAgentId, kJti, kCheck, kCode, kDecision, kElevationId, kEventId, kKind, kProducerId, kRootJti, kSessionId,
  kTenant, kTool, kTs,
  kTexts, kProducerSeq = kTexts, kSeq, kWantedCount, kOther = kWantedCount
};

// What an event's text is compared in: as many bytes as the longest known name has, with its quotes and colon.
using Words = std::array<std::uint64_t, 4>;
using WordBytes = std::array<char, sizeof(Words)>;

// A name that events have, as it stands in front of its value.
struct KnownName {
  std::string_view name;
  Wanted what;
  std::size_t length = 0;   // with quotes and colon
  Words bytes{}, mask{};

  constexpr KnownName(std::string_view text, Wanted wanted = kOther) : name(text), what(wanted), length(text.size() + 3) {
    WordBytes quoted{}, used{};
    quoted[0] = '"';
    for (std::size_t i = 0; i < text.size(); ++i) quoted[i + 1] = text[i];
    quoted[text.size() + 1] = '"';
    quoted[text.size() + 2] = ':';
    for (std::size_t i = 0; i < length; ++i) used[i] = static_cast<char>(-1);
    bytes = std::bit_cast<Words>(quoted);
    mask = std::bit_cast<Words>(used);
  }
  bool StandsIn(const Words& text) const {
    return ((text[0] ^ bytes[0]) & mask[0]) == 0 &&
           (((text[1] ^ bytes[1]) & mask[1]) | ((text[2] ^ bytes[2]) & mask[2]) | ((text[3] ^ bytes[3]) & mask[3])) == 0;
  }
};

// Sorted. Other members are read as well, only slower.
constexpr KnownName kKnown[] = {{"actor", kActor},
                                {"agent_id", kAgentId},
                                {"arg_keys"},
                                {"arg_values"},
                                {"arg_values_text"},
                                {"args_sha256"},
                                {"capability_token_id", kJti},
                                {"caveat_count"},
                                {"check", kCheck},
                                {"code", kCode},
                                {"commitments"},
                                {"decided_by"},
                                {"decision", kDecision},
                                {"decision_event_id"},
                                {"details"},
                                {"details_text"},
                                {"elevation_id", kElevationId},
                                {"event"},
                                {"event_id", kEventId},
                                {"intent_summary"},
                                {"kind", kKind},
                                {"latency_ms"},
                                {"latency_us"},
                                {"method"},
                                {"outcome"},
                                {"pending_id"},
                                {"policy_sha256"},
                                {"producer_id", kProducerId},
                                {"producer_seq", kProducerSeq},
                                {"reason"},
                                {"refused_caveat"},
                                {"remote_ip"},
                                {"requires_step_up"},
                                {"result_bytes"},
                                {"result_sha256"},
                                {"root_capability_token_id", kRootJti},
                                {"schema_version"},
                                {"seq", kSeq},
                                {"session_id", kSessionId},
                                {"tenant", kTenant},
                                {"tool", kTool},
                                {"ts", kTs},
                                {"upstream_status"}};
static_assert(std::is_sorted(std::begin(kKnown), std::end(kKnown),
                             [](const KnownName& a, const KnownName& b) { return a.name < b.name; }));
static_assert(std::all_of(std::begin(kKnown), std::end(kKnown),
                          [](const KnownName& known) { return known.length <= sizeof(Words); }));

// An integer of so many digits is a double and is written without an exponent.
constexpr std::size_t kPlainDigits = 15;

constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101u;
constexpr std::uint64_t kHigh = 0x8080'8080'8080'8080u;

// The high bit of every byte that a string cannot simply hold: a control, a quote, a backslash, or not ASCII. The
// lowest marked byte is right; a borrow may mark innocent ones above it.
std::uint64_t Special(std::uint64_t eight) {
  const std::uint64_t quote = eight ^ (kOnes * '"');
  const std::uint64_t backslash = eight ^ (kOnes * '\\');
  const std::uint64_t control = eight - kOnes * 0x20;
  return (((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) | (control & ~eight) | eight) & kHigh;
}

// A string as it stands between its quotes.
struct RawString {
  std::string_view text;
  bool escaped = false;
  bool ascii = true;
};

// REQUIRES: a string that the checker accepted.
std::string Unescape(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      out += raw[i];
      continue;
    }
    switch (const char c = raw[++i]) {
      case 'b': out += '\b'; break;
      case 't': out += '\t'; break;
      case 'n': out += '\n'; break;
      case 'f': out += '\f'; break;
      case 'r': out += '\r'; break;
      case 'u': {
        unsigned code = 0;
        std::from_chars(raw.data() + i + 1, raw.data() + i + 5, code, 16);
        out += static_cast<char>(code);
        i += 4;
        break;
      }
      default: out += c;
    }
  }
  return out;
}

bool Less(const RawString& a, const RawString& b) {
  if (!a.escaped && !b.escaped && a.ascii && b.ascii) return a.text < b.text;
  return base::Utf16Less(a.escaped ? Unescape(a.text) : std::string(a.text),
                         b.escaped ? Unescape(b.text) : std::string(b.text));
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool Event() { return Take('{') && TopMembers() && AtEnd(); }

  const char* problem() const { return problem_; }
  const RawString& text(std::size_t which) const { return texts_[which]; }
  // The number of a wanted member, or "".
  std::string_view number(Wanted which) const { return numbers_[which - kTexts]; }

 private:
  bool AtEnd() const { return at_ == end_; }
  bool Bad(const char* what) {
    if (problem_ == nullptr) problem_ = what;
    return false;
  }
  bool Take(char c) {
    if (AtEnd() || *at_ != c) return false;
    ++at_;
    return true;
  }

  bool Value(std::size_t depth) {
    if (AtEnd()) return Bad("it ends too early");
    switch (*at_) {
      case '{': return Object(depth);
      case '[': return Array(depth);
      case '"': {
        RawString ignored;
        return String(ignored);
      }
      case 't': return Literal("true");
      case 'f': return Literal("false");
      case 'n': return Literal("null");
      default: {
        std::string_view ignored;
        return Number(ignored);
      }
    }
  }

  bool Literal(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0) {
      return Bad("it has a word that is no JSON");
    }
    at_ += word.size();
    return true;
  }

  bool Object(std::size_t depth) {
    if (depth > kEventLimits.max_depth) return Bad("it is nested too deeply");
    ++at_;
    if (Take('}')) return true;
    RawString before;
    for (bool first = true;; first = false) {
      RawString name;
      if (!String(name)) return false;
      if (!first && !Less(before, name)) return Bad("its members are not sorted, or one appears twice");
      before = name;
      if (!Take(':')) return Bad("a colon is missing, or there is a blank");
      if (!Value(depth + 1)) return false;
      if (Take('}')) return true;
      if (!Take(',')) return Bad("a comma is missing, or there is a blank");
    }
  }

  // The event's own members. Known names ascend as members must: whatever is found behind the one before is in order
  // by that, and is neither read character by character nor compared with it.
  bool TopMembers() {
    if (Take('}')) return true;
    std::size_t next = 0;               // known names from here on are greater than the name before
    std::optional<RawString> before;
    for (;;) {
      const std::size_t found = FindKnown(next);
      if (found < std::size(kKnown)) {
        next = found + 1;
        before = Known(found);
        at_ += kKnown[found].length;
        if (!TopValue(kKnown[found].what)) return false;
      } else if (!OtherMember(before, next)) {
        return false;
      }
      if (Take('}')) return true;
      if (!Take(',')) return Bad("a comma is missing, or there is a blank");
    }
  }

  static RawString Known(std::size_t which) { return {kKnown[which].name}; }

  // Which of the known names from `next` on stands here.
  std::size_t FindKnown(std::size_t next) const {
    Words here{};
    if (static_cast<std::size_t>(end_ - at_) >= sizeof here) {
      std::memcpy(&here, at_, sizeof here);   // of a length that the compiler knows
    } else {
      std::memcpy(&here, at_, static_cast<std::size_t>(end_ - at_));
    }
    while (next < std::size(kKnown) && !kKnown[next].StandsIn(here)) ++next;
    return next;
  }

  // One whose name is not known, or not at its place.
  bool OtherMember(std::optional<RawString>& before, std::size_t& next) {
    RawString name;
    if (!String(name)) return false;
    if (before && !Less(*before, name)) return Bad("its members are not sorted, or one appears twice");
    before = name;
    while (next < std::size(kKnown) && !Less(name, Known(next))) ++next;
    if (!Take(':')) return Bad("a colon is missing, or there is a blank");
    return Value(2);
  }

  bool TopValue(Wanted what) {
    if (what == kOther || AtEnd()) return Value(2);
    if (*at_ == '"' && what < kTexts) return String(texts_[what]);
    if (what >= kTexts && (*at_ == '-' || (*at_ >= '0' && *at_ <= '9'))) return Number(numbers_[what - kTexts]);
    return Value(2);
  }

  bool Array(std::size_t depth) {
    if (depth > kEventLimits.max_depth) return Bad("it is nested too deeply");
    ++at_;
    if (Take(']')) return true;
    do {
      if (!Value(depth + 1)) return false;
      if (Take(']')) return true;
    } while (Take(','));
    return Bad("a comma is missing, or there is a blank");
  }

  bool String(RawString& out) {
    if (!Take('"')) return Bad("a text is missing, or there is a blank");
    const char* const start = at_;
    for (;;) {
      SkipPlain();
      if (AtEnd()) return Bad("a text has no end");
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        out.text = {start, static_cast<std::size_t>(at_ - start)};
        ++at_;
        return true;
      }
      if (c == '\\') {
        out.escaped = true;
        if (!Escape()) return false;
      } else if (c < 0x20) {
        return Bad("a text holds a control character");
      } else if (c < 0x80) {
        ++at_;
      } else {
        out.ascii = false;
        const std::size_t length = base::SequenceLength({at_, static_cast<std::size_t>(end_ - at_)}, 0);
        if (length == 0) return Bad("it is no UTF-8");
        at_ += length;
      }
    }
  }

  void SkipPlain() {
    for (std::uint64_t eight = 0; end_ - at_ >= static_cast<std::ptrdiff_t>(sizeof eight); at_ += sizeof eight) {
      std::memcpy(&eight, at_, sizeof eight);
      if (const std::uint64_t special = Special(eight); special != 0) {
        if constexpr (std::endian::native == std::endian::little) at_ += std::countr_zero(special) / 8;
        return;
      }
    }
  }

  // RFC 8785 section 3.2.2.2: the short form where there is one, else lower-case \u00xx, and only for what needs it.
  bool Escape() {
    ++at_;
    if (AtEnd()) return Bad("a text has no end");
    const char c = *at_++;
    if (std::string_view("\"\\btnfr").find(c) != std::string_view::npos) return true;
    if (c != 'u' || end_ - at_ < 4 || at_[0] != '0' || at_[1] != '0') return Bad("a text has an escape it does not need");
    const char high = at_[2], low = at_[3];
    at_ += 4;
    const bool digit = (low >= '0' && low <= '9') || (low >= 'a' && low <= 'f');
    const bool has_short = high == '0' && (low == '8' || low == '9' || low == 'a' || low == 'c' || low == 'd');
    if ((high != '0' && high != '1') || !digit || has_short) return Bad("a text has an escape it does not need");
    return true;
  }

  bool Number(std::string_view& out) {
    const char* const start = at_;
    Take('-');
    const char* const digits = at_;
    while (!AtEnd() && *at_ >= '0' && *at_ <= '9') ++at_;
    const auto count = static_cast<std::size_t>(at_ - digits);
    const bool goes_on = !AtEnd() && (*at_ == '.' || *at_ == 'e' || *at_ == 'E');
    if (!goes_on && count > 0 && count <= kPlainDigits && (*digits != '0' || (count == 1 && digits == start))) {
      out = {start, count + static_cast<std::size_t>(digits - start)};
      return true;
    }
    while (!AtEnd() && std::string_view("+-.eE0123456789").find(*at_) != std::string_view::npos) ++at_;
    out = {start, static_cast<std::size_t>(at_ - start)};
    const Result<json::Value> value = json::Value::NumberFromText(out);
    if (!value.ok()) return Bad("something is no JSON value, or there is a blank");
    const Result<std::string> written = json::WriteJcs(*value);
    if (!written.ok() || *written != out) return Bad("a number is not written as ECMAScript writes it");
    return true;
  }

  const char* at_;
  const char* const end_;
  const char* problem_ = nullptr;
  std::array<RawString, kTexts> texts_{};
  std::array<std::string_view, kWantedCount - kTexts> numbers_{};
};

std::optional<std::int64_t> Integer(std::string_view text) {
  std::int64_t n = 0;
  const std::from_chars_result read = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return n;
}

Error NotCanonical(const char* what) {
  return {ErrorCode::kMalformed, std::string("the event is not in canonical form (RFC 8785): ") +
                                     (what == nullptr ? "it is not exactly one object" : what)};
}

}  // namespace

Result<EventView> CanonicalChecker::Check(std::string_view canonical) {
  if (canonical.size() > kEventLimits.max_bytes) return NotCanonical("it is too long");
  Scanner scanner(canonical);
  if (!scanner.Event()) return NotCanonical(scanner.problem());
  const auto text = [&](Wanted which) -> std::string_view {
    const RawString& raw = scanner.text(which);
    if (!raw.escaped) return raw.text;
    return unescaped_[which] = Unescape(raw.text);
  };
  EventView out;
  out.actor = text(kActor);
  out.agent_id = text(kAgentId);
  out.jti = text(kJti);
  out.check = text(kCheck);
  out.code = text(kCode);
  out.decision = text(kDecision);
  out.elevation_id = text(kElevationId);
  out.event_id = text(kEventId);
  out.kind = text(kKind);
  out.producer_id = text(kProducerId);
  out.root_jti = text(kRootJti);
  out.session_id = text(kSessionId);
  out.tenant = text(kTenant);
  out.tenant_json = scanner.text(kTenant).text;
  out.tool = text(kTool);
  out.ts = text(kTs);
  const std::optional<std::int64_t> seq = Integer(scanner.number(kSeq));
  if (!seq || *seq < 0) return Error{ErrorCode::kMalformed, "the event has no sequence number"};
  out.seq = *seq;
  out.producer_seq = Integer(scanner.number(kProducerSeq));
  const Result<std::int64_t> ts = base::ParseRfc3339Micros(out.ts);
  if (!ts.ok()) return Error{ErrorCode::kMalformed, "the event's ts is " + ts.error().message};
  out.ts_micros = *ts;
  return out;
}

}  // namespace intentgate::audit
