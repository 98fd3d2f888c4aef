ig_fuzz(checkpoint DEPS ig::tlog)
ig_fuzz(note DEPS ig::tlog)
ig_fuzz(proof_file DEPS ig::tlog)
ig_fuzz(verifier_key DEPS ig::tlog)
