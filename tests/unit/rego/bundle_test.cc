// OPA's bundles: what opa built and signed is read as opa reads it; everything else that claims to be a bundle is refused.
// tests/unit/rego/bundles/README.md says what the files are.

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

#include <intentgate/policy.h>
#include <intentgate/rego_bundle.h>

#include "support/tar_gz.h"

namespace intentgate::rego {
namespace {

using testing::Gzip;
using testing::PaxRecord;
using testing::TarGz;
using testing::TarOf;

std::string FileOf(const std::string& name) {
  std::ifstream in(std::string(INTENTGATE_TEST_DATA) + "/unit/rego/bundles/" + name, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

BundleOptions Trusting(const std::string& key, const std::string& algorithm, const std::string& scope = {}, const std::string& key_id = {}) {
  BundleOptions options;
  options.verification.emplace();
  options.verification->keys.push_back({.key = key, .algorithm = algorithm});
  options.verification->scope = scope;
  options.verification->key_id = key_id;
  return options;
}

Error Refusal(const std::string& archive, const BundleOptions& options = {}) {
  const Result<PolicyBundle> bundle = ReadBundle(archive, options);
  REQUIRE_FALSE(bundle.ok());
  return bundle.error();
}

bool Says(const Error& error, std::string_view text) {
  INFO(error.message);
  return error.message.find(text) != std::string::npos;
}

const std::string kModule = "package a\n\np := 1\n";

}  // namespace

TEST_CASE("a bundle of opa build is read: manifest, data, and modules of both languages") {
  const Result<PolicyBundle> bundle = ReadBundle(FileOf("plain.tar.gz"));
  REQUIRE(bundle.ok());
  CHECK(bundle->manifest.revision == "r7");
  CHECK(bundle->manifest.roots == std::vector<std::string>{"intentgate", "roles"});
  CHECK(bundle->manifest.version == LanguageVersion::kV1);
  CHECK(json::Write(bundle->manifest.metadata) == R"({"team":"x"})");
  CHECK_FALSE(bundle->verified);
  REQUIRE(bundle->sources.size() == 2);
  CHECK(bundle->sources[0].name == "src/authz/old.rego");
  CHECK(bundle->sources[0].version == LanguageVersion::kV0);
  CHECK(bundle->sources[1].version == LanguageVersion::kV1);
  CHECK(bundle->data.AtPointer("/roles/limit")->number_text() == "1.50");
  const policy::CompileOutcome compiled = policy::Policy::Compile(bundle->sources, bundle->data);
  REQUIRE(compiled.ok());
  policy::PolicyInput input;
  input.tool = "read_file";
  CHECK(compiled.policy->Decide(input).effect == policy::Effect::kAllow);
  input.tool = "write_file";
  CHECK(compiled.policy->Decide(input).effect == policy::Effect::kBlock);
}

TEST_CASE("signatures of opa are verified, by each kind of algorithm") {
  const std::string rsa = FileOf("rsa.pub.pem");
  for (const auto& [file, options] : {std::pair{"rs256.tar.gz", Trusting(rsa, "RS256")}, std::pair{"ps384.tar.gz", Trusting(rsa, "PS384")},
                                      std::pair{"hs512.tar.gz", Trusting("secret", "HS512")},
                                      std::pair{"es256.tar.gz", Trusting(FileOf("ec.pub.pem"), "ES256", "prod", "default")},
                                      std::pair{"tarred.tar.gz", Trusting(rsa, "RS256", "", "default")}}) {
    CAPTURE(file);
    const Result<PolicyBundle> bundle = ReadBundle(FileOf(file), options);
    INFO((bundle.ok() ? "" : bundle.error().message));
    REQUIRE(bundle.ok());
    CHECK(bundle->verified);
    CHECK(bundle->data.AtPointer("/roles/eu/tools/0")->string_value() == "read_file");
  }
}

TEST_CASE("a signature that does not fit is refused, with the reason") {
  const std::string rsa = FileOf("rsa.pub.pem");
  CHECK(Says(Refusal(FileOf("hs512.tar.gz"), Trusting("Secret", "HS512")), "not one of the key 'default'"));
  CHECK(Refusal(FileOf("hs512.tar.gz"), Trusting("Secret", "HS512")).code == ErrorCode::kBadMac);
  CHECK(Refusal(FileOf("rs256.tar.gz"), Trusting(rsa, "RS384")).code == ErrorCode::kBadMac);
  CHECK(Refusal(FileOf("rs256.tar.gz"), Trusting(FileOf("ec.pub.pem"), "RS256")).code == ErrorCode::kBadMac);
  // The public key as an HMAC's secret: the token's own header chooses nothing.
  CHECK(Refusal(FileOf("rs256.tar.gz"), Trusting(rsa, "HS256")).code == ErrorCode::kBadMac);
  CHECK(Says(Refusal(FileOf("es256.tar.gz"), Trusting(FileOf("ec.pub.pem"), "ES256", "test", "default")), "the scope 'prod', not for 'test'"));
  CHECK(Says(Refusal(FileOf("es256.tar.gz"), Trusting(FileOf("ec.pub.pem"), "ES256", "", "default")), "scope"));
  CHECK(Refusal(FileOf("es256.tar.gz"), Trusting(FileOf("ec.pub.pem"), "ES256", "prod")).code == ErrorCode::kUnknownKey);
  CHECK(Says(Refusal(FileOf("tarred.tar.gz"), Trusting(rsa, "RS256")), "names no key"));
  CHECK(Says(Refusal(FileOf("plain.tar.gz"), Trusting(rsa, "RS256")), "not signed"));
  CHECK(Says(Refusal(FileOf("rs256.tar.gz"), Trusting(rsa, "none")), "none of RS"));
  CHECK(Says(Refusal(FileOf("rs256.tar.gz"), Trusting("no key", "RS256")), "no public key"));
}

TEST_CASE("a signed bundle without a key is read only if that is asked for") {
  CHECK(Refusal(FileOf("rs256.tar.gz")).code == ErrorCode::kUnknownKey);
  BundleOptions options;
  options.skip_verification = true;
  const Result<PolicyBundle> bundle = ReadBundle(FileOf("rs256.tar.gz"), options);
  REQUIRE(bundle.ok());
  CHECK_FALSE(bundle->verified);
}

TEST_CASE("every file must be what was signed") {
  const BundleOptions options = Trusting(FileOf("rsa.pub.pem"), "RS256", "", "default");
  Result<std::vector<BundleFile>> files = UnpackBundle(FileOf("tarred.tar.gz"));
  REQUIRE(files.ok());
  const auto file = [&](std::string_view path) -> BundleFile& {
    for (BundleFile& f : *files) {
      if (f.path == path) return f;
    }
    FAIL("no such file");
    return files->front();
  };
  const auto refusal = [&] {
    const Result<PolicyBundle> bundle = ReadBundleFiles(*files, options);
    REQUIRE_FALSE(bundle.ok());
    CHECK(bundle.error().code == ErrorCode::kBadMac);
    return bundle.error().message;
  };
  SUBCASE("a module") {
    file("authz/policy.rego").bytes += "\n";
    CHECK(refusal() == "authz/policy.rego: is not what was signed");
  }
  SUBCASE("data") {
    file("roles/data.json").bytes.replace(file("roles/data.json").bytes.find("1.50"), 4, "1.5");
    CHECK(refusal() == "roles/data.json: is not what was signed");
  }
  SUBCASE("blanks and the order of members of data do not matter") {
    BundleFile& data = file("roles/eu/data.yaml");
    data.bytes = "# a comment\na:   x\nb: 1e3\ntools: [read_file, list_files]\n";
    CHECK(ReadBundleFiles(*files, options).ok());
    data.bytes += "c: 1\n";
    CHECK(refusal() == "roles/eu/data.yaml: is not what was signed");
  }
  SUBCASE("a file more") {
    files->push_back({"extra.rego", kModule});
    CHECK(refusal() == "extra.rego: the signature does not speak for it");
  }
  SUBCASE("a file less") {
    std::erase_if(*files, [](const BundleFile& f) { return f.path == "authz/old.rego"; });
    CHECK(refusal() == "authz/old.rego: was signed and is missing");
  }
  SUBCASE("what is excluded need not be signed for") {
    files->push_back({"docs/readme.txt", "text"});
    CHECK(refusal() == "docs/readme.txt: the signature does not speak for it");
    BundleOptions excluding = options;
    excluding.verification->exclude = {"*.txt"};
    CHECK_FALSE(ReadBundleFiles(*files, excluding).ok());
    excluding.verification->exclude = {"docs/*.txt"};
    CHECK(ReadBundleFiles(*files, excluding).ok());
  }
}

TEST_CASE("what lies outside of the manifest's roots is refused") {
  const auto with = [](const std::string& roots, const std::string& path, const std::string& bytes) {
    return TarGz({{.name = ".manifest", .bytes = "{\"roots\": " + roots + "}"}, {.name = path, .bytes = bytes}});
  };
  CHECK(Says(Refusal(with(R"(["b"])", "p.rego", kModule)), "p.rego: its package lies outside of the manifest's roots [\"b\"]"));
  CHECK(Says(Refusal(with(R"(["ab", "a/b"])", "p.rego", kModule)), "outside"));
  CHECK(Says(Refusal(with(R"(["b"])", "a/data.json", "{}")), "data/a lies outside"));
  CHECK(Says(Refusal(with(R"(["a/b"])", "a/data.json", R"({"b": 1, "c": 2})")), "data/a/c lies outside"));
  CHECK(Says(Refusal(with(R"(["a/b"])", "a/data.json", "1")), "data/a lies outside"));
  CHECK(Says(Refusal(with(R"([])", "p.rego", kModule)), "outside"));
  CHECK(Says(Refusal(with(R"(["a", "a/b"])", "p.rego", kModule)), "'a' and 'a/b' overlap"));
  CHECK(Says(Refusal(with(R"(["", "a"])", "p.rego", kModule)), "overlap"));
  CHECK(ReadBundle(with(R"(["/a/"])", "p.rego", kModule)).ok());
  CHECK(ReadBundle(with(R"(["a/b", "c"])", "a/data.json", R"({"b": 1})")).ok());
}

TEST_CASE("a manifest that cannot be obeyed is refused") {
  const auto with = [](const std::string& manifest) { return TarGz({{.name = ".manifest", .bytes = manifest}}); };
  CHECK(Says(Refusal(with("[]")), ".manifest: must be an object"));
  CHECK(Says(Refusal(with("{")), ".manifest"));
  CHECK(Says(Refusal(with(R"({"roots": "a"})")), "`roots`"));
  CHECK(Says(Refusal(with(R"({"rego_version": 2})")), "import rego.v2"));
  CHECK(Says(Refusal(with(R"({"file_rego_versions": {"a": "0"}})")), "rego version"));
  CHECK(Says(Refusal(TarGz({{.name = "a/.manifest", .bytes = "{}"}, {.name = "b/.manifest", .bytes = "{}"}})), "two files .manifest"));
  CHECK(Says(Refusal(TarGz({{.name = ".manifest.pb"}})), "protobuf"));
  CHECK(Says(Refusal(TarGz({{.name = "patch.json", .bytes = "{}"}})), "delta"));
  const Result<PolicyBundle> empty = ReadBundle(with(R"({"wasm": [], "unknown": 1})"));
  REQUIRE(empty.ok());
  CHECK(empty->manifest.roots == std::vector<std::string>{""});
}

TEST_CASE("the language of a module is what the manifest says for its file, by name or pattern") {
  const std::string bundle = TarGz({{.name = ".manifest", .bytes = R"({"rego_version": 1, "file_rego_versions": {"*/old*.rego": 0, "/b.rego": 0}})"},
                                    {.name = "a.rego", .bytes = kModule},
                                    {.name = "/b.rego", .bytes = kModule},
                                    {.name = "x/y/old_1.rego", .bytes = kModule}});
  const Result<PolicyBundle> read = ReadBundle(bundle);
  REQUIRE(read.ok());
  CHECK(read->sources[0].version == LanguageVersion::kV1);
  CHECK(read->sources[1].version == LanguageVersion::kV0);
  CHECK(read->sources[2].version == LanguageVersion::kV0);
  const Result<PolicyBundle> silent = ReadBundle(TarGz({{.name = "a.rego", .bytes = kModule}}));
  CHECK(silent->sources[0].version == std::nullopt);
}

TEST_CASE("long names of pax, GNU and ustar are read") {
  const std::string folder(120, 'd');
  const Result<std::vector<BundleFile>> files =
      UnpackBundle(TarGz({{.name = "g", .bytes = PaxRecord("comment", "from git"), .type = 'g'},
                          {.name = "x", .bytes = PaxRecord("mtime", "1.5") + PaxRecord("path", folder + "/data.json"), .type = 'x'},
                          {.name = folder.substr(0, 100), .bytes = "1"},
                          {.name = "././@LongLink", .bytes = folder + "/a.rego" + std::string(1, '\0'), .type = 'L'},
                          {.name = "short", .bytes = "2"},
                          {.name = "b.rego", .bytes = "3", .prefix = "p/q"},
                          {.name = "folder/", .type = '5'}}));
  REQUIRE(files.ok());
  REQUIRE(files->size() == 3);
  CHECK((*files)[0].path == folder + "/data.json");
  CHECK((*files)[1].path == folder + "/a.rego");
  CHECK((*files)[2].path == "p/q/b.rego");
}

TEST_CASE("names that lead out of the archive, links and double names are refused") {
  for (const char* name : {"../data.json", "a/../../data.json", "a/./data.json", "a//data.json", "a\\..\\data.json", "..", "a\ndata.json"}) {
    CAPTURE(name);
    CHECK(Says(Refusal(TarGz({{.name = name, .bytes = "{}"}})), "the name '"));
  }
  CHECK(Says(Refusal(TarGz({{.name = "x", .bytes = PaxRecord("path", "../data.json"), .type = 'x'}, {.name = "a", .bytes = "{}"}})), "the name '"));
  for (const char type : {'1', '2', '3', '6', 'S', 'V'}) CHECK(Says(Refusal(TarGz({{.name = "data.json", .type = type}})), "no regular file"));
  CHECK(Says(Refusal(TarGz({{.name = "a/data.json", .bytes = "1"}, {.name = "./a/data.json", .bytes = "2"}})), "'a/data.json' is there twice"));
  CHECK(Says(Refusal(TarGz({{.name = "x", .bytes = PaxRecord("GNU.sparse.size", "9"), .type = 'x'}, {.name = "a"}})), "sparse"));
}

TEST_CASE("damaged archives are refused") {
  const std::string tar = TarOf({.name = "data.json", .bytes = "{}"}) + std::string(1024, '\0');
  CHECK(ReadBundle(Gzip(tar)).ok());
  CHECK(ReadBundle(Gzip(tar.substr(0, 700)) + Gzip(tar.substr(700))).ok());
  CHECK(Says(Refusal(tar), "not compressed with gzip"));
  CHECK(Says(Refusal(""), "ends too early"));
  CHECK(Says(Refusal(Gzip(tar).substr(0, 40)), "ends too early"));
  CHECK(Says(Refusal(Gzip(tar) + "not gzip"), "gzip, or damaged"));
  CHECK(Says(Refusal(Gzip(tar.substr(0, 1024))), "without the empty block"));
  CHECK(Says(Refusal(Gzip(tar + TarOf({.name = "a"}))), "behind its end"));
  std::string flipped = tar;
  flipped[3] = 'X';
  CHECK(Says(Refusal(Gzip(flipped)), "a header is damaged"));
  std::string long_size = TarOf({.name = "a", .bytes = std::string(600, 'x')});
  CHECK(Says(Refusal(Gzip(long_size.substr(0, 1024))), "ends within a file"));
  CHECK(Says(Refusal(TarGz({{.name = "x", .bytes = "99 path=a\n", .type = 'x'}})), "pax record"));
}

TEST_CASE("limits hold, also against bombs") {
  BundleOptions options;
  const std::string bomb = TarGz({{.name = "data.json", .bytes = std::string(std::size_t{8} << 20, ' ')}});
  CHECK(bomb.size() < 20'000);
  CHECK(Says(Refusal(bomb), "max_ratio (200)"));
  options.limits.max_ratio = 10'000;
  options.limits.max_bytes = std::size_t{1} << 20;
  CHECK(Says(Refusal(bomb, options), "max_bytes (1048576)"));
  options.limits.max_bytes = std::size_t{64} << 20;
  options.limits.max_file_bytes = 1000;
  CHECK(Says(Refusal(bomb, options), "max_file_bytes (1000)"));
  options.limits.max_files = 1;
  CHECK(Says(Refusal(TarGz({{.name = "a"}, {.name = "b"}}), options), "max_files (1)"));
  options.limits.max_archive_bytes = 10;
  CHECK(Says(Refusal(bomb, options), "max_archive_bytes (10)"));
  CHECK(Refusal(bomb, options).code == ErrorCode::kLimitExceeded);
}

TEST_CASE("data of several files grows together; two values for one place are refused") {
  CHECK(json::Write(ReadBundle(TarGz({{.name = "data.json", .bytes = R"({"a": {"x": 1}})"}, {.name = "a/data.yml", .bytes = "y: 2\n"}}))->data) ==
        R"({"a":{"x":1,"y":2}})");
  CHECK(Says(Refusal(TarGz({{.name = "data.json", .bytes = R"({"a": {"x": 1}})"}, {.name = "a/data.yaml", .bytes = "x: 2\n"}})),
             "a/data.yaml: gives data.a.x another value"));
  CHECK(Says(Refusal(TarGz({{.name = "data.json", .bytes = "1"}})), "must be an object"));
  CHECK(Says(Refusal(TarGz({{.name = "data.json", .bytes = R"({"a": 1, "a": 2})"}})), "data.json: "));
}

TEST_CASE("bundles that own different parts of data are one policy") {
  const auto bundle = [](const std::string& root) {
    return *ReadBundle(TarGz({{.name = ".manifest", .bytes = "{\"roots\": [\"" + root + "\"]}"},
                              {.name = root + "/data.json", .bytes = "{\"v\": 1}"},
                              {.name = root + ".rego", .bytes = "package " + root + "\n\np := data." + root + ".v\n"}}));
  };
  const Result<PolicyBundle> joined = JoinBundles({bundle("a"), bundle("b")});
  REQUIRE(joined.ok());
  const CompileResult compiled = CompiledPolicy::Compile(joined->sources, joined->data);
  REQUIRE(compiled.ok());
  CHECK(json::Write(compiled.policy->Eval("data.b.p").value) == "1");
  const Result<PolicyBundle> clash = JoinBundles({bundle("a"), bundle("a")});
  REQUIRE_FALSE(clash.ok());
  CHECK(clash.error().code == ErrorCode::kConflict);
}

}  // namespace intentgate::rego
