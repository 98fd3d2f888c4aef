// Bundles that are written: the reader reads them, the bytes are the same each time, and what the reader refuses is not written.
// opa 1.22 took what `policy build` and `sign` wrote, and the reverse, by hand; tests/unit/rego/bundles holds bundles of opa.

#include <doctest/doctest.h>

#include <string>

#include <intentgate/rego_bundle_write.h>

namespace intentgate::rego {
namespace {

PolicyBundle Contents() {
  PolicyBundle bundle;
  bundle.manifest.revision = "7";
  bundle.manifest.metadata = json::MakeObject({{"team", "security"}});
  bundle.sources = {{"z.rego", "package z\np := 1\n"}, {"a/old.rego", "package a\np = 1\n", LanguageVersion::kV0}};
  bundle.data = *json::Parse(R"({"roles": {"b": [1.50, "x"], "a": {}}})");
  return bundle;
}

BundleOptions Trust(const std::string& key, const std::string& algorithm, const std::string& scope = {}) {
  BundleOptions options;
  options.verification.emplace();
  options.verification->keys.push_back({.id = "default", .key = key, .algorithm = algorithm, .scope = scope});
  return options;
}

BundleSigningKey Secret() { return {.key = "a secret", .algorithm = "HS256", .scope = "test"}; }

}  // namespace

TEST_CASE("a written bundle reads as what it was made of") {
  const Result<std::string> archive = WriteBundle(Contents());
  REQUIRE(archive.ok());
  const Result<PolicyBundle> read = ReadBundle(*archive);
  REQUIRE(read.ok());
  CHECK(read->manifest.revision == "7");
  CHECK(read->manifest.roots == std::vector<std::string>{""});
  CHECK(read->manifest.metadata == Contents().manifest.metadata);
  CHECK(read->data == Contents().data);
  REQUIRE(read->sources.size() == 2);
  CHECK(read->sources[0].name == "a/old.rego");
  CHECK(read->sources[0].version == LanguageVersion::kV0);
  CHECK(read->sources[1].text == Contents().sources[0].text);
  CHECK(read->sources[1].version == LanguageVersion::kV1);
  CHECK_FALSE(read->verified);
}

TEST_CASE("equal bundles make equal bytes, in any order") {
  PolicyBundle turned = Contents();
  std::swap(turned.sources[0], turned.sources[1]);
  turned.data = *json::Parse(R"({"roles": {"a": {}, "b": [1.50, "x"]}})");
  CHECK(WriteBundle(Contents()).value() == WriteBundle(turned).value());
  CHECK(WriteBundle(Contents(), Secret()).value() == WriteBundle(turned, Secret()).value());
}

TEST_CASE("a signature speaks for every file, for its key and for its scope") {
  const Result<std::string> archive = WriteBundle(Contents(), Secret());
  REQUIRE(archive.ok());
  const Result<PolicyBundle> read = ReadBundle(*archive, Trust("a secret", "HS256", "test"));
  REQUIRE(read.ok());
  CHECK(read->verified);
  CHECK(ReadBundle(*archive, Trust("another", "HS256", "test")).error().code == ErrorCode::kBadMac);
  CHECK(ReadBundle(*archive, Trust("a secret", "HS256", "other")).error().code == ErrorCode::kBadMac);
  std::vector<BundleFile> files = *UnpackBundle(*archive);
  for (std::size_t i = 0; i + 1 < files.size(); ++i) {
    std::vector<BundleFile> changed = files;
    changed[i].bytes = changed[i].path.ends_with(".rego") ? changed[i].bytes + " " : R"({"revision": "8"})";
    CHECK(ReadBundleFiles(changed, Trust("a secret", "HS256", "test")).error().code == ErrorCode::kBadMac);
  }
}

TEST_CASE("a name that is longer than tar's field, and one of other letters") {
  PolicyBundle bundle;
  const std::string name = std::string(60, 'a') + "/" + std::string(80, 'b') + "/\xC3\xBC.rego";
  bundle.sources = {{name, "package p\n"}};
  const Result<std::string> archive = WriteBundle(bundle);
  REQUIRE(archive.ok());
  CHECK(ReadBundle(*archive)->sources.at(0).name == name);
}

TEST_CASE("what no reader takes is not written") {
  const auto refused = [](const auto& change, ErrorCode code) {
    PolicyBundle bundle = Contents();
    change(bundle);
    const Result<std::string> archive = WriteBundle(bundle);
    return !archive.ok() && archive.error().code == code;
  };
  CHECK(refused([](PolicyBundle& b) { b.sources[0].name = "../z.rego"; }, ErrorCode::kInvalidArgument));
  CHECK(refused([](PolicyBundle& b) { b.sources[0].name = "/z.rego"; }, ErrorCode::kInvalidArgument));
  CHECK(refused([](PolicyBundle& b) { b.sources[0].name = "z.txt"; }, ErrorCode::kInvalidArgument));
  CHECK(refused([](PolicyBundle& b) { b.sources[0].name = "a/old.rego"; }, ErrorCode::kConflict));
  CHECK(refused([](PolicyBundle& b) { b.manifest.roots = {"a"}; }, ErrorCode::kInvalidArgument));
  CHECK(refused([](PolicyBundle& b) { b.data = json::Value(1); }, ErrorCode::kMalformed));
}

TEST_CASE("keys that cannot sign are refused without being shown") {
  const auto problem = [](BundleSigningKey key) { return WriteBundle(Contents(), key).error().message; };
  CHECK(problem({.key = "", .algorithm = "HS256"}).find("empty") != std::string::npos);
  CHECK(problem({.key = "x", .algorithm = "none"}).find("'none'") != std::string::npos);
  CHECK(problem({.key = "x", .algorithm = "EdDSA"}).find("'EdDSA'") != std::string::npos);
  const std::string garbage = problem({.key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", .algorithm = "ES256"});
  CHECK(garbage.find("cannot be read") != std::string::npos);
  CHECK(garbage.find("c2VjcmV0") == std::string::npos);
  CHECK(problem({.key = "secret words", .algorithm = "RS256"}).find("no private key") != std::string::npos);
}

}  // namespace intentgate::rego
