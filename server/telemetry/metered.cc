#include "telemetry/metered.h"

#include <chrono>
#include <string>
#include <utility>

#include "http/forwarding_exchange.h"

namespace intentgate::telemetry {
namespace {

using Clock = std::chrono::steady_clock;

// The exchange it wraps, with a stopwatch. Loop-bound like it.
class MeteredExchange final : public http::ForwardingExchange {
 public:
  MeteredExchange(std::shared_ptr<http::Exchange> inner, std::shared_ptr<GatewayMetrics> metrics, std::string_view route)
      : ForwardingExchange(std::move(inner)), metrics_(std::move(metrics)), route_(route), method_(wrapped().request().method),
        start_(Clock::now()) {
    params() = std::move(wrapped().params());
  }
  // A handler that never answered: the server says 500.
  ~MeteredExchange() override { Done(); }

  void Send(int status, const http::HeaderList& headers, std::string_view body) override {
    status_ = status;
    wrapped().Send(status, headers, body);
    Done();
  }
  void Start(int status, const http::HeaderList& headers) override {
    status_ = status;
    wrapped().Start(status, headers);
  }
  void Finish() override {
    wrapped().Finish();
    Done();
  }
  void Abort() override {
    wrapped().Abort();
    Done();
  }

 private:
  void Done() {
    if (counted_) return;
    counted_ = true;
    metrics_->HttpDone(route_, method_, status_, std::chrono::duration<double>(Clock::now() - start_).count());
  }

  const std::shared_ptr<GatewayMetrics> metrics_;
  const std::string route_;
  const std::string method_;
  const Clock::time_point start_;
  int status_ = 500;
  bool counted_ = false;
};

}  // namespace

void AddMetered(http::Router& router, std::shared_ptr<GatewayMetrics> metrics, std::string_view method,
                std::string_view path, http::HandlerFunction handler) {
  router.Add(method, path,
             [metrics = std::move(metrics), route = std::string(path),
              handler = std::move(handler)](std::shared_ptr<http::Exchange> exchange) {
               handler(std::make_shared<MeteredExchange>(std::move(exchange), metrics, route));
             });
}

}  // namespace intentgate::telemetry
