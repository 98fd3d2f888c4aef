// Caveats as text: the JSON list in which programs in other languages hand them over.
//
//   Result<std::vector<Caveat>> caveats = CaveatsFromJson(R"([{"t":"max_calls","max_calls":3}])");
#pragma once

#include <string_view>
#include <vector>

#include <intentgate/caveat.h>
#include <intentgate/result.h>

namespace intentgate {

// What json::Parse and Caveat::FromJson make of a list, with their errors; a message names the caveat by its index.
// A list in the plain spelling, as JSON.stringify writes it, is read without a tree of values between.
Result<std::vector<Caveat>> CaveatsFromJson(std::string_view json);

}  // namespace intentgate
