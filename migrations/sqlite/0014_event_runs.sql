-- From here on events are written by the run: one row for up to 64 consecutive events of a tenant (store/sqlite/event_run.h). Rows of
-- audit_events stay where they are and are read for good; all of a tenant's stand before its first run.
CREATE TABLE audit_runs (
  id        INTEGER PRIMARY KEY,
  tenant    TEXT    NOT NULL,
  first_seq INTEGER NOT NULL,
  count     INTEGER NOT NULL,
  prev_hash BLOB    NOT NULL,   -- of the first one
  hashes    BLOB    NOT NULL,
  texts     BLOB    NOT NULL,
  private   BLOB                -- NULL: no event has private values, or they were erased
);
CREATE UNIQUE INDEX audit_runs_place ON audit_runs (tenant, first_seq);
