// How the engine's result becomes a verdict: fail closed.
#pragma once

#include <intentgate/policy.h>

namespace intentgate::policy {

PolicyVerdict ReadVerdict(const rego::EvalResult& result);

}  // namespace intentgate::policy
