// Errors, texts and JSON requests on their way between JavaScript and the library.
#pragma once

#include <napi.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/caveat.h>
#include <intentgate/json.h>
#include <intentgate/result.h>
#include <intentgate/token.h>

namespace intentgate::node {

// Leave a JavaScript Error pending, with `code` and, for refusals, `details` (JSON).
void Throw(Napi::Env env, std::string_view code, const std::string& message, const json::Value& details = nullptr);
void Throw(Napi::Env env, const Error& error);
void Throw(Napi::Env env, const TokenRefusal& refusal);

// The argument at `index`; empty when it is no string. One call into Node for texts under 2 KiB.
std::string Text(const Napi::CallbackInfo& info, std::size_t index);
bool IsText(const Napi::CallbackInfo& info, std::size_t index);

// A member of a request, with a default for what is absent or of another type.
std::string Member(const json::Value& request, std::string_view name, std::string fallback = "");
std::optional<std::int64_t> Integer(const json::Value& request, std::string_view name);
Result<std::vector<Caveat>> Caveats(const json::Value& request);


// Policy sources as JSON: [[name, text], ...].
using Sources = std::vector<std::pair<std::string, std::string>>;
Result<Sources> ReadSources(const std::string& text);

}  // namespace intentgate::node
