// Key bytes. Wiped when dropped, compared in constant time, never printed. Reading them takes a
// SecretAccess, so that a search for that name finds every place that touches a key.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace intentgate::crypto {

// Names the intent to read key bytes. Construct it where you read, pass it nowhere.
struct SecretAccess {
  explicit SecretAccess() = default;
};

// Movable, copyable on purpose only (Clone). Thread-compatible.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::span<const std::uint8_t> bytes);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  // A copy of a key is a decision; call Clone.
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  SecretBytes Clone() const;
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  std::span<const std::uint8_t> Expose(SecretAccess) const { return bytes_; }
  // Constant time in the content; the lengths are not secret.
  friend bool operator==(const SecretBytes& a, const SecretBytes& b);

 private:
  std::vector<std::uint8_t> bytes_;
};

// Constant time in the content; false at once when the lengths differ.
bool ConstantTimeEqual(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

// Overwrites a buffer that held a secret, in a way that the compiler keeps.
void Wipe(std::span<std::uint8_t> bytes);
void Wipe(std::string& text);

}  // namespace intentgate::crypto
