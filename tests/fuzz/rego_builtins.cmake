ig_fuzz(rego_builtins DEPS ig::rego)
