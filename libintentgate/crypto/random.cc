// Ids and nonces are drawn many times a second, and a draw of OpenSSL costs half a microsecond
// whatever its size. So small requests are served from a block drawn ahead, one for each thread; what is
// handed out is wiped. Keys are larger and always drawn directly. A fork makes the block stale, because
// parent and child would hand out the same bytes.

#include <intentgate/clock.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <cstring>

namespace intentgate {
namespace {

constexpr std::size_t kBlockBytes = 1024;
constexpr std::size_t kSmallBytes = 16;

std::atomic<std::uint64_t> forks{0};

void CountFork() { forks.fetch_add(1, std::memory_order_relaxed); }

Status Draw(std::uint8_t* out, std::size_t size) {
  if (RAND_bytes(out, static_cast<int>(size)) == 1) return {};
  return Error{ErrorCode::kUnavailable, "the system gave no randomness"};
}

class Block {
 public:
  Status Take(std::span<std::uint8_t> out) {
    const std::uint64_t now = forks.load(std::memory_order_relaxed);
    if (left_ < out.size() || forks_ != now) {
      left_ = 0;
      if (Status s = Draw(bytes_.data(), bytes_.size()); !s.ok()) return s;
      left_ = bytes_.size();
      forks_ = now;
    }
    left_ -= out.size();
    std::memcpy(out.data(), bytes_.data() + left_, out.size());
    OPENSSL_cleanse(bytes_.data() + left_, out.size());
    return {};
  }
  ~Block() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

 private:
  std::array<std::uint8_t, kBlockBytes> bytes_{};
  std::size_t left_ = 0;
  std::uint64_t forks_ = 0;
};

class OpenSslRandom final : public Random {
 public:
  explicit OpenSslRandom(bool notices_forks) : notices_forks_(notices_forks) {}

  Status Fill(std::span<std::uint8_t> out) override {
    if (out.size() > kSmallBytes || !notices_forks_) return Draw(out.data(), out.size());
    static thread_local Block block;
    return block.Take(out);
  }

 private:
  const bool notices_forks_;
};

}  // namespace

std::shared_ptr<Random> SystemRandom() {
  static const bool registered = pthread_atfork(nullptr, nullptr, &CountFork) == 0;
  return std::make_shared<OpenSslRandom>(registered);
}

}  // namespace intentgate
