ig_fuzz(url DEPS ig::token)
ig_fuzz(path DEPS ig::token)
ig_fuzz(glob DEPS ig::token)
ig_fuzz(constraint_json DEPS ig::token)
