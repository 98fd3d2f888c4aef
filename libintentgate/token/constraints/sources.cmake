# The sources of the argument constraints, relative to libintentgate/token; part of ig::token, which
# needs ig::json and, privately, ig::dep_re2 for them.
set(IG_TOKEN_CONSTRAINT_SOURCES
  constraints/address.cc
  constraints/canonical.cc
  constraints/combinators.cc
  constraints/compile.cc
  constraints/describe.cc
  constraints/glob.cc
  constraints/json_form.cc
  constraints/lists.cc
  constraints/makers.cc
  constraints/path.cc
  constraints/range.cc
  constraints/regex.cc
  constraints/text.cc
  constraints/url.cc)
