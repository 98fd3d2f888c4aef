// What the audit commands share: a gate that only looks, filters, and a file that appears when it is whole.
#pragma once

#include <fstream>
#include <map>
#include <memory>
#include <string>

#include <intentgate/evidence.h>
#include <intentgate/gate.h>

#include "cli/command.h"

namespace intentgate::cli {

// The gate of a configuration, for a look beside a gateway that may be running: it serves nothing, signs nothing by
// itself and leaves the journal alone.
Result<std::shared_ptr<Gate>> OpenGate(const std::string& config, const Streams& streams);
// Its evidence; kUnavailable when the store keeps none.
Result<Evidence*> EvidenceOf(Gate& gate);

// The flags' names are those of the admin API's query parameters, with dashes.
Status ReadAuditFilter(const std::map<std::string, std::string>& flags, AuditFilter& filter);

// Standard output, or a file that takes its name only when everything was written.
class OutputFile {
 public:
  // An empty `path` is standard output. kIo.
  static Result<std::unique_ptr<OutputFile>> Open(const std::string& path, const Streams& streams);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;   // removes what is unfinished
  OutputFile& operator=(const OutputFile&) = delete;

  Status Write(std::string_view piece);
  Status Finish();

 private:
  OutputFile(std::string path, std::ostream& out);
  std::string path_, unfinished_;
  std::ofstream file_;
  std::ostream* out_;
  bool finished_ = false;
};

// Says on a terminal's standard error how far a long work is; elsewhere nothing.
class Progress {
 public:
  Progress(const Streams& streams, std::string what);
  void Add(std::int64_t bytes);
  ~Progress();
  Progress(const Progress&) = delete;   // ends its line
  Progress& operator=(const Progress&) = delete;

 private:
  const Streams& streams_;
  const std::string what_;
  const bool shown_;
  std::int64_t bytes_ = 0, said_ = 0;
};

}  // namespace intentgate::cli
