// Values that can be erased without breaking the chain. The event holds only the commitment
//
//   hex(SHA-256(salt || value)),  salt: 16 random bytes,  value: the UTF-8 text or RFC 8785 JSON
//
// and this table the salt and the value. Deleting a row leaves the chain as it was; without the salt the value
// cannot be guessed from the commitment. Implemented by every store.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::audit {

struct PrivateValue {
  std::string member;                      // the event's member, such as "arg_values"
  std::array<std::uint8_t, 16> salt{};
  std::string value;                       // the committed bytes
};

// Stored in the transaction of the event's Append (StoredEvent::private_values). Thread-safe.
class PrivateValueStore {
 public:
  virtual ~PrivateValueStore() = default;
  // Of one event, in the order of member; empty when there are none or they were erased.
  virtual Result<std::vector<PrivateValue>> PrivateValues(std::string_view tenant, std::int64_t seq) = 0;
  // How many were there.
  virtual Result<std::int64_t> ErasePrivateValues(std::string_view tenant, std::int64_t seq) = 0;
};

}  // namespace intentgate::audit
