// What this machine has signed, outside of the database: a restored backup of the database cannot take it back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <intentgate/result.h>

#include "audit/log_store.h"

namespace intentgate::evidence {

// Several processes of one machine may share the file, such as a gate and an operator's command: whoever writes holds
// a lock on "<path>.lock" and keeps what the others wrote. Thread-compatible. A file that does not exist says nothing:
// this is how a new replica starts.
class SignerStateFile {
 public:
  // kMalformed when the file is no state file; kIo.
  static Result<SignerStateFile> Open(std::string path);
  // As it is on the disk now. Errors as Open.
  Result<std::optional<audit::SignerState>> Get(std::string_view tenant) const;
  // On disk when it returns: a new file, mode 0600, takes the place of the old one. A later epoch, or a greater size of
  // the same one, that is there stays. kInvalidArgument for a tenant with a line end in its name. After an error the
  // old state stands.
  Status Set(std::string_view tenant, const audit::SignerState& state);

 private:
  std::string path_;
};

}  // namespace intentgate::evidence
