// What a prepared query holds.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/rego_engine.h>

#include "rego/policy_impl.h"

namespace intentgate::rego {

struct Query::Impl {
  // REQUIRES: `policy` is not null.
  static PreparedQuery Prepare(std::shared_ptr<const CompiledPolicy> policy, std::string_view text, const EngineOptions& options);
  void Take(const EngineOptions& from);
  void Eval(const CompiledPolicy::Impl::Input& input, const EvalOptions& with, EvalResult& result) const;

  std::shared_ptr<const CompiledPolicy> policy;
  const CompiledPolicy::Impl* compiled = nullptr;  // of `policy`
  std::string text;
  std::shared_ptr<const HostAccess> host;
  std::shared_ptr<const Clock> clock;
  EvalOptions options;
  std::optional<CompiledPolicy::Impl::Target> target;  // of a ground reference
  std::unique_ptr<const LoweredQuery> lowered;
};

}  // namespace intentgate::rego
