// Tokens of GraphQL. Comments stand before the token that they are written before.
#pragma once

#include <string>
#include <string_view>

#include "rego/builtins/graphql/ast.h"

namespace intentgate::rego::graphql {

enum class Tok : std::uint8_t { kInvalid, kEof, kBang, kDollar, kAmp, kParenL, kParenR, kSpread, kColon, kEquals, kAt, kBracketL, kBracketR, kBraceL, kBraceR, kPipe, kName, kInt, kFloat, kString, kBlockString };

// As messages write it: "Name", "{", "<EOF>".
std::string_view TokText(Tok tok);

struct Token {
  Tok kind = Tok::kEof;
  std::string value;  // kInvalid: what is wrong
  Position at;
  Comments comments;

  std::string Text() const;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  Token Next();

 private:
  void SkipBlank(Comments& comments);
  char Peek(std::size_t ahead = 0) const { return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0'; }
  void Advance(std::size_t bytes);
  Position Here() const { return {line_, column_}; }
  Token Read();
  Token Invalid(std::string why) const;
  Token Number();
  Token String();
  Token BlockString();
  bool Escape(std::string& out);

  std::string_view text_;
  std::size_t pos_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;  // in code points
};

}  // namespace intentgate::rego::graphql
