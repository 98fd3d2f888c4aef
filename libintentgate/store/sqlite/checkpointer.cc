#include "store/sqlite/checkpointer.h"

#include <string>
#include <system_error>

#include "base/give_way.h"

namespace intentgate::store {

Result<std::unique_ptr<Checkpointer>> Checkpointer::Start(std::unique_ptr<Connection> connection) {
  std::unique_ptr<Checkpointer> made(new Checkpointer(std::move(connection)));
  try {
    made->thread_ = std::thread([self = made.get()] {
      base::GiveWay();
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

}  // namespace intentgate::store
