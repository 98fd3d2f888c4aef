-- Run with search_path set to the store's schema.

-- Proofs of possession that were used; rows go some minutes after nobody would accept the proof any more.
CREATE TABLE used_proofs (
  id      BYTEA  PRIMARY KEY,   -- digest of the proof's key and jti
  ends_at BIGINT NOT NULL       -- seconds since 1970
);
CREATE INDEX used_proofs_ends_at ON used_proofs (ends_at);
