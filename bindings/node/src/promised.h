// Work that may take long, off the JavaScript thread.
#pragma once

#include <napi.h>

#include <functional>
#include <string>

#include <intentgate/result.h>

namespace intentgate::node {

// Gives a text for JavaScript, or what went wrong. Owns all that it reads; touches no JavaScript.
using Job = std::function<Result<std::string>()>;

// Runs `job` here; its error is left pending.
Napi::Value Now(Napi::Env env, const Job& job);
// Runs `job` on Node's thread pool. The promise gets its text, or an Error with `code`. Node waits for a job that
// runs before it ends an environment.
Napi::Value Promised(Napi::Env env, Job job);

// Settles a promise with what a job made. With Node-API's own functions: in an environment that is ending they fail
// quietly, where the C++ wrapper would end the process.
void Settle(napi_env env, napi_deferred deferred, const Result<std::string>& made);

}  // namespace intentgate::node
