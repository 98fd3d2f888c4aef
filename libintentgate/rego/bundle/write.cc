// The other direction of bundle.cc: a tar archive in one fixed spelling, gzipped, with the manifest and the signature that
// OPA's `build` and `sign` write. What is written is read again before it is given out, so that nothing is built that the reader refuses.
// Tested by tests/unit/rego/bundle_write_test.cc.

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include <intentgate/rego_bundle_write.h>

#include "base/encoding.h"
#include "crypto/jws.h"
#include "crypto/private_key.h"
#include "rego/bundle/archive.h"
#include "rego/bundle/manifest.h"
#include "rego/bundle/signature.h"

namespace intentgate::rego {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameField = 100;
constexpr std::string_view kDigest = "SHA-256";
// The largest window, and gzip's header and trailer.
constexpr int kWindow = 15 + 16;

Error Bad(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

void PutOctal(std::string& header, std::size_t at, std::size_t width, std::uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*llo", static_cast<int>(width - 1), static_cast<unsigned long long>(value));
  header.replace(at, width - 1, text);
}

// A ustar header: mode 0644, owner 0, time 0.
std::string TarHeader(std::string_view name, std::size_t size, char type) {
  std::string header(kBlock, '\0');
  header.replace(0, std::min(name.size(), kNameField), name.substr(0, kNameField));
  PutOctal(header, 100, 8, 0644);
  PutOctal(header, 108, 8, 0);
  PutOctal(header, 116, 8, 0);
  PutOctal(header, 124, 12, size);
  PutOctal(header, 136, 12, 0);
  header.replace(148, 8, 8, ' ');
  header[156] = type;
  header.replace(257, 8, std::string_view("ustar\00000", 8));
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  PutOctal(header, 148, 7, sum);
  header[154] = '\0';
  return header;
}

void AppendFile(std::string& tar, std::string_view name, std::string_view bytes, char type) {
  tar += TarHeader(name, bytes.size(), type);
  tar += bytes;
  tar.append((kBlock - bytes.size() % kBlock) % kBlock, '\0');
}

// "27 path=a/long/name\n", whose number counts its own digits.
std::string PaxRecord(std::string_view name) {
  const std::string rest = " path=" + std::string(name) + "\n";
  std::size_t size = rest.size();
  while (size != rest.size() + std::to_string(size).size()) size = rest.size() + std::to_string(size).size();
  return std::to_string(size) + rest;
}

std::string Tar(std::span<const BundleFile> files) {
  std::string tar;
  for (const BundleFile& file : files) {
    if (file.path.size() > kNameField) AppendFile(tar, "PaxHeaders/name", PaxRecord(file.path), 'x');
    AppendFile(tar, file.path, file.bytes, '0');
  }
  tar.append(2 * kBlock, '\0');
  return tar;
}

Result<std::string> Gzip(const std::string& tar) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kWindow, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
    return Error{ErrorCode::kInternal, "zlib did not start"};
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(tar.size())), '\0');
  // zlib does not write to what it reads, and counts in 32 bits: bundles are smaller.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(tar.data()));
  stream.avail_in = static_cast<uInt>(tar.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int state = deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (state != Z_STREAM_END) return Error{ErrorCode::kInternal, "zlib could not compress the bundle"};
  return out;
}

std::int64_t Number(LanguageVersion version) { return version == LanguageVersion::kV0 ? 0 : 1; }

std::string Manifest(const PolicyBundle& bundle) {
  const LanguageVersion version = bundle.manifest.version.value_or(LanguageVersion::kV1);
  json::Value out = json::MakeObject({{"revision", bundle.manifest.revision},
                                      {"roots", json::Value(json::Array(bundle.manifest.roots.begin(), bundle.manifest.roots.end()))},
                                      {"rego_version", Number(version)}});
  json::Value others = json::Object{};
  for (const SourceFile& source : bundle.sources) {
    // OPA names files with a slash in front.
    if (source.version.value_or(version) != version) others.Set("/" + source.name, Number(*source.version));
  }
  if (!others.object().empty()) out.Set("file_rego_versions", std::move(others));
  if (bundle.manifest.metadata.is_object()) out.Set("metadata", bundle.manifest.metadata);
  return json::Write(out) + "\n";
}

Result<std::vector<BundleFile>> Files(const PolicyBundle& bundle) {
  std::vector<BundleFile> files = {{".manifest", Manifest(bundle)}};
  std::string data;
  bundle::AppendDocument(bundle.data.is_null() ? json::Value(json::Object{}) : bundle.data, data);
  files.push_back({"data.json", std::move(data)});
  for (const SourceFile& source : bundle.sources) {
    const Result<std::string> path = bundle::CleanPath(source.name);
    if (!path.ok() || *path != source.name) return Bad(source.name + ": is no name inside a bundle");
    if (!source.name.ends_with(".rego")) return Bad(source.name + ": a policy's name must end in .rego");
    files.push_back({source.name, source.text});
  }
  const auto by_path = [](const BundleFile& a, const BundleFile& b) { return a.path < b.path; };
  std::sort(files.begin() + 2, files.end(), by_path);
  const auto twice = std::adjacent_find(files.begin(), files.end(), [](const BundleFile& a, const BundleFile& b) { return a.path == b.path; });
  if (twice != files.end()) return Error{ErrorCode::kConflict, twice->path + ": two policies have this name"};
  return files;
}

// The curve is the algorithm's.
bool Fits(std::string_view algorithm, const crypto::JwsKey& key) {
  if (!algorithm.starts_with("ES")) return true;
  return crypto::KeyBits(key) == (algorithm == "ES256" ? 256 : algorithm == "ES384" ? 384 : 521);
}

Result<crypto::JwsKey> SigningKey(const BundleSigningKey& from) {
  if (!crypto::IsJwsAlgorithm(from.algorithm) || from.algorithm == "EdDSA") {
    return Bad("the signing algorithm '" + from.algorithm + "' is none of RS, PS, ES, HS with 256, 384, 512");
  }
  if (from.key.empty()) return Bad("the signing key is empty");
  if (from.algorithm.starts_with("HS")) return crypto::OctetsKey(base::AsBytes(from.key));
  Result<crypto::JwsKey> key = crypto::KeyOfPrivatePem(from.key);
  if (!key.ok()) return Bad("the signing key: " + key.error().message);
  if (!Fits(from.algorithm, *key)) return Bad("the signing key does not fit " + from.algorithm);
  return key;
}

Result<json::Value> SignedFiles(std::span<const BundleFile> files) {
  std::vector<const BundleFile*> sorted;
  for (const BundleFile& file : files) {
    if (file.path.substr(file.path.rfind('/') + 1) != bundle::kSignaturesFile) sorted.push_back(&file);
  }
  std::sort(sorted.begin(), sorted.end(), [](const BundleFile* a, const BundleFile* b) { return a->path < b->path; });
  json::Array out;
  for (const BundleFile* file : sorted) {
    const Result<std::string> digest = bundle::DigestOfFile(*file, kDigest);
    if (!digest.ok()) return digest.error();
    out.push_back(json::MakeObject({{"name", file->path}, {"hash", *digest}, {"algorithm", kDigest}}));
  }
  return json::Value(std::move(out));
}

}  // namespace

Result<std::string> SignBundle(std::span<const BundleFile> files, const BundleSigningKey& key) {
  const Result<crypto::JwsKey> signing = SigningKey(key);
  if (!signing.ok()) return signing.error();
  Result<json::Value> listed = SignedFiles(files);
  if (!listed.ok()) return listed.error();
  json::Value header = json::MakeObject({{"alg", key.algorithm}, {"typ", "JWT"}});
  json::Value payload = json::MakeObject({{"files", *std::move(listed)}});
  if (!key.id.empty()) {
    header.Set("kid", key.id);
    payload.Set("keyid", key.id);
  }
  if (!key.scope.empty()) payload.Set("scope", key.scope);
  std::string token = base::Base64UrlEncode(base::AsBytes(json::Write(header))) + ".";
  base::Base64UrlAppend(base::AsBytes(json::Write(payload)), token);
  const Result<std::vector<std::uint8_t>> signature = crypto::JwsSign(key.algorithm, *signing, base::AsBytes(token));
  if (!signature.ok()) return Bad("the signing key: " + signature.error().message);
  token += '.';
  base::Base64UrlAppend(*signature, token);
  return json::Write(json::MakeObject({{"signatures", json::Value(json::Array{token})}})) + "\n";
}

Result<std::string> WriteBundle(const PolicyBundle& bundle, const std::optional<BundleSigningKey>& key) {
  Result<std::vector<BundleFile>> files = Files(bundle);
  if (!files.ok()) return files.error();
  if (key) {
    Result<std::string> signatures = SignBundle(*files, *key);
    if (!signatures.ok()) return signatures.error();
    files->push_back({std::string(bundle::kSignaturesFile), *std::move(signatures)});
  }
  const std::string tar = Tar(*files);
  if (tar.size() > BundleLimits().max_bytes) return Error{ErrorCode::kLimitExceeded, "the bundle is larger than readers take (max_bytes)"};
  Result<std::string> archive = Gzip(tar);
  if (!archive.ok()) return archive.error();
  const Result<PolicyBundle> again = ReadBundle(*archive, {.skip_verification = true});
  if (!again.ok()) return again.error();
  return archive;
}

}  // namespace intentgate::rego
