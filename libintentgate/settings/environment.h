// INTENTGATE_ variables: those of the table, those of the public product, and mistakes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "settings/draft.h"
#include "settings/fields.h"

namespace intentgate::settings {

// Variables outside INTENTGATE_ are not looked at; an empty one counts as unset, as Helm values leave
// them. Those of the sections in `skip` are someone else's.
void ReadEnvironment(const std::map<std::string, std::string>& environment, const std::vector<Field>& fields,
                     const std::vector<std::string>& skip, Draft& draft);

// Variables that set what a file cannot, for the reference.
std::vector<SettingReference> EnvironmentReference();

}  // namespace intentgate::settings
