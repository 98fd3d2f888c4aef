#include "promised.h"

#include <memory>
#include <optional>
#include <utility>

#include "convert.h"

namespace intentgate::node {
namespace {

struct Running {
  Job job;
  std::optional<Result<std::string>> made;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

napi_value String(napi_env env, std::string_view text) {
  napi_value made = nullptr;
  return napi_create_string_utf8(env, text.data(), text.size(), &made) == napi_ok ? made : nullptr;
}

// On a thread of the pool. What the job holds, such as the last gate, ends there too.
void Execute(napi_env, void* data) {
  auto* running = static_cast<Running*>(data);
  running->made = running->job();
  running->job = nullptr;
}

// On the JavaScript thread.
void Complete(napi_env env, napi_status, void* data) {
  const std::unique_ptr<Running> running(static_cast<Running*>(data));
  napi_delete_async_work(env, running->work);
  Settle(env, running->deferred,
         running->made ? *std::move(running->made) : Error{ErrorCode::kUnavailable, "the environment ended first"});
}

}  // namespace

void Settle(napi_env env, napi_deferred deferred, const Result<std::string>& made) {
  if (made.ok()) {
    if (napi_value text = String(env, *made)) static_cast<void>(napi_resolve_deferred(env, deferred, text));
    return;
  }
  napi_value code = String(env, ErrorCodeName(made.error().code)), message = String(env, made.error().message);
  napi_value error = nullptr;
  if (code != nullptr && message != nullptr && napi_create_error(env, code, message, &error) == napi_ok) {
    static_cast<void>(napi_reject_deferred(env, deferred, error));
  }
}

Napi::Value Now(Napi::Env env, const Job& job) {
  const Result<std::string> made = job();
  if (!made.ok()) return Throw(env, made.error()), env.Undefined();
  return Napi::String::New(env, *made);
}

Napi::Value Promised(Napi::Env env, Job job) {
  auto running = std::make_unique<Running>();
  running->job = std::move(job);
  napi_value promise = nullptr;
  if (napi_create_async_work(env, nullptr, String(env, "intentgate"), &Execute, &Complete, running.get(), &running->work) != napi_ok) {
    return env.Undefined();
  }
  if (napi_create_promise(env, &running->deferred, &promise) != napi_ok || napi_queue_async_work(env, running->work) != napi_ok) {
    napi_delete_async_work(env, running->work);
    return env.Undefined();
  }
  static_cast<void>(running.release());   // Complete owns it
  return Napi::Value(env, promise);
}

}  // namespace intentgate::node
