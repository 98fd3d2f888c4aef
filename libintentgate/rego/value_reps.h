// What values point to. For value.cc and value_builders.cc only.
#pragma once

#include <intentgate/json.h>

#include "rego/value.h"

namespace intentgate::rego {

struct ArrayRep {
  const Value* items = nullptr;
  const json::Array* source = nullptr;  // set until materialised
  Arena* arena = nullptr;
};
struct SetRep {
  const Value* items = nullptr;
};
struct ObjectRep {
  const Entry* entries = nullptr;
  const json::Object* source = nullptr;
  Arena* arena = nullptr;
  Entry* unsorted = nullptr;  // the entries, until somebody asks for their order
};

}  // namespace intentgate::rego
