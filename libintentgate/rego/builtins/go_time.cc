// Layouts are cut into elements by NextElement; formatting and parsing walk the same elements, so
// that what one writes the other reads.
//
// Tested by rego_builtins/time_test.cc.
#include "rego/builtins/go_time.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

namespace intentgate::rego::builtins {
namespace {

__extension__ typedef unsigned __int128 Uint128;

enum class Element {
  kNone,
  kLongMonth, kMonth, kNumMonth, kZeroMonth,
  kLongWeekday, kWeekday,
  kDay, kUnderDay, kZeroDay, kUnderYearDay, kZeroYearDay,
  kHour, kHour12, kZeroHour12,
  kMinute, kZeroMinute, kSecond, kZeroSecond,
  kLongYear, kYear,
  kUpperPm, kLowerPm,
  kZoneName,
  kIsoZone, kIsoColonZone, kIsoShortZone, kIsoSecondsZone, kIsoColonSecondsZone,
  kNumZone, kNumColonZone, kNumShortZone, kNumSecondsZone, kNumColonSecondsZone,
  kFractionZeros, kFractionNines,
};

struct Piece {
  std::string_view prefix;  // literal text before the element
  Element element = Element::kNone;
  std::size_t digits = 0;  // of a fraction
  std::string_view suffix;
};

constexpr std::array<std::string_view, 12> kMonths = {"January", "February", "March",     "April",   "May",      "June",
                                                      "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool DigitAt(std::string_view text, std::size_t pos) { return pos < text.size() && IsDigit(text[pos]); }
bool LowerAt(std::string_view text, std::size_t pos) { return pos < text.size() && text[pos] >= 'a' && text[pos] <= 'z'; }

struct Literal {
  std::string_view text;
  Element element;
  bool not_before_lower = false;  // "Jan" in "Janet" is no month
};

// Longest first where one is the beginning of another.
constexpr Literal kLiterals[] = {
    {"January", Element::kLongMonth}, {"Jan", Element::kMonth, true},
    {"Monday", Element::kLongWeekday}, {"Mon", Element::kWeekday, true},
    {"MST", Element::kZoneName},
    {"002", Element::kZeroYearDay},
    {"01", Element::kZeroMonth}, {"02", Element::kZeroDay}, {"03", Element::kZeroHour12},
    {"04", Element::kZeroMinute}, {"05", Element::kZeroSecond}, {"06", Element::kYear},
    {"15", Element::kHour}, {"1", Element::kNumMonth},
    {"2006", Element::kLongYear}, {"2", Element::kDay},
    {"__2", Element::kUnderYearDay},
    {"_2", Element::kUnderDay},
    {"3", Element::kHour12}, {"4", Element::kMinute}, {"5", Element::kSecond},
    {"PM", Element::kUpperPm}, {"pm", Element::kLowerPm},
    {"-07:00:00", Element::kNumColonSecondsZone}, {"-070000", Element::kNumSecondsZone},
    {"-07:00", Element::kNumColonZone}, {"-0700", Element::kNumZone}, {"-07", Element::kNumShortZone},
    {"Z07:00:00", Element::kIsoColonSecondsZone}, {"Z070000", Element::kIsoSecondsZone},
    {"Z07:00", Element::kIsoColonZone}, {"Z0700", Element::kIsoZone}, {"Z07", Element::kIsoShortZone},
};

// What an element can begin with.
constexpr std::string_view kFirstLetters = "012345JMPZ_p-.,";

std::optional<Piece> FractionAt(std::string_view layout, std::size_t pos) {
  if (layout[pos] != '.' && layout[pos] != ',') return std::nullopt;
  if (pos + 1 >= layout.size() || (layout[pos + 1] != '0' && layout[pos + 1] != '9')) return std::nullopt;
  const char digit = layout[pos + 1];
  std::size_t end = pos + 1;
  while (end < layout.size() && layout[end] == digit) ++end;
  if (DigitAt(layout, end)) return std::nullopt;
  return Piece{layout.substr(0, pos), digit == '0' ? Element::kFractionZeros : Element::kFractionNines, end - pos - 1,
               layout.substr(end)};
}

// The first element of the layout with what stands before and after it.
Piece NextElement(std::string_view layout) {
  for (std::size_t pos = 0; pos < layout.size(); ++pos) {
    if (kFirstLetters.find(layout[pos]) == std::string_view::npos) continue;
    if (std::optional<Piece> fraction = FractionAt(layout, pos)) return *fraction;
    const std::string_view rest = layout.substr(pos);
    // "_2006" is an underscore and a year, not a padded day.
    if (rest.starts_with("_2006")) return {layout.substr(0, pos + 1), Element::kLongYear, 0, rest.substr(5)};
    for (const Literal& literal : kLiterals) {
      if (rest.front() != literal.text.front() || !rest.starts_with(literal.text)) continue;
      if (literal.not_before_lower && LowerAt(rest, literal.text.size())) continue;
      return {layout.substr(0, pos), literal.element, 0, rest.substr(literal.text.size())};
    }
  }
  return {layout, Element::kNone, 0, {}};
}

void AppendPadded(std::int64_t value, std::size_t width, char pad, std::string& out) {
  const bool negative = value < 0;
  std::string digits = std::to_string(negative ? -value : value);
  if (digits.size() < width) digits.insert(0, width - digits.size(), pad);
  if (negative) out += '-';
  out += digits;
}

struct ZoneShape {
  bool z_for_utc = false;
  bool colon = false;
  bool minutes = true;
  bool seconds = false;
};

std::optional<ZoneShape> ZoneShapeOf(Element element) {
  switch (element) {
    case Element::kIsoZone: return ZoneShape{true, false, true, false};
    case Element::kIsoColonZone: return ZoneShape{true, true, true, false};
    case Element::kIsoShortZone: return ZoneShape{true, false, false, false};
    case Element::kIsoSecondsZone: return ZoneShape{true, false, true, true};
    case Element::kIsoColonSecondsZone: return ZoneShape{true, true, true, true};
    case Element::kNumZone: return ZoneShape{false, false, true, false};
    case Element::kNumColonZone: return ZoneShape{false, true, true, false};
    case Element::kNumShortZone: return ZoneShape{false, false, false, false};
    case Element::kNumSecondsZone: return ZoneShape{false, false, true, true};
    case Element::kNumColonSecondsZone: return ZoneShape{false, true, true, true};
    default: return std::nullopt;
  }
}

void AppendZone(int offset, const ZoneShape& shape, std::string& out) {
  if (shape.z_for_utc && offset == 0) {
    out += 'Z';
    return;
  }
  const int size = offset < 0 ? -offset : offset;
  out += offset < 0 ? '-' : '+';
  AppendPadded(size / 3600, 2, '0', out);
  if (shape.minutes) {
    if (shape.colon) out += ':';
    AppendPadded(size / 60 % 60, 2, '0', out);
  }
  if (shape.seconds) {
    if (shape.colon) out += ':';
    AppendPadded(size % 60, 2, '0', out);
  }
}

void AppendZoneName(const CivilTime& time, std::string& out) {
  if (!time.zone_name.empty()) {
    out += time.zone_name;
    return;
  }
  const int minutes = time.offset_seconds / 60;
  out += minutes < 0 ? '-' : '+';
  AppendPadded((minutes < 0 ? -minutes : minutes) / 60, 2, '0', out);
  if (minutes % 60 != 0) AppendPadded((minutes < 0 ? -minutes : minutes) % 60, 2, '0', out);
}

void AppendFraction(int nanosecond, std::size_t digits, bool trim, char separator, std::string& out) {
  std::string text;
  AppendPadded(nanosecond, 9, '0', text);
  text.resize(std::min<std::size_t>(digits, 9), '0');
  text.append(digits > 9 ? digits - 9 : 0, '0');
  if (trim) {
    while (!text.empty() && text.back() == '0') text.pop_back();
    if (text.empty()) return;
  }
  out += separator;
  out += text;
}

int Hour12(int hour) { return hour % 12 == 0 ? 12 : hour % 12; }

void AppendElement(const CivilTime& t, const Piece& piece, char separator, std::string& out) {
  switch (piece.element) {
    case Element::kLongMonth: out += kMonths[static_cast<std::size_t>(t.month - 1)]; break;
    case Element::kMonth: out += kMonths[static_cast<std::size_t>(t.month - 1)].substr(0, 3); break;
    case Element::kNumMonth: AppendPadded(t.month, 0, '0', out); break;
    case Element::kZeroMonth: AppendPadded(t.month, 2, '0', out); break;
    case Element::kLongWeekday: out += kWeekdays[static_cast<std::size_t>(t.weekday)]; break;
    case Element::kWeekday: out += kWeekdays[static_cast<std::size_t>(t.weekday)].substr(0, 3); break;
    case Element::kDay: AppendPadded(t.day, 0, '0', out); break;
    case Element::kUnderDay: AppendPadded(t.day, 2, ' ', out); break;
    case Element::kZeroDay: AppendPadded(t.day, 2, '0', out); break;
    case Element::kUnderYearDay: AppendPadded(t.year_day, 3, ' ', out); break;
    case Element::kZeroYearDay: AppendPadded(t.year_day, 3, '0', out); break;
    case Element::kHour: AppendPadded(t.hour, 2, '0', out); break;
    case Element::kHour12: AppendPadded(Hour12(t.hour), 0, '0', out); break;
    case Element::kZeroHour12: AppendPadded(Hour12(t.hour), 2, '0', out); break;
    case Element::kMinute: AppendPadded(t.minute, 0, '0', out); break;
    case Element::kZeroMinute: AppendPadded(t.minute, 2, '0', out); break;
    case Element::kSecond: AppendPadded(t.second, 0, '0', out); break;
    case Element::kZeroSecond: AppendPadded(t.second, 2, '0', out); break;
    case Element::kLongYear: AppendPadded(t.year, 4, '0', out); break;
    case Element::kYear: AppendPadded((t.year < 0 ? -t.year : t.year) % 100, 2, '0', out); break;
    case Element::kUpperPm: out += t.hour >= 12 ? "PM" : "AM"; break;
    case Element::kLowerPm: out += t.hour >= 12 ? "pm" : "am"; break;
    case Element::kZoneName: AppendZoneName(t, out); break;
    case Element::kFractionZeros: AppendFraction(t.nanosecond, piece.digits, false, separator, out); break;
    case Element::kFractionNines: AppendFraction(t.nanosecond, piece.digits, true, separator, out); break;
    default: AppendZone(t.offset_seconds, ZoneShapeOf(piece.element).value_or(ZoneShape{}), out); break;
  }
}

// What a text says about a moment, before it is put together.
struct Parsed {
  std::int64_t year = 0;
  int month = -1;
  int day = -1;
  int year_day = -1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nanosecond = 0;
  bool pm_set = false;
  bool am_set = false;
  bool out_of_range = false;
  std::optional<int> offset;
};

// In quotation marks; bytes that are no printable ASCII as \xNN.
std::string Quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || byte < ' ') {
      out += {'\\', 'x', kHex[byte >> 4U], kHex[byte & 15U]};
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// Reads the elements of one layout from one text. Thread-compatible.
class LayoutReader {
 public:
  LayoutReader(std::string_view layout, std::string_view text) : layout_(layout), whole_layout_(layout), text_(text), whole_text_(text) {}

  Result<Moment> Read() {
    for (;;) {
      const Piece piece = NextElement(layout_);
      if (!SkipLiteral(piece.prefix)) return Fail(piece.prefix);
      if (piece.element == Element::kNone) break;
      const std::string_view written = layout_.substr(piece.prefix.size(), layout_.size() - piece.prefix.size() - piece.suffix.size());
      layout_ = piece.suffix;
      if (!ReadElement(piece)) return Fail(written);
      if (parsed_.out_of_range) return RangeError(range_what_);
    }
    if (!text_.empty()) return Error{ErrorCode::kMalformed, Prefix() + ": extra text: " + Quoted(text_)};
    return Assemble();
  }

 private:
  std::string Prefix() const {
    return "parsing time " + Quoted(whole_text_);
  }
  // `part`: the literal or element of the layout that the rest of the text does not fit.
  Error Fail(std::string_view part) const {
    return {ErrorCode::kMalformed, Prefix() + " as " + Quoted(whole_layout_) + ": cannot parse " + Quoted(text_) + " as " + Quoted(part)};
  }
  Error RangeError(std::string_view what) const {
    return {ErrorCode::kMalformed, Prefix() + ": " + std::string(what) + " out of range"};
  }

  // A blank of the layout fits any run of blanks, also none.
  bool SkipLiteral(std::string_view literal) {
    while (!literal.empty()) {
      if (literal[0] == ' ') {
        if (!text_.empty() && text_[0] != ' ') return false;
        while (!literal.empty() && literal[0] == ' ') literal.remove_prefix(1);
        while (!text_.empty() && text_[0] == ' ') text_.remove_prefix(1);
        continue;
      }
      if (text_.empty() || text_[0] != literal[0]) return false;
      literal.remove_prefix(1);
      text_.remove_prefix(1);
    }
    return true;
  }

  bool ReadDigits(std::size_t min, std::size_t max, int& out) {
    std::size_t count = 0;
    int value = 0;
    while (count < max && DigitAt(text_, count)) value = value * 10 + (text_[count++] - '0');
    if (count < min) return false;
    text_.remove_prefix(count);
    out = value;
    return true;
  }

  bool ReadRanged(std::size_t min, std::size_t max, int low, int high, std::string_view what, int& out) {
    if (!ReadDigits(min, max, out)) return false;
    MarkRange(out < low || out > high, what);
    return true;
  }
  void MarkRange(bool out_of_range, std::string_view what) {
    if (!out_of_range || parsed_.out_of_range) return;
    parsed_.out_of_range = true;
    range_what_ = what;
  }

  template <std::size_t N>
  bool ReadName(const std::array<std::string_view, N>& names, std::size_t length, int& index) {
    for (std::size_t i = 0; i < N; ++i) {
      const std::string_view name = length == 0 ? names[i] : names[i].substr(0, length);
      if (text_.size() < name.size()) continue;
      const bool same = std::equal(name.begin(), name.end(), text_.begin(),
                                   [](char a, char b) { return (a | 0x20) == (b | 0x20); });
      if (!same) continue;
      text_.remove_prefix(name.size());
      index = static_cast<int>(i);
      return true;
    }
    return false;
  }

  bool ReadElement(const Piece& piece) {
    int ignored = 0;
    switch (piece.element) {
      case Element::kLongMonth:
      case Element::kMonth: {
        if (!ReadName(kMonths, piece.element == Element::kMonth ? 3 : 0, parsed_.month)) return false;
        ++parsed_.month;
        return true;
      }
      case Element::kNumMonth: return ReadRanged(1, 2, 1, 12, "month", parsed_.month);
      case Element::kZeroMonth: return ReadRanged(2, 2, 1, 12, "month", parsed_.month);
      case Element::kLongWeekday: return ReadName(kWeekdays, 0, ignored);
      case Element::kWeekday: return ReadName(kWeekdays, 3, ignored);
      case Element::kUnderDay:
        if (text_.starts_with(' ')) text_.remove_prefix(1);
        return ReadDigits(1, 2, parsed_.day);
      case Element::kDay: return ReadDigits(1, 2, parsed_.day);
      case Element::kZeroDay: return ReadDigits(2, 2, parsed_.day);
      case Element::kUnderYearDay:
        for (int i = 0; i < 2 && text_.starts_with(' '); ++i) text_.remove_prefix(1);
        return ReadDigits(1, 3, parsed_.year_day);
      case Element::kZeroYearDay: return ReadDigits(3, 3, parsed_.year_day);
      case Element::kHour: return ReadRanged(1, 2, 0, 23, "hour", parsed_.hour);
      case Element::kHour12: return ReadRanged(1, 2, 0, 12, "hour", parsed_.hour);
      case Element::kZeroHour12: return ReadRanged(2, 2, 0, 12, "hour", parsed_.hour);
      case Element::kMinute: return ReadRanged(1, 2, 0, 59, "minute", parsed_.minute);
      case Element::kZeroMinute: return ReadRanged(2, 2, 0, 59, "minute", parsed_.minute);
      case Element::kSecond:
      case Element::kZeroSecond: return ReadSecond(piece.element == Element::kZeroSecond ? 2 : 1);
      case Element::kLongYear: return ReadLongYear();
      case Element::kYear: return ReadShortYear();
      case Element::kUpperPm: return ReadPm("PM", "AM");
      case Element::kLowerPm: return ReadPm("pm", "am");
      case Element::kZoneName: return ReadZoneName();
      case Element::kFractionZeros: return ReadFraction(piece.digits, true);
      case Element::kFractionNines: return ReadFraction(9, false);
      default: return ReadOffset(ZoneShapeOf(piece.element).value_or(ZoneShape{}));
    }
  }

  bool ReadLongYear() {
    int year = 0;
    if (!ReadDigits(4, 4, year)) return false;
    parsed_.year = year;
    return true;
  }
  bool ReadShortYear() {
    int year = 0;
    if (!ReadDigits(2, 2, year)) return false;
    parsed_.year = year >= 69 ? year + 1900 : year + 2000;
    return true;
  }
  bool ReadPm(std::string_view pm, std::string_view am) {
    if (text_.starts_with(pm)) {
      parsed_.pm_set = true;
    } else if (text_.starts_with(am)) {
      parsed_.am_set = true;
    } else {
      return false;
    }
    text_.remove_prefix(2);
    return true;
  }

  bool ReadSecond(std::size_t min_digits) {
    if (!ReadRanged(min_digits, 2, 0, 59, "second", parsed_.second)) return false;
    // A fraction may follow a second even where the layout shows none.
    const bool fraction_here = text_.size() >= 2 && (text_[0] == '.' || text_[0] == ',') && IsDigit(text_[1]);
    if (!fraction_here) return true;
    const Piece next = NextElement(layout_);
    const bool expected = next.element == Element::kFractionZeros || next.element == Element::kFractionNines;
    if (expected && next.prefix.empty()) return true;
    return ReadFraction(9, false);
  }

  // `exact`: the fraction is there, with so many digits.
  bool ReadFraction(std::size_t digits, bool exact) {
    const bool here = text_.size() >= 2 && (text_[0] == '.' || text_[0] == ',') && IsDigit(text_[1]);
    if (!here) return !exact;
    std::size_t end = 1;
    while (DigitAt(text_, end) && (!exact || end <= digits)) ++end;
    if (exact && end - 1 != digits) return false;
    int scale = 100'000'000;
    parsed_.nanosecond = 0;
    for (std::size_t i = 1; i < end; ++i, scale /= 10) parsed_.nanosecond += (text_[i] - '0') * scale;
    text_.remove_prefix(end);
    return true;
  }

  bool ReadOffset(const ZoneShape& shape) {
    if (shape.z_for_utc && text_.starts_with('Z')) {
      text_.remove_prefix(1);
      parsed_.offset = 0;
      return true;
    }
    if (text_.empty() || (text_[0] != '+' && text_[0] != '-')) return false;
    const bool negative = text_[0] == '-';
    text_.remove_prefix(1);
    int hours = 0;
    int minutes = 0;
    int seconds = 0;
    if (!ReadDigits(2, 2, hours)) return false;
    if (shape.minutes && (!SkipColon(shape) || !ReadDigits(2, 2, minutes))) return false;
    if (shape.seconds && (!SkipColon(shape) || !ReadDigits(2, 2, seconds))) return false;
    MarkRange(hours > 24, "time zone offset hour");
    MarkRange(minutes > 60, "time zone offset minute");
    MarkRange(seconds > 60, "time zone offset second");
    const int size = hours * 3600 + minutes * 60 + seconds;
    parsed_.offset = negative ? -size : size;
    return true;
  }
  bool SkipColon(const ZoneShape& shape) {
    if (!shape.colon) return true;
    if (!text_.starts_with(':')) return false;
    text_.remove_prefix(1);
    return true;
  }

  // Three or four capitals, "ChST" and "MeST", a signed number of hours, or GMT with one behind it. Only UTC has an offset.
  bool ReadZoneName() {
    if (text_.starts_with("UTC")) {
      text_.remove_prefix(3);
      parsed_.offset = 0;
      return true;
    }
    if (text_.starts_with("ChST") || text_.starts_with("MeST")) {
      text_.remove_prefix(4);
      return true;
    }
    if (text_.starts_with('+') || text_.starts_with('-')) {
      std::size_t length = SignedHours(text_);
      if (length == 0) return false;
      text_.remove_prefix(length);
      return true;
    }
    if (text_.starts_with("GMT")) {
      text_.remove_prefix(3);
      text_.remove_prefix(SignedHours(text_));
      return true;
    }
    std::size_t capitals = 0;
    while (capitals < 6 && capitals < text_.size() && text_[capitals] >= 'A' && text_[capitals] <= 'Z') ++capitals;
    const bool fits = capitals == 3 || (capitals == 4 && (text_[3] == 'T' || text_.substr(0, 4) == "WITA")) ||
                      (capitals == 5 && text_[4] == 'T');
    if (!fits) return false;
    text_.remove_prefix(capitals);
    return true;
  }
  // The length of "+3" or "-12", from -23 to +23, at the start of the text; 0 if there is none.
  static std::size_t SignedHours(std::string_view text) {
    if (text.empty() || (text[0] != '+' && text[0] != '-')) return 0;
    std::size_t end = 1;
    int hours = 0;
    while (DigitAt(text, end) && end < 4) hours = hours * 10 + (text[end++] - '0');
    return end == 1 || hours > 23 ? 0 : end;
  }

  Result<Moment> Assemble() {
    if (parsed_.pm_set && parsed_.hour < 12) parsed_.hour += 12;
    if (parsed_.am_set && parsed_.hour == 12) parsed_.hour = 0;
    if (parsed_.year_day >= 0 && !TakeYearDay()) return RangeError("day-of-year");
    if (parsed_.month < 0) parsed_.month = 1;
    if (parsed_.day < 0) parsed_.day = 1;
    if (parsed_.day < 1 || parsed_.day > DaysInMonth(parsed_.year, parsed_.month)) return RangeError("day");
    std::int64_t seconds = DaysFromCivil(parsed_.year, parsed_.month, parsed_.day) * 86'400;
    seconds += parsed_.hour * 3600 + parsed_.minute * 60 + parsed_.second;
    return Moment{seconds - parsed_.offset.value_or(0), parsed_.nanosecond};
  }

  bool TakeYearDay() {
    const std::int64_t first = DaysFromCivil(parsed_.year, 1, 1);
    const std::int64_t length = DaysFromCivil(parsed_.year + 1, 1, 1) - first;
    if (parsed_.year_day < 1 || parsed_.year_day > length) return false;
    const CivilTime date = CivilFromUnix((first + parsed_.year_day - 1) * 86'400, 0, 0, "UTC");
    if (parsed_.month >= 0 && parsed_.month != date.month) return false;
    if (parsed_.day >= 0 && parsed_.day != date.day) return false;
    parsed_.month = date.month;
    parsed_.day = date.day;
    return true;
  }

  std::string_view layout_;
  std::string_view whole_layout_;
  std::string_view text_;
  std::string_view whole_text_;
  std::string_view range_what_;
  Parsed parsed_;
};

std::optional<std::int64_t> UnitNs(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\xc2\xb5s" || unit == "\xce\xbcs") return 1'000;
  if (unit == "ms") return 1'000'000;
  if (unit == "s") return 1'000'000'000;
  if (unit == "m") return 60'000'000'000;
  if (unit == "h") return 3'600'000'000'000;
  constexpr std::int64_t kDay = 86'400'000'000'000;
  if (unit == "d") return kDay;
  if (unit == "w") return 7 * kDay;
  if (unit == "y") return 365 * kDay;
  return std::nullopt;
}

// "2006-01-02T15:04:05" with a fraction of up to nine digits and "Z" or "+07:00" behind it, all in range. Any other text
// gives nothing: the layout's reader knows what else is allowed and what is wrong.
std::optional<Moment> ReadPlainRfc3339(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == 'd' ? !IsDigit(text[i]) : text[i] != kShape[i]) return std::nullopt;
  }
  const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  const int year = two(0) * 100 + two(2), month = two(5), day = two(8), hour = two(11), minute = two(14), second = two(17);
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  if (day > 28 && day > DaysInMonth(year, month)) return std::nullopt;
  std::size_t at = kShape.size();
  int nanosecond = 0;
  if (text[at] == '.') {
    int scale = 100'000'000;
    for (++at; DigitAt(text, at) && scale > 0; scale /= 10) nanosecond += (text[at++] - '0') * scale;
    if (text[at - 1] == '.' || DigitAt(text, at)) return std::nullopt;
  }
  std::int64_t seconds = DaysFromCivil(year, month, day) * 86'400 + hour * 3600 + minute * 60 + second;
  const std::string_view zone = text.substr(at);
  if (zone == "Z") return Moment{seconds, nanosecond};
  const bool offset = zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && IsDigit(zone[1]) && IsDigit(zone[2]) && zone[3] == ':' &&
                      IsDigit(zone[4]) && IsDigit(zone[5]);
  if (!offset || two(at + 1) > 23 || two(at + 4) > 59) return std::nullopt;
  seconds -= (zone[0] == '-' ? -1 : 1) * (two(at + 1) * 3600 + two(at + 4) * 60);
  return Moment{seconds, nanosecond};
}

}  // namespace

std::int64_t DaysFromCivil(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t zero_based = month - 1;
  std::int64_t carry = zero_based / 12;
  if (zero_based % 12 < 0) --carry;
  year += carry;
  const std::int64_t m = zero_based - carry * 12 + 1;
  const std::int64_t y = m <= 2 ? year - 1 : year;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468 + (day - 1);
}

int DaysInMonth(std::int64_t year, int month) {
  return static_cast<int>(DaysFromCivil(year, month + 1, 1) - DaysFromCivil(year, month, 1));
}

CivilTime CivilFromUnix(std::int64_t unix_seconds, int nanosecond, int offset_seconds, std::string zone_name) {
  const std::int64_t local = unix_seconds + offset_seconds;
  std::int64_t days = local / 86'400;
  std::int64_t rest = local % 86'400;
  if (rest < 0) {
    rest += 86'400;
    --days;
  }
  CivilTime out;
  const std::int64_t z = days + 719'468;
  const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  const std::int64_t day_of_era = z - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * day_of_year + 2) / 153;
  out.day = static_cast<int>(day_of_year - (153 * shifted + 2) / 5 + 1);
  out.month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  out.year = year_of_era + era * 400 + (out.month <= 2 ? 1 : 0);
  out.hour = static_cast<int>(rest / 3600);
  out.minute = static_cast<int>(rest / 60 % 60);
  out.second = static_cast<int>(rest % 60);
  out.nanosecond = nanosecond;
  out.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  out.year_day = static_cast<int>(days - DaysFromCivil(out.year, 1, 1)) + 1;
  out.offset_seconds = offset_seconds;
  out.zone_name = std::move(zone_name);
  return out;
}

std::string FormatLayout(const CivilTime& time, std::string_view layout) {
  std::string out;
  for (;;) {
    const Piece piece = NextElement(layout);
    out += piece.prefix;
    if (piece.element == Element::kNone) return out;
    const char separator = piece.prefix.size() < layout.size() ? layout[piece.prefix.size()] : '.';
    AppendElement(time, piece, separator, out);
    layout = piece.suffix;
  }
}

std::string_view WeekdayName(int weekday) { return kWeekdays[static_cast<std::size_t>(weekday)]; }

Result<Moment> ParseLayout(std::string_view layout, std::string_view text) { return LayoutReader(layout, text).Read(); }

Result<Moment> ParseRfc3339(std::string_view text) {
  if (const std::optional<Moment> moment = ReadPlainRfc3339(text)) return *moment;
  return ParseLayout(ResolveLayoutName("RFC3339"), text);
}

std::string_view ResolveLayoutName(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kNamed[] = {
      {"ANSIC", "Mon Jan _2 15:04:05 2006"},
      {"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
      {"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
      {"RFC822", "02 Jan 06 15:04 MST"},
      {"RFC822Z", "02 Jan 06 15:04 -0700"},
      {"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
      {"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
      {"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
      {"RFC3339", "2006-01-02T15:04:05Z07:00"},
      {"RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"},
  };
  for (const auto& [known, layout] : kNamed) {
    if (known == name) return layout;
  }
  return name;
}

Result<std::int64_t> ParseDurationNs(std::string_view text) {
  const Error bad{ErrorCode::kMalformed, "time: invalid duration " + Quoted(text)};
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return std::int64_t{0};
  if (rest.empty()) return bad;
  // One beyond the largest positive duration, for the smallest negative one.
  constexpr Uint128 kMax = static_cast<Uint128>(std::numeric_limits<std::int64_t>::max()) + 1;
  Uint128 total = 0;
  while (!rest.empty()) {
    Uint128 whole = 0;
    std::size_t pos = 0;
    for (; DigitAt(rest, pos); ++pos) {
      whole = whole * 10 + static_cast<unsigned>(rest[pos] - '0');
      if (whole > kMax) return bad;
    }
    bool any_digit = pos > 0;
    Uint128 fraction = 0;
    Uint128 scale = 1;
    if (pos < rest.size() && rest[pos] == '.') {
      for (++pos; DigitAt(rest, pos); ++pos) {
        any_digit = true;
        if (scale >= 1'000'000'000'000'000'000ULL) continue;
        fraction = fraction * 10 + static_cast<unsigned>(rest[pos] - '0');
        scale *= 10;
      }
    }
    if (!any_digit) return bad;
    rest.remove_prefix(pos);
    std::size_t unit_end = 0;
    while (unit_end < rest.size() && rest[unit_end] != '.' && !IsDigit(rest[unit_end])) ++unit_end;
    if (unit_end == 0) return Error{ErrorCode::kMalformed, "time: missing unit in duration " + Quoted(text)};
    const std::optional<std::int64_t> unit = UnitNs(rest.substr(0, unit_end));
    if (!unit) {
      return Error{ErrorCode::kMalformed, "time: unknown unit " + Quoted(rest.substr(0, unit_end)) + " in duration " + Quoted(text)};
    }
    const auto unit_ns = static_cast<Uint128>(*unit);
    total += whole * unit_ns + fraction * unit_ns / scale;
    if (total > kMax) return bad;
    rest.remove_prefix(unit_end);
  }
  if (!negative && total == kMax) return bad;
  const auto size = static_cast<std::uint64_t>(total);
  return negative ? static_cast<std::int64_t>(~size + 1) : static_cast<std::int64_t>(size);
}

}  // namespace intentgate::rego::builtins
