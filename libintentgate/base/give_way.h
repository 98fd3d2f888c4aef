// Threads whose work nobody waits for.
#pragma once

namespace intentgate::base {

// The calling thread gives way to the others of its process when they want the same processor: its nice value becomes `nicer` more than it
// was, for good. Threads that it starts inherit that. A system that refuses leaves it as it is. REQUIRES: 0 <= nicer <= 19.
void GiveWay(int nicer);

// While `lets`, the calling thread takes the processor from no other thread when it wakes: it has its turn when the running one sleeps, or when that
// one's turn is over (SCHED_BATCH). A thread of any but the two usual policies keeps its own, and so does one that the system refuses.
void LetOthersFinish(bool lets);

}  // namespace intentgate::base
