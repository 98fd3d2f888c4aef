// Tested by tests/integration/server/url_elicitation_test.cc and offered_tasks_test.cc.
#include "mcp/session_news.h"

#include <utility>

#include "mcp/credential.h"
#include "mcp/task_call.h"
#include "mcp/task_forms.h"
#include "mcp/tasks.h"

namespace intentgate::mcp {

bool SessionNews::Expected() const {
  return (bound_.takes_urls && !lane_.context.settings->approval_url.empty()) || OffersTasks(lane_, bound_);
}

void SessionNews::Start(Tell tell) {
  if (bound_.takes_urls) {
    urls_ = lane_.context.urls->Listen(bound_.id, [tell, mailbox = lane_.mailbox](std::string event) {
      mailbox->Run([tell, event = std::move(event)] { tell(event); });
    });
  }
  if (bound_.protocol < kFirstWithTasks) return;
  tasks_ = lane_.context.own_tasks->Listen(bound_.id, [&lane = lane_, exchange = exchange_, tell, mailbox = lane_.mailbox](const OwnTask& task) {
    mailbox->Run([&lane, exchange, tell, task] {
      const auto open = exchange.lock();
      if (open != nullptr && CoversTool(lane, task.upstream, task.tool, CredentialOf(*open))) tell(TaskStatusEvent(task));
    });
  });
}

void SessionNews::Stop() {
  if (urls_ != 0) lane_.context.urls->Leave(bound_.id, std::exchange(urls_, 0));
  if (tasks_ != 0) lane_.context.own_tasks->Leave(bound_.id, std::exchange(tasks_, 0));
}

}  // namespace intentgate::mcp
