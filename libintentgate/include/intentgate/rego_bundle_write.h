// Writes bundles that OPA and rego_bundle.h read, and signs them.
//
//   rego::PolicyBundle bundle;
//   bundle.manifest.revision = "7";
//   bundle.sources = {{"authz.rego", text}};
//   bundle.data = roles;
//   Result<std::string> archive = rego::WriteBundle(bundle, rego::BundleSigningKey{.key = private_key_pem, .algorithm = "ES256"});
//
// Equal bundles make equal bytes, but for signatures by PS and ES, which are drawn. Times, owners and modes are fixed.
#pragma once

#include <optional>
#include <span>
#include <string>

#include <intentgate/rego_bundle.h>
#include <intentgate/result.h>

namespace intentgate::rego {

struct BundleSigningKey {
  std::string key;                  // PEM of a private key without a password; with HS256, HS384 and HS512 the secret
  std::string algorithm = "RS256";  // RS, PS, ES and HS with 256, 384 or 512
  std::string id = "default";       // what the verifier calls the key; empty: the signature names none
  std::string scope;                // what the bundle is for; empty: anything
};

// The text of a bundle's .signatures.json: speaks for all files but signatures that are there. kInvalidArgument: the
// key is none, or does not fit the algorithm; kMalformed: a document is none.
Result<std::string> SignBundle(std::span<const BundleFile> files, const BundleSigningKey& key);

// The archive: .manifest, data.json, the sources by name, and with a key .signatures.json. kConflict: two sources of one name;
// kInvalidArgument: a source's name does not end in .rego or leads out of the bundle, something lies outside of the
// manifest's roots, or the key cannot be used.
Result<std::string> WriteBundle(const PolicyBundle& bundle, const std::optional<BundleSigningKey>& key = std::nullopt);

}  // namespace intentgate::rego
