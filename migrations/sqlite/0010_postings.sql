-- One row for all of 64 consecutive events that have the same value, in place of a row of an index for each event: what a
-- busy gateway's events have in common is written once for a batch of them. Bit seq % 64 of `bits` is set for an event
-- that has it. store/sqlite/postings.h names the fields and makes the same rows.
CREATE TABLE audit_postings (
  field  INTEGER NOT NULL,
  value          NOT NULL,   -- text; of field 10 an integer
  tenant TEXT    NOT NULL,
  block  INTEGER NOT NULL,   -- seq / 64
  bits   INTEGER NOT NULL,
  PRIMARY KEY (field, value, tenant, block)
) WITHOUT ROWID;

INSERT INTO audit_postings SELECT 1, agent_id, tenant, seq >> 6, sum(1 << (seq & 63))
  FROM audit_events INDEXED BY audit_events_agent WHERE agent_id <> '' GROUP BY tenant, agent_id, seq >> 6;
INSERT INTO audit_postings SELECT 2, tool, tenant, seq >> 6, sum(1 << (seq & 63))
  FROM audit_events INDEXED BY audit_events_tool WHERE tool <> '' GROUP BY tenant, tool, seq >> 6;
INSERT INTO audit_postings SELECT 3, agent_id || char(10) || tool, tenant, seq >> 6, sum(1 << (seq & 63))
  FROM audit_events INDEXED BY audit_events_agent_tool WHERE agent_id <> '' AND tool <> '' GROUP BY 2, tenant, seq >> 6;
INSERT INTO audit_postings SELECT 4, decision, tenant, seq >> 6, sum(1 << (seq & 63))
  FROM audit_events INDEXED BY audit_events_denied WHERE decision IN ('block', 'escalate')
  GROUP BY tenant, decision, seq >> 6;
INSERT INTO audit_postings SELECT 5, kind, tenant, seq >> 6, sum(1 << (seq & 63))
  FROM audit_events INDEXED BY audit_events_kind WHERE kind IN ('admin', 'control') GROUP BY tenant, kind, seq >> 6;
INSERT INTO audit_postings SELECT 6, elevation_id, tenant, seq >> 6, sum(1 << (seq & 63))
  FROM audit_events INDEXED BY audit_events_elevated WHERE elevation_id <> '' GROUP BY tenant, elevation_id, seq >> 6;
INSERT INTO audit_postings SELECT 7, root_jti, tenant, seq >> 6, sum(1 << (seq & 63))
  FROM audit_events INDEXED BY audit_events_root WHERE root_jti <> '' GROUP BY tenant, root_jti, seq >> 6;
INSERT INTO audit_postings SELECT 8, session_id, tenant, seq >> 6, sum(1 << (seq & 63))
  FROM audit_events INDEXED BY audit_events_session WHERE session_id <> '' GROUP BY tenant, session_id, seq >> 6;
-- Of a UUID of version 7 its millisecond.
INSERT INTO audit_postings SELECT 9, CASE WHEN event_id GLOB
    '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-7*'
    THEN substr(event_id, 1, 13) ELSE event_id END, tenant, seq >> 6, sum(1 << (seq & 63))
  FROM audit_events GROUP BY 2, tenant, seq >> 6;
-- Spans of 16,384 microseconds.
INSERT INTO audit_postings SELECT 10, ts >> 14, tenant, seq >> 6, sum(1 << (seq & 63))
  FROM audit_events GROUP BY 2, tenant, seq >> 6;

DROP INDEX audit_events_agent;
DROP INDEX audit_events_tool;
DROP INDEX audit_events_agent_tool;
DROP INDEX audit_events_denied;
DROP INDEX audit_events_kind;
DROP INDEX audit_events_elevated;
DROP INDEX audit_events_root;
DROP INDEX audit_events_session;
DROP INDEX audit_events_event_id;
DROP INDEX audit_events_ts;
