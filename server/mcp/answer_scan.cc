// Follows strings and brackets. Names of members are looked at on the first level, and on the second inside "result".
// Tested by tests/unit/mcp/answer_scan_test.cc and tests/fuzz/message_flow_fuzz.cc.
#include "mcp/answer_scan.h"

#include <algorithm>
#include <utility>

namespace intentgate::mcp {
namespace {

constexpr std::size_t kMaxKeyBytes = 16;  // longer than every name that is looked for
constexpr std::size_t kMaxIdText = 1024;

void Take(std::string& out, std::string_view text, std::size_t limit) {
  if (out.size() < limit) out.append(text.substr(0, limit - out.size()));
}

}  // namespace

AnswerScan::Where AnswerScan::Here() const {
  if (depth_ == 1 && object_[1] && key_[1] == "id") return Where::kId;
  if (depth_ == 2 && object_[2] && key_[1] == "result" && key_[2] == "isError") return Where::kIsError;
  return Where::kOther;
}

void AnswerScan::BeginString() {
  in_string_ = true;
  const bool watched = depth_ >= 1 && depth_ <= kWatched && object_[depth_];
  if (watched && expects_key_[depth_]) {
    string_is_ = Where::kKey;
    key_[depth_].clear();
    return;
  }
  string_is_ = Here() == Where::kId ? Where::kId : Where::kOther;
  if (string_is_ == Where::kId) Take(id_, "\"", kMaxIdText);
}

void AnswerScan::EndString() {
  in_string_ = false;
  if (string_is_ == Where::kId) Take(id_, "\"", kMaxIdText);
  if (string_is_ != Where::kKey) return;
  expects_key_[depth_] = false;
  if (depth_ != 1) return;
  has_method_ = has_method_ || key_[1] == "method";
  has_result_ = has_result_ || key_[1] == "result";
  has_error_ = has_error_ || key_[1] == "error";
}

void AnswerScan::Opened(bool object) {
  ++depth_;
  if (depth_ > kWatched) return;
  object_[depth_] = object;
  expects_key_[depth_] = object;
  key_[depth_].clear();
}

void AnswerScan::Outside(char c) {
  switch (c) {
    case '"': return BeginString();
    case '{': return Opened(true);
    case '[': return Opened(false);
    case '}':
    case ']':
      if (depth_ > 0) --depth_;
      complete_ = complete_ || depth_ == 0;
      return;
    case ',':
      if (depth_ >= 1 && depth_ <= kWatched) expects_key_[depth_] = object_[depth_];
      return;
    case ':':
    case ' ':
    case '\t':
    case '\r':
    case '\n': return;
    default: break;
  }
  const Where where = Here();
  if (where == Where::kId) Take(id_, {&c, 1}, kMaxIdText);
  if (where != Where::kIsError) return;
  Take(scalar_, {&c, 1}, 4);
  is_error_ = scalar_ == "true";
}

void AnswerScan::Feed(std::string_view piece) {
  for (std::size_t at = 0; at < piece.size();) {
    if (!in_string_) {
      Outside(piece[at++]);
      continue;
    }
    if (std::exchange(escaped_, false)) {
      if (string_is_ == Where::kId) Take(id_, piece.substr(at, 1), kMaxIdText);
      ++at;
      continue;
    }
    const std::size_t end = std::min(piece.find_first_of("\"\\", at), piece.size());
    if (string_is_ == Where::kKey) Take(key_[depth_], piece.substr(at, end - at), kMaxKeyBytes);
    if (string_is_ == Where::kId) Take(id_, piece.substr(at, end - at), kMaxIdText);
    at = end;
    if (at == piece.size()) return;
    if (piece[at] == '"') EndString();
    else {
      escaped_ = true;
      if (string_is_ == Where::kId) Take(id_, "\\", kMaxIdText);
      if (string_is_ == Where::kKey) Take(key_[depth_], "\\", kMaxKeyBytes);
    }
    ++at;
  }
}

}  // namespace intentgate::mcp
