-- Run with search_path set to the store's schema. Texts are escaped as store/postgres/text.h says and compared as bytes.

-- The audit chain. `canonical` is what was hashed; every column after it is a projection for queries. Partitions are
-- ranges of seq, so that the primary key holds over all of them.
CREATE TABLE audit_events (
  tenant       TEXT COLLATE "C" NOT NULL,
  seq          BIGINT           NOT NULL,
  event_id     TEXT COLLATE "C" NOT NULL,
  prev_hash    TEXT COLLATE "C" NOT NULL,
  hash         TEXT COLLATE "C" NOT NULL,
  canonical    BYTEA            NOT NULL,
  ts           BIGINT           NOT NULL,   -- microseconds since 1970
  kind         TEXT COLLATE "C" NOT NULL,
  decision     TEXT COLLATE "C" NOT NULL,
  check_name   TEXT COLLATE "C" NOT NULL,
  tool         TEXT COLLATE "C" NOT NULL,
  agent_id     TEXT COLLATE "C" NOT NULL,
  jti          TEXT COLLATE "C" NOT NULL,
  elevation_id TEXT COLLATE "C" NOT NULL,
  root_jti     TEXT COLLATE "C" NOT NULL,
  session_id   TEXT COLLATE "C" NOT NULL,
  code         TEXT COLLATE "C" NOT NULL,
  actor        TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, seq)
) PARTITION BY RANGE (seq);
CREATE INDEX audit_events_ts ON audit_events (ts);
CREATE INDEX audit_events_event_id ON audit_events (event_id);
CREATE INDEX audit_events_agent ON audit_events (agent_id, tenant, seq);
CREATE INDEX audit_events_tool ON audit_events (tool, tenant, seq);
-- Rare and often asked for.
CREATE INDEX audit_events_denied ON audit_events (tenant, decision, seq) WHERE decision IN ('block', 'escalate');
CREATE INDEX audit_events_admin ON audit_events (tenant, seq) WHERE kind = 'admin';
-- A starting gate reads a tenant's control events.
CREATE INDEX audit_events_control ON audit_events (tenant, seq) WHERE kind = 'control';
CREATE INDEX audit_events_elevation ON audit_events (elevation_id, tenant, seq) WHERE elevation_id <> '';

-- Makes the partitions 0 .. newest; partition n holds seq n * 2^24 up to the next one. Attaching an empty table locks out
-- neither readers nor writers. Runs with its owner's rights, so that the gate's role needs none on the schema.
CREATE FUNCTION audit_events_partitions(newest BIGINT) RETURNS BIGINT
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  width CONSTANT BIGINT := 16777216;
  name TEXT;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('intentgate partitions ' || current_schema(), 0));
  FOR n IN 0 .. newest LOOP
    name := 'audit_events_' || n;
    CONTINUE WHEN to_regclass(format('%I.%I', current_schema(), name)) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE audit_events INCLUDING DEFAULTS)', name);
    EXECUTE format('ALTER TABLE audit_events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                   name, n * width, (n + 1) * width);
  END LOOP;
  RETURN newest;
END $$;
REVOKE ALL ON FUNCTION audit_events_partitions(BIGINT) FROM PUBLIC;
SELECT audit_events_partitions(0);

CREATE TABLE audit_heads (
  tenant   TEXT COLLATE "C" PRIMARY KEY,
  next_seq BIGINT           NOT NULL,
  hash     TEXT COLLATE "C" NOT NULL
) WITH (fillfactor = 50);

-- Ends the transaction of a batch whose head is not where it expects it.
CREATE FUNCTION audit_chain_has_moved(tenant TEXT) RETURNS BIGINT LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the chain of tenant % has moved', tenant USING ERRCODE = 'IG001';
END $$;

-- Times of events, for each block of 4096 numbers. Times do not ascend with seq; these bounds let a query for a time
-- span find the numbers it has to look at.
CREATE TABLE audit_time_spans (
  tenant TEXT COLLATE "C" NOT NULL,
  block  BIGINT           NOT NULL,   -- seq / 4096
  min_ts BIGINT           NOT NULL,
  max_ts BIGINT           NOT NULL,
  PRIMARY KEY (tenant, block)
) WITH (fillfactor = 70);

-- One row. A commit that changes it and returns proves that all commits before it are as durable as it is.
CREATE TABLE commit_fence (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), passed BIGINT NOT NULL);
INSERT INTO commit_fence VALUES (1, 0);

-- bucket 0: over the counter's whole life; else the start of a time bucket in unix seconds.
CREATE TABLE budget_counters (
  tenant  TEXT COLLATE "C" NOT NULL,
  counter TEXT COLLATE "C" NOT NULL,
  bucket  BIGINT           NOT NULL,
  amount  BIGINT           NOT NULL,
  PRIMARY KEY (tenant, counter, bucket)
) WITH (fillfactor = 50);

-- tenant '': holds for every tenant.
CREATE TABLE revocations (
  tenant     TEXT COLLATE "C" NOT NULL,
  id         TEXT COLLATE "C" NOT NULL,
  reason     TEXT             NOT NULL,
  revoked_by TEXT             NOT NULL,
  revoked_at BIGINT           NOT NULL,   -- microseconds since 1970
  PRIMARY KEY (tenant, id)
);
CREATE TABLE revocation_version (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), version BIGINT NOT NULL);
INSERT INTO revocation_version VALUES (1, 0);
