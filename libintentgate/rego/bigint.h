// Integers of any size, schoolbook, in base 10^9. Regular value type; no limits of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace intentgate::rego {

class BigInt {
 public:
  BigInt() = default;
  static BigInt FromInt64(std::int64_t value);
  // REQUIRES: optional '-' and decimal digits.
  static BigInt FromText(std::string_view text);
  std::string ToText() const;

  bool IsZero() const { return limbs_.empty(); }
  bool negative() const { return negative_; }

  static BigInt Add(const BigInt& a, const BigInt& b);
  static BigInt Sub(const BigInt& a, const BigInt& b);
  static BigInt Mul(const BigInt& a, const BigInt& b);
  // Truncates towards zero; the rest has the dividend's sign. REQUIRES: !b.IsZero().
  static std::pair<BigInt, BigInt> DivMod(const BigInt& a, const BigInt& b);
  static int Compare(const BigInt& a, const BigInt& b);

 private:
  using Limbs = std::vector<std::uint32_t>;  // least significant first
  static int CompareLimbs(const Limbs& a, const Limbs& b);
  static Limbs AddLimbs(const Limbs& a, const Limbs& b);
  static Limbs SubLimbs(const Limbs& a, const Limbs& b);
  static std::pair<Limbs, std::uint32_t> DivSmall(const Limbs& a, std::uint32_t b);
  void Trim();

  bool negative_ = false;
  Limbs limbs_;
};

}  // namespace intentgate::rego
