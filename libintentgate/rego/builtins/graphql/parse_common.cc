// Tokens, values, types, arguments, directives.
#include "rego/builtins/graphql/parser_state.h"

namespace intentgate::rego::graphql {

Token Parser::Take() {
  if (token_.kind == Tok::kInvalid) throw GraphqlError{token_.value, token_.at};
  charge_(token_.value.size() + 16);
  previous_ = std::move(token_);
  token_ = lexer_.Next();
  return previous_;
}

bool Parser::Skip(Tok kind) {
  if (!Is(kind)) return false;
  Take();
  return true;
}

Token Parser::Expect(Tok kind) {
  if (!Is(kind)) Fail("Expected " + std::string(TokText(kind)) + ", found " + std::string(TokText(token_.kind)));
  return Take();
}

void Parser::ExpectWord(std::string_view word) {
  if (!IsWord(word)) Fail("Expected \"" + std::string(word) + "\", found " + token_.Text());
  Take();
}

Description Parser::TakeDescription() {
  if (!Is(Tok::kString) && !Is(Tok::kBlockString)) return {};
  Token token = Take();
  return {std::move(token.value), std::move(token.comments), true};
}

Value Parser::ReadValue(bool constant) {
  Value out;
  out.at = token_.at;
  switch (token_.kind) {
    case Tok::kBracketL: {
      const Nested nested(*this);
      out.kind = ValueKind::kList;
      out.comments = token_.comments;
      Take();
      while (!Is(Tok::kBracketR)) {
        Child child;
        child.value = ReadValue(constant);
        out.children.push_back(std::move(child));
      }
      Take();
      return out;
    }
    case Tok::kBraceL: {
      const Nested nested(*this);
      out.kind = ValueKind::kObject;
      out.comments = token_.comments;
      Take();
      while (!Is(Tok::kBraceR)) {
        Child child;
        child.at = token_.at;
        child.comments = token_.comments;
        child.name = Name();
        Expect(Tok::kColon);
        child.value = ReadValue(constant);
        out.children.push_back(std::move(child));
      }
      Take();
      return out;
    }
    case Tok::kDollar:
      if (constant) Unexpected();
      Take();
      out.kind = ValueKind::kVariable;
      out.raw = Name();
      return out;
    case Tok::kInt: out.kind = ValueKind::kInt; break;
    case Tok::kFloat: out.kind = ValueKind::kFloat; break;
    case Tok::kString: out.kind = ValueKind::kString; break;
    case Tok::kBlockString: out.kind = ValueKind::kBlock; break;
    case Tok::kName:
      out.kind = IsWord("true") || IsWord("false") ? ValueKind::kBoolean : IsWord("null") ? ValueKind::kNull : ValueKind::kEnum;
      break;
    default: Unexpected();
  }
  out.raw = Take().value;
  return out;
}

Type Parser::ReadType() {
  Type out;
  if (Skip(Tok::kBracketL)) {
    const Nested nested(*this);
    out.at = token_.at;
    out.element = std::make_shared<const Type>(ReadType());
    Expect(Tok::kBracketR);
  } else {
    out.at = token_.at;
    out.name = Name();
  }
  out.non_null = Skip(Tok::kBang);
  return out;
}

std::vector<Argument> Parser::ReadArguments(bool constant) {
  std::vector<Argument> out;
  Some(Tok::kParenL, Tok::kParenR, [&] {
    Argument argument;
    argument.at = token_.at;
    argument.comments = token_.comments;
    argument.name = Name();
    Expect(Tok::kColon);
    argument.value = ReadValue(constant);
    out.push_back(std::move(argument));
  });
  return out;
}

std::vector<Directive> Parser::ReadDirectives(bool constant) {
  std::vector<Directive> out;
  while (Skip(Tok::kAt)) {
    Directive directive;
    directive.at = token_.at;
    directive.name = Name();
    directive.arguments = ReadArguments(constant);
    out.push_back(std::move(directive));
  }
  return out;
}

}  // namespace intentgate::rego::graphql
