#include "gate/intent_check.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace intentgate::gate {
namespace {

Refused No(Reason code, std::string reason) { return {Check::kIntent, code, std::move(reason)}; }

// Each text with its length, so that no two catalogues have one spelling.
void AddText(std::string_view text, crypto::Sha256Stream& hash) {
  hash.Update(base::AsBytes(std::to_string(text.size()) + ":"));
  hash.Update(base::AsBytes(text));
}

std::string DigestOf(const std::vector<ToolInfo>& tools) {
  crypto::Sha256Stream hash;
  for (const ToolInfo& tool : tools) {
    AddText(tool.name, hash);
    AddText(tool.description, hash);
    AddText(std::to_string(tool.parameters.size()), hash);
    for (const std::string& parameter : tool.parameters) AddText(parameter, hash);
  }
  return base::HexEncode(hash.Finish());
}

}  // namespace

IntentCheck::IntentCheck(const GateSettings& settings, std::shared_ptr<IntentExtractor> extractor)
    : settings_(settings), extractor_(std::move(extractor)) {
  SetCatalogue({});
}

void IntentCheck::SetCatalogue(std::vector<ToolInfo> tools) {
  std::string digest = DigestOf(tools);
  catalogue_.Set(std::make_shared<const Catalogue>(Catalogue{std::move(tools), std::move(digest)}));
}

bool IntentCheck::MayWait(const Call& call) const {
  return settings_.intent != IntentMode::kOff && settings_.extractor == ExtractorKind::kHttp && !call.prompt.empty();
}

std::optional<Refused> IntentCheck::Failed(Judged& judged, const std::string& what) const {
  if (settings_.extractor_failure == FailureMode::kDeny) {
    return No(Reason::kIntentUnavailable, "what the prompt asks for could not be found out: " + what);
  }
  judged.intent_problem = what;
  return std::nullopt;
}

std::optional<Refused> IntentCheck::Ask(const Call& call, Judged& judged) {
  if (settings_.intent == IntentMode::kOff) return std::nullopt;
  if (call.prompt.empty()) {
    if (settings_.intent != IntentMode::kRequired) return std::nullopt;
    return No(Reason::kIntentRequired, "the call must say what the agent was asked to do (header X-Intent-Prompt)");
  }
  if (!extractor_) return Failed(judged, "no extractor is set up");
  const std::shared_ptr<const Catalogue> catalogue = catalogue_.Get();
  if (settings_.extractor == ExtractorKind::kLexical && catalogue->tools.empty()) {
    return Failed(judged, "the tools are not known yet; the built-in extractor ranks them (Gate::SetToolCatalogue)");
  }
  Result<Intent> intent = extractor_->Extract({.tenant = judged.tenant,
                                               .agent_id = judged.agent_id,
                                               .prompt = call.prompt,
                                               .catalogue = catalogue->tools,
                                               .catalogue_digest = catalogue->digest});
  if (!intent.ok()) return Failed(judged, intent.error().message);
  judged.intent = *std::move(intent);
  switch (JudgeIntent(*judged.intent, call.tool)) {
    case IntentVerdict::kAllowed: return std::nullopt;
    case IntentVerdict::kForbidden:
      return No(Reason::kIntentForbidden, "what the agent was asked to do rules out " + std::string(call.tool));
    case IntentVerdict::kNotCovered: break;
  }
  return No(Reason::kIntentNotCovered, "what the agent was asked to do does not call for " + std::string(call.tool));
}

}  // namespace intentgate::gate
