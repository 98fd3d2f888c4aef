// Documents to values and back, by the names that the nodes' Visit gives. Empty lists and objects are left out, as OPA
// leaves them out.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rego/builtins/args.h"
#include "rego/builtins/graphql/ast.h"

namespace intentgate::rego::graphql {

class ToValue {
 public:
  explicit ToValue(BuiltinContext& context) : context_(context) {}

  template <typename Node>
  rego::Value Write(const Node& node) {
    MemberWriter writer{*this, ObjectBuilder(context_.arena)};
    Node::Visit(node, writer);
    return writer.out.Finish();
  }

 private:
  struct MemberWriter {
    ToValue& owner;
    ObjectBuilder out;

    template <typename T>
    void operator()(std::string_view name, const T& member) {
      const rego::Value value = owner.WriteMember(member);
      if (value.defined()) (void)out.Insert(rego::Value::StringRef(name), value);
    }
    void Constant(std::string_view name, bool value) { (void)out.Insert(rego::Value::StringRef(name), rego::Value::Bool(value)); }
    void Constant(std::string_view name, std::string_view value) { (void)out.Insert(rego::Value::StringRef(name), rego::Value::StringRef(value)); }
  };

  rego::Value WriteMember(const std::string& text) { return builtins::MakeString(context_, text); }
  rego::Value WriteMember(bool value) { return rego::Value::Bool(value); }
  rego::Value WriteMember(ValueKind kind) { return rego::Value::Int(static_cast<std::int64_t>(kind)); }
  rego::Value WriteMember(const Type& type) {
    ObjectBuilder out(context_.arena);
    (void)out.Insert(rego::Value::StringRef("NamedType"), WriteMember(type.name));
    if (type.element != nullptr) (void)out.Insert(rego::Value::StringRef("Elem"), WriteMember(*type.element));
    (void)out.Insert(rego::Value::StringRef("NonNull"), rego::Value::Bool(type.non_null));
    return out.Finish();
  }
  // Comments, or a list of names: which one, the member's name says.
  rego::Value WriteMember(const std::vector<std::string>& texts) {
    if (texts.empty()) return {};
    ArrayBuilder out(context_.arena);
    for (const std::string& text : texts) {
      if (!text.starts_with('#')) {
        out.Add(WriteMember(text));
        continue;
      }
      ObjectBuilder comment(context_.arena);
      (void)comment.Insert(rego::Value::StringRef("Value"), WriteMember(text));
      out.Add(comment.Finish());
    }
    const rego::Value list = out.Finish();
    if (!texts[0].starts_with('#')) return list;
    ObjectBuilder group(context_.arena);
    (void)group.Insert(rego::Value::StringRef("List"), list);
    return group.Finish();
  }
  template <typename Node>
  rego::Value WriteMember(const std::optional<Node>& node) {
    return node ? Write(*node) : rego::Value();
  }
  template <typename Node>
  rego::Value WriteMember(const std::vector<Node>& nodes) {
    if (nodes.empty()) return {};
    ArrayBuilder out(context_.arena);
    for (const Node& node : nodes) out.Add(Write(node));
    return out.Finish();
  }
  template <typename Node, typename = decltype(&Node::at)>
  rego::Value WriteMember(const Node& node) {
    return Write(node);
  }

  BuiltinContext& context_;
};

// Throws GraphqlError for a member of the wrong type.
class FromValue {
 public:
  explicit FromValue(BuiltinContext& context) : context_(context) {}

  template <typename Node>
  void Read(const rego::Value& value, Node& node) {
    context_.Charge(1);
    if (!value.is_object()) throw GraphqlError{"a node of the document is no object", {}};
    if (++depth_ > 2 * 200) throw GraphqlError{"the document nests too deep", {}};
    if constexpr (std::is_same_v<Node, Selection>) {
      node.kind = value.GetMember("Alias").defined() ? SelectionKind::kField : value.GetMember("Name").defined() ? SelectionKind::kSpread : SelectionKind::kInline;
    }
    MemberReader reader{*this, value};
    Node::Visit(node, reader);
    --depth_;
  }

 private:
  struct MemberReader {
    FromValue& owner;
    const rego::Value& object;

    template <typename T>
    void operator()(std::string_view name, T& member) {
      const rego::Value value = object.GetMember(name);
      if (value.defined() && !value.is_null()) owner.ReadMember(value, member);
    }
    template <typename T>
    void Constant(std::string_view, const T&) {}
  };

  static void Require(bool good, std::string_view what) {
    if (!good) throw GraphqlError{"a member of the document is no " + std::string(what), {}};
  }
  void ReadMember(const rego::Value& value, std::string& text) {
    Require(value.is_string(), "string");
    builtins::ChargeBytes(context_, value.string().size());
    text = value.string();
  }
  void ReadMember(const rego::Value& value, bool& flag) {
    Require(value.is_bool(), "boolean");
    flag = value.bool_value();
  }
  void ReadMember(const rego::Value& value, ValueKind& kind) {
    const std::optional<std::int64_t> number = value.ToInt64();
    Require(number && *number >= 0 && *number <= static_cast<std::int64_t>(ValueKind::kObject), "kind of value");
    kind = static_cast<ValueKind>(*number);
  }
  void ReadMember(const rego::Value& value, Type& type) {
    Require(value.is_object(), "type");
    if (++depth_ > 200) throw GraphqlError{"the document nests too deep", {}};
    if (const rego::Value name = value.GetMember("NamedType"); name.defined()) ReadMember(name, type.name);
    if (const rego::Value flag = value.GetMember("NonNull"); flag.defined()) ReadMember(flag, type.non_null);
    if (const rego::Value element = value.GetMember("Elem"); element.defined() && !element.is_null()) {
      Type inner;
      ReadMember(element, inner);
      type.element = std::make_shared<const Type>(std::move(inner));
    }
    --depth_;
  }
  // Comments mean nothing to what reads the document.
  void ReadMember(const rego::Value& value, std::vector<std::string>& texts) {
    if (!value.is_array()) return;
    for (const rego::Value& item : value.elements()) {
      texts.emplace_back();
      ReadMember(item, texts.back());
    }
  }
  template <typename Node>
  void ReadMember(const rego::Value& value, std::optional<Node>& node) {
    Read(value, node.emplace());
  }
  template <typename Node>
  void ReadMember(const rego::Value& value, std::vector<Node>& nodes) {
    Require(value.is_array(), "list");
    for (const rego::Value& item : value.elements()) {
      nodes.emplace_back();
      Read(item, nodes.back());
    }
  }
  template <typename Node, typename = decltype(&Node::at)>
  void ReadMember(const rego::Value& value, Node& node) {
    Read(value, node);
  }

  BuiltinContext& context_;
  int depth_ = 0;
};

}  // namespace intentgate::rego::graphql
