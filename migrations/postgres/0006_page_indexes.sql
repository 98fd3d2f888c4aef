-- Run with search_path set to the store's schema.

-- What one agent did with one tool: a page of both would walk the rows of one of them until enough of the other are met.
CREATE INDEX audit_events_agent_tool ON audit_events (agent_id, tool, tenant, seq) WHERE agent_id <> '' AND tool <> '';
-- What was done with one root token, and in one session.
CREATE INDEX audit_events_root ON audit_events (root_jti, tenant, seq) WHERE root_jti <> '';
CREATE INDEX audit_events_session ON audit_events (session_id, tenant, seq) WHERE session_id <> '';
