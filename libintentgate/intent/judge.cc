#include <intentgate/intent.h>

#include <algorithm>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "intent/framing.h"

namespace intentgate {

std::string CatalogueDigest(std::span<const ToolInfo> catalogue) {
  std::string framed;
  for (const ToolInfo& tool : catalogue) {
    intent::AppendFramed(tool.name, framed);
    intent::AppendFramed(tool.description, framed);
    intent::AppendFramed(std::to_string(tool.parameters.size()), framed);
    for (const std::string& parameter : tool.parameters) intent::AppendFramed(parameter, framed);
  }
  return base::HexEncode(crypto::Sha256(base::AsBytes(framed)));
}

IntentVerdict JudgeIntent(const Intent& intent, std::string_view tool) {
  const auto lists = [tool](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), tool) != names.end();
  };
  if (lists(intent.forbidden_tools)) {
    return {false, Reason::kIntentForbidden, "the intent of the prompt forbids this tool"};
  }
  if (!intent.allowed_tools.empty() && !lists(intent.allowed_tools)) {
    return {false, Reason::kIntentNotCovered, "the intent of the prompt does not cover this tool"};
  }
  return {true, Reason::kAllowed, {}};
}

}  // namespace intentgate
