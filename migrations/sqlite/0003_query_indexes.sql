-- What people ask the chain for, besides its order: who, which tool, when, what was denied, what was done by hand.
-- Each index costs every append; so only what is asked often has one, and the rare values have partial ones.
-- tests/bench/audit_query_bench.cc measures the pages, tests/bench/audit_bench.cc the price.

ALTER TABLE audit_events ADD COLUMN root_jti TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN session_id TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN actor TEXT NOT NULL DEFAULT '';
-- A row whose bytes were altered keeps empty columns; verification reports the row.
UPDATE audit_events SET
  root_jti   = coalesce(json_extract(canonical, '$.root_capability_token_id'), ''),
  session_id = coalesce(json_extract(canonical, '$.session_id'), ''),
  code       = coalesce(json_extract(canonical, '$.code'), ''),
  actor      = coalesce(json_extract(canonical, '$.actor'), '')
WHERE json_valid(canonical);

CREATE INDEX audit_events_agent ON audit_events (tenant, agent_id, seq) WHERE agent_id <> '';
CREATE INDEX audit_events_tool ON audit_events (tenant, tool, seq) WHERE tool <> '';
CREATE INDEX audit_events_denied ON audit_events (tenant, decision, seq) WHERE decision IN ('block', 'escalate');
CREATE INDEX audit_events_admin ON audit_events (tenant, seq) WHERE kind = 'admin';
CREATE INDEX audit_events_elevated ON audit_events (tenant, elevation_id, seq) WHERE elevation_id <> '';

-- The times that occur in each block of 1024 consecutive events. Times do not ascend with seq, so an index on them
-- could not give a page in the order of the chain; this narrows a window of time to a range of seq, exactly.
CREATE TABLE audit_times (
  tenant TEXT    NOT NULL,
  block  INTEGER NOT NULL,   -- seq / 1024
  min_ts INTEGER NOT NULL,
  max_ts INTEGER NOT NULL,
  PRIMARY KEY (tenant, block)
) WITHOUT ROWID;
INSERT INTO audit_times (tenant, block, min_ts, max_ts)
  SELECT tenant, seq / 1024, min(ts), max(ts) FROM audit_events GROUP BY tenant, seq / 1024;
