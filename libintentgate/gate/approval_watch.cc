#include "gate/approval_watch.h"

#include <algorithm>
#include <utility>

namespace intentgate::gate {

ApprovalWatch::ApprovalWatch(ApprovalWatchOptions options)
    : options_(std::move(options)), thread_([this] { Run(); }) {}

ApprovalWatch::~ApprovalWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  for (auto& [handle, one] : waiting_) one.done(Error{ErrorCode::kCancelled, "the gate is shutting down"});
}

std::uint64_t ApprovalWatch::Wait(std::string tenant, std::string id, ApprovalDone done) {
  std::uint64_t handle = 0;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < options_.max_waiting) {
      handle = next_handle_++;
      waiting_.emplace(handle, Waiting{std::move(tenant), std::move(id), std::move(done)});
      woken_ = true;
    }
  }
  if (handle == 0) {
    done(Error{ErrorCode::kLimitExceeded, "too many wait for approvals already"});
    return 0;
  }
  wake_.notify_all();
  return handle;
}

void ApprovalWatch::Cancel(std::uint64_t handle) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(handle);
}

void ApprovalWatch::Wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

std::vector<std::string> ApprovalWatch::WaitedIds() const {
  std::vector<std::string> ids;
  for (const auto& [handle, one] : waiting_) ids.push_back(one.id);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// Of the ids that were asked for; who came meanwhile is looked at in the next round.
std::vector<ApprovalWatch::Ready> ApprovalWatch::TakeReady(std::span<const std::string> asked,
                                                           const std::vector<Approval>& found) {
  std::vector<Ready> ready;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const Waiting& one = at->second;
    const auto row = std::find_if(found.begin(), found.end(), [&](const Approval& a) {
      return a.id == one.id && (one.tenant.empty() || one.tenant == a.tenant);
    });
    const bool was_asked = std::binary_search(asked.begin(), asked.end(), one.id);
    const bool open = row != found.end() && row->state == ApprovalState::kPending;
    if (!was_asked || open) {
      ++at;
      continue;
    }
    ready.push_back({at->second.done, row == found.end()
                                          ? Result<Approval>(Error{ErrorCode::kNotFound, "there is no approval with this id"})
                                          : Result<Approval>(*row)});
    at = waiting_.erase(at);
  }
  return ready;
}

void ApprovalWatch::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait_for(lock, options_.poll, [this] { return stopping_ || woken_; });
    if (stopping_) return;
    woken_ = false;
    const std::vector<std::string> ids = WaitedIds();
    lock.unlock();
    // A store that does not answer is asked again in the next round.
    const Result<std::vector<Approval>> found = ids.empty() ? std::vector<Approval>() : options_.look(ids);
    options_.tick();
    lock.lock();
    if (!found.ok() || ids.empty()) continue;
    std::vector<Ready> ready = TakeReady(ids, *found);
    lock.unlock();
    for (Ready& one : ready) one.done(std::move(one.result));
    ready.clear();   // not under the lock: a callback may own anything
    lock.lock();
  }
}

}  // namespace intentgate::gate
