// Caveats: what a token does not allow. Every caveat of every hop must hold, so a child can only do
// less than its parent, whatever it writes.
//
//   Caveat c = Caveat::Argument("/path", Constraint::Subpath("/data/q3"));
//
// The first eleven kinds are the public ones and can stand in v3, v4 and v5 tokens; argument and holder
// caveats need v5. docs/formats/token.md gives the bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/result.h>

namespace intentgate {

enum class CaveatKind : std::uint8_t {
  kExpires,        // exp
  kAgentLock,      // agent_lock
  kToolAllow,      // tool_allow
  kToolDeny,       // tool_deny
  kMaxCalls,       // max_calls: lifetime calls
  kStepUp,         // step_up
  kCalleeAllow,    // callee_allow (v4, v5)
  kServerAllow,    // mcp_allow (v4, v5)
  kRateLimit,      // rate_limit: calls a minute (v4, v5)
  kMaxCost,        // max_cost: lifetime cents (v4, v5)
  kRiskMax,        // risk_max (v4, v5)
  kArgument,       // one constraint on one argument (v5)
  kHolder,         // holder: only with a proof of this key (v5)
  kUnknown,        // a type this build does not know; always refuses
};
std::string_view CaveatKindName(CaveatKind kind);  // the wire names: "exp", "tool_allow", ...

enum class ConstraintKind : std::uint8_t {
  kEquals, kOneOf, kPrefix, kGlob, kRegex, kRange, kLength, kSubpath, kUrl, kCidr,
  kContains, kSubset, kNot, kAll, kAny,
};
std::string_view ConstraintKindName(ConstraintKind kind);  // "equals", "one_of", "prefix", ...

// A rule about one value. A regular value type. Makers do not fail; Validate says what is wrong.
struct Constraint {
  ConstraintKind kind = ConstraintKind::kEquals;
  std::vector<json::Value> values;      // equals: one; one_of, contains, subset: at least one
  std::vector<std::string> texts;       // prefix, glob, regex, subpath: one; cidr: blocks; url: see below
  std::optional<std::string> min;       // range: decimal text, inclusive; length: integer text, inclusive
  std::optional<std::string> max;
  std::vector<std::string> schemes;     // url: allowed schemes, at least one
  std::vector<std::string> hosts;       // url: exact hosts, or "*.example.com" for its subdomains
  std::vector<std::int64_t> ports;      // url: allowed ports; empty means the scheme's default only
  std::vector<Constraint> inner;        // not: one; all, any: at least one

  // JSON equality, numbers by value (1.0 equals 1).
  static Constraint Equals(json::Value value);
  static Constraint OneOf(std::vector<json::Value> values);
  static Constraint Prefix(std::string prefix);             // byte-wise, strings only
  // `*` any run without `/`, `**` any run, `?` one character but `/`, `[a-z]`, `[!a]`, backslash escapes.
  static Constraint Glob(std::string pattern);
  static Constraint Regex(std::string re2);                 // RE2 syntax, whole value
  static Constraint Range(std::optional<std::string> min, std::optional<std::string> max);  // exact decimals
  // Of a string in Unicode code points, of an array in elements.
  static Constraint Length(std::optional<std::int64_t> min, std::optional<std::int64_t> max);
  // Absolute path equal to or under `root`, by component. Refuses any `..`, `.`, empty component,
  // percent sign, backslash, NUL and other control character rather than normalising it.
  static Constraint Subpath(std::string root);
  // No userinfo; no private, loopback, link-local or otherwise special address in any spelling.
  static Constraint Url(std::vector<std::string> schemes, std::vector<std::string> hosts,
                        std::vector<std::int64_t> ports = {});
  static Constraint Cidr(std::vector<std::string> blocks);  // the value is an IP address inside a block
  static Constraint Contains(std::vector<json::Value> values);  // the list has all of these
  static Constraint Subset(std::vector<json::Value> values);    // the list has nothing but these
  static Constraint Not(Constraint inner);
  static Constraint All(std::vector<Constraint> inner);
  static Constraint Any(std::vector<Constraint> inner);

  // {"equals": 5}, {"range": {"min": "1", "max": "100"}}, {"subpath": "/data"}, {"any": [...]}.
  json::Value ToJson() const;
  static Result<Constraint> FromJson(const json::Value& value);
  // One line for people: `is under "/data/q3"`.
  std::string Describe() const;
};

inline constexpr std::size_t kMaxConstraintDepth = 8;
inline constexpr std::size_t kMaxConstraintNodes = 256;
inline constexpr std::size_t kMaxRegexBytes = 1024;

struct Caveat {
  CaveatKind kind = CaveatKind::kUnknown;
  std::string type_name;                 // as on the wire; for kUnknown the unknown name
  std::vector<std::string> tools;        // tool_allow, tool_deny: names or globs
  std::string agent;                     // agent_lock
  std::int64_t expires = 0;              // exp, unix seconds
  std::int64_t max_calls = 0;            // max_calls
  std::int64_t step_up_at = 0;           // step_up
  std::vector<std::string> callees;      // callee_allow
  std::vector<std::string> callee_zones;
  std::vector<std::string> servers;      // mcp_allow
  std::int64_t rate_per_min = 0;         // rate_limit
  std::int64_t max_cents = 0;            // max_cost
  std::int64_t risk_max = 0;             // risk_max
  std::string pointer;                   // argument: RFC 6901, "" is the whole arguments object
  std::vector<Constraint> constraint;    // argument: exactly one
  std::string only_for_tool;             // argument: applies to calls of this tool; empty: of every tool
  std::string holder;                    // holder: thumbprint of a key (RFC 7638, SHA-256, base64url)

  static Caveat Expires(std::int64_t unix_seconds);
  static Caveat AgentLock(std::string agent);
  static Caveat ToolAllow(std::vector<std::string> tools);
  static Caveat ToolDeny(std::vector<std::string> tools);
  static Caveat MaxCalls(std::int64_t calls);
  static Caveat StepUp(std::int64_t unix_seconds);
  static Caveat CalleeAllow(std::vector<std::string> callees, std::vector<std::string> zones);
  static Caveat ServerAllow(std::vector<std::string> servers);
  static Caveat RateLimit(std::int64_t calls_per_minute);
  static Caveat MaxCost(std::int64_t cents);
  static Caveat RiskMax(std::int64_t ceiling);
  static Caveat Argument(std::string pointer, Constraint constraint, std::string only_for_tool = "");
  static Caveat Holder(std::string thumbprint);

  // The public JSON form ({"t":"tool_allow","tools":[..]}); argument caveats as
  // {"t":"arg","at":"/path","is":{..},"tool":".."}, holder caveats as {"t":"holder","jkt":".."}.
  json::Value ToJson() const;
  static Result<Caveat> FromJson(const json::Value& value);
  // One line for people.
  std::string Describe() const;
  // What would make this caveat meaningless or never true: an empty list, a negative limit, a malformed
  // pattern, too deep a constraint. Mint and Attenuate call it.
  Status Validate() const;
};

}  // namespace intentgate
