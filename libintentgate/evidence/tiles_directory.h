// A tenant's tree as a C2SP tlog-tiles directory: checkpoint, tile/<level>/<n>, tile/entries/<n>. An entry is the 32 raw
// bytes of an event's hash, so that tools of others check the whole log without seeing any event.
#pragma once

#include <string>
#include <string_view>

#include "audit/log_store.h"

namespace intentgate::evidence {

// Writes the tree under `checkpoint`, the checkpoint itself last. Files that are there already with the same bytes stay,
// so that a directory grows with the log. kIo; kConflict when a full tile is there with other bytes; kCorrupt when the
// chain is shorter than the checkpoint, or was pruned.
Status WriteTilesDirectory(audit::LogStore& log, std::string_view tenant, const audit::StoredCheckpoint& checkpoint,
                           const std::string& directory);

}  // namespace intentgate::evidence
