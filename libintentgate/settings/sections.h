// The configuration file: which name may stand where.
#pragma once

#include <string>
#include <vector>

#include "settings/draft.h"
#include "settings/fields.h"
#include "settings/yaml_tree.h"

namespace intentgate::settings {

// Fills `draft` from the tree; every mistake becomes a problem with its place.
void ReadSections(const YamlNode& root, const std::string& file_name, const std::vector<Field>& fields,
                  const std::vector<std::string>& skip, Draft& draft);

// Settings that are lists or maps, for the reference.
std::vector<SettingReference> SectionReference();

}  // namespace intentgate::settings
