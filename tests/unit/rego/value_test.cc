// Values, their order, and numbers.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <intentgate/json.h>

#include "rego/bigint.h"
#include "rego/number.h"
#include "rego/value.h"

namespace intentgate::rego {
namespace {

Value Num(const char* text) { return Value::NumberRef(text); }

std::string Text(const Value& v) { return v.defined() ? v.ToText() : "undefined"; }

}  // namespace

TEST_CASE("integers are exact at any size") {
  Arena arena;
  CHECK(Text(NumberAdd(arena, Value::Int(9223372036854775807), Value::Int(1))) == "9223372036854775808");
  CHECK(Text(NumberMul(arena, Num("123456789012345678901234567890"), Num("-987654321098765432109876543210"))) ==
        "-121932631137021795226185032733622923332237463801111263526900");
  CHECK(Text(NumberSub(arena, Num("100000000000000000000"), Num("99999999999999999999"))) == "1");
  CHECK(Text(NumberDivExact(arena, Num("121932631137021795226185032733622923332237463801111263526900"), Num("123456789012345678901234567890"))) ==
        "987654321098765432109876543210");
  CHECK(Text(NumberRem(arena, Num("100000000000000000000000000007"), Num("10000000000000000000"))) == "7");
  CHECK(Text(NumberRem(arena, Value::Int(-7), Value::Int(3))) == "-1");
  CHECK(Text(NumberDiv(arena, Value::Int(INT64_MIN), Value::Int(-1))) == "9223372036854775808");
  CHECK(Text(NumberRem(arena, Value::Int(INT64_MIN), Value::Int(-1))) == "0");
  CHECK(Text(NumberDiv(arena, Value::Int(1), Value::Int(0))) == "undefined");
  CHECK(Text(NumberAdd(arena, Num("1e30"), Value::Int(1))) == "1000000000000000000000000000001");
}

TEST_CASE("integers of up to 37 digits agree with those of any size") {
  const std::vector<std::string> numbers = {"0", "-0", "1", "-1", "3", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
                                            "-9223372036854775809", "1000000000000000000000000000", "-1000000000000000000000000001",
                                            "9999999999999999999999999999999999999", "-9999999999999999999999999999999999999",
                                            "10000000000000000000000000000000000000", "170141183460469231731687303715884105728"};
  Arena arena;
  for (const std::string& a : numbers) {
    for (const std::string& b : numbers) {
      CAPTURE(a);
      CAPTURE(b);
      const Value x = Num(a.c_str());
      const Value y = Num(b.c_str());
      const BigInt big_x = BigInt::FromText(a);
      const BigInt big_y = BigInt::FromText(b);
      CHECK(Text(NumberAdd(arena, x, y)) == BigInt::Add(big_x, big_y).ToText());
      CHECK(Text(NumberSub(arena, x, y)) == BigInt::Sub(big_x, big_y).ToText());
      CHECK(Text(NumberMul(arena, x, y)) == BigInt::Mul(big_x, big_y).ToText());
      CHECK(NumberCompare(x, y) == BigInt::Compare(big_x, big_y));
      CHECK(NumberIsZero(y) == big_y.IsZero());
      if (big_y.IsZero()) continue;
      const auto [quotient, rest] = BigInt::DivMod(big_x, big_y);
      CHECK(Text(NumberRem(arena, x, y)) == rest.ToText());
      if (rest.IsZero()) CHECK(Text(NumberDivExact(arena, x, y)) == quotient.ToText());
    }
  }
}

TEST_CASE("quotient times divisor plus rest is the dividend") {
  const std::vector<std::string> numbers = {"1", "999999999", "1000000000", "999999999999999999", "1000000000000000000000000000",
                                            "123456789123456789123456789123456789", "-98765432109876543210987654321", "500000000499999999999999999"};
  for (const std::string& a : numbers) {
    for (const std::string& b : numbers) {
      const BigInt x = BigInt::FromText(a);
      const BigInt y = BigInt::FromText(b);
      const auto [quotient, rest] = BigInt::DivMod(x, y);
      CHECK(BigInt::Add(BigInt::Mul(quotient, y), rest).ToText() == a);
    }
  }
}

TEST_CASE("fractions are computed with a 64-bit mantissa") {
  Arena arena;
  CHECK(Text(NumberDiv(arena, Value::Int(1), Value::Int(3))) == "0.33333333333333333334");
  CHECK(Text(NumberAdd(arena, Num("1.1"), Num("2.2"))) == "3.3000000000000000002");
  CHECK(Text(NumberAdd(arena, Num("0.1"), Num("0.2"))) == "0.3");
  CHECK(Text(NumberDiv(arena, Num("15.3"), Value::Int(3))) == "5.1");
  CHECK(Text(NumberAdd(arena, Num("1234567.5"), Value::Int(0))) == "1.2345675e+06");
}

TEST_CASE("numbers compare and hash by value, whatever their spelling") {
  for (const auto& [a, b] : {std::pair("1", "1.0"), std::pair("100", "1e2"), std::pair("0.10", "1e-1"), std::pair("0", "-0"),
                             std::pair("123456789012345678901", "1.23456789012345678901e20")}) {
    CHECK(Num(a) == Num(b));
    CHECK(Num(a).Hash() == Num(b).Hash());
  }
  CHECK(Value::Compare(Num("1e400"), Num("1e399")) > 0);
  CHECK(Value::Compare(Num("0.1234567890123456789"), Num("0.1234567890123456788")) > 0);
  CHECK(Value::Compare(Num("-5"), Num("0.5")) < 0);
}

TEST_CASE("lazy input compares and hashes like built values") {
  Arena arena;
  const json::Value json = *json::Parse(R"({"b":[1,2.0,{"x":null}],"a":"s"})");
  const Value lazy = Value::FromJson(arena, json);
  const Value built = *Value::ParseJson(arena, R"({"a":"s","b":[1.0,2,{"x":null}]})");
  CHECK(lazy == built);
  CHECK(lazy.Hash() == built.Hash());
  CHECK(lazy.ToText() == R"({"a": "s", "b": [1, 2.0, {"x": null}]})");
  CHECK(lazy.GetMember("b").Get(Value::Int(0)) == Value::Int(1));
  CHECK_FALSE(lazy.GetMember("c").defined());
}

TEST_CASE("sets keep one spelling of equal members and are sorted") {
  Arena arena;
  SetBuilder set(arena);
  CHECK(set.Add(Num("1.0")));
  CHECK_FALSE(set.Add(Num("1")));
  for (int i = 20; i > 0; --i) set.Add(Value::Int(i));
  const Value v = set.Finish();
  CHECK(v.size() == 20);
  CHECK(v.elements()[0].ToText() == "1.0");
  CHECK(v.Contains(Value::Int(13)));
  CHECK_FALSE(v.Contains(Value::Int(21)));
}

TEST_CASE("sets come out in order whatever their members and the order of adding") {
  Arena arena;
  const std::vector<Value> mixed = {Value::Int(7), Value::StringRef("b"), Value::Null(), Value::StringRef("a"), Num("2.5"), Value::Bool(true),
                                    Num("123456789012345678901"), Value::Int(-3), Value::EmptyArray(), Value::StringRef("")};
  CHECK(Value::Set(arena, mixed).ToText() == R"({null, true, -3, 2.5, 7, 123456789012345678901, "", "a", "b", []})");
  const std::vector<Value> texts = {Value::StringRef("b"), Value::StringRef("aa"), Value::StringRef("a"), Value::StringRef("")};
  CHECK(Value::Set(arena, texts).ToText() == R"({"", "a", "aa", "b"})");
}

TEST_CASE("two sets are merged as their members one by one would be") {
  Arena arena;
  const auto numbers = [&](int from, int to, int step) {
    SetBuilder set(arena);
    for (int i = from; i < to; i += step) set.Add(i % 3 == 0 ? Num("0.5") : Value::Int(i));
    for (int i = from; i < to; i += step) set.Add(Value::Int(i));
    return set.Finish();
  };
  const std::vector<Value> sets = {Value::EmptySet(), numbers(0, 1, 1),  numbers(0, 7, 1),    numbers(3, 20, 1),
                                   numbers(0, 20, 2), numbers(5, 6, 1), numbers(0, 1000, 1), numbers(900, 2000, 7)};
  for (const Value& a : sets) {
    for (const Value& b : sets) {
      SetBuilder both(arena), either(arena), only_a(arena);
      for (const Value& v : a.elements()) {
        either.Add(v);
        if (b.Contains(v)) both.Add(v);
        else only_a.Add(v);
      }
      for (const Value& v : b.elements()) either.Add(v);
      CHECK(SetUnion(arena, a, b) == either.Finish());
      CHECK(SetIntersection(arena, a, b) == both.Finish());
      CHECK(SetDifference(arena, a, b) == only_a.Finish());
    }
  }
}

TEST_CASE("a member of both sets keeps the spelling of the first, in an intersection that of the smaller set") {
  Arena arena;
  const Value one = Num("1.0");
  const Value a = Value::Set(arena, {&one, 1});
  SetBuilder many(arena);
  for (int i = 0; i < 100; ++i) many.Add(Value::Int(i));
  const Value b = many.Finish();
  CHECK(SetIntersection(arena, a, b).ToText() == "{1.0}");
  CHECK(SetIntersection(arena, b, a).ToText() == "{1.0}");
  CHECK(SetUnion(arena, a, b).Get(Value::Int(1)).ToText() == "1.0");
  CHECK(SetUnion(arena, b, a).Get(Value::Int(1)).ToText() == "1");
}

TEST_CASE("large objects find every key and refuse a second value") {
  Arena arena;
  ObjectBuilder object(arena);
  for (int i = 0; i < 1000; ++i) CHECK(object.Insert(Value::Int(i * 7919 % 1000), Value::Int(i)));
  CHECK(object.Insert(Value::Int(7919 % 1000), Value::Int(1)));
  CHECK_FALSE(object.Insert(Value::Int(7919 % 1000), Value::Int(2)));
  const Value v = object.Finish();
  for (int i = 0; i < 1000; ++i) CHECK(v.Get(Value::Int(i)).defined());
  CHECK_FALSE(v.Get(Value::Int(1000)).defined());
}

TEST_CASE("an arena ends the evaluation at its limit and can be used again") {
  Arena arena(1000);
  CHECK_THROWS_AS(arena.Allocate(2000, 8), EvalAbort);
  CHECK_THROWS_AS(arena.NewArray<Value>(SIZE_MAX / 8), EvalAbort);
  arena.Reset();
  CHECK(arena.bytes_used() == 0);
  arena.Allocate(100, 8);
  CHECK(arena.bytes_used() == 100);
}

}  // namespace intentgate::rego
