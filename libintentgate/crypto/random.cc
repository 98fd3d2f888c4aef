#include <intentgate/clock.h>

#include <openssl/rand.h>

namespace intentgate {
namespace {

class OpenSslRandom final : public Random {
 public:
  Status Fill(std::span<std::uint8_t> out) override {
    if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
      return Error{ErrorCode::kUnavailable, "the system gave no randomness"};
    }
    return {};
  }
};

}  // namespace

std::shared_ptr<Random> SystemRandom() { return std::make_shared<OpenSslRandom>(); }

}  // namespace intentgate
