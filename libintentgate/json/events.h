// Strict reading without a tree: what json::Parse reads and refuses, as events for whoever keeps values of its own kind.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/json.h>

namespace intentgate::json {

// Hears values in the order of the text. Texts are borrowed from the EventReader until it reads again.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void Null() = 0;
  virtual void Bool(bool b) = 0;
  virtual void Number(std::string_view text) = 0;
  virtual void String(std::string_view text) = 0;
  virtual void StartArray() = 0;
  virtual void EndArray() = 0;
  virtual void StartObject() = 0;
  // Before its value.
  virtual void Name(std::string_view name) = 0;
  // A name that the object has twice, which ends the reading; nullopt if there is none.
  virtual std::optional<std::string> EndObject() = 0;
};

// Keeps the memory that it works on. Thread-compatible.
class EventReader {
 public:
  EventReader();
  ~EventReader();
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  // Errors as those of Parse; the sink may have heard events by then. Passes on what the sink throws.
  Status Read(std::string_view text, const ParseLimits& limits, EventSink& sink);

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace intentgate::json
