// The heads of HTTP messages as values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace intentgate::http {

// Header fields in order, names as they were spelled, lookups without regard to case. All text lies in
// one buffer that Clear keeps, so that a connection's list allocates once. Thread-compatible.
class HeaderList {
 public:
  HeaderList() = default;
  HeaderList(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

  // Views that were handed out end here. Contents are not checked: the writer refuses what would
  // break the message.
  void Add(std::string_view name, std::string_view value);
  // Removes every field of that name.
  void Remove(std::string_view name);
  // Remove, then Add.
  void Set(std::string_view name, std::string_view value);
  void Clear();

  std::size_t size() const { return fields_.size(); }
  std::string_view name(std::size_t i) const { return View(fields_[i].name_at, fields_[i].name_size); }
  std::string_view value(std::size_t i) const { return View(fields_[i].value_at, fields_[i].value_size); }
  // The first field of that name.
  std::optional<std::string_view> Get(std::string_view name) const;
  std::size_t Count(std::string_view name) const;
  // True when a field of that name lists `element` between commas, in any case.
  bool HasElement(std::string_view name, std::string_view element) const;

 private:
  struct Field {
    std::uint32_t name_at = 0, name_size = 0, value_at = 0, value_size = 0;
  };
  std::string_view View(std::uint32_t at, std::uint32_t size) const { return {text_.data() + at, size}; }

  static std::uint64_t SizeBit(std::string_view name) { return std::uint64_t{1} << (name.size() % 64); }

  std::string text_;
  std::vector<Field> fields_;
  // The sizes of the names that were added, a bit each: most names that are asked for are not there, nor any of their size.
  std::uint64_t sizes_ = 0;
};

struct RequestHead {
  std::string method;
  std::string target;  // in origin form; an absolute-form request was reduced to it
  HeaderList headers;
  int minor_version = 1;  // of HTTP/1.x
  bool keep_alive = true;
  bool expects_continue = false;

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  // What follows the "?", or empty.
  std::string_view query() const {
    const std::size_t mark = target.find('?');
    return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
  }
};

struct ResponseHead {
  int status = 0;
  HeaderList headers;
  bool keep_alive = true;
  bool made_up = false;  // here, where the server would not have answered
};

// What a parser accepts at most. The defaults fit a gateway that carries 16 KiB tokens.
struct Limits {
  std::size_t start_line = 8 * 1024;
  std::size_t head = 64 * 1024;  // start line and header lines together
  std::size_t header_count = 100;
  std::size_t body = 4 * 1024 * 1024;
  std::size_t chunk_line = 256;                // a chunk's size and extensions
  std::size_t chunk_extensions = 8 * 1024;     // all extensions of one message together
  std::size_t trailers = 8 * 1024;
};

// "Not Found" for 404; "Unknown" for a status that RFC 9110 does not name.
std::string_view ReasonPhrase(int status);

}  // namespace intentgate::http
