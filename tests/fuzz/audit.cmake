ig_fuzz(export_verify DEPS ig::audit)
