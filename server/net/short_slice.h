// How long a loop's thread wants to run at a time. For server/net/*.cc alone.
#pragma once

namespace intentgate::net {

// Asks the scheduler for short slices for the calling thread: it gets no more of the processor, but when it wakes it need not wait until
// whoever runs has used up a slice of milliseconds. Linux from 6.12 on; elsewhere, and under another scheduling policy, nothing happens.
void TakeShortSlices();

}  // namespace intentgate::net
