// Division is Knuth's algorithm D (TAOCP volume 2, 4.3.1) in base 10^9.
// Tested by tests/unit/rego/value_test.cc and tests/unit/rego/cases.

#include "rego/bigint.h"

#include <algorithm>
#include <charconv>

namespace intentgate::rego {
namespace {
constexpr std::uint64_t kBase = 1'000'000'000;
constexpr std::size_t kGroup = 9;
}  // namespace

void BigInt::Trim() {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
  if (limbs_.empty()) negative_ = false;
}

BigInt BigInt::FromInt64(std::int64_t value) {
  BigInt out;
  out.negative_ = value < 0;
  auto rest = static_cast<std::uint64_t>(value);
  if (value < 0) rest = 0 - rest;
  for (; rest != 0; rest /= kBase) out.limbs_.push_back(static_cast<std::uint32_t>(rest % kBase));
  return out;
}

BigInt BigInt::FromText(std::string_view text) {
  BigInt out;
  if (!text.empty() && text.front() == '-') {
    out.negative_ = true;
    text.remove_prefix(1);
  }
  while (!text.empty()) {
    const std::size_t n = std::min(kGroup, text.size());
    std::uint32_t limb = 0;
    std::from_chars(text.data() + text.size() - n, text.data() + text.size(), limb);
    out.limbs_.push_back(limb);
    text.remove_suffix(n);
  }
  out.Trim();
  return out;
}

std::string BigInt::ToText() const {
  if (limbs_.empty()) return "0";
  std::string out = negative_ ? "-" : "";
  out += std::to_string(limbs_.back());
  for (std::size_t i = limbs_.size() - 1; i-- > 0;) {
    const std::string group = std::to_string(limbs_[i]);
    out.append(kGroup - group.size(), '0');
    out += group;
  }
  return out;
}

int BigInt::CompareLimbs(const Limbs& a, const Limbs& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (std::size_t i = a.size(); i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

BigInt::Limbs BigInt::AddLimbs(const Limbs& a, const Limbs& b) {
  Limbs out;
  out.reserve(std::max(a.size(), b.size()) + 1);
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()) || carry != 0; ++i) {
    const std::uint64_t sum = carry + (i < a.size() ? a[i] : 0) + (i < b.size() ? b[i] : 0);
    out.push_back(static_cast<std::uint32_t>(sum % kBase));
    carry = sum / kBase;
  }
  return out;
}

// REQUIRES: a >= b.
BigInt::Limbs BigInt::SubLimbs(const Limbs& a, const Limbs& b) {
  Limbs out = a;
  std::int64_t borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::int64_t rest = static_cast<std::int64_t>(a[i]) - borrow - (i < b.size() ? b[i] : 0);
    borrow = rest < 0 ? 1 : 0;
    if (rest < 0) rest += static_cast<std::int64_t>(kBase);
    out[i] = static_cast<std::uint32_t>(rest);
  }
  return out;
}

BigInt BigInt::Add(const BigInt& a, const BigInt& b) {
  BigInt out;
  if (a.negative_ == b.negative_) {
    out.limbs_ = AddLimbs(a.limbs_, b.limbs_);
    out.negative_ = a.negative_;
  } else if (CompareLimbs(a.limbs_, b.limbs_) >= 0) {
    out.limbs_ = SubLimbs(a.limbs_, b.limbs_);
    out.negative_ = a.negative_;
  } else {
    out.limbs_ = SubLimbs(b.limbs_, a.limbs_);
    out.negative_ = b.negative_;
  }
  out.Trim();
  return out;
}

BigInt BigInt::Sub(const BigInt& a, const BigInt& b) {
  BigInt minus = b;
  minus.negative_ = !b.negative_ && !b.IsZero();
  return Add(a, minus);
}

BigInt BigInt::Mul(const BigInt& a, const BigInt& b) {
  BigInt out;
  out.limbs_.assign(a.limbs_.size() + b.limbs_.size(), 0);
  for (std::size_t i = 0; i < a.limbs_.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.limbs_.size() || carry != 0; ++j) {
      const std::uint64_t product =
          out.limbs_[i + j] + carry + (j < b.limbs_.size() ? std::uint64_t{a.limbs_[i]} * b.limbs_[j] : 0);
      out.limbs_[i + j] = static_cast<std::uint32_t>(product % kBase);
      carry = product / kBase;
    }
  }
  out.negative_ = a.negative_ != b.negative_;
  out.Trim();
  return out;
}

std::pair<BigInt::Limbs, std::uint32_t> BigInt::DivSmall(const Limbs& a, std::uint32_t b) {
  Limbs quotient(a.size(), 0);
  std::uint64_t rest = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    const std::uint64_t at = rest * kBase + a[i];
    quotient[i] = static_cast<std::uint32_t>(at / b);
    rest = at % b;
  }
  return {std::move(quotient), static_cast<std::uint32_t>(rest)};
}

std::pair<BigInt, BigInt> BigInt::DivMod(const BigInt& a, const BigInt& b) {
  BigInt quotient;
  BigInt rest;
  if (CompareLimbs(a.limbs_, b.limbs_) < 0) return {quotient, a};
  if (b.limbs_.size() == 1) {
    auto [limbs, small] = DivSmall(a.limbs_, b.limbs_[0]);
    quotient.limbs_ = std::move(limbs);
    if (small != 0) rest.limbs_ = {small};
  } else {
    // Scale so that the divisor's first limb is at least half the base.
    const auto scale = static_cast<std::uint32_t>(kBase / (b.limbs_.back() + std::uint64_t{1}));
    const BigInt factor = FromInt64(scale);
    Limbs u = Mul(a.negative_ ? Sub(BigInt(), a) : a, factor).limbs_;
    const Limbs v = Mul(b.negative_ ? Sub(BigInt(), b) : b, factor).limbs_;
    const std::size_t n = v.size();
    u.resize(std::max(u.size(), a.limbs_.size()) + 1, 0);
    const std::size_t m = u.size() - n - 1;
    quotient.limbs_.assign(m + 1, 0);
    for (std::size_t j = m + 1; j-- > 0;) {
      const std::uint64_t top = u[j + n] * kBase + u[j + n - 1];
      std::uint64_t guess = std::min(top / v[n - 1], kBase - 1);
      std::uint64_t over = top - guess * v[n - 1];
      while (over < kBase && guess * v[n - 2] > over * kBase + u[j + n - 2]) {
        --guess;
        over += v[n - 1];
      }
      std::int64_t borrow = 0;
      std::uint64_t carry = 0;
      for (std::size_t i = 0; i < n || i == n; ++i) {
        const std::uint64_t product = carry + (i < n ? guess * v[i] : 0);
        carry = product / kBase;
        std::int64_t digit = static_cast<std::int64_t>(u[i + j]) - borrow - static_cast<std::int64_t>(product % kBase);
        borrow = digit < 0 ? 1 : 0;
        if (digit < 0) digit += static_cast<std::int64_t>(kBase);
        u[i + j] = static_cast<std::uint32_t>(digit);
      }
      if (borrow != 0) {  // the guess was one too large
        --guess;
        std::uint64_t back = 0;
        for (std::size_t i = 0; i <= n; ++i) {
          const std::uint64_t sum = back + u[i + j] + (i < n ? v[i] : 0);
          u[i + j] = static_cast<std::uint32_t>(sum % kBase);
          back = sum / kBase;
        }
      }
      quotient.limbs_[j] = static_cast<std::uint32_t>(guess);
    }
    rest.limbs_ = std::move(u);
    rest.Trim();
    rest.limbs_ = DivSmall(rest.limbs_, scale).first;
  }
  quotient.negative_ = a.negative_ != b.negative_;
  rest.negative_ = a.negative_;
  quotient.Trim();
  rest.Trim();
  return {std::move(quotient), std::move(rest)};
}

int BigInt::Compare(const BigInt& a, const BigInt& b) {
  if (a.negative_ != b.negative_) return a.negative_ ? -1 : 1;
  const int order = CompareLimbs(a.limbs_, b.limbs_);
  return a.negative_ ? -order : order;
}

}  // namespace intentgate::rego
