// Evidence without a gate: an auditor's check of a bundle, and a signing key.
#pragma once

#include <napi.h>

namespace intentgate::node {

// verifyBundle, makeSigningKeyFile.
void ExportBundleFunctions(Napi::Env env, Napi::Object exports);

}  // namespace intentgate::node
