ig_fuzz(json DEPS ig::json)
