// What the readers of queries and of schemas share.
#pragma once

#include <string>
#include <utility>

#include "rego/builtins/graphql/lexer.h"
#include "rego/builtins/graphql/parser.h"

namespace intentgate::rego::graphql {

struct Description {
  std::string text;
  Comments comments;
  bool present = false;
};

class Parser {
 public:
  Parser(std::string_view text, const Charge& charge) : lexer_(text), charge_(charge) { token_ = lexer_.Next(); }

  bool AtEnd() const { return token_.kind == Tok::kEof; }

 protected:
  class Nested {
   public:
    explicit Nested(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > kMaxNesting) parser_.Fail("exceeded maximum nesting depth of " + std::to_string(kMaxNesting));
    }
    ~Nested() { --parser_.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    Parser& parser_;
  };

  [[noreturn]] void Fail(std::string message) const { throw GraphqlError{std::move(message), token_.at}; }
  [[noreturn]] void Unexpected(const Token& token) const { throw GraphqlError{"Unexpected " + token.Text(), token.at}; }
  [[noreturn]] void Unexpected() const { Unexpected(token_); }

  bool Is(Tok kind) const { return token_.kind == kind; }
  bool IsWord(std::string_view word) const { return token_.kind == Tok::kName && token_.value == word; }
  Token Take();
  bool Skip(Tok kind);
  Token Expect(Tok kind);
  void ExpectWord(std::string_view word);
  std::string Name() { return Expect(Tok::kName).value; }
  Description TakeDescription();

  // open item... close; comments before the closing sign. Nothing if `open` does not stand here.
  template <typename Item>
  Comments Some(Tok open, Tok close, const Item& item) {
    if (!Skip(open)) return {};
    if (Is(close)) Fail("expected at least one definition, found " + std::string(TokText(token_.kind)));
    while (!Is(close)) item();
    Comments comments = token_.comments;
    Take();
    return comments;
  }

  Value ReadValue(bool constant);
  Type ReadType();
  std::vector<Argument> ReadArguments(bool constant);
  std::vector<Directive> ReadDirectives(bool constant);

  Lexer lexer_;
  const Charge& charge_;
  Token token_;
  Token previous_;
  int depth_ = 0;
};

}  // namespace intentgate::rego::graphql
