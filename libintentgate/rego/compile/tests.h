// Pass "tests": finds the rules that are tests and makes each one a rule of its own, so that it can be asked alone.
//
// A test is a rule with a name in the constant part of its reference that begins with test_ or todo_test_. The second
// rule of one name becomes name#01. A rule test_x[case] has a second one beside it, test_x#cases, which holds the
// cases that its body comes to, whether or not they succeed: the keys under the expressions that bind them.
// Tested by tests/unit/rego/tests_test.cc.
#pragma once

#include <vector>

#include <intentgate/rego.h>

#include "rego/compile/diagnostics.h"
#include "rego/syntax/ast.h"

namespace intentgate::rego {

inline constexpr std::string_view kTestPrefix = "test_";
inline constexpr std::string_view kSkippedTestPrefix = "todo_test_";
inline constexpr std::string_view kCasesSuffix = "#cases";

// Rewrites the modules; gives the tests in the order of the text.
std::vector<TestRule> PrepareTests(std::vector<ModuleAst>& modules, const Diagnostics& files);

}  // namespace intentgate::rego
