#include "store/sqlite/checkpointer.h"

#include <chrono>
#include <string>
#include <system_error>

#include "base/give_way.h"

namespace intentgate::store {
namespace {

// Copied in a tenth of a millisecond or two. The rests allow 64,000 pages a second; 10,000 allowed calls leave some 6,000 (`dbstat`).
constexpr int kPagesBetweenRests = 32;
constexpr std::chrono::microseconds kRest{500};
// A ninth of the weight: what a woken thread with the usual weight takes back at once.
constexpr int kNicer = 10;

}  // namespace

Result<std::unique_ptr<Checkpointer>> Checkpointer::Start(std::unique_ptr<Connection> connection) {
  std::unique_ptr<Checkpointer> made(new Checkpointer(std::move(connection)));
  try {
    made->thread_ = std::thread([self = made.get()] {
      base::GiveWay(kNicer);
      base::LetOthersFinish(true);
      self->Run();
    });
  } catch (const std::system_error& e) {
    return Error{ErrorCode::kUnavailable, std::string("no thread for the checkpoints of the database: ") + e.what()};
  }
  return made;
}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Checkpointer::Ask() {
  {
    const std::lock_guard lock(mutex_);
    asked_ = true;
  }
  wake_.notify_one();
}

void Checkpointer::Run() {
  const audit::Pause rest = [this, pages = 0]() mutable {
    if (++pages % kPagesBetweenRests == 0) Rest();
  };
  const Pauses pauses(*connection_, rest);
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return asked_ || stopping_; });
      if (stopping_) return;
      asked_ = false;
    }
    connection_->Checkpoint();
  }
}

void Checkpointer::Rest() {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, kRest, [this] { return stopping_; });
}

}  // namespace intentgate::store
