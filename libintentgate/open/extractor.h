// The intent extractor that the settings name.
#pragma once

#include <memory>

#include <intentgate/clock.h>
#include <intentgate/intent.h>
#include <intentgate/settings.h>

namespace intentgate::open {

// Null when the intent check is off. Errors name the setting.
Result<std::shared_ptr<IntentExtractor>> MakeExtractor(const GateSettings& settings, std::shared_ptr<const Clock> clock);

}  // namespace intentgate::open
