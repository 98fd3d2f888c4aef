// A bundle's .signatures.json: a JWT whose payload lists the files and their digests.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <intentgate/rego_bundle.h>

namespace intentgate::rego::bundle {

inline constexpr std::string_view kSignaturesFile = ".signatures.json";

// data.json, data.yaml, data.yml, .manifest: hashed as documents, so that blanks and the order of members do not matter.
bool IsDocument(std::string_view path);

// What a signature says of one file.
struct SignedFile {
  std::string digest;     // lower-case hex
  std::string algorithm;  // "SHA-256"
};

// The files by path, after the signature, its key and its scope were checked.
Result<std::map<std::string, SignedFile>> CheckSignature(std::string_view signatures_json, const BundleVerification& trust);

// What OPA hashes of a document: JSON without blanks, members sorted by the bytes of their names, numbers as written.
void AppendDocument(const json::Value& value, std::string& out);
// In lower-case hex. kBadMac: no digest that is accepted; what is wrong with a document.
Result<std::string> DigestOfFile(const BundleFile& file, std::string_view algorithm);

// Whether the bytes are what was signed. kBadMac if not.
Status CheckFile(const BundleFile& file, const SignedFile& wanted);

// True if no signature is asked for the file.
bool IsExcluded(const BundleVerification& trust, const std::string& path);

}  // namespace intentgate::rego::bundle
