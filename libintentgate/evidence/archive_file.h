// The file of an archive segment: written beside its name, synced, read again and verified, and only then named.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/audit.h>
#include <intentgate/bundle.h>

namespace intentgate::evidence {

// What a segment has to be.
struct ArchiveExpectation {
  std::string tenant;
  std::int64_t first_seq = 0, next_seq = 0;
  std::string last_hash;                    // of the event before next_seq
  std::vector<std::string> keys;            // that may have signed its checkpoint
};

struct ArchiveFile {
  std::string path, sha256;                 // hex, of its bytes
};

// "acme-000000000000-000000004096.tar"; other bytes of the tenant than A-Z a-z 0-9 - _ are "%" and two hexadecimal digits.
std::string ArchiveName(std::string_view tenant, std::int64_t first_seq, std::int64_t next_seq);

// kCorrupt unless the file is the expected segment and intact.
Result<ArchiveFile> CheckArchive(const std::string& path, const ArchiveExpectation& expected);

// Writes what `write` puts out. A file of the name that is there already and fits is taken as it is; kConflict when it
// does not fit, or when another process is writing it. kIo.
Result<ArchiveFile> WriteArchiveFile(const std::string& directory, const ArchiveExpectation& expected,
                                     const std::function<Status(const ExportSink&)>& write);

}  // namespace intentgate::evidence
