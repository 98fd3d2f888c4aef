// Errors as values: what every fallible function of the library returns.
//
//   Result<KeyRing> ring = KeyRing::Parse(text);
//   if (!ring.ok()) return ring.error();
//   Use(*ring);
//
// An Error carries a stable code that programs may switch on and a message for people. Messages may
// change between releases and never contain a secret. A refused tool call is not an Error: it is a
// Decision (gate.h).
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace intentgate {

// Stable codes. New ones are appended; none is renumbered.
enum class ErrorCode : std::uint8_t {
  kInvalidArgument = 1,     // the caller passed something that can never be right
  kMalformed = 2,           // bytes that do not follow their format
  kUnsupportedVersion = 3,  // a format version this build does not read
  kUnknownKey = 4,          // a key id that is not in the ring
  kBadMac = 5,              // authentication of bytes failed
  kLimitExceeded = 6,       // a named limit was hit
  kNotFound = 7,
  kAlreadyExists = 8,
  kConflict = 9,            // the state changed underneath the caller
  kUnavailable = 10,        // a store or service did not answer; a retry may help
  kIo = 11,                 // the operating system refused
  kCorrupt = 12,            // stored bytes are not what was written
  kPermissionDenied = 13,
  kTimeout = 14,
  kCancelled = 15,
  kInternal = 16,           // a bug in the library
};

// The stable lower-case name of a code, such as "invalid_argument".
std::string_view ErrorCodeName(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;

  // "malformed: trailing text at byte 14"
  std::string ToString() const;
};

namespace internal {
[[noreturn]] inline void AbortOnBadAccess(const char* what, const std::string& message) {
  std::fprintf(stderr, "intentgate: %s: %s\n", what, message.c_str());
  std::abort();
}
}  // namespace internal

// Either a T or an Error. Thread-compatible, like the T inside.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}      // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok(). Aborts otherwise.
  T& value() & { return Check(), *std::get_if<0>(&state_); }
  const T& value() const& { return Check(), *std::get_if<0>(&state_); }
  T&& value() && { return Check(), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !ok(). Aborts otherwise.
  const Error& error() const& {
    if (ok()) internal::AbortOnBadAccess("error() of a successful Result", "");
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    if (ok()) internal::AbortOnBadAccess("error() of a successful Result", "");
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  void Check() const {
    if (!ok()) internal::AbortOnBadAccess("value() of a failed Result", std::get_if<1>(&state_)->message);
  }
  std::variant<T, Error> state_;
};

// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    if (ok()) internal::AbortOnBadAccess("error() of a successful Result", "");
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace intentgate
