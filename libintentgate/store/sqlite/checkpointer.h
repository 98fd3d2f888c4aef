// Copies the WAL into the database file beside the writer, so that a commit seldom waits for it.
//
// A checkpoint that runs beside a busy writer never reaches the WAL's end, and only one that does lets
// the WAL start over. So the writer itself does one when the WAL has grown to kInlineFactor times the
// usual size; by then nearly everything is copied, and it is short.
//
// The copying rests between some pages and the next: threads whose callers wait may share its processor, and a scheduler that shares
// fairly lets whoever is at work finish a turn of milliseconds, however nice it is.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include <intentgate/result.h>

#include "store/sqlite/connection.h"

namespace intentgate::store {

inline constexpr int kInlineFactor = 4;

// Thread-safe. Owns a connection and a thread; the destructor waits for a checkpoint that runs.
class Checkpointer {
 public:
  static Result<std::unique_ptr<Checkpointer>> Start(std::unique_ptr<Connection> connection);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;   // owns the thread
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Asks for a checkpoint; returns at once.
  void Ask();

 private:
  explicit Checkpointer(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
  void Run();
  void Rest();

  const std::unique_ptr<Connection> connection_;   // the thread's
  std::mutex mutex_;
  std::condition_variable wake_;
  bool asked_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace intentgate::store
