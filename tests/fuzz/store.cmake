ig_fuzz(event_run DEPS ig::store_sqlite ig::dep_sqlite)
ig_fuzz(packed_text DEPS ig::store_sqlite)
ig_fuzz(packed_values DEPS ig::store_sqlite)
