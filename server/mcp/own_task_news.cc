// Tested by tests/integration/server/approval_tasks_test.cc.
#include "mcp/own_task_news.h"

#include "mcp/task_forms.h"

namespace intentgate::mcp {

void OwnTaskNews::Start(Tell tell) {
  const auto changed = [subscription = subscription_, tell = std::move(tell), mailbox = lane_.mailbox](const OwnTask& task) {
    mailbox->Run([event = TaskNewsEvent(task, subscription), tell] { tell(event); });
  };
  for (const std::string& id : ids_) {
    followed_.emplace_back(id, lane_.context.own_tasks->Follow(id, changed));
    const auto now = lane_.context.own_tasks->Find(id, principal_);
    if (now && now->state != TaskState::kWorking) changed(*now);
  }
}

void OwnTaskNews::Stop() {
  for (const auto& [id, follower] : std::exchange(followed_, {})) lane_.context.own_tasks->Unfollow(id, follower);
}

}  // namespace intentgate::mcp
