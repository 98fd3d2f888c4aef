// Tokens of Rego. Immutable input, no allocation but for the token's decoded text.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "rego/syntax/ast.h"

namespace intentgate::rego {

enum class Tok : std::uint8_t {
  kEof, kError, kIdent, kNumber, kString, kRawString, kTemplate, kRawTemplate,
  kLBrack, kRBrack, kLBrace, kRBrace, kLParen, kRParen, kComma, kColon, kSemicolon, kDot,
  kAssign, kUnify, kEq, kNeq, kLt, kLte, kGt, kGte, kPlus, kMinus, kMul, kDiv, kRem, kAnd, kOr,
  kPackage, kImport, kDefault, kAs, kWith, kNot, kSome, kElse, kNull, kTrue, kFalse,
  kIn, kEvery, kIf, kContains, kLogicAnd, kLogicOr,  // words only where the module's dialect has them
};

struct Token {
  Tok kind = Tok::kEof;
  Location at;
  std::string_view raw;  // the token's bytes in the source
  std::string text;      // names and numbers as written; strings decoded; kError: the message
  bool newline_before = false;
  bool space_before = false;
};

struct Keywords {
  bool in = false;
  bool every = false;
  bool if_ = false;
  bool contains = false;
  bool and_ = false;
  bool or_ = false;
};

using Comments = std::map<std::pair<std::uint32_t, std::uint32_t>, std::string>;  // by line and column

class Lexer {
 public:
  // The text must outlive the lexer. Positions count from `start`.
  // Metadata blocks are written to `metadata`, by line; null: they are read over. So are all comments to `comments`.
  Lexer(std::string_view text, Location start, std::map<std::uint32_t, std::string>* metadata, Comments* comments = nullptr)
      : text_(text), at_(start), metadata_(metadata), comments_(comments) {}
  Token Next(const Keywords& keywords);

 private:
  bool SkipBlank(Token& token);
  void KeepMetadata(std::string_view comment);
  void Advance(std::size_t n);
  char Peek(std::size_t ahead = 0) const { return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0'; }
  Token Finish(Token token, Tok kind, std::size_t length);
  Token Word(Token token, const Keywords& keywords);
  Token Number(Token token);
  Token String(Token token);
  Token RawString(Token token);
  Token Template(Token token);
  Token Symbol(Token token);
  Token Fail(Token token, std::string message);

  std::string_view text_;
  std::size_t pos_ = 0;
  Location at_;
  std::map<std::uint32_t, std::string>* metadata_;
  Comments* comments_;
};

// Decodes the inside of a "..." literal: JSON escapes; in templates also \{. False: `message` says why.
bool DecodeString(std::string_view raw, bool is_template, std::string& out, std::string& message);

}  // namespace intentgate::rego
