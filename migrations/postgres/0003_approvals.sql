-- Run with search_path set to the store's schema.

-- Calls that wait for a person. `arguments` is what the person sees; rows go some time after they are closed.
CREATE TABLE approvals (
  id               TEXT COLLATE "C" PRIMARY KEY,   -- UUID version 7: in the order of asking
  tenant           TEXT COLLATE "C" NOT NULL,
  binding          TEXT COLLATE "C" NOT NULL,   -- digest of what the approval is for
  root_jti         TEXT COLLATE "C" NOT NULL,
  jti              TEXT COLLATE "C" NOT NULL,
  agent_id         TEXT COLLATE "C" NOT NULL,
  method           TEXT COLLATE "C" NOT NULL,
  server           TEXT COLLATE "C" NOT NULL,
  tool             TEXT COLLATE "C" NOT NULL,
  arguments        TEXT COLLATE "C" NOT NULL,
  args_sha256      TEXT COLLATE "C" NOT NULL,
  intent_summary   TEXT COLLATE "C" NOT NULL,
  reason           TEXT COLLATE "C" NOT NULL,
  requires_step_up BIGINT           NOT NULL,
  created_at       BIGINT           NOT NULL,   -- all times: microseconds since 1970, 0: not yet
  state            TEXT COLLATE "C" NOT NULL,
  recorded         BIGINT           NOT NULL,   -- the answer's event is in the chain
  deadline         BIGINT           NOT NULL,
  decided_at       BIGINT           NOT NULL,
  used_at          BIGINT           NOT NULL,
  decided_by       TEXT COLLATE "C" NOT NULL,
  claimed_by       TEXT COLLATE "C" NOT NULL,
  note             TEXT COLLATE "C" NOT NULL,
  revision         BIGINT           NOT NULL
);
CREATE INDEX approvals_tenant ON approvals (tenant, id);
CREATE INDEX approvals_live ON approvals (tenant, state, root_jti) WHERE state IN ('pending', 'approved');
CREATE INDEX approvals_deadline ON approvals (deadline) WHERE state IN ('pending', 'approved');

-- Of two that ask for a tenant at once, the second waits for the first one's row here and then sees what it stored.
CREATE TABLE approval_turns (
  tenant TEXT COLLATE "C" PRIMARY KEY,
  turns  BIGINT           NOT NULL
) WITH (fillfactor = 50);
