ig_fuzz(packed_text DEPS ig::store_sqlite)
