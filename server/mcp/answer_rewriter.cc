// Tested by tests/unit/mcp/answer_rewriter_test.cc and tests/fuzz/jsonrpc_fuzz.cc, against the way through a tree.
#include "mcp/answer_rewriter.h"

#include <algorithm>
#include <unordered_set>

#include "json/strings.h"
#include "mcp/answer.h"

namespace intentgate::mcp {
namespace {

constexpr std::size_t kChangedBytes = 128;       // what an id and the note usually add
constexpr std::size_t kKeptBytes = 64 * 1024;    // the memory for larger texts is given back
constexpr std::size_t kComparedNames = 16;       // with more names a hash set finds a repeated one sooner

std::optional<std::string> Repeated(const std::string_view* begin, const std::string_view* end) {
  if (static_cast<std::size_t>(end - begin) > kComparedNames) {
    std::unordered_set<std::string_view> seen;
    const auto* found = std::find_if(begin, end, [&](std::string_view name) { return !seen.insert(name).second; });
    return found == end ? std::nullopt : std::optional<std::string>(*found);
  }
  for (const auto* name = begin; name != end; ++name) {
    if (std::find(begin, name, *name) != name) return std::string(*name);
  }
  return std::nullopt;
}

class Writer final : public json::EventSink {
 public:
  Writer(const AnswerChanges& changes, std::vector<std::string_view>& names, std::vector<std::size_t>& opened, std::string& out)
      : changes_(changes), names_(names), opened_(opened), out_(out) {}

  void Null() override {
    if (Writes()) out_ += "null";
    Ended();
  }

  void Bool(bool b) override {
    if (b && IsMember(Top::kResult, Inner::kIsError)) tool_error_ = true;
    if (Writes()) out_ += b ? "true" : "false";
    Ended();
  }

  void Number(std::string_view text) override {
    if (IsTop(Top::kId)) shape_.awaited_id = changes_.awaited.is_number() && changes_.awaited.number_text() == text;
    if (IsMember(Top::kError, Inner::kCode)) {
      const Result<json::Value> code = json::Value::NumberFromText(text);
      has_code_ = code.ok() && code->AsInt64().has_value();
    }
    if (Writes()) out_ += text;
    Ended();
  }

  void String(std::string_view text) override {
    if (IsTop(Top::kVersion)) shape_.version = text == "2.0";
    if (IsTop(Top::kId)) shape_.awaited_id = changes_.awaited.is_string() && changes_.awaited.string_value() == text;
    if (IsMember(Top::kError, Inner::kMessage)) has_message_ = true;
    if (Writes()) json::AppendString(text, out_);
    Ended();
  }

  void StartArray() override { Open('['); }
  void EndArray() override { Close(']'); }

  void StartObject() override {
    shape_.object = shape_.object || depth_ == 0;
    if (IsTop(Top::kResult)) shape_.result_object = true;
    opened_.push_back(names_.size());
    Open('{');
  }

  void Name(std::string_view name) override {
    names_.push_back(name);
    if (depth_ == 1) NoteTop(name);
    if (depth_ == 2) inner_ = InnerOf(name);
    if (!Writes()) return;
    json::AppendString(name, out_);
    out_ += ':';
    if (IsTop(Top::kId)) return Replace([this] { json::AppendTo(changes_.id, out_); });
    if (changes_.note_ms && IsMember(Top::kResult, Inner::kNote)) return Replace([this] { AppendNote(); });
  }

  std::optional<std::string> EndObject() override {
    std::optional<std::string> twice = Repeated(names_.data() + opened_.back(), names_.data() + names_.size());
    names_.resize(opened_.back());
    opened_.pop_back();
    if (depth_ == 2 && top_ == Top::kResult && changes_.note_ms && !noted_ && Writes()) {
      out_ += R"("_intentgate":)";
      AppendNote();
    }
    Close('}');
    return twice;
  }

  AnswerShape shape() const {
    AnswerShape shape = shape_;
    shape.rpc_error = has_code_ && has_message_;
    return shape;
  }
  bool tool_error() const { return tool_error_; }

 private:
  enum class Top : std::uint8_t { kOther, kVersion, kId, kResult, kError };
  enum class Inner : std::uint8_t { kOther, kIsError, kNote, kCode, kMessage };
  static constexpr int kNowhere = -1;

  static Inner InnerOf(std::string_view name) {
    if (name == "isError") return Inner::kIsError;
    if (name == "_intentgate") return Inner::kNote;
    if (name == "code") return Inner::kCode;
    return name == "message" ? Inner::kMessage : Inner::kOther;
  }

  void NoteTop(std::string_view name) {
    top_ = name == "jsonrpc" ? Top::kVersion : name == "id" ? Top::kId : name == "result" ? Top::kResult : name == "error" ? Top::kError : Top::kOther;
    shape_.has_result = shape_.has_result || top_ == Top::kResult;
    shape_.has_error = shape_.has_error || top_ == Top::kError;
  }

  // Of the value, or the name, that is heard now.
  bool IsTop(Top member) const { return depth_ == 1 && top_ == member; }
  bool IsMember(Top top, Inner inner) const { return depth_ == 2 && top_ == top && inner_ == inner; }

  // With the comma that a value or a name needs; false inside of what was replaced.
  bool Writes() {
    if (replaced_at_ != kNowhere) return false;
    if (!out_.empty() && out_.back() != '{' && out_.back() != '[' && out_.back() != ':') out_ += ',';
    return true;
  }

  template <typename Append>
  void Replace(Append append) {
    append();
    replaced_at_ = depth_;
  }

  void AppendNote() {
    noted_ = true;
    out_ += R"({"decision":"allow","reason":"forwarded","check":"","latency_ms":)";
    out_ += std::to_string(*changes_.note_ms);
    out_ += '}';
  }

  void Open(char bracket) {
    if (Writes()) out_ += bracket;
    ++depth_;
    if (depth_ == 2) inner_ = Inner::kOther;
  }

  void Close(char bracket) {
    if (replaced_at_ == kNowhere) out_ += bracket;
    --depth_;
    Ended();
  }

  void Ended() {
    if (depth_ == replaced_at_) replaced_at_ = kNowhere;
  }

  const AnswerChanges& changes_;
  std::vector<std::string_view>& names_;
  std::vector<std::size_t>& opened_;
  std::string& out_;
  AnswerShape shape_;
  int depth_ = 0;                // of open arrays and objects
  int replaced_at_ = kNowhere;   // the depth of the member whose own value is not written
  Top top_ = Top::kOther;        // the member of the message
  Inner inner_ = Inner::kOther;  // the member of its value
  bool has_code_ = false, has_message_ = false, tool_error_ = false, noted_ = false;
};

}  // namespace

Result<RewrittenAnswer> AnswerRewriter::Rewrite(std::string_view text, const AnswerChanges& changes, std::size_t max_bytes) {
  if (reader_ == nullptr) reader_ = std::make_unique<json::EventReader>();
  names_.clear();
  opened_.clear();
  RewrittenAnswer answer;
  answer.text.reserve(std::min(text.size(), max_bytes) + kChangedBytes);
  Writer writer(changes, names_, opened_, answer.text);
  const Status read = reader_->Read(text, {.max_bytes = max_bytes}, writer);
  if (text.size() > kKeptBytes) {
    reader_.reset();
    names_ = {};
  }
  if (!read.ok()) return read.error();
  const AnswerShape shape = writer.shape();
  if (Status shaped = CheckShape(shape); !shaped.ok()) return shaped.error();
  answer.rpc_error = shape.has_error;
  answer.tool_error = writer.tool_error();
  return answer;
}

}  // namespace intentgate::mcp
