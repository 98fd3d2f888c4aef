ig_fuzz(cbor DEPS ig::token)
ig_fuzz(token_decode DEPS ig::token)
ig_fuzz(token_verify DEPS ig::token)
