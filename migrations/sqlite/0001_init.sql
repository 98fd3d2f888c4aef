-- The audit chain. `canonical` is what was hashed; every column after it is a projection for queries.
CREATE TABLE audit_events (
  id           INTEGER PRIMARY KEY,
  tenant       TEXT    NOT NULL,
  seq          INTEGER NOT NULL,
  event_id     TEXT    NOT NULL,
  prev_hash    TEXT    NOT NULL,
  hash         TEXT    NOT NULL,
  canonical    TEXT    NOT NULL,
  ts           INTEGER NOT NULL,   -- microseconds since 1970
  kind         TEXT    NOT NULL,
  decision     TEXT    NOT NULL,
  check_name   TEXT    NOT NULL,
  tool         TEXT    NOT NULL,
  agent_id     TEXT    NOT NULL,
  jti          TEXT    NOT NULL,
  elevation_id TEXT    NOT NULL
);
CREATE UNIQUE INDEX audit_events_place ON audit_events (tenant, seq);
CREATE INDEX audit_events_ts ON audit_events (ts);
CREATE INDEX audit_events_event_id ON audit_events (event_id);
-- A starting gate reads a tenant's control events.
CREATE INDEX audit_events_control ON audit_events (tenant, seq) WHERE kind = 'control';

CREATE TABLE audit_heads (
  tenant   TEXT    PRIMARY KEY,
  next_seq INTEGER NOT NULL,
  hash     TEXT    NOT NULL
) WITHOUT ROWID;

-- bucket 0: over the counter's whole life; else the start of a time bucket in unix seconds.
CREATE TABLE budget_counters (
  tenant  TEXT    NOT NULL,
  counter TEXT    NOT NULL,
  bucket  INTEGER NOT NULL,
  amount  INTEGER NOT NULL,
  PRIMARY KEY (tenant, counter, bucket)
) WITHOUT ROWID;

-- tenant '': holds for every tenant.
CREATE TABLE revocations (
  tenant     TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  reason     TEXT    NOT NULL,
  revoked_by TEXT    NOT NULL,
  revoked_at INTEGER NOT NULL,   -- microseconds since 1970
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;

CREATE TABLE revocation_version (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  version  INTEGER NOT NULL
);
INSERT INTO revocation_version (only_row, version) VALUES (1, 0);
