// Which methods the endpoint serves, in which era, and by which rule. A method that is not here is refused.
#pragma once

#include <cstdint>
#include <string_view>

namespace intentgate::mcp {

// The revisions fall into two protocols: up to 2025-11-25 with a handshake and sessions, from 2026-07-28 on with
// requests that stand alone.
enum class Era : std::uint8_t { kLegacy, kModern };

enum class Rule : std::uint8_t {
  kHandshake,  // initialize and server/discover: answered from the upstream's answer, narrowed to what is carried
  kPing,       // answered here
  kList,       // a good token; filtered by what the token covers
  kJudged,     // asked of the gate, like a tools/call
  kSession,    // a good token and a session of the caller's own; passed on
  kTask,       // a good token and a task of the caller's own; passed on
  kListen,     // a good token, every resource in it judged; a long stream
};

struct Method {
  std::string_view name;
  Rule rule = Rule::kPing;
  bool legacy = false;
  bool modern = false;
  std::string_view name_member;  // the params' member that Mcp-Name repeats; empty: none
  std::string_view list_member;  // kList: the result's member
};

// Null: there is no rule for it in this era.
const Method* FindMethod(std::string_view name, Era era);
// A name that the gate knows as a method's. No tool may have it: a token that names the method would cover the tool.
bool IsJudgedMethod(std::string_view name);

}  // namespace intentgate::mcp
