// Threads whose work nobody waits for.
#pragma once

namespace intentgate::base {

// The calling thread gives way to the others of its process when they want the same processor: its nice value becomes 10 more than it was.
// Threads that it starts inherit that. A system that refuses leaves it as it is.
void GiveWay();

}  // namespace intentgate::base
