#include "http/router.h"

#include <algorithm>

#include "base/check.h"
#include "base/utf8.h"
#include "http/syntax.h"
#include "http/writer.h"

namespace intentgate::http {
namespace {

using Params = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> out;
  out.reserve(8);
  path.remove_prefix(1);
  for (;;) {
    const std::size_t slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

bool IsParam(std::string_view segment) { return segment.size() > 2 && segment.front() == '{' && segment.back() == '}'; }
bool IsRest(std::string_view segment) { return IsParam(segment) && segment.ends_with("...}"); }

// 0 no match; otherwise larger for the more literal pattern.
std::size_t Match(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path, Params& params) {
  params.clear();
  std::size_t score = 1;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view want = pattern[i];
    if (IsRest(want)) {
      std::string rest;
      for (std::size_t j = i; j < path.size(); ++j) {
        std::string piece;
        if (!DecodeSegment(path[j], piece)) return 0;
        rest += (j > i ? "/" : "") + piece;
      }
      params.emplace_back(want.substr(1, want.size() - 5), std::move(rest));
      return score;
    }
    if (i >= path.size()) return 0;
    if (IsParam(want)) {
      std::string value;
      if (!DecodeSegment(path[i], value) || value.empty()) return 0;
      params.emplace_back(want.substr(1, want.size() - 2), std::move(value));
      score += 1;
    } else {
      if (path[i] != want) return 0;
      score += 1000;
    }
  }
  return pattern.size() == path.size() ? score + 1 : 0;
}

}  // namespace

bool DecodeSegment(std::string_view segment, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < segment.size(); ++i) {
    char c = segment[i];
    if (c == '%') {
      const auto code = ParseChunkSize(segment.substr(i + 1, 2));
      if (segment.size() - i < 3 || !code) return false;
      c = static_cast<char>(*code);
      i += 2;
      if (c == '/') return false;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    out.push_back(c);
  }
  return base::IsValidUtf8(out);
}

void Exchange::SendError(int status, std::string_view message) {
  Send(status, {{"Content-Type", "application/json"}}, ErrorBody(message));
}

std::string_view Exchange::param(std::string_view name) const {
  for (const auto& [key, value] : params_) {
    if (key == name) return value;
  }
  return {};
}

void Router::Add(std::string_view method, std::string_view pattern, HandlerFunction handler) {
  IG_CHECK(pattern.starts_with('/'));
  for (const Route& route : routes_) IG_CHECK(route.method != method || route.pattern != pattern);
  Route route{std::string(method), std::string(pattern), {}, std::move(handler)};
  for (const std::string_view segment : Split(pattern)) route.segments.emplace_back(segment);
  routes_.push_back(std::move(route));
}

void Router::Handle(std::shared_ptr<Exchange> exchange) {
  const RequestHead& head = exchange->request();
  const std::string_view path_text = head.path();
  if (!path_text.starts_with('/')) return exchange->SendError(404, "not found");
  const std::vector<std::string_view> path = Split(path_text);
  const std::string_view method = head.method == "HEAD" ? std::string_view("GET") : head.method;

  const Route* best = nullptr;
  std::size_t best_score = 0;
  bool known = false;
  Params params;
  for (const Route& route : routes_) {
    const std::size_t score = Match(route.segments, path, params);
    if (score == 0) continue;
    known = true;
    if (route.method != method || score <= best_score) continue;
    best = &route;
    best_score = score;
    exchange->params() = params;
  }
  if (best != nullptr) return best->handler(std::move(exchange));
  if (!known) return exchange->SendError(404, "not found");
  SendOtherMethods(*exchange, path);
}

void Router::SendOtherMethods(Exchange& exchange, const std::vector<std::string_view>& path) const {
  std::vector<std::string_view> allowed;
  Params params;
  for (const Route& route : routes_) {
    if (Match(route.segments, path, params) != 0) allowed.push_back(route.method);
  }
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  std::string list;
  for (const std::string_view each : allowed) list.append(list.empty() ? "" : ", ").append(each);
  exchange.Send(405, {{"Content-Type", "application/json"}, {"Allow", list}},
                ErrorBody("this path does not have that method; it has: " + list));
}

}  // namespace intentgate::http
