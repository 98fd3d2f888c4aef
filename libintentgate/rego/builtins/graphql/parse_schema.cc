// Type system documents.
#include <algorithm>
#include <array>

#include "rego/builtins/graphql/parser_state.h"

namespace intentgate::rego::graphql {
namespace {

class SchemaParser : Parser {
 public:
  using Parser::Parser;

  SchemaDocument Read() {
    SchemaDocument out;
    while (!AtEnd()) {
      const Description description = TakeDescription();
      if (!Is(Tok::kName)) Unexpected();
      if (IsWord("schema")) {
        out.schema.push_back(ReadSchema(description, false));
      } else if (IsWord("directive")) {
        out.directives.push_back(ReadDirectiveDefinition(description));
      } else if (IsWord("extend")) {
        if (!description.text.empty()) Unexpected(previous_);
        ReadExtension(out);
      } else {
        out.definitions.push_back(ReadDefinition(description, token_.comments, false));
      }
    }
    out.comments = token_.comments;
    return out;
  }

 private:
  void ReadExtension(SchemaDocument& out) {
    const Comments comments = Take().comments;
    if (IsWord("schema")) {
      out.schema_extensions.push_back(ReadSchema({}, true));
      out.schema_extensions.back().after = comments;
    } else if (IsWord("directive")) {
      Take();
      Expect(Tok::kAt);
      DirectiveDefinition extension;
      extension.at = token_.at;
      extension.after = comments;
      extension.name = Name();
      extension.directives = ReadDirectives(true);
      if (extension.directives.empty()) Unexpected();
      out.directive_extensions.push_back(std::move(extension));
    } else {
      out.extensions.push_back(ReadDefinition({}, comments, true));
    }
  }

  static void Describe(Described& out, const Description& description, const Comments& after) {
    out.before = description.comments;
    out.description = description.text;
    out.after = after;
  }

  SchemaDefinition ReadSchema(const Description& description, bool extension) {
    SchemaDefinition out;
    Describe(out, description, Take().comments);
    out.at = token_.at;
    out.directives = ReadDirectives(true);
    out.end = Some(Tok::kBraceL, Tok::kBraceR, [&] {
      OperationType type;
      type.at = token_.at;
      type.comments = token_.comments;
      const Token operation = Take();
      if (operation.value != "query" && operation.value != "mutation" && operation.value != "subscription") Unexpected(operation);
      type.operation = operation.value;
      Expect(Tok::kColon);
      type.type = Name();
      out.operation_types.push_back(std::move(type));
    });
    if (extension && out.directives.empty() && out.operation_types.empty()) Unexpected();
    return out;
  }

  Definition ReadDefinition(const Description& description, const Comments& comments, bool extension) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kKinds = {
        {{"scalar", "SCALAR"}, {"type", "OBJECT"}, {"interface", "INTERFACE"}, {"union", "UNION"}, {"enum", "ENUM"}, {"input", "INPUT_OBJECT"}}};
    const auto* kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& k) { return IsWord(k.first); });
    if (kind == kKinds.end()) Unexpected();
    Definition out;
    out.kind = kind->second;
    Describe(out, description, comments);
    Take();
    out.at = token_.at;
    out.name = Name();
    if (out.kind == "OBJECT" || out.kind == "INTERFACE") ReadInterfaces(out);
    out.directives = ReadDirectives(true);
    if (out.kind == "OBJECT" || out.kind == "INTERFACE" || out.kind == "INPUT_OBJECT") {
      const bool input = out.kind == "INPUT_OBJECT";
      out.end = Some(Tok::kBraceL, Tok::kBraceR, [&] { out.fields.push_back(ReadField(input)); });
    }
    if (out.kind == "UNION" && Skip(Tok::kEquals)) {
      Skip(Tok::kPipe);
      do {
        out.types.push_back(Name());
      } while (Skip(Tok::kPipe));
    }
    if (out.kind == "ENUM") out.end = Some(Tok::kBraceL, Tok::kBraceR, [&] { out.enum_values.push_back(ReadEnumValue()); });
    if (extension && out.interfaces.empty() && out.directives.empty() && out.fields.empty() && out.types.empty() && out.enum_values.empty()) Unexpected();
    return out;
  }

  void ReadInterfaces(Definition& out) {
    if (token_.value != "implements") return;
    Take();
    Skip(Tok::kAmp);
    do {
      out.interfaces.push_back(Name());
    } while (Skip(Tok::kAmp));
  }

  void DescribeInner(Described& out) {
    const Description description = TakeDescription();
    // The comments before an empty description count for nothing.
    if (!description.text.empty()) out.before = description.comments;
    out.description = description.text;
    out.after = token_.comments;
  }

  FieldDefinition ReadField(bool input) {
    FieldDefinition out;
    DescribeInner(out);
    out.at = token_.at;
    out.name = Name();
    if (!input) out.arguments = ReadArgumentDefinitions();
    Expect(Tok::kColon);
    out.type = ReadType();
    if (input && Skip(Tok::kEquals)) out.default_value = ReadValue(true);
    out.directives = ReadDirectives(true);
    return out;
  }

  std::vector<ArgumentDefinition> ReadArgumentDefinitions() {
    std::vector<ArgumentDefinition> out;
    Some(Tok::kParenL, Tok::kParenR, [&] {
      ArgumentDefinition argument;
      DescribeInner(argument);
      argument.at = token_.at;
      argument.name = Name();
      Expect(Tok::kColon);
      argument.type = ReadType();
      if (Skip(Tok::kEquals)) argument.default_value = ReadValue(true);
      argument.directives = ReadDirectives(true);
      out.push_back(std::move(argument));
    });
    return out;
  }

  EnumValue ReadEnumValue() {
    EnumValue out;
    DescribeInner(out);
    out.at = token_.at;
    out.name = Name();
    out.directives = ReadDirectives(true);
    return out;
  }

  DirectiveDefinition ReadDirectiveDefinition(const Description& description) {
    DirectiveDefinition out;
    Describe(out, description, Take().comments);
    Expect(Tok::kAt);
    out.at = token_.at;
    out.name = Name();
    out.arguments = ReadArgumentDefinitions();
    out.directives = ReadDirectives(true);
    if (IsWord("repeatable")) {
      out.repeatable = true;
      Take();
    }
    ExpectWord("on");
    Skip(Tok::kPipe);
    do {
      out.locations.push_back(ReadLocation());
    } while (Skip(Tok::kPipe));
    return out;
  }

  std::string ReadLocation() {
    static constexpr std::array<std::string_view, 20> kLocations = {
        "QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT", "VARIABLE_DEFINITION", "SCHEMA", "SCALAR",
        "OBJECT", "FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INTERFACE", "UNION", "ENUM", "ENUM_VALUE", "INPUT_OBJECT", "INPUT_FIELD_DEFINITION", "DIRECTIVE_DEFINITION"};
    const Token token = Expect(Tok::kName);
    if (std::find(kLocations.begin(), kLocations.end(), token.value) == kLocations.end()) Unexpected(token);
    return token.value;
  }
};

}  // namespace

SchemaDocument ParseSchema(std::string_view text, const Charge& charge) { return SchemaParser(text, charge).Read(); }

}  // namespace intentgate::rego::graphql
