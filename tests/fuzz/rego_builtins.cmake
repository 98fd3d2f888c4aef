ig_fuzz(rego_builtins DEPS ig::rego)
ig_fuzz(rego_documents DEPS ig::rego)
