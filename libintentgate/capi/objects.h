// What stands behind the opaque types of <intentgate/intentgate.h>, and the wall that no exception passes.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <intentgate/gate.h>
#include <intentgate/intentgate.h>
#include <intentgate/keys.h>
#include <intentgate/policy.h>
#include <intentgate/token.h>

struct ig_error {
  ig_code code = IG_INTERNAL;
  std::string message;
  std::string reason;
  std::int64_t caveat = -1, hop = -1;
};

struct ig_text {
  std::string text;
};

struct ig_keys {
  intentgate::KeyRing ring;
};

struct ig_policy {
  std::shared_ptr<const intentgate::Policy> policy;
  intentgate::rego::EvalLimits limits;
};

struct ig_gate {
  std::shared_ptr<intentgate::Gate> gate;
};

struct ig_decision {
  intentgate::Decision decision;
};

namespace intentgate::capi {

inline std::string_view View(ig_str s) { return s.data == nullptr ? std::string_view() : std::string_view(s.data, s.size); }

inline ig_code Fail(ig_error** out, const Error& error) {
  const ig_code code = static_cast<ig_code>(error.code);
  if (out != nullptr) *out = new ig_error{code, error.message, {}, -1, -1};
  return code;
}
inline ig_code Fail(ig_error** out, ig_code code, const char* message) {
  return Fail(out, Error{static_cast<ErrorCode>(code), message});
}
inline ig_code Fail(ig_error** out, const TokenRefusal& refusal) {
  const auto index = [](const std::optional<std::size_t>& i) { return i ? static_cast<std::int64_t>(*i) : -1; };
  if (out != nullptr) {
    *out = new ig_error{IG_REFUSED, refusal.message, std::string(ReasonName(refusal.reason)),
                        index(refusal.caveat_index), index(refusal.hop)};
  }
  return IG_REFUSED;
}

// Hands an object to the caller. Ownership ends with the type's free function.
template <typename T>
ig_code Give(T** out, T object) {
  *out = new T(std::move(object));
  return IG_OK;
}
inline ig_code GiveText(ig_text** out, std::string text) { return Give(out, ig_text{std::move(text)}); }

// Runs the body of one C function. A failed allocation, or an exception of a library, becomes an error.
template <typename Body>
ig_code Guarded(ig_error** error, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return IG_LIMIT_EXCEEDED;
  } catch (const std::exception& e) {
    try {
      return Fail(error, Error{ErrorCode::kInternal, e.what()});
    } catch (const std::bad_alloc&) {
      return IG_INTERNAL;
    }
  }
}

// REQUIRES-by-contract pointers of a C function: an error instead of a crash.
#define IG_NEED(pointer)                                                                                  \
  do {                                                                                                    \
    if ((pointer) == nullptr) return ::intentgate::capi::Fail(error, IG_INVALID_ARGUMENT, #pointer " is NULL"); \
  } while (false)

}  // namespace intentgate::capi
