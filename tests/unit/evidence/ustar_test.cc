#include "evidence/ustar.h"

#include <doctest/doctest.h>

#include <vector>

namespace intentgate::evidence {
namespace {

class Listing final : public UstarVisitor {
 public:
  std::vector<std::pair<std::string, std::string>> files;
  Status BeginFile(const UstarEntry& entry) override {
    files.emplace_back(entry.name, "");
    return {};
  }
  Status FileBytes(std::string_view bytes) override {
    files.back().second += bytes;
    return {};
  }
  Status EndFile() override { return {}; }
};

std::string Archive(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string out;
  for (const auto& [name, bytes] : files) {
    out += *UstarHeader({name, bytes.size(), 1'700'000'000});
    out += bytes;
    out += UstarPadding(bytes.size());
  }
  return out += UstarEnd();
}

Status Read(std::string_view archive, Listing& listing, std::size_t piece) {
  UstarReader reader;
  for (; !archive.empty(); archive.remove_prefix(std::min(piece, archive.size()))) {
    if (Status s = reader.Feed(archive.substr(0, piece), listing); !s.ok()) return s;
  }
  return reader.at_end() ? Status() : Status(Error{ErrorCode::kMalformed, "no end"});
}

}  // namespace

TEST_CASE("an archive is read as it was written, in pieces of any size") {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"a", ""}, {"b/c.txt", "x"}, {"d", std::string(512, 'd')}, {"e", std::string(1'300, 'e')}};
  const std::string archive = Archive(files);
  CHECK(archive.size() % kUstarBlock == 0);
  for (const std::size_t piece : {1u, 511u, 512u, 513u, 100'000u}) {
    Listing listing;
    CHECK(Read(archive, listing, piece).ok());
    CHECK(listing.files == files);
  }
}

TEST_CASE("names and sizes that have no place in a header are refused") {
  for (const std::string& name : {std::string(), std::string(101, 'n'), std::string("a\nb"), std::string("caf\xc3\xa9")}) {
    CHECK(UstarHeader({name, 1, 0}).error().code == ErrorCode::kInvalidArgument);
  }
  CHECK_FALSE(UstarHeader({"a", kMaxUstarSize + 1, 0}).ok());
  CHECK_FALSE(UstarHeader({"a", 1, -1}).ok());
}

TEST_CASE("nothing but regular files in the one spelling is read") {
  const std::string archive = Archive({{"a", "x"}});
  // The type of the entry, its mode, its owner, its magic, its checksum, a byte behind the file's end.
  for (const std::size_t at : {156u, 100u, 108u, 257u, 148u, 513u}) {
    std::string changed = archive;
    changed[at] = changed[at] == '2' ? '3' : '2';
    Listing listing;
    const Status read = Read(changed, listing, 512);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == ErrorCode::kMalformed);
  }
  Listing listing;
  CHECK_FALSE(Read(archive + "x", listing, 512).ok());
  CHECK_FALSE(Read(std::string_view(archive).substr(0, archive.size() - 512), listing, 512).ok());
}

}  // namespace intentgate::evidence
