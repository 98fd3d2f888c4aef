-- What one agent did with one tool. The indexes of 0003 find either; a page of both would walk the rows of one of them
-- until enough of the other are met, which for a rare pair is all of them.
CREATE INDEX audit_events_agent_tool ON audit_events (tenant, agent_id, tool, seq) WHERE agent_id <> '' AND tool <> '';

-- The rare kinds. The two indexes before had no more columns than the one over the whole chain, which is unique; so
-- SQLite took that one and walked the chain.
DROP INDEX audit_events_control;
DROP INDEX audit_events_admin;
CREATE INDEX audit_events_kind ON audit_events (tenant, kind, seq) WHERE kind IN ('admin', 'control');
