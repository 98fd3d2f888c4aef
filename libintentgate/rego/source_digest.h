// The fingerprint of a policy's sources.
#pragma once

#include <span>
#include <string>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace intentgate::rego {

// SHA-256 in lower-case hex over each file's name and text, with their lengths, in the given order, and the data
// document with sorted members. Pure.
std::string SourceDigest(std::span<const SourceFile> files, const json::Value& data);

}  // namespace intentgate::rego
