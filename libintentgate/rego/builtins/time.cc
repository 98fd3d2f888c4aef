// time.*: nanoseconds since 1970, with time zones from the machine's tz database through Abseil.
#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <absl/time/time.h>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/go_time.h"

namespace intentgate::rego {
namespace {

using builtins::CivilTime;
using builtins::Moment;

using Args = std::span<const Value>;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kZonesKept = 64;

// Zones by name; loading one reads a file. Thread-compatible.
class ZoneCache final : public BuiltinCache {
 public:
  std::optional<absl::TimeZone> Load(std::string_view name) {
    const auto found = zones_.find(name);
    if (found != zones_.end()) return found->second;
    absl::TimeZone zone;
    if (!absl::LoadTimeZone(absl::string_view(name.data(), name.size()), &zone)) return std::nullopt;
    if (zones_.size() >= kZonesKept) zones_.clear();
    zones_.emplace(std::string(name), zone);
    return zone;
  }

 private:
  std::map<std::string, absl::TimeZone, std::less<>> zones_;
};

std::optional<absl::TimeZone> ZoneByName(BuiltinContext& context, std::string_view name) {
  if (name.empty() || name == "UTC") return absl::UTCTimeZone();
  if (name == "Local") return absl::LocalTimeZone();
  // Names are paths below the tz database; Abseil would also take a path that leaves it.
  const bool bad = name[0] == '/' || name.find("..") != std::string_view::npos || name.find_first_of("\\:") != std::string_view::npos ||
                   name.starts_with("Fixed/");
  if (!bad && name.find('\0') != std::string_view::npos) {
    (void)context.Error("invalid argument");
    return std::nullopt;
  }
  if (bad || name.size() > 128) {
    (void)context.Error("time: invalid location name");
    return std::nullopt;
  }
  context.Charge(16);
  std::optional<absl::TimeZone> zone = context.CacheFor<ZoneCache>(CacheSlot::kTime).Load(name);
  if (!zone) (void)context.Error("unknown time zone " + std::string(name));
  return zone;
}

Moment MomentOf(std::int64_t ns) {
  std::int64_t seconds = ns / kSecond;
  std::int64_t rest = ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  return {seconds, static_cast<int>(rest)};
}

CivilTime CivilIn(const absl::TimeZone& zone, std::int64_t ns) {
  const Moment moment = MomentOf(ns);
  if (zone == absl::UTCTimeZone()) return builtins::CivilFromUnix(moment.unix_seconds, moment.nanosecond, 0, "UTC");
  const absl::TimeZone::CivilInfo info = zone.At(absl::FromUnixSeconds(moment.unix_seconds));
  return builtins::CivilFromUnix(moment.unix_seconds, moment.nanosecond, info.offset, info.zone_abbr);
}

// What an operand of time.* says: a number, or [number, zone], or for format [number, zone, layout].
struct TimeOperand {
  std::int64_t ns = 0;
  absl::TimeZone zone = absl::UTCTimeZone();
  std::string_view layout;
};

// nullopt with the error recorded.
// Nanoseconds, or an array of them, a zone and a layout of which the later ones may be missing.
std::optional<TimeOperand> ReadOperand(BuiltinContext& context, const Value& operand) {
  const auto wrong = [&](std::string_view wanted, const Value& got) {
    (void)context.OperandError(1, wanted, got);
    return std::nullopt;
  };
  TimeOperand out;
  Value number = operand;
  if (operand.is_array() && operand.size() > 0) {
    const std::span<const Value> parts = operand.elements();
    number = parts[0];
    if (!number.is_number()) return wrong("number", number);
    if (parts.size() > 1) {
      if (!parts[1].is_string()) return wrong("string", parts[1]);
      const std::optional<absl::TimeZone> zone = ZoneByName(context, parts[1].string());
      if (!zone) return std::nullopt;
      out.zone = *zone;
    }
    if (parts.size() > 2) {
      if (!parts[2].is_string()) return wrong("string", parts[2]);
      out.layout = parts[2].string();
    }
  }
  if (!number.is_number()) return wrong("either number (ns) or [number (ns), string (tz)]", number);
  const std::optional<std::int64_t> ns = number.ToInt64();
  if (!ns) {
    (void)context.Error("timestamp too big");
    return std::nullopt;
  }
  out.ns = *ns;
  return out;
}

std::optional<CivilTime> ReadCivil(BuiltinContext& context, const Value& operand) {
  const std::optional<TimeOperand> time = ReadOperand(context, operand);
  if (!time) return std::nullopt;
  return CivilIn(time->zone, time->ns);
}

Value NanosecondsOf(BuiltinContext& context, const Moment& moment) {
  std::int64_t ns = 0;
  // The earliest second reaches below the range before its nanoseconds are added.
  const bool negative = moment.unix_seconds < 0;
  const std::int64_t seconds = negative ? moment.unix_seconds + 1 : moment.unix_seconds;
  const std::int64_t rest = negative ? moment.nanosecond - kSecond : moment.nanosecond;
  if (__builtin_mul_overflow(seconds, kSecond, &ns) || __builtin_add_overflow(ns, rest, &ns)) {
    return context.Error("time outside of valid range");
  }
  return Value::Int(ns);
}

Value Ints(BuiltinContext& context, std::initializer_list<std::int64_t> numbers) {
  Value* items = context.arena.NewArray<Value>(numbers.size());
  std::transform(numbers.begin(), numbers.end(), items, [](std::int64_t number) { return Value::Int(number); });
  return Value::ArrayOver(context.arena, {items, numbers.size()});
}

Value NowNs(BuiltinContext& context, Args) { return Value::Int(context.NowNs()); }

Value ParseWith(BuiltinContext& context, std::string_view layout, std::string_view text) {
  context.Charge(4 + (layout.size() + text.size()) / 4);
  const Result<Moment> moment = builtins::ParseLayout(layout, text);
  return moment.ok() ? NanosecondsOf(context, *moment) : context.Error(moment.error().message);
}

Value ParseNs(BuiltinContext& context, Args args) {
  return ParseWith(context, builtins::ResolveLayoutName(args[0].string()), args[1].string());
}
Value ParseRfc3339(BuiltinContext& context, Args args) {
  const std::string_view text = args[0].string();
  context.Charge(8 + text.size() / 4);
  const Result<Moment> moment = builtins::ParseRfc3339(text);
  return moment.ok() ? NanosecondsOf(context, *moment) : context.Error(moment.error().message);
}

Value ParseDuration(BuiltinContext& context, Args args) {
  builtins::ChargeBytes(context, args[0].string().size());
  const Result<std::int64_t> ns = builtins::ParseDurationNs(args[0].string());
  return ns.ok() ? Value::Int(*ns) : context.Error(ns.error().message);
}

Value Format(BuiltinContext& context, Args args) {
  const std::optional<TimeOperand> time = ReadOperand(context, args[0]);
  if (!time) return {};
  const std::string_view name = time->layout.empty() ? std::string_view("RFC3339Nano") : time->layout;
  const std::string_view layout = builtins::ResolveLayoutName(name);
  context.Charge(4 + layout.size() / 4);
  context.arena.CheckRoom(layout.size() * 16);
  return builtins::MakeString(context, builtins::FormatLayout(CivilIn(time->zone, time->ns), layout));
}

Value Date(BuiltinContext& context, Args args) {
  const std::optional<CivilTime> t = ReadCivil(context, args[0]);
  return t ? Ints(context, {t->year, t->month, t->day}) : Value();
}
Value Clock(BuiltinContext& context, Args args) {
  const std::optional<CivilTime> t = ReadCivil(context, args[0]);
  return t ? Ints(context, {t->hour, t->minute, t->second}) : Value();
}
Value Weekday(BuiltinContext& context, Args args) {
  const std::optional<CivilTime> t = ReadCivil(context, args[0]);
  return t ? Value::StringRef(builtins::WeekdayName(t->weekday)) : Value();
}

// Out-of-range days and months carry over: 31 January plus a month is 2 or 3 March.
Value AddDate(BuiltinContext& context, Args args) {
  const std::optional<TimeOperand> time = ReadOperand(context, args[0]);
  if (!time) return {};
  std::int64_t add[3];
  for (std::size_t i = 0; i < 3; ++i) {
    constexpr std::int64_t kMaxAdd = 1'000'000'000;
    const std::optional<std::int64_t> n = builtins::IntOperand(context, i + 2, args[i + 1]);
    if (!n) return {};
    if (*n > kMaxAdd || *n < -kMaxAdd) return context.Error("time outside of valid range");
    add[i] = *n;
  }
  const CivilTime t = CivilIn(time->zone, time->ns);
  // Through the zone's calendar, so that the hour stays the same across a change of offset.
  const std::int64_t days = builtins::DaysFromCivil(t.year + add[0], t.month + add[1], t.day + add[2]);
  const CivilTime date = builtins::CivilFromUnix(days * 86'400, 0, 0, "UTC");
  const absl::CivilSecond local(date.year, date.month, date.day, t.hour, t.minute, t.second);
  return NanosecondsOf(context, {absl::ToUnixSeconds(time->zone.At(local).pre), t.nanosecond});
}

// Years to seconds between two moments as a calendar counts them, in the first one's zone.
Value Diff(BuiltinContext& context, Args args) {
  const std::optional<TimeOperand> a = ReadOperand(context, args[0]);
  const std::optional<TimeOperand> b = a ? ReadOperand(context, args[1]) : std::nullopt;
  if (!b) return {};
  const CivilTime from = CivilIn(a->zone, std::min(a->ns, b->ns));
  const CivilTime to = CivilIn(a->zone, std::max(a->ns, b->ns));
  std::int64_t years = to.year - from.year;
  int months = to.month - from.month;
  int days = to.day - from.day;
  int hours = to.hour - from.hour;
  int minutes = to.minute - from.minute;
  int seconds = to.second - from.second;
  const auto borrow = [](int& low, int& high, int base) {
    if (low >= 0) return;
    low += base;
    --high;
  };
  borrow(seconds, minutes, 60);
  borrow(minutes, hours, 60);
  borrow(hours, days, 24);
  borrow(days, months, builtins::DaysInMonth(from.year, from.month));
  if (months < 0) {
    months += 12;
    --years;
  }
  return Ints(context, {years, months, days, hours, minutes, seconds});
}

constexpr TypeSpec kTime = ty::OneOf(ty::kNumber | ty::kArray);
constexpr TypeSpec kNumbers = ty::ArrayOf(ty::kNumber);

constexpr Builtin kTable[] = {
    MakeBuiltin("time.now_ns", NowNs, ty::Number, kBuiltinNondeterministic),
    MakeBuiltin("time.parse_ns", ParseNs, ty::Number, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("time.parse_rfc3339_ns", ParseRfc3339, ty::Number, kBuiltinPlain, ty::String),
    MakeBuiltin("time.parse_duration_ns", ParseDuration, ty::Number, kBuiltinPlain, ty::String),
    MakeBuiltin("time.format", Format, ty::String, kBuiltinUncheckedArgs, kTime),
    MakeBuiltin("time.date", Date, kNumbers, kBuiltinUncheckedArgs, kTime),
    MakeBuiltin("time.clock", Clock, kNumbers, kBuiltinUncheckedArgs, kTime),
    MakeBuiltin("time.weekday", Weekday, ty::String, kBuiltinUncheckedArgs, kTime),
    MakeBuiltin("time.add_date", AddDate, ty::Number, kBuiltinUncheckedArgs, ty::Number, ty::Number, ty::Number, ty::Number),
    MakeBuiltin("time.diff", Diff, kNumbers, kBuiltinUncheckedArgs, kTime, kTime),
};

}  // namespace

std::span<const Builtin> TimeBuiltins() { return kTable; }

}  // namespace intentgate::rego
