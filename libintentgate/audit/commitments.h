// Salted commitments: members of an event that are personal or large are left out of the hashed bytes, which carry
//
//   "commitments": {"<member>": hex(SHA-256(salt || value)), ...}      salt: 16 random bytes
//
// instead. docs/formats/audit.md. Members that queries need as columns, and everything in genesis and control events,
// are never committed to. All functions are thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/audit.h>
#include <intentgate/clock.h>

namespace intentgate::audit {

// What can be committed to, sorted.
inline constexpr std::array<std::string_view, 7> kPrivateMembers = {
    "arg_values", "args_sha256", "details", "intent_summary", "reason", "remote_ip", "result_sha256"};

struct CommitmentRule {
  std::vector<std::string> members;   // of kPrivateMembers, whatever their size
  std::size_t above_bytes = 0;        // also every other one of kPrivateMembers that is larger; 0: none
};

// Takes what the rule names out of the event, in the order of member, without salts.
std::vector<PrivateValue> TakePrivate(const CommitmentRule& rule, AuditEvent& event);
Status AddSalts(Random& random, std::span<PrivateValue> values);

std::string Commitment(const PrivateValue& value);
// Whether each value is one that the event commits to, each once and in the order of member. kCorrupt names the member.
Status CheckValues(std::string_view canonical, std::span<const PrivateValue> values);

}  // namespace intentgate::audit
