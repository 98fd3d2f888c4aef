-- Run with search_path set to the store's schema.

-- What events only commit to (docs/formats/audit.md, "Commitments"): the salts and the values. A row can be erased; the
-- chain stays as it is. Partitioned as audit_events is.
CREATE TABLE private_values (
  tenant TEXT COLLATE "C" NOT NULL,
  seq    BIGINT           NOT NULL,
  member TEXT COLLATE "C" NOT NULL,
  salt   BYTEA            NOT NULL,
  value  BYTEA            NOT NULL,
  PRIMARY KEY (tenant, seq, member)
) PARTITION BY RANGE (seq);

-- As before, and for both tables.
CREATE OR REPLACE FUNCTION audit_events_partitions(newest BIGINT) RETURNS BIGINT
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  width CONSTANT BIGINT := 16777216;
  parent TEXT;
  name TEXT;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('intentgate partitions ' || current_schema(), 0));
  FOR n IN 0 .. newest LOOP
    FOREACH parent IN ARRAY ARRAY['audit_events', 'private_values'] LOOP
      name := parent || '_' || n;
      CONTINUE WHEN to_regclass(format('%I.%I', current_schema(), name)) IS NOT NULL;
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS)', name, parent);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                     parent, name, n * width, (n + 1) * width);
    END LOOP;
  END LOOP;
  RETURN newest;
END $$;
SELECT audit_events_partitions(max(regexp_replace(c.relname, '.*_', '')::bigint))
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit_events'::regclass;

-- A hold may be for the events of a span of time only, both ends included, in microseconds since 1970.
ALTER TABLE legal_holds ADD COLUMN from_ts BIGINT NOT NULL DEFAULT -9223372036854775808,
                        ADD COLUMN to_ts BIGINT NOT NULL DEFAULT 9223372036854775807;

-- The first hold that covers one of the tenant's events below `goal`, or NULL. One without a span covers all of them,
-- also when there are none.
CREATE FUNCTION audit_hold_below(of_tenant TEXT, goal BIGINT) RETURNS TEXT
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT h.id FROM legal_holds h
  WHERE h.tenant = of_tenant
    AND ((h.from_ts = -9223372036854775808 AND h.to_ts = 9223372036854775807)
      OR EXISTS (SELECT FROM audit_time_spans s
                 JOIN audit_events e ON e.tenant = s.tenant AND e.seq >= s.block * 4096 AND e.seq < (s.block + 1) * 4096
                 WHERE s.tenant = of_tenant AND s.block * 4096 < goal AND s.min_ts <= h.to_ts AND s.max_ts >= h.from_ts
                   AND e.seq < goal AND e.ts BETWEEN h.from_ts AND h.to_ts))
  ORDER BY h.id COLLATE "C" LIMIT 1
$$;

-- Empties a partition that holds only events below their tenants' prune points. So whoever may call it can remove
-- nothing that the chain does not already count as pruned. False: it holds others as well.
CREATE FUNCTION audit_empty_partition(n BIGINT) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  width CONSTANT BIGINT := 16777216;
  events CONSTANT TEXT := 'audit_events_' || n;
  vals CONSTANT TEXT := 'private_values_' || n;
BEGIN
  -- Whoever writes into it is done, and what follows sees what they wrote.
  EXECUTE format('LOCK TABLE %I, %I IN ACCESS EXCLUSIVE MODE', events, vals);
  IF EXISTS (SELECT FROM audit_heads h LEFT JOIN audit_pruned p ON p.tenant = h.tenant
             WHERE h.next_seq > n * width AND coalesce(p.first_seq, 0) < least(h.next_seq, (n + 1) * width)) THEN
    RETURN false;
  END IF;
  EXECUTE format('TRUNCATE TABLE %I, %I', events, vals);
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION audit_empty_partition(BIGINT) FROM PUBLIC;

-- As before, with the private values; with holds of a span; and a partition that goes as a whole is emptied at once.
CREATE OR REPLACE FUNCTION audit_prune(of_tenant TEXT, goal BIGINT, goal_hash TEXT, most BIGINT) RETURNS BIGINT
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  width CONSTANT BIGINT := 16777216;
  start BIGINT;
  reached BIGINT;
  hash_before TEXT := goal_hash;
  whole BOOLEAN;
BEGIN
  PERFORM audit_retention_lock();
  IF audit_hold_below(of_tenant, goal) IS NOT NULL THEN
    RETURN -1;
  END IF;
  IF goal > coalesce((SELECT h.next_seq FROM audit_heads h WHERE h.tenant = of_tenant), 0) THEN
    RETURN -2;
  END IF;
  start := coalesce((SELECT p.first_seq FROM audit_pruned p WHERE p.tenant = of_tenant), 0);
  IF goal <= start THEN
    RETURN goal;
  END IF;
  reached := (start / width + 1) * width;
  whole := goal >= reached AND NOT EXISTS (
    SELECT FROM audit_heads h LEFT JOIN audit_pruned p ON p.tenant = h.tenant
    WHERE h.tenant <> of_tenant AND h.next_seq > reached - width
      AND coalesce(p.first_seq, 0) < least(h.next_seq, reached));
  IF NOT whole THEN
    reached := least(goal, start + most);
  END IF;
  IF reached < goal THEN
    SELECT e.hash INTO hash_before FROM audit_events e WHERE e.tenant = of_tenant AND e.seq = reached - 1;
    IF NOT FOUND THEN
      RETURN -3;
    END IF;
  END IF;
  INSERT INTO audit_pruned AS p VALUES (of_tenant, reached, hash_before)
    ON CONFLICT (tenant) DO UPDATE SET first_seq = excluded.first_seq, prev_hash = excluded.prev_hash;
  IF NOT whole OR NOT audit_empty_partition(reached / width - 1) THEN
    DELETE FROM audit_events e WHERE e.tenant = of_tenant AND e.seq < reached;
    DELETE FROM private_values v WHERE v.tenant = of_tenant AND v.seq < reached;
  END IF;
  RETURN reached;
END $$;

-- Deletes the values of these events; gives back how many there were, or -1 when a hold covers one of the events.
CREATE FUNCTION audit_erase_values(of_tenant TEXT, seqs BIGINT[]) RETURNS BIGINT
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  erased BIGINT;
BEGIN
  PERFORM audit_retention_lock();
  IF EXISTS (SELECT FROM legal_holds h JOIN audit_events e ON e.tenant = h.tenant AND e.ts BETWEEN h.from_ts AND h.to_ts
             WHERE h.tenant = of_tenant AND e.seq = ANY (seqs)) THEN
    RETURN -1;
  END IF;
  DELETE FROM private_values v WHERE v.tenant = of_tenant AND v.seq = ANY (seqs);
  GET DIAGNOSTICS erased = ROW_COUNT;
  RETURN erased;
END $$;
