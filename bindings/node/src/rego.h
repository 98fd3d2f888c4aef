// Rego by itself for JavaScript: modules that are parsed once, policies, and queries that are compiled once.
#pragma once

#include <napi.h>

namespace intentgate::node {

// Adds `rego`, an object of functions on handles. lib/rego.js keeps the handles to itself, so that each function gets its own
// kind.
void ExportRegoFunctions(Napi::Env env, Napi::Object exports);

}  // namespace intentgate::node
