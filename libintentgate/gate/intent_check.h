// Second question: does the call fit what the agent was asked to do?
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <intentgate/intent.h>
#include <intentgate/settings.h>

#include "gate/judged.h"
#include "gate/swapped.h"

namespace intentgate::gate {

// Thread-safe.
class IntentCheck {
 public:
  IntentCheck(const GateSettings& settings, std::shared_ptr<IntentExtractor> extractor);

  // Whether Ask would wait for another service.
  bool MayWait(const Call& call) const;
  // Fills intent and intent_problem of `judged`.
  std::optional<Refused> Ask(const Call& call, Judged& judged);
  void SetCatalogue(std::vector<ToolInfo> tools);

 private:
  struct Catalogue {
    std::vector<ToolInfo> tools;
    std::string digest;
  };
  std::optional<Refused> Failed(Judged& judged, const std::string& what) const;

  const GateSettings& settings_;
  const std::shared_ptr<IntentExtractor> extractor_;
  Swapped<Catalogue> catalogue_;
};

}  // namespace intentgate::gate
