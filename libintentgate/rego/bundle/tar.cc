// A tar archive is a row of 512-byte blocks: a header, then the file's bytes filled up with zeros. Extensions are files
// of special types that speak about the file behind them. Each feature that is not needed for a bundle is refused, so that
// two readers cannot see two contents.
// Tested by tests/unit/rego/bundle_test.cc and tests/fuzz/rego_bundle_fuzz.cc.

#include <algorithm>
#include <optional>
#include <set>

#include "rego/bundle/archive.h"

namespace intentgate::rego::bundle {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kMaxExtension = std::size_t{64} << 10;  // of names and pax records
constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxFolders = 64;

struct FieldAt {
  std::size_t at, width;
};
constexpr FieldAt kName{0, 100}, kSize{124, 12}, kSum{148, 8}, kMagic{257, 6}, kPrefix{345, 155};
constexpr std::size_t kTypeAt = 156;

Error Bad(std::string what) { return {ErrorCode::kMalformed, "the archive is no bundle: " + std::move(what)}; }

std::string_view Bytes(std::string_view block, FieldAt field) { return block.substr(field.at, field.width); }
std::string_view Text(std::string_view block, FieldAt field) {
  const std::string_view bytes = Bytes(block, field);
  return bytes.substr(0, bytes.find('\0'));
}

// Octal digits among blanks, or GNU's binary form for what octal cannot hold.
std::optional<std::uint64_t> Number(std::string_view bytes) {
  std::uint64_t n = 0;
  if (static_cast<unsigned char>(bytes[0]) == 0x80) {
    for (const char c : bytes.substr(1)) {
      if (n >> 55 != 0) return std::nullopt;
      n = n << 8 | static_cast<unsigned char>(c);
    }
    return n;
  }
  const std::size_t first = bytes.find_first_not_of(' ');
  if (first == std::string_view::npos) return 0;
  const std::string_view digits = bytes.substr(first, bytes.find_first_of(std::string_view(" \0", 2), first) - first);
  if (digits.size() > 20) return std::nullopt;
  for (const char c : digits) {
    if (c < '0' || c > '7') return std::nullopt;
    n = n << 3 | static_cast<std::uint64_t>(c - '0');
  }
  return n;
}

bool SumFits(std::string_view block) {
  std::uint64_t sum = kSum.width * ' ';
  for (std::size_t i = 0; i < kBlock; ++i) {
    if (i < kSum.at || i >= kSum.at + kSum.width) sum += static_cast<unsigned char>(block[i]);
  }
  return Number(Bytes(block, kSum)) == sum;
}

bool IsZero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

class TarReader {
 public:
  TarReader(std::string_view tar, const BundleLimits& limits) : rest_(tar), limits_(limits) {}

  Result<std::vector<BundleFile>> Read() {
    for (;;) {
      if (rest_.size() < kBlock) return Bad("it ends without the empty block that ends an archive");
      const std::string_view block = Take(kBlock);
      if (IsZero(block)) break;
      if (Status s = Entry(block); !s.ok()) return s.error();
    }
    if (!IsZero(rest_)) return Bad("there is something behind its end");
    return std::move(files_);
  }

 private:
  std::string_view Take(std::size_t n) {
    const std::string_view out = rest_.substr(0, n);
    rest_.remove_prefix(out.size());
    return out;
  }

  Status Entry(std::string_view block) {
    if (!SumFits(block)) return Bad("a header is damaged");
    const std::optional<std::uint64_t> written = Number(Bytes(block, kSize));
    if (!written) return Bad("a file's size cannot be read");
    const char type = block[kTypeAt];
    const bool speaks_of_next = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    const std::uint64_t size = speaks_of_next ? *written : next_size_.value_or(*written);
    if (size > rest_.size()) return Bad("it ends within a file");
    const std::string_view bytes = Take(static_cast<std::size_t>(size));
    const std::size_t over = bytes.size() % kBlock;
    Take(over == 0 ? 0 : kBlock - over);
    if (speaks_of_next) return Extension(type, bytes);
    std::string name = next_name_ ? *std::move(next_name_) : HeaderName(block);
    next_name_.reset();
    next_size_.reset();
    return Member(type, std::move(name), bytes);
  }

  static std::string HeaderName(std::string_view block) {
    std::string name(Text(block, kName));
    // Only POSIX has a prefix; GNU keeps times there.
    if (Bytes(block, kMagic) == std::string_view("ustar\0", 6) && !Text(block, kPrefix).empty()) return std::string(Text(block, kPrefix)) + "/" + name;
    return name;
  }

  Status Extension(char type, std::string_view bytes) {
    if (bytes.size() > kMaxExtension) return Bad("a header is too long");
    if (type == 'L') next_name_ = std::string(bytes.substr(0, bytes.find('\0')));
    if (type == 'x') return PaxRecords(bytes);
    return {};
  }

  // "27 path=a/long/name\n": the length counts itself.
  Status PaxRecords(std::string_view rest) {
    while (!rest.empty()) {
      const std::size_t blank = rest.find(' ');
      std::size_t length = 0;
      for (const char c : rest.substr(0, std::min<std::size_t>(blank, 7))) {
        if (c < '0' || c > '9') return Bad("a pax record is damaged");
        length = length * 10 + static_cast<std::size_t>(c - '0');
      }
      if (blank == std::string_view::npos || length < blank + 3 || length > rest.size() || rest[length - 1] != '\n') return Bad("a pax record is damaged");
      const std::string_view record = rest.substr(blank + 1, length - blank - 2);
      rest.remove_prefix(length);
      const std::size_t equals = record.find('=');
      if (equals == std::string_view::npos) return Bad("a pax record is damaged");
      if (Status s = PaxRecord(record.substr(0, equals), record.substr(equals + 1)); !s.ok()) return s;
    }
    return {};
  }

  Status PaxRecord(std::string_view key, std::string_view value) {
    if (key.starts_with("GNU.sparse")) return Bad("it has a sparse file");
    if (key == "path") next_name_ = std::string(value);
    if (key != "size") return {};
    std::uint64_t size = 0;
    for (const char c : value) {
      if (c < '0' || c > '9' || size > limits_.max_bytes) return Bad("a file's size cannot be read");
      size = size * 10 + static_cast<std::uint64_t>(c - '0');
    }
    next_size_ = size;
    return {};
  }

  Status Member(char type, std::string name, std::string_view bytes) {
    const bool old_folder = (type == '0' || type == '\0') && name.ends_with('/');
    if (type == '5' || old_folder) return {};
    if (type != '0' && type != '\0') return Bad("'" + name.substr(0, 100) + "' is no regular file; links and devices have no place in a bundle");
    Result<std::string> path = CleanPath(name);
    if (!path.ok()) return path.error();
    if (bytes.size() > limits_.max_file_bytes) {
      return Error{ErrorCode::kLimitExceeded, *path + ": larger than max_file_bytes (" + std::to_string(limits_.max_file_bytes) + ")"};
    }
    if (files_.size() >= limits_.max_files) {
      return Error{ErrorCode::kLimitExceeded, "the bundle has more files than max_files (" + std::to_string(limits_.max_files) + ")"};
    }
    if (!names_.insert(*path).second) return Bad("'" + *path + "' is there twice");
    files_.push_back({*std::move(path), std::string(bytes)});
    return {};
  }

  std::string_view rest_;
  const BundleLimits& limits_;
  std::vector<BundleFile> files_;
  std::set<std::string> names_;
  std::optional<std::string> next_name_;
  std::optional<std::uint64_t> next_size_;
};

}  // namespace

Result<std::string> CleanPath(std::string_view path) {
  const std::string shown = "'" + std::string(path.substr(0, 100)) + "'";
  while (path.starts_with('/') || path.starts_with("./")) path.remove_prefix(path[0] == '/' ? 1 : 2);
  if (path.size() > kMaxPath) return Bad("the name " + shown + " is too long");
  std::size_t folders = 0;
  for (std::string_view rest = path;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    const bool odd = std::any_of(part.begin(), part.end(), [](char c) { return c == '\\' || static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
    if (part.empty() || part == "." || part == ".." || odd) return Bad("the name " + shown + " does not stay within it or cannot be read by all");
    if (slash == std::string_view::npos) break;
    if (++folders > kMaxFolders) return Bad("the name " + shown + " has too many folders");
    rest.remove_prefix(slash + 1);
  }
  return std::string(path);
}

Result<std::vector<BundleFile>> ReadTar(std::string_view tar, const BundleLimits& limits) { return TarReader(tar, limits).Read(); }

}  // namespace intentgate::rego::bundle
