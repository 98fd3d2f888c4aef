// A row of audit_runs that anybody may have written: whatever its columns are, reading it ends, gives events of one block, and what is left of its
// private values reads back.
//
//   2 bytes: first_seq; 1 byte: count; 3 times 2 bytes: sizes of prev_hash, hashes and texts; these, and behind them private

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/little_endian.h"
#include "store/sqlite/event_run.h"

using namespace intentgate;
using namespace intentgate::store;

namespace {

void Demand(bool holds) {
  if (!holds) std::abort();
}

void CheckValues(std::string_view column) {
  const RunValues values{std::string(column)};
  std::vector<std::int64_t> odd;
  for (std::int64_t number = 1; number < kRunEvents; number += 2) odd.push_back(number);
  const std::string left = values.Without(odd);
  const RunValues again{left};
  bool damaged = false;
  for (std::int64_t number = 0; number < kRunEvents; ++number) {
    const auto before = values.Of(number), after = again.Of(number);
    if (before.size() == 1 && before[0].member == "private") damaged = true;
    if (number % 2 == 1) Demand(after.empty());
    else if (!damaged) Demand(after.size() == before.size());
  }
}

void CheckRun(sqlite3_stmt* row) {
  const Statement statement(row);
  Demand(sqlite3_step(row) == SQLITE_ROW);
  EventRun read(statement);
  EventRun run(std::move(read));
  Demand(run.end_seq() >= run.first_seq());
  if (run.end_seq() > run.first_seq()) Demand(BlockBegin(run.first_seq()) == BlockBegin(run.end_seq() - 1));
  for (std::int64_t seq = run.first_seq(); seq < run.end_seq(); ++seq) {
    Demand(run.Hash(seq).empty() || run.Hash(seq).size() == 64);
    static_cast<void>(run.PrevHash(seq));
    static_cast<void>(run.Canonical(seq));
  }
  const std::int64_t half = run.first_seq() + (run.end_seq() - run.first_seq()) / 2;
  run.EndAt(half);
  Demand(run.end_seq() <= std::max(half, run.first_seq()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  base::LittleReader in({reinterpret_cast<const char*>(data), size});
  const auto first_seq = in.Number<std::uint16_t>();
  const auto count = in.Number<std::uint8_t>();
  std::vector<std::string_view> columns;
  std::uint16_t sizes[3];
  for (std::uint16_t& each : sizes) each = in.Number<std::uint16_t>();
  for (const std::uint16_t each : sizes) columns.push_back(in.Bytes(each));
  if (!in.ok()) return 0;

  static sqlite3* const db = [] {
    sqlite3* opened = nullptr;
    Demand(sqlite3_open(":memory:", &opened) == SQLITE_OK);
    return opened;
  }();
  sqlite3_stmt* select = nullptr;
  Demand(sqlite3_prepare_v2(db, "SELECT ?, ?, ?, ?, ?", -1, &select, nullptr) == SQLITE_OK);
  sqlite3_bind_int64(select, 1, first_seq == 0xffff ? INT64_MAX : first_seq);
  sqlite3_bind_int64(select, 2, count == 0xff ? INT64_MIN : count);
  for (int i = 0; i < 3; ++i) {
    const std::string_view bytes = columns[static_cast<std::size_t>(i)];
    sqlite3_bind_blob64(select, 3 + i, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  }
  CheckRun(select);

  const std::size_t taken = 9 + columns[0].size() + columns[1].size() + columns[2].size();
  CheckValues({reinterpret_cast<const char*>(data) + taken, size - taken});
  return 0;
}
