// Everyday words for what tool names call otherwise.
#pragma once

#include <string>
#include <vector>

namespace intentgate::intent {

// Stems that mean about the same as `stem`, itself among them; empty when it has none.
const std::vector<std::string>& SynonymsOf(const std::string& stem);

}  // namespace intentgate::intent
