// Intent: does the call fit what the agent was asked to do?
//
// An extractor reads the prompt that the agent was given and answers with the tools it needs. The gate
// asks once per prompt and holds every call against the answer:
//
//   Result<Intent> intent = extractor->Extract({.tenant = "acme", .prompt = prompt, .catalogue = tools,
//                                               .catalogue_digest = digest});
//   if (!intent.ok()) ...;                                  // what then is a setting, closed by default
//   IntentVerdict v = JudgeIntent(*intent, "read_file");    // forbidden wins
//
// Intent only narrows: it never allows what the token or the policy refuses. The prompt comes from the
// agent's side, so it is evidence of drift and not proof of what a person wanted. docs/intent.md.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/reason.h>
#include <intentgate/result.h>

namespace intentgate {

inline constexpr std::size_t kMaxPromptBytes = 32 * 1024;   // kLimitExceeded beyond
inline constexpr std::size_t kMaxIntentTools = 4096;        // names in one list of an answer, tools in a catalogue

// A tool as tools/list shows it. Written by the upstream, so it is text of a stranger.
struct ToolInfo {
  std::string name;
  std::string description;
  std::vector<std::string> parameters;  // names
  friend bool operator==(const ToolInfo&, const ToolInfo&) = default;
};

// SHA-256 in lower-case hex over the tools in their order: names, descriptions and parameters.
std::string CatalogueDigest(std::span<const ToolInfo> catalogue);

struct Intent {
  std::string summary;
  std::vector<std::string> allowed_tools;    // exact names; empty: only forbidden_tools restricts
  std::vector<std::string> forbidden_tools;  // exact names; wins over allowed_tools
  double confidence = 0;                     // 0 to 1
  std::string rationale;                     // may be empty
  std::string model;                         // who answered
};

// Borrows everything for the length of Extract.
struct IntentQuery {
  std::string_view tenant;
  std::string_view agent_id;
  std::string_view prompt;
  std::span<const ToolInfo> catalogue;
  std::string_view catalogue_digest;         // CatalogueDigest(catalogue), computed when the catalogue changes
};

// Thread-safe. Extract may block up to the implementation's timeout.
class IntentExtractor {
 public:
  virtual ~IntentExtractor() = default;
  // kInvalidArgument: a blank prompt; kLimitExceeded: a prompt over kMaxPromptBytes; kUnavailable,
  // kTimeout, kMalformed: no usable answer. A message never holds the prompt, an address or an answer's text.
  virtual Result<Intent> Extract(const IntentQuery& query) = 0;
};

struct IntentVerdict {
  bool allowed = false;
  Reason reason = Reason::kIntentNotCovered;  // kAllowed, kIntentForbidden or kIntentNotCovered
  std::string why;                            // empty when allowed
};

// Exact names. Forbidden first; an empty list of allowed tools allows the rest.
IntentVerdict JudgeIntent(const Intent& intent, std::string_view tool);

}  // namespace intentgate
