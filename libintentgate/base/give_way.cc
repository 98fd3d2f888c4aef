#include "base/give_way.h"

#include <sched.h>
#include <sys/resource.h>

#include <cerrno>

namespace intentgate::base {

void GiveWay(int nicer) {
  // On Linux 0 is the calling thread and not its process.
  errno = 0;
  const int nice = getpriority(PRIO_PROCESS, 0);
  if (nice == -1 && errno != 0) return;
  static_cast<void>(setpriority(PRIO_PROCESS, 0, nice + nicer));
}

void LetOthersFinish(bool lets) {
#if defined(SCHED_BATCH)
  const int now = sched_getscheduler(0);
  if (now != SCHED_OTHER && now != SCHED_BATCH) return;
  const sched_param none{};
  static_cast<void>(sched_setscheduler(0, lets ? SCHED_BATCH : SCHED_OTHER, &none));
#else
  static_cast<void>(lets);
#endif
}

}  // namespace intentgate::base
