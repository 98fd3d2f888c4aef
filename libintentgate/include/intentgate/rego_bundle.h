// OPA's bundles: policies and data in one gzipped tar archive, with a manifest and perhaps signed.
//
//   rego::BundleOptions options;
//   options.verification = {.keys = {{.id = "release", .key = public_key_pem, .algorithm = "ES256"}}};
//   Result<rego::PolicyBundle> bundle = rego::ReadBundle(bytes, options);
//   if (!bundle.ok()) return Show(bundle.error());
//   rego::CompileResult compiled = rego::CompiledPolicy::Compile(bundle->sources, bundle->data);
//
// Archives come from elsewhere: every size has a limit, names that lead out of the archive, links and a name that is
// there twice are refused, and what the signature does not speak for is refused. Stricter than OPA: a signed bundle is not
// read without a key unless that is asked for, MD5 and SHA-1 are no digests of a signature, and no member of a JSON
// document may be there twice.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/rego.h>
#include <intentgate/result.h>

namespace intentgate::rego {

struct BundleLimits {
  std::size_t max_archive_bytes = std::size_t{64} << 20;  // as it arrives
  std::size_t max_bytes = std::size_t{256} << 20;         // unpacked, with the archive's own headers
  std::size_t max_file_bytes = kMaxDataBytes;             // one file
  std::size_t max_files = 10'000;
  // How many times larger unpacking may make an archive, asked beyond the first MiB.
  std::size_t max_ratio = 200;
};

struct BundleKey {
  std::string id = "default";
  std::string key;                    // PEM of a public key or a certificate; with HS256, HS384 and HS512 the secret
  std::string algorithm = "RS256";    // RS, PS, ES and HS with 256, 384 or 512
  std::string scope;                  // what the signature must be for, unless BundleVerification says it
};

struct BundleVerification {
  std::vector<BundleKey> keys;
  std::string key_id;                // the key that must have signed; empty: the one that the signature names
  std::string scope;
  std::vector<std::string> exclude;  // globs of names that need not be signed for; `*` stops at a slash
};

struct BundleOptions {
  BundleLimits limits;
  std::optional<BundleVerification> verification;  // given: the bundle must be signed by one of its keys
  bool skip_verification = false;                  // reads a signed bundle without looking at its signature
};

// A file of a bundle: its path from the bundle's top, without a slash in front.
struct BundleFile {
  std::string path;
  std::string bytes;
};

struct BundleManifest {
  std::string revision;
  std::vector<std::string> roots = {""};    // "authz/users": what the bundle owns of `data`; "" is all of it
  std::optional<LanguageVersion> version;   // of its modules, but for those that the manifest names
  json::Value metadata;                     // an object, or null
};

struct PolicyBundle {
  BundleManifest manifest;
  std::vector<SourceFile> sources;  // with the language that the manifest says
  json::Value data;                 // an object
  bool verified = false;            // a given key signed every file that is not excluded
};

// The files of an archive, in its order. kMalformed, kLimitExceeded (which names the limit).
Result<std::vector<BundleFile>> UnpackBundle(std::string_view archive, const BundleLimits& limits = {});

// kMalformed says what is wrong with the archive or a file; kInvalidArgument: something lies outside of the manifest's
// roots, or a key cannot be used; kUnknownKey, kBadMac: it is not signed, by no given key, or not as it is.
Result<PolicyBundle> ReadBundle(std::string_view archive, const BundleOptions& options = {});
// The same of files that were read from a directory.
Result<PolicyBundle> ReadBundleFiles(std::span<const BundleFile> files, const BundleOptions& options = {});

// Several bundles as one policy. kConflict: two of them own the same part of `data`.
Result<PolicyBundle> JoinBundles(std::vector<PolicyBundle> bundles);

}  // namespace intentgate::rego
