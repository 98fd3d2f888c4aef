-- Proofs of possession that were used; rows go some minutes after nobody would accept the proof any more.
CREATE TABLE used_proofs (
  id      BLOB    PRIMARY KEY,   -- digest of the proof's key and jti
  ends_at INTEGER NOT NULL       -- seconds since 1970
) WITHOUT ROWID;
CREATE INDEX used_proofs_ends_at ON used_proofs (ends_at);
