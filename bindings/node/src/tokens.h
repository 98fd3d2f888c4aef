// The token functions as JavaScript functions.
#pragma once

#include <napi.h>

namespace intentgate::node {

// generateKeyLine, mint, attenuate, decode, verify, check, explain.
void ExportTokenFunctions(Napi::Env env, Napi::Object exports);

}  // namespace intentgate::node
