-- The Merkle tree over a tenant's chain. Tiles are derived from the chain; what was signed is not.
CREATE TABLE log_tiles (
  id     INTEGER PRIMARY KEY,
  tenant TEXT    NOT NULL,
  level  INTEGER NOT NULL,
  place  INTEGER NOT NULL,
  hashes BLOB    NOT NULL          -- 32 bytes each, at most 256 of them
);
CREATE UNIQUE INDEX log_tiles_place ON log_tiles (tenant, level, place);

CREATE TABLE log_signers (
  tenant TEXT    PRIMARY KEY,
  epoch  INTEGER NOT NULL,
  size   INTEGER NOT NULL,
  root   TEXT    NOT NULL          -- hex
) WITHOUT ROWID;

CREATE TABLE log_checkpoints (
  id           INTEGER PRIMARY KEY,
  tenant       TEXT    NOT NULL,
  epoch        INTEGER NOT NULL,
  size         INTEGER NOT NULL,
  root         TEXT    NOT NULL,   -- hex
  signed_at    INTEGER NOT NULL,   -- microseconds since 1970
  note         TEXT    NOT NULL,
  witnessed_at INTEGER NOT NULL    -- microseconds since 1970; 0: not yet
);
CREATE UNIQUE INDEX log_checkpoints_place ON log_checkpoints (tenant, epoch, size);
