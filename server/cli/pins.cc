// pins list, diff, accept: tool definitions that wait for an operator, through the admin API of a running gateway. What a tool says
// of itself is a stranger's text: it is shown as JSON, without control characters and without those that turn text around.

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <utility>

#include "cli/command.h"

namespace intentgate::cli {
namespace {

constexpr std::size_t kShortDigest = 12;
constexpr std::size_t kMaxAcceptedAtOnce = 100;  // the admin API takes bodies of 64 KiB
constexpr std::size_t kMaxReplyDepth = 256;

struct Pin {
  std::string tool, upstream, state, sha256;
  std::vector<std::string> accepted;
  json::Value definition, accepted_definition;  // null: not known
};

std::string TextOf(const json::Value& row, std::string_view name) {
  const json::Value* value = row.Find(name);
  return value != nullptr && value->is_string() ? value->string_value() : std::string();
}

Pin PinOf(const json::Value& row) {
  Pin pin{TextOf(row, "tool"), TextOf(row, "upstream"), TextOf(row, "state"), TextOf(row, "sha256"), {}, {}, {}};
  if (const json::Value* accepted = row.Find("accepted"); accepted != nullptr && accepted->is_array()) {
    for (const json::Value& digest : accepted->array()) {
      if (digest.is_string()) pin.accepted.push_back(digest.string_value());
    }
  }
  if (const json::Value* definition = row.Find("definition")) pin.definition = *definition;
  if (const json::Value* definition = row.Find("accepted_definition")) pin.accepted_definition = *definition;
  return pin;
}

Result<std::string> TokenOf(const PinsOptions& options, const Streams& streams) {
  if (options.token_file.empty()) {
    const char* token = std::getenv("INTENTGATE_ADMIN_TOKEN");
    if (token != nullptr && *token != '\0') return std::string(token);
    return Error{ErrorCode::kInvalidArgument, "the superadmin's token is needed: --token-file, or INTENTGATE_ADMIN_TOKEN"};
  }
  Result<std::string> text = ReadInput(options.token_file, streams);
  if (!text.ok()) return text;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' ')) text->pop_back();
  return text;
}

// The reply's body, or what the gateway said against it.
Result<json::Value> Ask(const PinsOptions& options, const Streams& streams, const Hooks& hooks, const std::string& method,
                        const std::string& path, const std::string& body = {}) {
  Result<std::string> token = TokenOf(options, streams);
  if (!token.ok()) return token.error();
  const Result<AdminReply> reply = hooks.admin({options.gateway, *std::move(token), options.ca_file, method, path, body});
  if (!reply.ok()) return Error{reply.error().code, options.gateway + ": " + reply.error().message};
  const Result<json::Value> parsed = json::Parse(reply->body, {.max_bytes = reply->body.size(), .max_depth = kMaxReplyDepth});
  if (reply->status == 200 && parsed.ok()) return *parsed;
  const std::string said = parsed.ok() ? TextOf(*parsed, "error") : std::string();
  const std::string message = "the gateway answers " + std::to_string(reply->status) + (said.empty() ? "" : ": " + ForTerminal(said));
  const bool no = reply->status == 404 || reply->status == 409;
  return Error{no ? ErrorCode::kConflict : reply->status == 400 ? ErrorCode::kInvalidArgument : ErrorCode::kUnavailable, message};
}

Result<std::vector<Pin>> Fetch(const PinsOptions& options, const Streams& streams, const Hooks& hooks, bool definitions) {
  const Result<json::Value> body = Ask(options, streams, hooks, "GET", std::string("/v1/admin/pins") + (definitions ? "?definitions=true" : ""));
  if (!body.ok()) return body.error();
  const json::Value* rows = body->Find("pins");
  if (rows == nullptr || !rows->is_array()) return Error{ErrorCode::kMalformed, "the gateway's answer holds no pins"};
  std::vector<Pin> pins;
  for (const json::Value& row : rows->array()) {
    Pin pin = PinOf(row);
    if (options.upstream.empty() || options.upstream == pin.upstream) pins.push_back(std::move(pin));
  }
  return pins;
}

int Refused(const Streams& streams, const Error& error) {
  streams.err << "intentgate: " << error.message << "\n";
  return error.code == ErrorCode::kConflict ? kExitNo : error.code == ErrorCode::kInvalidArgument ? kExitUsage : kExitIo;
}

struct Change {
  std::string at;  // "description", "inputSchema/properties/path"
  const json::Value* before = nullptr;
  const json::Value* after = nullptr;
};

std::string Below(const std::string& at, const std::string& name) { return at.empty() ? name : at + "/" + name; }

// Objects are compared member by member, everything else as a whole.
void Compare(const std::string& at, const json::Value* before, const json::Value* after, std::vector<Change>& out) {
  const bool objects = (before == nullptr || before->is_object()) && (after == nullptr || after->is_object()) && (before != nullptr || after != nullptr);
  const bool both = before != nullptr && after != nullptr;
  if (both && *before == *after) return;
  if (!objects || (!both && !at.empty())) return out.push_back({at, before, after});
  if (before != nullptr) {
    for (const json::Member& member : before->object()) Compare(Below(at, member.name), &member.value, after == nullptr ? nullptr : after->Find(member.name), out);
  }
  if (after == nullptr) return;
  for (const json::Member& member : after->object()) {
    if (before == nullptr || before->Find(member.name) == nullptr) Compare(Below(at, member.name), nullptr, &member.value, out);
  }
}

std::vector<Change> ChangesOf(const Pin& pin) {
  std::vector<Change> changes;
  if (pin.definition.is_object()) Compare({}, pin.accepted_definition.is_object() ? &pin.accepted_definition : nullptr, &pin.definition, changes);
  return changes;
}

void PrintChanges(const Pin& pin, std::ostream& out) {
  out << ForTerminal(pin.tool) << " at " << ForTerminal(pin.upstream) << ": " << pin.state << "\n";
  for (const std::string& digest : pin.accepted) out << "  accepted  " << ForTerminal(digest) << "\n";
  if (!pin.sha256.empty()) out << "  now       " << ForTerminal(pin.sha256) << "\n";
  if (pin.sha256.empty()) return;
  if (!pin.definition.is_object()) out << "  the definition is longer than the gateway keeps; it can be accepted by its digest\n";
  else if (pin.accepted.empty()) out << "  never accepted; all of it is new\n";
  else if (!pin.accepted_definition.is_object()) out << "  the file has no text of what was accepted; this is all that the tool says now\n";
  for (const Change& change : ChangesOf(pin)) {
    out << "  " << ForTerminal(change.at) << "\n";
    if (change.before != nullptr) out << "    - " << ForTerminal(json::Write(*change.before)) << "\n";
    if (change.after != nullptr) out << "    + " << ForTerminal(json::Write(*change.after)) << "\n";
  }
}

json::Value ToJson(const Pin& pin, bool with_changes) {
  json::Array accepted;
  for (const std::string& digest : pin.accepted) accepted.emplace_back(digest);
  json::Value out = json::MakeObject({{"tool", pin.tool}, {"upstream", pin.upstream}, {"state", pin.state}, {"sha256", pin.sha256}, {"accepted", std::move(accepted)}});
  if (!with_changes) return out;
  json::Array changes;
  for (const Change& change : ChangesOf(pin)) {
    json::Value one = json::MakeObject({{"at", change.at}});
    if (change.before != nullptr) one.Set("before", *change.before);
    if (change.after != nullptr) one.Set("after", *change.after);
    changes.push_back(std::move(one));
  }
  out.Set("changes", std::move(changes));
  return out;
}

void Print(const Pin& pin, const PinsOptions& options, std::ostream& out) {
  if (options.json) out << json::Write(ToJson(pin, true)) << "\n";
  else PrintChanges(pin, out);
}

// Those that are named, or all that are in quarantine when none is.
Result<std::vector<Pin>> Chosen(const PinsOptions& options, std::vector<Pin> pins) {
  std::vector<Pin> chosen;
  if (options.tools.empty()) {
    std::copy_if(pins.begin(), pins.end(), std::back_inserter(chosen), [](const Pin& pin) { return pin.state == "quarantined"; });
    return chosen;
  }
  for (const std::string& tool : options.tools) {
    const auto found = std::find_if(pins.begin(), pins.end(), [&](const Pin& pin) { return pin.tool == tool; });
    if (found == pins.end()) return Error{ErrorCode::kConflict, "no pinned upstream has a tool of the name " + ForTerminal(tool)};
    chosen.push_back(*found);
  }
  return chosen;
}

Status CheckAccept(const PinsOptions& options) {
  if (!options.all && options.tools.empty()) return Error{ErrorCode::kInvalidArgument, "name the tools, or give --all"};
  if (options.all && !options.tools.empty()) return Error{ErrorCode::kInvalidArgument, "either name tools, or give --all"};
  if (!options.sha256.empty() && options.tools.size() != 1) return Error{ErrorCode::kInvalidArgument, "--sha256 goes with one tool"};
  return {};
}

std::string AcceptBody(const std::vector<Pin>& pins, std::size_t from, std::size_t to, const PinsOptions& options) {
  json::Array tools;
  for (std::size_t i = from; i < to; ++i) {
    tools.push_back(json::MakeObject({{"tool", pins[i].tool}, {"sha256", options.sha256.empty() ? pins[i].sha256 : options.sha256}}));
  }
  return json::Write(json::MakeObject({{"tools", std::move(tools)}, {"keep", options.keep}}));
}

}  // namespace

int PinsList(const PinsOptions& options, const Streams& streams, const Hooks& hooks) {
  const Result<std::vector<Pin>> pins = Fetch(options, streams, hooks, false);
  if (!pins.ok()) return Refused(streams, pins.error());
  for (const Pin& pin : *pins) {
    if (!options.state.empty() && options.state != pin.state) continue;
    if (options.json) {
      streams.out << json::Write(ToJson(pin, false)) << "\n";
      continue;
    }
    const std::string& digest = pin.sha256.empty() && !pin.accepted.empty() ? pin.accepted.back() : pin.sha256;
    streams.out << ForTerminal(pin.state) << "  " << ForTerminal(digest.substr(0, kShortDigest)) << "  " << ForTerminal(pin.upstream) << "  " << ForTerminal(pin.tool) << "\n";
  }
  return kExitOk;
}

int PinsDiff(const PinsOptions& options, const Streams& streams, const Hooks& hooks) {
  Result<std::vector<Pin>> pins = Fetch(options, streams, hooks, true);
  if (!pins.ok()) return Refused(streams, pins.error());
  const Result<std::vector<Pin>> chosen = Chosen(options, *std::move(pins));
  if (!chosen.ok()) return Refused(streams, chosen.error());
  for (const Pin& pin : *chosen) Print(pin, options, streams.out);
  return kExitOk;
}

int PinsAccept(const PinsOptions& options, const Streams& streams, const Hooks& hooks) {
  if (Status good = CheckAccept(options); !good.ok()) return Refused(streams, good.error());
  Result<std::vector<Pin>> pins = Fetch(options, streams, hooks, true);
  if (!pins.ok()) return Refused(streams, pins.error());
  const Result<std::vector<Pin>> chosen = Chosen(options, *std::move(pins));
  if (!chosen.ok()) return Refused(streams, chosen.error());
  for (const Pin& pin : *chosen) {
    if (pin.state == "absent") return Refused(streams, {ErrorCode::kConflict, "no upstream lists the tool " + ForTerminal(pin.tool) + " now"});
  }
  for (std::size_t from = 0; from < chosen->size(); from += kMaxAcceptedAtOnce) {
    const std::size_t to = std::min(from + kMaxAcceptedAtOnce, chosen->size());
    const Result<json::Value> done = Ask(options, streams, hooks, "POST", "/v1/admin/pins/accept", AcceptBody(*chosen, from, to, options));
    if (!done.ok()) return Refused(streams, done.error());
    for (std::size_t i = from; i < to; ++i) Print((*chosen)[i], options, streams.out);
  }
  if (!options.json) streams.out << chosen->size() << (chosen->size() == 1 ? " definition" : " definitions") << " accepted\n";
  return kExitOk;
}

}  // namespace intentgate::cli
