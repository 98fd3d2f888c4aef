// Lets the system begin to write a file's pages to the disk, so that the sync that must wait for them has little left to do. One fdatasync of some
// thousand pages keeps the processor for milliseconds without a break. Included by this folder only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace intentgate::store {

// The pages of [at, at + size) of what `descriptor` has open. A hint: errors are the sync's to tell. Elsewhere than on Linux nothing happens.
void BeginWriteback(int descriptor, std::int64_t at, std::size_t size);

// Some descriptor by which this process has the file at `path` open; -1 without one. For hints alone: it is somebody else's, who may close it at any
// time. A descriptor of one's own must not be opened beside SQLite's, since closing it would take the process's locks from the file
// (https://www.sqlite.org/howtocorrupt.html, 2.2).
int DescriptorOf(const char* path);

// Whether `descriptor` still is one of the file at `path`.
bool IsDescriptorOf(int descriptor, const char* path);

}  // namespace intentgate::store
