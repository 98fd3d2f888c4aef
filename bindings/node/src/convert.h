// Errors, texts and JSON requests on their way between JavaScript and the library.
#pragma once

#include <napi.h>

#include <array>
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

// The argument at `index`; empty when it is no string. For texts under 2 KiB one call into Node and no allocation.
class SmallText {
 public:
  SmallText(const Napi::CallbackInfo& info, std::size_t index);
  SmallText(const SmallText&) = delete;   // the view points into it
  SmallText& operator=(const SmallText&) = delete;
  std::string_view view() const { return view_; }

 private:
  std::array<char, 2048> small_;
  std::string large_;
  std::string_view view_;
};
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
