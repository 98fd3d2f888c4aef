// The columns of audit_events that hold an event's bytes and hashes, in each form that they were ever written: texts, and since migration 0013 packed
// (packed_text.h) and as the digests' own bytes. Nobody writes such rows any more (event_run.h). Included by this folder only.
#pragma once

#include <string>

#include "store/sqlite/connection.h"

namespace intentgate::store {

// A digest as everybody else has it, in hex.
std::string HashColumn(const Statement& row, int column);
// Bytes that cannot be unpacked are given as they are: they have another hash than the event, so verification names it.
std::string CanonicalColumn(const Statement& row, int column);

}  // namespace intentgate::store
