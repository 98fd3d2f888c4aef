ig_fuzz(rego_parse DEPS ig::rego)
ig_fuzz(rego_eval DEPS ig::rego)
ig_fuzz(rego_bundle DEPS ig::rego)
ig_fuzz(rego_program SOURCES support/rego_terms.cc support/rego_rules.cc DEPS ig::rego)
