// Parameters and rows in PostgreSQL's binary format, so that nothing is quoted or parsed. The layouts are those of the
// types' send and receive functions: integers big-endian, arrays as (dimensions, nulls, element type, length, lower
// bound) followed by (length, bytes) for each element.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace intentgate::store::pg {

// pg_type.oid of the types in use; fixed for all versions of PostgreSQL.
inline constexpr Oid kBytea = 17, kInt8 = 20, kText = 25, kByteaArray = 1001, kTextArray = 1009, kInt8Array = 1016;

// One array parameter, element by element.
class Array {
 public:
  // `element` is one of kText, kInt8, kBytea.
  explicit Array(Oid element);
  void AddText(std::string_view text);    // escaped (text.h)
  void AddBytes(std::string_view bytes);
  void AddInteger(std::int64_t number);
  Oid type() const;
  std::string Take();

 private:
  void AddSized(std::string_view bytes);
  Oid element_;
  std::int32_t count_ = 0;
  std::string bytes_;
};

// One statement with its parameters $1, $2, ...
struct Command {
  std::string sql;
  std::vector<Oid> types;
  std::vector<std::string> values;

  explicit Command(std::string text) : sql(std::move(text)) {}
  Command& Text(std::string_view text);   // escaped
  Command& Bytes(std::string_view bytes);
  Command& Integer(std::int64_t number);
  Command& Add(Array array);
};

// What one statement gave back. REQUIRES of every reader: row < count(), and the column has that type.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, &PQclear) {}
  int count() const { return PQntuples(result_.get()); }
  std::string Text(int row, int column) const;   // unescaped
  std::string Bytes(int row, int column) const { return std::string(View(row, column)); }
  std::int64_t Integer(int row, int column) const;   // int8
  bool IsNull(int row, int column) const { return PQgetisnull(result_.get(), row, column) == 1; }
  // How many rows an INSERT, UPDATE or DELETE changed.
  std::int64_t changed() const;
  std::string_view tag() const { return PQcmdStatus(result_.get()); }
  ExecStatusType status() const { return PQresultStatus(result_.get()); }
  // A PG_DIAG_* field of an error, "" when it is not there.
  std::string Diagnostic(int field) const;

 private:
  std::string_view View(int row, int column) const;
  std::unique_ptr<PGresult, void (*)(PGresult*)> result_;
};

}  // namespace intentgate::store::pg
