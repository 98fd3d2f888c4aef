ig_fuzz(export_verify DEPS ig::audit)
ig_fuzz(canonical_check DEPS ig::audit)
ig_fuzz(bundle_verify DEPS ig::evidence ig::tlog)
