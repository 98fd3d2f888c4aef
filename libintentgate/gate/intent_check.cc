#include "gate/intent_check.h"

#include <utility>

namespace intentgate::gate {
namespace {

Refused No(Reason code, std::string reason) {
  return {Check::kIntent, code, std::move(reason), Verdict::kBlock, "intent"};
}

}  // namespace

IntentCheck::IntentCheck(const GateSettings& settings, std::shared_ptr<IntentExtractor> extractor)
    : settings_(settings), extractor_(std::move(extractor)) {
  SetCatalogue({});
}

void IntentCheck::SetCatalogue(std::vector<ToolInfo> tools) {
  std::string digest = CatalogueDigest(tools);
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
  Result<Intent> intent = extractor_->Extract({.tenant = judged.tenant,
                                               .agent_id = judged.agent_id,
                                               .prompt = call.prompt,
                                               .catalogue = catalogue->tools,
                                               .catalogue_digest = catalogue->digest});
  if (!intent.ok()) return Failed(judged, intent.error().message);
  judged.intent = *std::move(intent);
  IntentVerdict verdict = JudgeIntent(*judged.intent, call.tool);
  if (verdict.allowed) return std::nullopt;
  return No(verdict.reason, std::move(verdict.why));
}

}  // namespace intentgate::gate
