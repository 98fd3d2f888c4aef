-- Run with search_path set to the store's schema.

-- Where a tenant's chain begins after pruning; no row: at event 0. The event audit/pruned in the chain says why.
CREATE TABLE audit_pruned (
  tenant    TEXT COLLATE "C" PRIMARY KEY,
  first_seq BIGINT           NOT NULL,
  prev_hash TEXT COLLATE "C" NOT NULL
);

CREATE TABLE legal_holds (
  tenant    TEXT COLLATE "C" NOT NULL,
  id        TEXT COLLATE "C" NOT NULL,
  reason    TEXT             NOT NULL,
  placed_by TEXT             NOT NULL,
  placed_at BIGINT           NOT NULL,   -- microseconds since 1970
  PRIMARY KEY (tenant, id)
);

-- Whoever deletes events and whoever places a hold take turns: once a hold is placed, nothing more is deleted.
CREATE FUNCTION audit_retention_lock() RETURNS VOID LANGUAGE sql SET search_path FROM CURRENT AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('intentgate retention ' || current_schema(), 0))
$$;

-- Deletes at most `most` of the tenant's events below `goal` and moves the prune point. Gives back how far it came, or
-- -1: a hold stands, -2: the goal is beyond the head, -3: an event that the new beginning rests on is missing. Runs with
-- its caller's rights: a role that may not delete events cannot prune.
CREATE FUNCTION audit_prune(of_tenant TEXT, goal BIGINT, goal_hash TEXT, most BIGINT) RETURNS BIGINT
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  reached BIGINT;
  hash_before TEXT := goal_hash;
BEGIN
  PERFORM audit_retention_lock();
  IF EXISTS (SELECT FROM legal_holds h WHERE h.tenant = of_tenant) THEN
    RETURN -1;
  END IF;
  IF goal > coalesce((SELECT h.next_seq FROM audit_heads h WHERE h.tenant = of_tenant), 0) THEN
    RETURN -2;
  END IF;
  reached := coalesce((SELECT p.first_seq FROM audit_pruned p WHERE p.tenant = of_tenant), 0);
  IF goal <= reached THEN
    RETURN goal;
  END IF;
  reached := least(goal, reached + most);
  IF reached < goal THEN
    SELECT e.hash INTO hash_before FROM audit_events e WHERE e.tenant = of_tenant AND e.seq = reached - 1;
    IF NOT FOUND THEN
      RETURN -3;
    END IF;
  END IF;
  DELETE FROM audit_events e WHERE e.tenant = of_tenant AND e.seq < reached;
  INSERT INTO audit_pruned AS p VALUES (of_tenant, reached, hash_before)
    ON CONFLICT (tenant) DO UPDATE SET first_seq = excluded.first_seq, prev_hash = excluded.prev_hash;
  RETURN reached;
END $$;
