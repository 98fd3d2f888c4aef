// The way from a thread of the gate back to the JavaScript thread.
#pragma once

#include <napi.h>

#include <mutex>
#include <utility>

namespace intentgate::node {

// Post may be called on any thread and at any time, also after Close; the rest on the JavaScript thread.
class Mailbox {
 public:
  explicit Mailbox(Napi::Env env)
      : function_(Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "intentgate", 0, 1)) {
    function_.Unref(env);
  }

  // Runs `work(env, function)` on the JavaScript thread, with a null environment when that one is ending.
  template <typename Work>
  void Post(Work work) {
    const std::scoped_lock lock(mutex_);
    if (open_) static_cast<void>(function_.NonBlockingCall(std::move(work)));
  }

  void HoldLoop(Napi::Env env) { function_.Ref(env); }
  void LetLoopEnd(Napi::Env env) { function_.Unref(env); }

  bool IsOpen() {
    const std::scoped_lock lock(mutex_);
    return open_;
  }

  void Close() {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(open_, false)) static_cast<void>(function_.Release());
  }

 private:
  std::mutex mutex_;
  bool open_ = true;
  Napi::ThreadSafeFunction function_;
};

}  // namespace intentgate::node
