// Capabilities in OPA's form: which builtins there are, and which ones a policy may use.
//
//   Result<rego::CapabilitySet> allowed = rego::ReadCapabilities(text);
//   rego::EngineOptions options;
//   options.builtins = allowed->builtins;
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/result.h>

namespace intentgate::rego {

// What a capabilities file allows. Features and keywords of the language are not restricted by it.
struct CapabilitySet {
  std::vector<std::string> builtins;                // by name, sorted; names that are not known here are kept
  std::optional<std::vector<std::string>> allow_net;  // hosts; absent: not restricted
};

// kMalformed: no JSON object with a list `builtins` of objects with names; `allow_net` is no list of hosts.
Result<CapabilitySet> ReadCapabilities(std::string_view text);

// All that this engine has, as `opa capabilities` writes it: builtins with their types, future_keywords, features.
json::Value AllCapabilities();

}  // namespace intentgate::rego
