-- What was done with one root token, and in one session: both are asked for when something has to be explained, and both
-- are few events among many, so that a walk over a day, or over the chain, would read thousands for each one found.
CREATE INDEX audit_events_root ON audit_events (tenant, root_jti, seq) WHERE root_jti <> '';
CREATE INDEX audit_events_session ON audit_events (tenant, session_id, seq) WHERE session_id <> '';
