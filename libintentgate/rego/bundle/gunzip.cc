// zlib does the work; what is ours are the limits, asked after each piece.
// Tested by tests/unit/rego/bundle_test.cc and tests/fuzz/rego_bundle_fuzz.cc.

#include <zlib.h>

#include <array>

#include "rego/bundle/archive.h"

namespace intentgate::rego::bundle {
namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10;
constexpr std::size_t kRatioFrom = std::size_t{1} << 20;
// The largest window, and gzip's header and trailer.
constexpr int kWindow = 15 + 16;

class Inflater {
 public:
  Inflater() : ready_(inflateInit2(&stream_, kWindow) == Z_OK) {}
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;  // owns zlib's state
  Inflater& operator=(const Inflater&) = delete;

  Result<std::string> Run(std::string_view archive, const BundleLimits& limits) {
    if (!ready_) return Error{ErrorCode::kInternal, "zlib did not start"};
    // zlib counts in 32 bits and does not write to what it reads; the archive is smaller than that.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(archive.data()));
    stream_.avail_in = static_cast<uInt>(archive.size());
    std::string out;
    for (;;) {
      stream_.next_out = piece_.data();
      stream_.avail_out = static_cast<uInt>(piece_.size());
      const int state = inflate(&stream_, Z_NO_FLUSH);
      if (state != Z_OK && state != Z_STREAM_END) return Bad(state);
      out.append(reinterpret_cast<const char*>(piece_.data()), piece_.size() - stream_.avail_out);
      if (Status s = Check(out.size(), archive.size(), limits); !s.ok()) return s.error();
      if (state != Z_STREAM_END) continue;
      if (stream_.avail_in == 0) return out;
      inflateReset(&stream_);
    }
  }

 private:
  static Error Bad(int state) {
    if (state == Z_BUF_ERROR) return {ErrorCode::kMalformed, "the archive ends too early"};
    if (state == Z_MEM_ERROR) return {ErrorCode::kLimitExceeded, "the process has no memory left"};
    return {ErrorCode::kMalformed, "the archive is not compressed with gzip, or damaged"};
  }

  static Status Check(std::size_t size, std::size_t packed, const BundleLimits& limits) {
    if (size > limits.max_bytes) {
      return Error{ErrorCode::kLimitExceeded, "the bundle unpacks to more than max_bytes (" + std::to_string(limits.max_bytes) + ")"};
    }
    if (size > kRatioFrom && size / limits.max_ratio > packed) {
      return Error{ErrorCode::kLimitExceeded, "unpacking makes the bundle more than max_ratio (" + std::to_string(limits.max_ratio) + ") times larger"};
    }
    return {};
  }

  z_stream stream_{};
  const bool ready_;
  std::array<Bytef, kPiece> piece_{};
};

}  // namespace

Result<std::string> Gunzip(std::string_view archive, const BundleLimits& limits) {
  if (archive.size() > limits.max_archive_bytes || archive.size() > (std::size_t{1} << 31)) {
    return Error{ErrorCode::kLimitExceeded, "the archive is larger than max_archive_bytes (" + std::to_string(limits.max_archive_bytes) + ")"};
  }
  return Inflater().Run(archive, limits);
}

}  // namespace intentgate::rego::bundle
