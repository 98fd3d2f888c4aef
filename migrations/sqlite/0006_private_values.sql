-- What events only commit to (docs/formats/audit.md, "Commitments"): the salts and the values. A row can be erased; the
-- chain stays as it is.
CREATE TABLE private_values (
  tenant TEXT    NOT NULL,
  seq    INTEGER NOT NULL,
  member TEXT    NOT NULL,
  salt   BLOB    NOT NULL,
  value  TEXT    NOT NULL,
  PRIMARY KEY (tenant, seq, member)
) WITHOUT ROWID;

-- A hold may be for the events of a span of time only, both ends included, in microseconds since 1970.
ALTER TABLE legal_holds ADD COLUMN from_ts INTEGER NOT NULL DEFAULT -9223372036854775808;
ALTER TABLE legal_holds ADD COLUMN to_ts INTEGER NOT NULL DEFAULT 9223372036854775807;
