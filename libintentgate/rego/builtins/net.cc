// net.cidr_*: IPv4 and IPv6 networks as numbers of 128 bits. An IPv6 address that maps an IPv4 one counts
// as that one.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;
__extension__ typedef unsigned __int128 Bits;

struct Address {
  bool v4 = false;
  Bits number = 0;
  int width() const { return v4 ? 32 : 128; }
};

// REQUIRES: first <= last, both of one family.
struct Network {
  bool v4 = false;
  Bits first = 0;
  Bits last = 0;
};

// The ones of the low `count` bits.
Bits LowBits(int count) { return count >= 128 ? ~Bits{0} : (Bits{1} << count) - 1; }

std::optional<Address> ParseAddress(std::string_view text) {
  const std::string copy(text);
  if (copy.size() != std::string_view(copy.c_str()).size()) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  const bool v4 = inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1;
  if (!v4 && inet_pton(AF_INET6, copy.c_str(), bytes.data()) != 1) return std::nullopt;
  Address out{v4, 0};
  for (std::size_t i = 0; i < (v4 ? 4U : 16U); ++i) out.number = out.number << 8 | bytes[i];
  if (!v4 && out.number >> 32 == 0xFFFF) return Address{true, out.number & LowBits(32)};
  return out;
}

std::optional<Network> ParseCidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(slash + 1);
  int prefix = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  const bool plain = !digits.empty() && digits.size() <= 8 && digits[0] != '-';
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || !plain) return std::nullopt;
  const std::optional<Address> address = ParseAddress(text.substr(0, slash));
  if (!address) return std::nullopt;
  const bool mapped = address->v4 && text.substr(0, slash).find(':') != std::string_view::npos;
  if (mapped) prefix -= 96;
  if (prefix < 0 || prefix > address->width()) return std::nullopt;
  const Bits host = LowBits(address->width() - prefix);
  return Network{address->v4, address->number & ~host, address->number | host};
}

Value BadCidr(BuiltinContext& context, std::string_view text) {
  return context.Error("invalid CIDR address: " + std::string(text));
}

// The longest run of two or more zero groups as [start, length]; length 0 if there is none.
std::pair<std::size_t, std::size_t> LongestZeroRun(const std::array<unsigned, 8>& groups) {
  std::pair<std::size_t, std::size_t> best{0, 0};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::size_t length = 0;
    while (i + length < groups.size() && groups[i + length] == 0) ++length;
    if (length >= 2 && length > best.second) best = {i, length};
  }
  return best;
}

std::string AddressText(bool v4, Bits number) {
  std::string out;
  if (v4) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      out += std::to_string(static_cast<unsigned>(number >> shift) & 255U);
      if (shift > 0) out += '.';
    }
    return out;
  }
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = static_cast<unsigned>(number >> (112 - 16 * i)) & 0xFFFFU;
  const auto [zero_start, zero_length] = LongestZeroRun(groups);
  for (std::size_t i = 0; i < 8;) {
    if (zero_length > 0 && i == zero_start) {
      out += "::";
      i += zero_length;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    char hex[8];
    const auto end = std::to_chars(hex, hex + sizeof hex, groups[i], 16);
    out.append(hex, end.ptr);
    ++i;
  }
  return out;
}

bool Includes(const Network& outer, const Network& inner) {
  return outer.v4 == inner.v4 && outer.first <= inner.first && inner.last <= outer.last;
}

std::optional<Network> ParseAddressOrCidr(std::string_view text) {
  if (text.find('/') != std::string_view::npos) return ParseCidr(text);
  const std::optional<Address> address = ParseAddress(text);
  if (!address) return std::nullopt;
  return Network{address->v4, address->number, address->number};
}

// nullopt with the error recorded.
std::optional<bool> Contains(BuiltinContext& context, std::string_view outer_text, std::string_view inner_text) {
  const std::optional<Network> outer = ParseCidr(outer_text);
  if (!outer) return (void)BadCidr(context, outer_text), std::nullopt;
  const std::optional<Network> inner = ParseAddressOrCidr(inner_text);
  if (!inner) {
    (void)context.Error("not a valid textual representation of an IP address or CIDR: " + std::string(inner_text));
    return std::nullopt;
  }
  return Includes(*outer, *inner);
}

Value CidrContains(BuiltinContext& context, Args args) {
  // The network is read before the other operand is looked at.
  if (!args[0].is_string()) return context.OperandError(1, "string", args[0]);
  if (!args[1].is_string()) return ParseCidr(args[0].string()) ? context.OperandError(1, "string", args[1]) : BadCidr(context, args[0].string());
  const std::optional<bool> contains = Contains(context, args[0].string(), args[1].string());
  return contains ? Value::Bool(*contains) : Value();
}

Value CidrIntersects(BuiltinContext& context, Args args) {
  const std::optional<Network> a = ParseCidr(args[0].string());
  if (!a) return BadCidr(context, args[0].string());
  const std::optional<Network> b = ParseCidr(args[1].string());
  if (!b) return BadCidr(context, args[1].string());
  return Value::Bool(a->v4 == b->v4 && a->first <= b->last && b->first <= a->last);
}

Value CidrIsValid(BuiltinContext&, Args args) {
  return Value::Bool(args[0].is_string() && ParseCidr(args[0].string()).has_value());
}

Value CidrExpand(BuiltinContext& context, Args args) {
  builtins::ChargeBytes(context, args[0].string().size());
  const std::optional<Network> network = ParseCidr(args[0].string());
  if (!network) return BadCidr(context, args[0].string());
  SetBuilder out(context.arena);
  for (Bits number = network->first;; ++number) {
    context.Charge(4);
    out.Add(Value::StringCopy(context.arena, AddressText(network->v4, number)));
    if (number == network->last) return out.Finish();
  }
}

// The key and the network of each element, as cidr_contains_matches names them.
struct Candidate {
  Value key;
  Value cidr;
};

std::optional<Value> CidrOf(const Value& element) {
  if (element.is_string()) return element;
  if (element.is_array() && element.size() > 0) return element.elements()[0];
  return std::nullopt;
}

std::optional<std::vector<Candidate>> Candidates(BuiltinContext& context, std::size_t position, const Value& operand) {
  std::vector<Candidate> out;
  const auto add = [&](const Value& key, const Value& element) {
    context.Charge(1);
    const std::optional<Value> cidr = CidrOf(element);
    if (cidr) out.push_back({key, *cidr});
    return cidr.has_value();
  };
  bool good = true;
  std::int64_t index = 0;
  if (operand.is_string()) good = add(operand, operand);
  if (operand.is_array()) {
    for (const Value& element : operand.elements()) good = good && add(Value::Int(index++), element);
  } else if (operand.is_set()) {
    for (const Value& element : operand.elements()) good = good && add(element, element);
  } else if (operand.is_object()) {
    for (const Entry& entry : operand.entries()) good = good && add(entry.key, entry.value);
  }
  if (good) return out;
  (void)context.Error("operand " + std::to_string(position) + ": element must be string or non-empty array");
  return std::nullopt;
}

// An operand that is nothing of that kind has no networks; the second is looked at where the first has some.
Value CidrContainsMatches(BuiltinContext& context, Args args) {
  const auto outer = Candidates(context, 1, args[0]);
  if (!outer) return {};
  if (outer->empty()) return Value::Set(context.arena, {});
  const auto inner = Candidates(context, 2, args[1]);
  if (!inner) return {};
  SetBuilder out(context.arena);
  for (const Candidate& a : *outer) {
    for (const Candidate& b : *inner) {
      context.Charge(1);
      for (const Value& cidr : {a.cidr, b.cidr}) {
        if (!cidr.is_string()) return context.OperandError(1, "string", cidr);
      }
      const std::optional<bool> contains = Contains(context, a.cidr.string(), b.cidr.string());
      if (!contains) return {};
      const Value pair[] = {a.key, b.key};
      if (*contains) out.Add(Value::Array(context.arena, pair));
    }
  }
  return out.Finish();
}

// The prefix that an IPv4 address without one had before there were prefixes.
int ClassfulPrefix(Bits number) {
  const auto lead = static_cast<unsigned>(number >> 24);
  return lead < 128 ? 8 : lead < 192 ? 16 : 24;
}

std::optional<Network> MergeOperand(BuiltinContext& context, std::string_view text) {
  const std::optional<Address> address = ParseAddress(text);
  if (!address) {
    const std::optional<Network> network = ParseCidr(text);
    if (!network) (void)BadCidr(context, text);
    return network;
  }
  if (!address->v4) return (void)context.Error("IPv6 invalid: needs prefix length"), std::nullopt;
  const Bits host = LowBits(32 - ClassfulPrefix(address->number));
  return Network{true, address->number & ~host, address->number | host};
}

// The largest networks that together are exactly first..last.
void AddRange(BuiltinContext& context, const Network& range, SetBuilder& out) {
  const int width = range.v4 ? 32 : 128;
  Bits first = range.first;
  for (;;) {
    context.Charge(8);
    int host_bits = 0;
    while (host_bits < width && (first & LowBits(host_bits + 1)) == 0 && (first | LowBits(host_bits + 1)) <= range.last) ++host_bits;
    const std::string text = AddressText(range.v4, first) + '/' + std::to_string(width - host_bits);
    out.Add(Value::StringCopy(context.arena, text));
    const Bits last = first | LowBits(host_bits);
    if (last == range.last) return;
    first = last + 1;
  }
}

Value CidrMerge(BuiltinContext& context, Args args) {
  if (!args[0].is_array() && !args[0].is_set()) return context.Error("operand must be an array");
  std::vector<Network> networks;
  for (const Value& element : args[0].elements()) {
    context.Charge(4);
    if (!element.is_string()) return context.Error("element must be string");
    const std::optional<Network> network = MergeOperand(context, element.string());
    if (!network) return {};
    networks.push_back(*network);
  }
  std::sort(networks.begin(), networks.end(), [](const Network& a, const Network& b) {
    return a.v4 != b.v4 ? a.v4 : a.first != b.first ? a.first < b.first : a.last > b.last;
  });
  SetBuilder out(context.arena);
  for (std::size_t i = 0; i < networks.size();) {
    Network merged = networks[i++];
    const auto touches = [&](const Network& next) {
      const bool adjacent = merged.last != LowBits(merged.v4 ? 32 : 128) && next.first == merged.last + 1;
      return next.v4 == merged.v4 && (next.first <= merged.last || adjacent);
    };
    for (; i < networks.size() && touches(networks[i]); ++i) merged.last = std::max(merged.last, networks[i].last);
    AddRange(context, merged, out);
  }
  return out.Finish();
}

constexpr TypeSpec kCidrs = ty::OneOf(ty::kString | ty::kCollection);

constexpr Builtin kTable[] = {
    MakeBuiltin("net.cidr_contains", CidrContains, ty::Boolean, kBuiltinUncheckedArgs, ty::String, ty::String),
    MakeBuiltin("net.cidr_overlap", CidrContains, ty::Boolean, kBuiltinDeprecated | kBuiltinUncheckedArgs, ty::String, ty::String),
    MakeBuiltin("net.cidr_intersects", CidrIntersects, ty::Boolean, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("net.cidr_is_valid", CidrIsValid, ty::Boolean, kBuiltinUncheckedArgs, ty::String),
    MakeBuiltin("net.cidr_expand", CidrExpand, ty::SetOf(ty::kString), kBuiltinPlain, ty::String),
    MakeBuiltin("net.cidr_contains_matches", CidrContainsMatches, ty::SetOf(ty::kArray), kBuiltinUncheckedArgs, kCidrs, kCidrs),
    MakeBuiltin("net.cidr_merge", CidrMerge, ty::SetOf(ty::kString), kBuiltinUncheckedArgs, ty::ArrayOrSetOf(ty::kString)),
};

}  // namespace

std::span<const Builtin> NetBuiltins() { return kTable; }

}  // namespace intentgate::rego
