#include "http/message.h"

#include "http/syntax.h"

namespace intentgate::http {
namespace {

// Of the head of a typical message; a list that is Cleared keeps its room.
constexpr std::size_t kTypicalFields = 8, kTypicalText = 256;

}  // namespace

HeaderList::HeaderList(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  for (const auto& [name, value] : fields) Add(name, value);
}

void HeaderList::Add(std::string_view name, std::string_view value) {
  if (fields_.capacity() == 0) {
    fields_.reserve(kTypicalFields);
    text_.reserve(kTypicalText);
  }
  Field field;
  field.name_at = static_cast<std::uint32_t>(text_.size());
  field.name_size = static_cast<std::uint32_t>(name.size());
  text_.append(name);
  field.value_at = static_cast<std::uint32_t>(text_.size());
  field.value_size = static_cast<std::uint32_t>(value.size());
  text_.append(value);
  fields_.push_back(field);
  sizes_ |= SizeBit(name);
}

void HeaderList::Remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& f) { return EqualsIgnoreCase(View(f.name_at, f.name_size), name); });
}

void HeaderList::Set(std::string_view name, std::string_view value) {
  Remove(name);
  Add(name, value);
}

void HeaderList::Clear() {
  text_.clear();
  fields_.clear();
  sizes_ = 0;
}

std::optional<std::string_view> HeaderList::Get(std::string_view wanted) const {
  if ((sizes_ & SizeBit(wanted)) == 0) return std::nullopt;
  for (std::size_t i = 0; i < size(); ++i) {
    if (EqualsIgnoreCase(name(i), wanted)) return value(i);
  }
  return std::nullopt;
}

std::size_t HeaderList::Count(std::string_view wanted) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    if (EqualsIgnoreCase(name(i), wanted)) ++count;
  }
  return count;
}

bool HeaderList::HasElement(std::string_view wanted, std::string_view element) const {
  bool found = false;
  for (std::size_t i = 0; i < size(); ++i) {
    if (!EqualsIgnoreCase(name(i), wanted)) continue;
    ForEachElement(value(i), [&](std::string_view each) { found = found || EqualsIgnoreCase(each, element); });
  }
  return found;
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Unknown";
  }
}

}  // namespace intentgate::http
