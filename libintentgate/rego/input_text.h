// Input that comes as JSON text, read straight into the memory of the evaluation.
//
// Whole and strict, as json::Parse reads it, but without a tree on the heap: strings and numbers point into the text as
// this reader keeps it, arrays and objects lie in the arena, and an object is sorted when somebody first asks for its order.
// Thread-compatible.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "json/events.h"
#include "rego/value.h"

namespace intentgate::rego {

class InputText {
 public:
  // The value lives until the next call and as long as the arena's memory. Errors as json::Parse; throws EvalAbort
  // beyond the arena's limit.
  Result<Value> Read(Arena& arena, std::string_view text, const json::ParseLimits& limits);

 private:
  std::unique_ptr<json::EventReader> reader_;
  std::vector<Value> pending_;       // finished values of the open arrays and objects; in objects, names and values in turns
  std::vector<std::size_t> opened_;  // where in pending_ each open array or object begins
  std::size_t largest_ = 0;          // bytes of text that the memory has grown for
};

}  // namespace intentgate::rego
