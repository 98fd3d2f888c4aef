// A file that stands in front of another VFS's (https://www.sqlite.org/vfs.html), which may do something of its own and leave the rest to that. Included by this folder only.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <memory>
#include <new>

namespace intentgate::store {

// SQLite's open file with the shim's `State`, and behind it in the same memory the file that does the work.
template <typename State>
struct ShimFile {
  sqlite3_file file;
  State state;

  static ShimFile& Of(sqlite3_file* file) { return *reinterpret_cast<ShimFile*>(file); }
  static constexpr std::size_t RealAt() {
    return (sizeof(ShimFile) + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) * alignof(std::max_align_t);
  }
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(this) + RealAt()); }

  // Opens the real file by `below`, and puts in front of it the methods that `methods_of` gives for its version.
  static int Open(sqlite3_vfs* below, const sqlite3_io_methods* (*methods_of)(int version), const char* name, sqlite3_file* file, int flags,
                  int* out_flags) {
    auto* const ours = new (file) ShimFile{};
    const int code = below->xOpen(below, name, ours->real(), flags, out_flags);
    if (code == SQLITE_OK) {
      ours->file.pMethods = methods_of(ours->real()->pMethods->iVersion);
      return code;
    }
    if (ours->real()->pMethods != nullptr) static_cast<void>(ours->real()->pMethods->xClose(ours->real()));
    std::destroy_at(ours);
    file->pMethods = nullptr;   // so SQLite does not close it
    return code;
  }

  static int Close(sqlite3_file* file) {
    ShimFile& ours = Of(file);
    const int closed = ours.real()->pMethods->xClose(ours.real());
    std::destroy_at(&ours);
    return closed;
  }
};

// Calls a method of the real file, with no more of the shim than that.
template <typename State, auto Method, typename... Args>
auto Real(sqlite3_file* file, Args... args) {
  sqlite3_file* const real = ShimFile<State>::Of(file).real();
  return (real->pMethods->*Method)(real, args...);
}

}  // namespace intentgate::store
