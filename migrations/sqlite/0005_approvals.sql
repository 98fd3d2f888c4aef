-- Calls that wait for a person. `arguments` is what the person sees; rows go some time after they are closed.
CREATE TABLE approvals (
  id               TEXT    PRIMARY KEY,   -- UUID version 7: in the order of asking
  tenant           TEXT    NOT NULL,
  binding          TEXT    NOT NULL,   -- digest of what the approval is for
  root_jti         TEXT    NOT NULL,
  jti              TEXT    NOT NULL,
  agent_id         TEXT    NOT NULL,
  method           TEXT    NOT NULL,
  server           TEXT    NOT NULL,
  tool             TEXT    NOT NULL,
  arguments        TEXT    NOT NULL,
  args_sha256      TEXT    NOT NULL,
  intent_summary   TEXT    NOT NULL,
  reason           TEXT    NOT NULL,
  requires_step_up INTEGER NOT NULL,
  created_at       INTEGER NOT NULL,   -- all times: microseconds since 1970, 0: not yet
  state            TEXT    NOT NULL,
  recorded         INTEGER NOT NULL,   -- the answer's event is in the chain
  deadline         INTEGER NOT NULL,
  decided_at       INTEGER NOT NULL,
  used_at          INTEGER NOT NULL,
  decided_by       TEXT    NOT NULL,
  claimed_by       TEXT    NOT NULL,
  note             TEXT    NOT NULL,
  revision         INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX approvals_tenant ON approvals (tenant, id);
CREATE INDEX approvals_live ON approvals (tenant, state, root_jti) WHERE state IN ('pending', 'approved');
CREATE INDEX approvals_deadline ON approvals (deadline) WHERE state IN ('pending', 'approved');
