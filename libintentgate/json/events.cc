#include "json/events.h"

#include "json/strict_walk.h"

namespace intentgate::json {
namespace {

class Events {
 public:
  struct Nothing {};
  using Out = Nothing;
  using Items = Nothing;
  using Members = Nothing;
  explicit Events(EventSink& sink) : sink_(sink) {}
  void Null(Nothing&) { sink_.Null(); }
  void Bool(Nothing&, bool b) { sink_.Bool(b); }
  void Number(Nothing&, std::string_view text) { sink_.Number(text); }
  void String(Nothing&, std::string_view text) { sink_.String(text); }
  Nothing StartArray() {
    sink_.StartArray();
    return {};
  }
  Nothing& NextItem(Nothing& items) { return items; }
  void EndArray(Nothing&, Nothing&) { sink_.EndArray(); }
  Nothing StartObject() {
    sink_.StartObject();
    return {};
  }
  Nothing& NextMember(Nothing& members, std::string_view name) {
    sink_.Name(name);
    return members;
  }
  std::optional<std::string> EndObject(Nothing&, Nothing&) { return sink_.EndObject(); }

 private:
  EventSink& sink_;
};

}  // namespace

struct EventReader::Memory : ParserMemory {};

EventReader::EventReader() : memory_(std::make_unique<Memory>()) {}
EventReader::~EventReader() = default;

Status EventReader::Read(std::string_view text, const ParseLimits& limits, EventSink& sink) {
  Events build(sink);
  Events::Nothing out;
  return StrictWalk<Events>(build).Read(text, limits, *memory_, out);
}

}  // namespace intentgate::json
