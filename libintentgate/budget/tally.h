// What one counter has counted: over its lifetime, or over a sliding window.
//
// A window of W seconds is kept as buckets of W/60 seconds, at least one. A bucket counts in full
// until its last moment has left the window, so in no window of W seconds is ever more admitted than
// the limit; what is admitted may return up to one bucket later than an exact log would let it.
// Tested against such a log by tally_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace intentgate::budget {

inline constexpr std::int64_t kBucketsPerWindow = 60;

// Thread-compatible. Times are unix seconds and must not go back; amounts are not negative; sums
// stop at the greatest integer instead of wrapping.
class Tally {
 public:
  // 0: lifetime.
  explicit Tally(std::int64_t window_seconds = 0) : window_(window_seconds) {}

  static std::int64_t BucketSeconds(std::int64_t window_seconds);

  // Where an amount that is added at `now` rests: a bucket's start, or 0 for lifetime.
  std::int64_t BucketAt(std::int64_t now) const;
  void Add(std::int64_t bucket, std::int64_t amount);
  // Takes back what Add gave, as far as it is still remembered.
  void Remove(std::int64_t bucket, std::int64_t amount);
  // Forgets the buckets that have left the window.
  void Expire(std::int64_t now);

  std::int64_t used() const { return used_; }
  bool windowed() const { return window_ > 0; }
  // True when dropping the tally changes nothing.
  bool idle() const { return windowed() && buckets_.empty(); }
  // Rows from a store do not say how long their window is; the first use does.
  void SetWindow(std::int64_t window_seconds) { window_ = window_seconds; }

  // Seconds from `now` until `amount` fits under `limit` if nothing else is added; nullopt: never.
  std::optional<std::int64_t> SecondsUntilFits(std::int64_t now, std::int64_t amount, std::int64_t limit) const;

 private:
  struct Bucket {
    std::int64_t start = 0;
    std::int64_t amount = 0;
  };
  std::int64_t LeavesAt(const Bucket& bucket) const { return bucket.start + BucketSeconds(window_) + window_; }

  std::int64_t window_;
  std::int64_t used_ = 0;
  std::vector<Bucket> buckets_;  // by start
};

// Whether `amount` more fits, without overflow. A limit below 0 is 0.
bool Fits(std::int64_t used, std::int64_t amount, std::int64_t limit);

}  // namespace intentgate::budget
