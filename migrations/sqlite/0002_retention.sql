-- Where a tenant's chain begins after pruning; no row: at event 0. The event audit/pruned in the chain says why.
CREATE TABLE audit_pruned (
  tenant    TEXT    PRIMARY KEY,
  first_seq INTEGER NOT NULL,
  prev_hash TEXT    NOT NULL
) WITHOUT ROWID;

CREATE TABLE legal_holds (
  tenant    TEXT    NOT NULL,
  id        TEXT    NOT NULL,
  reason    TEXT    NOT NULL,
  placed_by TEXT    NOT NULL,
  placed_at INTEGER NOT NULL,   -- microseconds since 1970
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
