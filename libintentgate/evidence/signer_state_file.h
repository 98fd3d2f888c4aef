// What this machine has signed, outside of the database: a restored backup of the database cannot take it back.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/result.h>

#include "audit/log_store.h"

namespace intentgate::evidence {

// One process at a time. Thread-compatible. A file that does not exist says nothing: this is how a new replica starts.
class SignerStateFile {
 public:
  // kMalformed when the file is no state file; kIo.
  static Result<SignerStateFile> Open(std::string path);
  std::optional<audit::SignerState> Get(std::string_view tenant) const;
  // On disk when it returns: a new file, mode 0600, takes the place of the old one. kInvalidArgument for a tenant with
  // a line end in its name. After an error the old state stands.
  Status Set(std::string_view tenant, const audit::SignerState& state);

 private:
  using States = std::map<std::string, audit::SignerState, std::less<>>;
  Status Write(const States& states) const;

  std::string path_;
  States states_;
};

}  // namespace intentgate::evidence
