#include "evidence/integrator.h"

#include "store/memory/memory_store.h"
#include "unit/evidence/signing.h"

namespace intentgate::test {

TEST_CASE("tiles and compact range are those of the chain, however it grew") {
  store::MemoryStore store;
  evidence::Integrator integrator(store, "acme");
  CHECK(integrator.CatchUp(0)->size() == 0);
  std::uint64_t size = 0;
  for (const int more : {1, 254, 1, 1, 300, 8'300}) {
    Grow(store, more);
    size += static_cast<std::uint64_t>(more);
    const auto tree = integrator.CatchUp(0);
    REQUIRE(tree.ok());
    CHECK(tree->size() == size);
    const tlog::Hash root = RootOfChain(store, size);
    CHECK(tree->Root() == root);
    CHECK(*tlog::RootOf(size, evidence::StoredNodes(store, "acme", size)) == root);
  }
}

TEST_CASE("a new integrator goes on from the tiles, and builds lost ones anew") {
  store::MemoryStore store;
  Grow(store, 600);
  REQUIRE(evidence::Integrator(store, "acme").CatchUp(0).ok());
  Grow(store, 10);
  CHECK(evidence::Integrator(store, "acme").CatchUp(600)->Root() == RootOfChain(store, 610));
  REQUIRE(store.DropTiles("acme").ok());
  CHECK(evidence::Integrator(store, "acme").CatchUp(610)->Root() == RootOfChain(store, 610));
  CHECK(*tlog::RootOf(610, evidence::StoredNodes(store, "acme", 610)) == RootOfChain(store, 610));
}

}  // namespace intentgate::test
