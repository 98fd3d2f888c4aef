#include "store/postgres/values.h"

#include <charconv>
#include <utility>

#include "base/check.h"
#include "store/postgres/text.h"

namespace intentgate::store::pg {
namespace {

constexpr std::size_t kHeader = 20;   // of a one-dimensional array

template <typename T>
void AppendBigEndian(T number, std::string& out) {
  for (int shift = static_cast<int>(sizeof(T) * 8) - 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<std::uint8_t>(number >> shift));
  }
}

std::string BigEndian(std::int64_t number) {
  std::string out;
  AppendBigEndian(static_cast<std::uint64_t>(number), out);
  return out;
}

}  // namespace

Array::Array(Oid element) : element_(element), bytes_(kHeader, '\0') {}

void Array::AddSized(std::string_view bytes) {
  AppendBigEndian(static_cast<std::uint32_t>(bytes.size()), bytes_);
  bytes_ += bytes;
  ++count_;
}

void Array::AddText(std::string_view text) {
  const std::size_t at = bytes_.size();
  bytes_.append(4, '\0');
  AppendEscaped(text, bytes_);
  std::string size;
  AppendBigEndian(static_cast<std::uint32_t>(bytes_.size() - at - 4), size);
  bytes_.replace(at, 4, size);
  ++count_;
}

void Array::AddBytes(std::string_view bytes) { AddSized(bytes); }

void Array::AddInteger(std::int64_t number) { AddSized(BigEndian(number)); }

Oid Array::type() const { return element_ == kText ? kTextArray : element_ == kInt8 ? kInt8Array : kByteaArray; }

std::string Array::Take() {
  std::string header;
  AppendBigEndian(std::uint32_t{count_ == 0 ? 0u : 1u}, header);
  AppendBigEndian(std::uint32_t{0}, header);
  AppendBigEndian(std::uint32_t{element_}, header);
  if (count_ == 0) return header;
  AppendBigEndian(static_cast<std::uint32_t>(count_), header);
  AppendBigEndian(std::uint32_t{1}, header);
  bytes_.replace(0, kHeader, header);
  return std::move(bytes_);
}

Command& Command::Text(std::string_view text) {
  types.push_back(kText);
  AppendEscaped(text, values.emplace_back());
  return *this;
}

Command& Command::Bytes(std::string_view bytes) {
  types.push_back(kBytea);
  values.emplace_back(bytes);
  return *this;
}

Command& Command::Integer(std::int64_t number) {
  types.push_back(kInt8);
  values.push_back(BigEndian(number));
  return *this;
}

Command& Command::Add(Array array) {
  types.push_back(array.type());
  values.push_back(array.Take());
  return *this;
}

std::string_view Rows::View(int row, int column) const {
  IG_CHECK(row < PQntuples(result_.get()) && column < PQnfields(result_.get()));
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::string Rows::Text(int row, int column) const { return Unescape(View(row, column)); }

std::int64_t Rows::Integer(int row, int column) const {
  const std::string_view bytes = View(row, column);
  IG_CHECK(bytes.size() == sizeof(std::int64_t));
  std::uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<std::uint8_t>(c);
  return static_cast<std::int64_t>(number);
}

std::string Rows::Diagnostic(int field) const {
  const char* text = PQresultErrorField(result_.get(), field);
  return text == nullptr ? std::string() : std::string(text);
}

std::int64_t Rows::changed() const {
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace intentgate::store::pg
