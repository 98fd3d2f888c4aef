#include "telemetry/metered.h"

#include <chrono>
#include <string>
#include <utility>

namespace intentgate::telemetry {
namespace {

using Clock = std::chrono::steady_clock;

// The exchange it wraps, with a stopwatch. Loop-bound like it.
class MeteredExchange final : public http::Exchange {
 public:
  MeteredExchange(std::shared_ptr<http::Exchange> inner, std::shared_ptr<GatewayMetrics> metrics, std::string_view route)
      : inner_(std::move(inner)), metrics_(std::move(metrics)), route_(route), method_(inner_->request().method),
        start_(Clock::now()) {
    params() = std::move(inner_->params());
  }
  // A handler that never answered: the server says 500.
  ~MeteredExchange() override { Done(); }

  const http::RequestHead& request() const override { return inner_->request(); }
  std::string_view body() const override { return inner_->body(); }
  const std::string& remote_address() const override { return inner_->remote_address(); }
  net::Loop& loop() override { return inner_->loop(); }
  std::string_view proven_key() const override { return inner_->proven_key(); }
  void Send(int status, const http::HeaderList& headers, std::string_view body) override {
    status_ = status;
    inner_->Send(status, headers, body);
    Done();
  }
  void Start(int status, const http::HeaderList& headers) override {
    status_ = status;
    inner_->Start(status, headers);
  }
  bool Write(std::string_view data) override { return inner_->Write(data); }
  void OnDrain(std::function<void()> callback) override { inner_->OnDrain(std::move(callback)); }
  void Finish() override {
    inner_->Finish();
    Done();
  }
  void Abort() override {
    inner_->Abort();
    Done();
  }
  void OnClose(std::function<void()> callback) override { inner_->OnClose(std::move(callback)); }
  bool closed() const override { return inner_->closed(); }

 private:
  void Done() {
    if (counted_) return;
    counted_ = true;
    metrics_->HttpDone(route_, method_, status_, std::chrono::duration<double>(Clock::now() - start_).count());
  }

  const std::shared_ptr<http::Exchange> inner_;
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
