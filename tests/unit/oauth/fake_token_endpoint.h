// A token endpoint that answers what the test says, when the test lets it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/http_fetch.h"

namespace intentgate::oauth {

// Thread-safe.
class FakeTokenEndpoint final : public base::HttpFetcher {
 public:
  Result<base::HttpFetchReply> Fetch(const base::HttpFetchRequest& request) override {
    std::unique_lock lock(mutex_);
    asked_.push_back(request);
    changed_.notify_all();
    changed_.wait(lock, [&] { return held_.empty() || request.body.find(held_) == std::string::npos; });
    if (rule_) return rule_(request);
    if (answers_.empty()) return Error{ErrorCode::kUnavailable, "the connection was refused"};
    base::HttpFetchReply reply = answers_.front();
    answers_.pop_front();
    return reply;
  }
  // The next answer.
  void Answer(std::int64_t status, std::string body) {
    const std::lock_guard lock(mutex_);
    answers_.push_back({status, std::move(body)});
  }
  // The answer to each request; without one, those of Answer are given in turn.
  void AnswerBy(std::function<base::HttpFetchReply(const base::HttpFetchRequest&)> rule) {
    const std::lock_guard lock(mutex_);
    rule_ = std::move(rule);
  }
  // Requests whose form holds the text wait; empty: none any more.
  void Hold(std::string text) {
    const std::lock_guard lock(mutex_);
    held_ = std::move(text);
    changed_.notify_all();
  }
  void WaitAsked(std::size_t count = 1) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_.size() >= count; });
  }
  std::vector<base::HttpFetchRequest> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<base::HttpFetchReply(const base::HttpFetchRequest&)> rule_;
  std::deque<base::HttpFetchReply> answers_;
  std::vector<base::HttpFetchRequest> asked_;
  std::string held_;
};

}  // namespace intentgate::oauth
