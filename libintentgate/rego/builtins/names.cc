// semver.* and uuid.*.
#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/url_text.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Cuts `text` at `separator` into its parts.
std::vector<std::string_view> SplitAt(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

struct Version {
  std::array<std::int64_t, 3> numbers{};
  std::string_view prerelease;
};

// Identifiers of letters, digits and "-", joined by dots.
bool IsIdentifierList(std::string_view text) {
  for (const std::string_view part : SplitAt(text, '.')) {
    if (part.empty()) return false;
    for (const char c : part) {
      const bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
      if (!good) return false;
    }
  }
  return true;
}

bool IsVersionNumber(std::string_view text) {
  return IsDigits(text) && text.size() <= 18 && (text.size() == 1 || text[0] != '0');
}

bool IsPrerelease(std::string_view text) {
  if (!IsIdentifierList(text)) return false;
  const std::vector<std::string_view> parts = SplitAt(text, '.');
  return std::none_of(parts.begin(), parts.end(), [](std::string_view part) { return part.size() > 1 && part[0] == '0' && IsDigits(part); });
}

// As semver.org says; a leading "v" is read over.
std::optional<Version> ParseVersion(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const std::size_t plus = text.find('+');
  if (plus != std::string_view::npos) {
    const std::string_view metadata = text.substr(plus + 1);
    if (!IsIdentifierList(metadata)) return std::nullopt;
    text = text.substr(0, plus);
  }
  Version out;
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    out.prerelease = text.substr(dash + 1);
    if (!IsPrerelease(out.prerelease)) return std::nullopt;
    text = text.substr(0, dash);
  }
  const std::vector<std::string_view> parts = SplitAt(text, '.');
  if (parts.size() != 3) return std::nullopt;
  for (std::size_t i = 0; i < 3; ++i) {
    if (!IsVersionNumber(parts[i])) return std::nullopt;
    out.numbers[i] = std::stoll(std::string(parts[i]));
  }
  return out;
}

int Sign(std::strong_ordering order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

// Numbers come before names and are compared by value.
int CompareIdentifiers(std::string_view a, std::string_view b) {
  const bool a_digits = IsDigits(a);
  const bool b_digits = IsDigits(b);
  if (a_digits != b_digits) return a_digits ? -1 : 1;
  if (a_digits) {
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  }
  return Sign(a <=> b);
}

int CompareVersions(const Version& a, const Version& b) {
  if (a.numbers != b.numbers) return Sign(a.numbers <=> b.numbers);
  if (a.prerelease.empty() || b.prerelease.empty()) return Sign(a.prerelease.empty() <=> b.prerelease.empty());
  const std::vector<std::string_view> left = SplitAt(a.prerelease, '.');
  const std::vector<std::string_view> right = SplitAt(b.prerelease, '.');
  for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
    const int order = CompareIdentifiers(left[i], right[i]);
    if (order != 0) return order;
  }
  return Sign(left.size() <=> right.size());
}

// The parts of a long one are held in a list.
void ChargeVersion(BuiltinContext& context, const Value& text) {
  context.Charge(1 + text.string().size() / 4);
  context.arena.CheckRoom(text.string().size() * sizeof(std::string_view) * 2);
}

Value SemverIsValid(BuiltinContext& context, Args args) {
  if (!args[0].is_string()) return Value::Bool(false);
  ChargeVersion(context, args[0]);
  return Value::Bool(ParseVersion(args[0].string()).has_value());
}

Value SemverCompare(BuiltinContext& context, Args args) {
  std::optional<Version> versions[2];
  for (std::size_t i = 0; i < 2; ++i) {
    ChargeVersion(context, args[i]);
    versions[i] = ParseVersion(args[i].string());
    if (versions[i]) continue;
    return context.Error("operand " + std::to_string(i + 1) + ": string \"" + std::string(args[i].string()) + "\" is not a valid SemVer");
  }
  return Value::Int(CompareVersions(*versions[0], *versions[1]));
}

using Uuid = std::array<std::uint8_t, 16>;

bool StartsWithUrn(std::string_view text) {
  constexpr std::string_view kPrefix = "urn:uuid:";
  return text.size() > kPrefix.size() && std::equal(kPrefix.begin(), kPrefix.end(), text.begin(), [](char a, char b) {
    return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
  });
}

// The usual form, also after "urn:uuid:" or between any two characters, or the 32 digits alone.
std::optional<Uuid> ParseUuid(std::string_view text) {
  if (text.size() == 45 && StartsWithUrn(text)) text.remove_prefix(9);
  if (text.size() == 38) text = text.substr(1, 36);
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash_here = text.size() == 36 && (i == 8 || i == 13 || i == 18 || i == 23);
    if (dash_here != (text[i] == '-')) return std::nullopt;
    if (!dash_here) digits += text[i];
  }
  if (digits.size() != 32) return std::nullopt;
  Uuid out{};
  for (std::size_t i = 0; i < 16; ++i) {
    const int high = builtins::HexDigit(digits[2 * i]);
    const int low = builtins::HexDigit(digits[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return out;
}

std::string_view VariantName(const Uuid& uuid) {
  if ((uuid[8] & 0xC0) == 0x80) return "RFC4122";
  if ((uuid[8] & 0xE0) == 0xC0) return "Microsoft";
  if ((uuid[8] & 0xE0) == 0xE0) return "Future";
  return "Reserved";
}

std::uint64_t BigEndian(const Uuid& uuid, std::size_t first, std::size_t count) {
  std::uint64_t out = 0;
  for (std::size_t i = first; i < first + count; ++i) out = out << 8 | uuid[i];
  return out;
}

// What a UUID of version 1 or 2 says about when and where it was made.
void AddOrigin(BuiltinContext& context, const Uuid& uuid, int version, ObjectBuilder& out) {
  const auto set = [&](std::string_view name, Value value) { (void)out.Insert(Value::StringRef(name), value); };
  // 100-nanosecond steps since 15 October 1582.
  constexpr std::int64_t kStepsTo1970 = 122'192'928'000'000'000;
  const std::uint64_t steps = BigEndian(uuid, 0, 4) | BigEndian(uuid, 4, 2) << 32 | (BigEndian(uuid, 6, 2) & 0x0FFF) << 48;
  std::int64_t ns = 0;
  if (!__builtin_mul_overflow(static_cast<std::int64_t>(steps) - kStepsTo1970, 100, &ns)) set("time", Value::Int(ns));
  std::string node;
  for (std::size_t i = 10; i < 16; ++i) {
    if (i > 10) node += '-';
    node += base::HexEncode(std::span(&uuid[i], 1));
  }
  set("nodeid", builtins::MakeString(context, node));
  const bool local = (uuid[10] & 2) != 0;
  const bool multicast = (uuid[10] & 1) != 0;
  set("macvariables", builtins::MakeString(context, std::string(local ? "local" : "global") + (multicast ? ":multicast" : ":unicast")));
  set("clocksequence", Value::Int(static_cast<std::int64_t>(BigEndian(uuid, 8, 2) & 0x3FFF)));
  if (version != 2) return;
  static constexpr std::array<std::string_view, 3> kDomains = {"Person", "Group", "Org"};
  const std::string other = "Domain" + std::to_string(uuid[9]);
  set("domain", builtins::MakeString(context, uuid[9] < kDomains.size() ? kDomains[uuid[9]] : std::string_view(other)));
  set("id", Value::Int(static_cast<std::int64_t>(BigEndian(uuid, 0, 4))));
}

// Undefined, without an error, for what is no UUID.
Value UuidParse(BuiltinContext& context, Args args) {
  builtins::ChargeRunes(context, args[0].string().size());
  const std::optional<Uuid> uuid = ParseUuid(args[0].string());
  if (!uuid) return {};
  context.Charge(4);
  const int version = (*uuid)[6] >> 4;
  ObjectBuilder out(context.arena);
  (void)out.Insert(Value::StringRef("version"), Value::Int(version));
  (void)out.Insert(Value::StringRef("variant"), Value::StringRef(VariantName(*uuid)));
  if (version == 1 || version == 2) AddOrigin(context, *uuid, version, out);
  return out.Finish();
}

// A version 4 UUID that is a pure function of the evaluation's seed and the key, so that equal calls agree.
Value UuidRfc4122(BuiltinContext& context, Args args) {
  builtins::ChargeBytes(context, args[0].string().size());
  const std::string key = "uuid " + std::to_string(context.seed) + ' ' + std::string(args[0].string());
  crypto::Digest bytes = crypto::Sha256(base::AsBytes(key));
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  std::string text = base::HexEncode(std::span(bytes).first(16));
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return builtins::MakeString(context, text);
}

constexpr Builtin kTable[] = {
    MakeBuiltin("semver.is_valid", SemverIsValid, ty::Boolean, kBuiltinPlain, ty::Any),
    MakeBuiltin("semver.compare", SemverCompare, ty::Number, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("uuid.parse", UuidParse, ty::Object, kBuiltinPlain, ty::String),
    MakeBuiltin("uuid.rfc4122", UuidRfc4122, ty::String, kBuiltinNondeterministic, ty::String),
};

}  // namespace

std::span<const Builtin> NameBuiltins() { return kTable; }

}  // namespace intentgate::rego
