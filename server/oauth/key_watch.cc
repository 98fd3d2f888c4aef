#include "oauth/key_watch.h"

#include <chrono>
#include <utility>

namespace intentgate::oauth {
namespace {

constexpr std::chrono::seconds kLookEvery{1};

}  // namespace

KeyWatch::KeyWatch(std::shared_ptr<IssuerKeys> keys, std::shared_ptr<const telemetry::Logger> log)
    : keys_(std::move(keys)), log_(std::move(log)), thread_([this] { Run(); }) {}

KeyWatch::~KeyWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool KeyWatch::Ask(std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= kMaxWaitingForKeys) return false;
    if (!fetching_ && waiting_.empty() && !keys_->MayFetch()) return false;
    waiting_.push_back(std::move(done));
  }
  wake_.notify_one();
  return true;
}

void KeyWatch::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty() && !keys_->Due()) {
      wake_.wait_for(lock, kLookEvery);
      continue;
    }
    fetching_ = true;
    lock.unlock();
    if (const Status fetched = keys_->Fetch(); !fetched.ok()) {
      log_->Warn("an issuer's keys could not be fetched", {{"issuer", keys_->issuer().issuer}, {"detail", fetched.error().message}});
    }
    lock.lock();
    fetching_ = false;
    const auto told = std::exchange(waiting_, {});
    if (stopping_) return;
    lock.unlock();
    for (const auto& done : told) done();
    lock.lock();
  }
}

}  // namespace intentgate::oauth
