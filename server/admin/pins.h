// The tool definitions that operators accept, as the admin API needs them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/gate.h>
#include <intentgate/result.h>

namespace intentgate::admin {

enum class PinState : std::uint8_t { kAccepted, kQuarantined, kAbsent };
// "accepted", "quarantined", "absent"
std::string_view PinStateName(PinState state);

struct PinRow {
  std::string tool, upstream;
  PinState state = PinState::kQuarantined;   // absent: accepted, and in no list that was seen
  std::string sha256;                        // of the definition that was seen last; "" when it is absent
  std::vector<std::string> accepted;         // digests
  std::string definition;                    // JSON; "" when it is absent or too long to be kept
  std::string accepted_definition;           // JSON of the one accepted last; "" when the file has its digest alone
};

struct PinWish {
  std::string tool;
  std::string sha256;                        // of the definition that the operator has read
};

// Thread-safe; waits for files and for the chain.
class Pins {
 public:
  Pins() = default;
  Pins(const Pins&) = delete;
  Pins& operator=(const Pins&) = delete;
  virtual ~Pins() = default;

  // Whether any upstream's definitions are held against pins.
  virtual bool enabled() const = 0;
  // By upstream and name.
  virtual std::vector<PinRow> List() const = 0;
  // All or none of one file. Each acceptance is in the chain before it counts. `keep`: what was accepted before stays so.
  // Errors: kNotFound (no such tool), kConflict (it says something else by now), kIo (the file), kUnavailable (the chain).
  virtual Status Accept(const std::vector<PinWish>& wishes, bool keep, const AdminContext& admin) = 0;
};

}  // namespace intentgate::admin
