#include "admin/export.h"

#include <condition_variable>
#include <mutex>

#include "base/time_format.h"

namespace intentgate::admin {
namespace {

// Pieces handed to the loop that the client has not taken yet.
constexpr std::size_t kMaxWaitingBytes = 512 * 1024;

// Carries pieces from the worker to the loop. The worker waits in Put while too much is under way.
// Thread-safe; what touches the exchange runs on its loop.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  Pipe(std::shared_ptr<http::Exchange> exchange, net::Loop& loop) : exchange_(std::move(exchange)), loop_(loop) {}

  void Begin(const ExportPlan& plan) {
    loop_.Post([self = shared_from_this(), type = plan.content_type, name = plan.file_name] {
      self->exchange_->OnClose([pipe = std::weak_ptr(self)] {
        if (const auto alive = pipe.lock()) alive->Break();
      });
      self->exchange_->Start(200, {{"Content-Type", type},
                                   {"Content-Disposition", "attachment; filename=\"" + name + "\""},
                                   {"Cache-Control", "no-store"}});
    });
  }

  Status Put(std::string_view piece) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return broken_ || (!stalled_ && waiting_ < kMaxWaitingBytes); });
    if (broken_) return Error{ErrorCode::kCancelled, "the client went away"};
    waiting_ += piece.size();
    lock.unlock();
    loop_.Post([self = shared_from_this(), text = std::string(piece)] { self->Send(text); });
    return {};
  }

  void End(bool good) {
    loop_.Post([self = shared_from_this(), good] {
      if (good) self->exchange_->Finish();
      else self->exchange_->Abort();
      self->exchange_.reset();
    });
  }

 private:
  void Send(const std::string& text) {
    if (exchange_ == nullptr) return;
    const bool go_on = exchange_->Write(text);
    if (exchange_->closed()) return Break();
    {
      const std::lock_guard lock(mutex_);
      waiting_ -= text.size();
      stalled_ = !go_on;
    }
    if (!go_on) {
      exchange_->OnDrain([pipe = weak_from_this()] {
        if (const auto alive = pipe.lock()) alive->Drained();
      });
    }
    room_.notify_all();
  }

  void Drained() {
    {
      const std::lock_guard lock(mutex_);
      stalled_ = false;
    }
    room_.notify_all();
  }

  void Break() {
    {
      const std::lock_guard lock(mutex_);
      broken_ = true;
    }
    room_.notify_all();
  }

  std::shared_ptr<http::Exchange> exchange_;  // on the loop only
  net::Loop& loop_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::size_t waiting_ = 0;
  bool stalled_ = false;
  bool broken_ = false;
};

// "20260131T235959Z"
std::string CompactTime(std::int64_t unix_seconds) {
  std::string out;
  for (const char c : base::FormatRfc3339Micros(unix_seconds * 1'000'000)) {
    if (c != '-' && c != ':') out += c;
  }
  return out;
}

std::string FileSafe(std::string_view tenant) {
  std::string out;
  for (const char c : tenant.substr(0, 64)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    out += plain ? c : '_';
  }
  return out;
}

}  // namespace

Result<ExportPlan> PlanExport(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"from", "to", "tenant", "agent_id", "tool", "decision", "check", "jti",
                                               "event_id", "elevation_id", "kind", "root_jti", "session_id", "code",
                                               "actor", "format"});
      !known.ok()) {
    return known.error();
  }
  Result<AuditFilter> filter = ReadFilter(request);
  if (!filter.ok()) return filter.error();
  // The public product's default and its name for NDJSON.
  std::string name = TextParameter(request, "format");
  if (name.empty()) name = "csv";
  if (name == "json") name = "ndjson";
  const Result<ExportFormat> format = ParseExportFormat(name);
  if (!format.ok()) return format.error();
  ExportPlan plan;
  plan.format = *format;
  const bool csv = plan.format == ExportFormat::kCsv;
  plan.content_type = csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
  plan.file_name = "intentgate-audit-" + (filter->tenant.empty() ? "all" : FileSafe(filter->tenant)) + "-" +
                   CompactTime(on.clock->UnixSeconds()) + (csv ? ".csv" : ".ndjson");
  plan.filter = std::move(*filter);
  return plan;
}

void StreamExport(const Resources& on, const Request& request, std::shared_ptr<http::Exchange> exchange,
                  net::Loop& loop, const telemetry::Logger& log) {
  const Result<ExportPlan> plan = PlanExport(on, request);
  if (!plan.ok()) {
    const Reply reply = Reply::FromError(plan.error());
    loop.Post([exchange = std::move(exchange), reply] {
      exchange->Send(reply.status, {{"Content-Type", "application/json"}}, json::Write(reply.body));
    });
    return;
  }
  const auto pipe = std::make_shared<Pipe>(std::move(exchange), loop);
  pipe->Begin(*plan);
  const Status done = on.gate->ExportAudit(plan->filter, plan->format,
                                           [&pipe](std::string_view piece) { return pipe->Put(piece); });
  if (!done.ok()) log.Warn("audit export ended early", {{"detail", done.error().ToString()}});
  pipe->End(done.ok());
}

}  // namespace intentgate::admin
