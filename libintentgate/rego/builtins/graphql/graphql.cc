// graphql.*: documents as text or as the objects that parse_* give.
#include <string>

#include "rego/builtins/families.h"
#include "rego/builtins/graphql/convert.h"
#include "rego/builtins/graphql/validate.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;
using graphql::GraphqlError;

constexpr TypeSpec kDocument = ty::OneOf(ty::kString | ty::kObject);

class Reader {
 public:
  explicit Reader(BuiltinContext& context)
      : context_(context), charge_([this](std::size_t bytes) {
          // A node takes about as much memory as four times its text.
          builtins::ChargeBytes(context_, bytes * 4);
          held_ += 200 + bytes;
          context_.arena.CheckRoom(held_);
        }) {}

  const graphql::Charge& charge() const { return charge_; }

  graphql::QueryDocument Query(const Value& value) {
    builtins::ChargeRunes(context_, TextSize(value));
    if (value.is_string()) return graphql::ParseQuery(value.string(), charge_);
    graphql::QueryDocument out;
    graphql::FromValue(context_).Read(value, out);
    return out;
  }
  graphql::SchemaDocument Schema(const Value& value) {
    builtins::ChargeRunes(context_, TextSize(value));
    if (value.is_string()) return graphql::ParseSchema(value.string(), charge_);
    graphql::SchemaDocument out;
    graphql::FromValue(context_).Read(value, out);
    return out;
  }

 private:
  static std::size_t TextSize(const Value& value) { return value.is_string() ? value.string().size() : 0; }

  BuiltinContext& context_;
  std::size_t held_ = 0;
  graphql::Charge charge_;
};

Value Report(BuiltinContext& context, const GraphqlError& error) {
  std::string message = error.message;
  if (message.ends_with('.') && !message.ends_with("..")) message.pop_back();
  if (error.at.line > 0) message += " in GraphQL string at location " + std::to_string(error.at.line) + ":" + std::to_string(error.at.column);
  return context.Error(std::move(message));
}

Value ParseQuery(BuiltinContext& context, Args args) {
  try {
    return graphql::ToValue(context).Write(Reader(context).Query(args[0]));
  } catch (const GraphqlError& error) {
    return Report(context, error);
  }
}

Value ParseSchema(BuiltinContext& context, Args args) {
  try {
    return graphql::ToValue(context).Write(Reader(context).Schema(args[0]));
  } catch (const GraphqlError& error) {
    return Report(context, error);
  }
}

bool IsDocument(const Value& value) { return value.is_string() || value.is_object(); }

struct Verified {
  Value query;
  Value schema;
};

// Throws GraphqlError.
Verified Verify(BuiltinContext& context, Args args) {
  Reader reader(context);
  const graphql::QueryDocument query = reader.Query(args[0]);
  const graphql::SchemaDocument schema = reader.Schema(args[1]);
  graphql::ValidateQuery(graphql::BuildSchema(schema, reader.charge()), query, reader.charge());
  return {graphql::ToValue(context).Write(query), graphql::ToValue(context).Write(schema)};
}

// OPA counts operands from 0 here, and reads the query before it looks at what the schema is.
Value Parse(BuiltinContext& context, Args args) {
  const std::string wanted = DescribeKinds(kDocument.kinds);
  if (!IsDocument(args[0])) return context.OperandError(0, wanted, args[0]);
  try {
    if (!IsDocument(args[1])) {
      static_cast<void>(Reader(context).Query(args[0]));
      return context.OperandError(1, wanted, args[1]);
    }
    const Verified verified = Verify(context, args);
    const Value parts[] = {verified.query, verified.schema};
    return Value::Array(context.arena, parts);
  } catch (const GraphqlError& error) {
    return Report(context, error);
  }
}

Value ParseAndVerify(BuiltinContext& context, Args args) {
  try {
    if (IsDocument(args[0]) && IsDocument(args[1])) {
      const Verified verified = Verify(context, args);
      const Value parts[] = {Value::Bool(true), verified.query, verified.schema};
      return Value::Array(context.arena, parts);
    }
  } catch (const GraphqlError&) {
    // What is wrong is not told: the answer is that it does not verify.
  }
  const Value parts[] = {Value::Bool(false), Value::EmptyObject(), Value::EmptyObject()};
  return Value::Array(context.arena, parts);
}

Value IsValid(BuiltinContext& context, Args args) {
  try {
    return Value::Bool(IsDocument(args[0]) && IsDocument(args[1]) && Verify(context, args).query.defined());
  } catch (const GraphqlError&) {
    return Value::Bool(false);
  }
}

Value SchemaIsValid(BuiltinContext& context, Args args) {
  try {
    if (!IsDocument(args[0])) return Value::Bool(false);
    Reader reader(context);
    static_cast<void>(graphql::BuildSchema(reader.Schema(args[0]), reader.charge()));
    return Value::Bool(true);
  } catch (const GraphqlError&) {
    return Value::Bool(false);
  }
}

constexpr Builtin kTable[] = {
    MakeBuiltin("graphql.parse_query", ParseQuery, ty::Object, kBuiltinPlain, ty::String),
    MakeBuiltin("graphql.parse_schema", ParseSchema, ty::Object, kBuiltinPlain, ty::String),
    MakeBuiltin("graphql.parse", Parse, ty::Array, kBuiltinUncheckedArgs, kDocument, kDocument),
    MakeBuiltin("graphql.parse_and_verify", ParseAndVerify, ty::Array, kBuiltinUncheckedArgs, kDocument, kDocument),
    MakeBuiltin("graphql.is_valid", IsValid, ty::Boolean, kBuiltinUncheckedArgs, kDocument, kDocument),
    MakeBuiltin("graphql.schema_is_valid", SchemaIsValid, ty::Boolean, kBuiltinUncheckedArgs, kDocument),
};

}  // namespace

std::span<const Builtin> GraphqlBuiltins() { return kTable; }

}  // namespace intentgate::rego
