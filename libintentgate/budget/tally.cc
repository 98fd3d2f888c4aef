#include "budget/tally.h"

#include <algorithm>
#include <limits>

namespace intentgate::budget {
namespace {

std::int64_t SaturatingAdd(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

}  // namespace

bool Fits(std::int64_t used, std::int64_t amount, std::int64_t limit) {
  return amount <= 0 || (used < limit && amount <= limit - std::max<std::int64_t>(used, 0));
}

std::int64_t Tally::BucketSeconds(std::int64_t window_seconds) {
  return std::max<std::int64_t>(1, window_seconds / kBucketsPerWindow);
}

std::int64_t Tally::BucketAt(std::int64_t now) const {
  if (!windowed()) return 0;
  // A bucket at 0 would read as lifetime in a store.
  return std::max<std::int64_t>(1, now - now % BucketSeconds(window_));
}

void Tally::Add(std::int64_t bucket, std::int64_t amount) {
  used_ = SaturatingAdd(used_, amount);
  if (!windowed()) return;
  auto at = buckets_.end();
  while (at != buckets_.begin() && std::prev(at)->start > bucket) --at;
  if (at != buckets_.begin() && std::prev(at)->start == bucket) {
    std::prev(at)->amount = SaturatingAdd(std::prev(at)->amount, amount);
  } else {
    buckets_.insert(at, {bucket, amount});
  }
}

void Tally::Remove(std::int64_t bucket, std::int64_t amount) {
  if (!windowed()) {
    used_ -= std::min(amount, used_);
    return;
  }
  for (auto it = buckets_.begin(); it != buckets_.end(); ++it) {
    if (it->start != bucket) continue;
    const std::int64_t taken = std::min(amount, it->amount);
    it->amount -= taken;
    used_ -= std::min(taken, used_);
    if (it->amount == 0) buckets_.erase(it);
    return;
  }
}

void Tally::Expire(std::int64_t now) {
  auto keep = buckets_.begin();
  while (keep != buckets_.end() && LeavesAt(*keep) <= now) ++keep;
  if (keep == buckets_.begin()) return;
  buckets_.erase(buckets_.begin(), keep);
  used_ = 0;
  for (const Bucket& bucket : buckets_) used_ = SaturatingAdd(used_, bucket.amount);
}

std::optional<std::int64_t> Tally::SecondsUntilFits(std::int64_t now, std::int64_t amount, std::int64_t limit) const {
  if (Fits(used_, amount, limit)) return 0;
  std::int64_t left = used_;
  for (const Bucket& bucket : buckets_) {
    left -= std::min(left, bucket.amount);
    if (Fits(left, amount, limit)) return std::max<std::int64_t>(1, LeavesAt(bucket) - now);
  }
  return std::nullopt;
}

}  // namespace intentgate::budget
