#include "crypto/aead.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace intentgate::crypto {
namespace {

SecretBytes Key(std::uint8_t first) {
  std::array<std::uint8_t, kAeadKeyBytes> bytes{first};
  return SecretBytes(bytes);
}

// Gives out the same bytes each time.
class Fixed final : public Random {
 public:
  explicit Fixed(base::Bytes bytes) : bytes_(std::move(bytes)) {}
  Status Fill(std::span<std::uint8_t> out) override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = bytes_[i];
    return {};
  }

 private:
  const base::Bytes bytes_;
};

}  // namespace

TEST_CASE("sealing is AES-256-GCM, by a published example: McGrew and Viega, test case 14") {
  Fixed zeros(base::Bytes(12, 0));
  const std::array<std::uint8_t, 16> text{};
  const auto sealed = Seal(Key(0), text, {}, zeros);
  REQUIRE(sealed.ok());
  CHECK(base::HexEncode(*sealed) == std::string(24, '0') + "cea7403d4d606b6e074ec5d3baf39d18" + "d0d1c8a799996bf0265b98b5d48ab919");
}

TEST_CASE("what is opened is what was sealed, and any other key, matter or byte opens nothing") {
  const auto random = SystemRandom();
  for (const std::string& text : {std::string(), std::string("routing"), std::string(5000, 'x')}) {
    const auto sealed = Seal(Key(1), base::AsBytes(text), base::AsBytes("sessions"), *random);
    REQUIRE(sealed.ok());
    const auto opened = Open(Key(1), *sealed, base::AsBytes("sessions"));
    REQUIRE(opened.has_value());
    CHECK(base::AsText(*opened) == text);
    CHECK_FALSE(Open(Key(2), *sealed, base::AsBytes("sessions")).has_value());
    CHECK_FALSE(Open(Key(1), *sealed, base::AsBytes("others")).has_value());
    for (std::size_t i = 0; i < sealed->size(); i += sealed->size() > 100 ? std::size_t{97} : 1) {
      base::Bytes changed = *sealed;
      changed[i] ^= 1;
      CHECK_FALSE(Open(Key(1), changed, base::AsBytes("sessions")).has_value());
    }
    CHECK_FALSE(Open(Key(1), std::span(*sealed).first(sealed->size() - 1), base::AsBytes("sessions")).has_value());
  }
  CHECK_FALSE(Open(Key(1), {}, {}).has_value());
  CHECK(Seal(SecretBytes(std::array<std::uint8_t, 16>{}), {}, {}, *random).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("two sealings of one text differ") {
  const auto random = SystemRandom();
  CHECK(*Seal(Key(1), base::AsBytes("a"), {}, *random) != *Seal(Key(1), base::AsBytes("a"), {}, *random));
}

}  // namespace intentgate::crypto
