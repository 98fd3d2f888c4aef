// What the binary asks of jemalloc; the variable MALLOC_CONF says otherwise (docs/server.md, "Memory").
#ifdef INTENTGATE_JEMALLOC

// Read by jemalloc before main, under this name (its manual, "TUNING").
//
// - Large caches of each thread: the last block that was freed is the next one that is given, and stays near the processor. A
//   connection's calls hold more blocks at once than the defaults keep.
// - What a burst took is given back two seconds later, by a thread of the allocator's, since a gateway at rest calls for none.
extern "C" __attribute__((visibility("default"))) const char* const malloc_conf =
    "lg_tcache_nslots_mul:4,tcache_nslots_small_max:1000,background_thread:true,dirty_decay_ms:2000,muzzy_decay_ms:0";

#endif
