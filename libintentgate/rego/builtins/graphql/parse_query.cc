// Executable documents: operations and fragments.
#include "rego/builtins/graphql/parser_state.h"

namespace intentgate::rego::graphql {
namespace {

Comments Join(Comments first, const Comments& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

class QueryParser : Parser {
 public:
  using Parser::Parser;

  QueryDocument Read() {
    QueryDocument out;
    while (!AtEnd()) {
      const Description description = TakeDescription();
      if (Is(Tok::kBraceL) || IsWord("query") || IsWord("mutation") || IsWord("subscription")) {
        out.operations.push_back(ReadOperation(description));
      } else if (IsWord("fragment")) {
        out.fragments.push_back(ReadFragment(description));
      } else {
        Unexpected();
      }
    }
    return out;
  }

 private:
  Operation ReadOperation(const Description& description) {
    Operation out;
    out.at = token_.at;
    out.comments = token_.comments;
    if (Is(Tok::kBraceL)) {
      if (description.present) Unexpected(previous_);
      out.comments.clear();  // OPA shows none here
      out.operation = "query";
      out.selections = ReadSelections();
      return out;
    }
    out.description = description.text;
    out.comments = Join(description.comments, out.comments);
    out.operation = Take().value;
    if (Is(Tok::kName)) out.name = Take().value;
    out.variables = ReadVariables();
    out.directives = ReadDirectives(false);
    out.selections = ReadSelections();
    return out;
  }

  Fragment ReadFragment(const Description& description) {
    Fragment out;
    out.description = description.text;
    out.at = token_.at;
    out.comments = Join(description.comments, token_.comments);
    Take();
    out.name = ReadFragmentName();
    out.variables = ReadVariables();
    ExpectWord("on");
    out.type_condition = Name();
    out.directives = ReadDirectives(false);
    out.selections = ReadSelections();
    return out;
  }

  std::string ReadFragmentName() {
    if (token_.value == "on") Unexpected();
    return Name();
  }

  std::vector<VariableDefinition> ReadVariables() {
    std::vector<VariableDefinition> out;
    Some(Tok::kParenL, Tok::kParenR, [&] {
      VariableDefinition variable;
      Description description = TakeDescription();
      variable.description = std::move(description.text);
      variable.at = token_.at;
      variable.comments = Join(std::move(description.comments), token_.comments);
      Expect(Tok::kDollar);
      variable.variable = Name();
      Expect(Tok::kColon);
      variable.type = ReadType();
      if (Skip(Tok::kEquals)) variable.default_value = ReadValue(true);
      variable.directives = ReadDirectives(false);
      out.push_back(std::move(variable));
    });
    return out;
  }

  std::vector<Selection> ReadSelections() {
    if (!Is(Tok::kBraceL)) Fail("Expected {, found " + std::string(TokText(token_.kind)));
    const Nested nested(*this);
    std::vector<Selection> out;
    Some(Tok::kBraceL, Tok::kBraceR, [&] { out.push_back(Is(Tok::kSpread) ? ReadSpread() : ReadField()); });
    return out;
  }

  Selection ReadField() {
    Selection out;
    out.at = token_.at;
    out.comments = token_.comments;
    out.alias = Name();
    out.name = Skip(Tok::kColon) ? Name() : out.alias;
    out.arguments = ReadArguments(false);
    out.directives = ReadDirectives(false);
    if (Is(Tok::kBraceL)) out.selections = ReadSelections();
    return out;
  }

  Selection ReadSpread() {
    Selection out;
    out.comments = Take().comments;
    out.at = token_.at;
    if (Is(Tok::kName) && token_.value != "on") {
      out.kind = SelectionKind::kSpread;
      out.name = ReadFragmentName();
      out.directives = ReadDirectives(false);
      return out;
    }
    out.kind = SelectionKind::kInline;
    if (token_.value == "on") {
      Take();
      out.type_condition = Name();
    }
    out.directives = ReadDirectives(false);
    out.selections = ReadSelections();
    return out;
  }
};

}  // namespace

QueryDocument ParseQuery(std::string_view text, const Charge& charge) { return QueryParser(text, charge).Read(); }

}  // namespace intentgate::rego::graphql
