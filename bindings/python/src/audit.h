// The chain: reading, verifying, exporting, erasing and holding.
#pragma once

#include <pybind11/pybind11.h>

#include <fstream>
#include <string>
#include <string_view>

#include <intentgate/audit.h>
#include <intentgate/result.h>

#include "gate_handle.h"

namespace intentgate::python {

// Adds the methods that libintentgate/audit.py builds on.
void RegisterAudit(GateType& type);

// From the dict that AuditFilter in libintentgate/audit.py makes of itself.
AuditFilter FilterFrom(const pybind11::dict& members);

// A file that an export goes into. Used without the GIL.
class OutputFile {
 public:
  // Raises IntentGateError "io".
  explicit OutputFile(const std::string& path);

  ExportSink Sink();
  // `written`, or what went wrong with the file at its end.
  Status Close(Status written);

 private:
  const Error unwritable_;
  std::ofstream file_;
};

}  // namespace intentgate::python
