// Learns from a JSON-RPC message that is too large to be held what became of the request: a few members, in
// constant memory, while the text passes by. It does not validate: the client's own parser does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace intentgate::mcp {

// Thread-compatible. Members spelled with escapes are not recognised.
class AnswerScan {
 public:
  // Pieces of one message, cut anywhere.
  void Feed(std::string_view piece);

  bool complete() const { return complete_; }       // the outermost value has ended
  bool has_method() const { return has_method_; }   // a request or a notification
  bool has_result() const { return has_result_; }
  bool has_error() const { return has_error_; }
  bool is_error() const { return is_error_; }       // result.isError is true
  // The id's text as it stands, quotes included; empty when there is none or it is over 1 KiB.
  const std::string& id() const { return id_; }

 private:
  enum class Where : std::uint8_t { kOther, kKey, kId, kIsError };

  void Outside(char c);
  void Opened(bool object);
  void BeginString();
  void EndString();
  Where Here() const;

  static constexpr int kWatched = 2;  // levels whose members are looked at

  std::string key_[kWatched + 1];
  bool object_[kWatched + 1] = {};
  bool expects_key_[kWatched + 1] = {};
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool complete_ = false;
  bool has_method_ = false, has_result_ = false, has_error_ = false, is_error_ = false;
  Where string_is_ = Where::kOther;
  std::string id_;
  std::string scalar_;  // of result.isError
};

}  // namespace intentgate::mcp
