// Tar archives of regular files, POSIX ustar (IEEE Std 1003.1-1988), in one fixed spelling: mode 0644, owner 0, names
// of at most 100 printable ASCII characters, and two empty blocks at the end with nothing behind them. `tar` and
// Python's tarfile read them. The reader takes nothing but what the writer writes, so that no byte of an archive can
// change unnoticed and no feature of tar (links, devices, long names, sparse files) is open to a hostile one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <intentgate/result.h>

namespace intentgate::evidence {

inline constexpr std::size_t kUstarBlock = 512;
inline constexpr std::size_t kMaxUstarName = 100;
inline constexpr std::uint64_t kMaxUstarSize = (std::uint64_t{1} << 33) - 1;   // eleven octal digits

struct UstarEntry {
  std::string name;
  std::uint64_t size = 0;
  std::int64_t modified_seconds = 0;   // 0 to kMaxUstarSize
};

// The block before a file's bytes. kInvalidArgument for a name or a number that has no place in it.
Result<std::string> UstarHeader(const UstarEntry& entry);
// The zeros behind a file's bytes.
std::string_view UstarPadding(std::uint64_t size);
// What ends an archive: two empty blocks.
std::string_view UstarEnd();

// Hears of an archive's files in their order. An error ends the reading.
class UstarVisitor {
 public:
  virtual ~UstarVisitor() = default;
  virtual Status BeginFile(const UstarEntry& entry) = 0;
  virtual Status FileBytes(std::string_view bytes) = 0;
  virtual Status EndFile() = 0;
};

// Takes an archive in pieces of any size. Constant memory. Thread-compatible.
class UstarReader {
 public:
  // kMalformed with what is wrong, or the visitor's error; the reader is then of no use any more.
  Status Feed(std::string_view bytes, UstarVisitor& visitor);
  // Both empty blocks were read.
  bool at_end() const { return empty_blocks_ == 2; }

 private:
  Status Header(UstarVisitor& visitor);
  Status Bytes(std::string_view& bytes, UstarVisitor& visitor);

  std::string block_;                // a header that has begun
  std::uint64_t remaining_ = 0;      // of the file's bytes
  std::size_t padding_ = 0;          // behind them
  bool in_file_ = false;
  int empty_blocks_ = 0;
};

}  // namespace intentgate::evidence
