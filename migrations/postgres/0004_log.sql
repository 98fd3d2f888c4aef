-- Run with search_path set to the store's schema.

-- The Merkle tree over a tenant's chain. Tiles are derived from the chain; what was signed is not.
CREATE TABLE log_tiles (
  tenant TEXT COLLATE "C" NOT NULL,
  level  BIGINT           NOT NULL,
  place  BIGINT           NOT NULL,
  hashes BYTEA            NOT NULL,         -- 32 bytes each, at most 256 of them
  PRIMARY KEY (tenant, level, place)
);

CREATE TABLE log_signers (
  tenant TEXT COLLATE "C" PRIMARY KEY,
  epoch  BIGINT           NOT NULL,
  size   BIGINT           NOT NULL,
  root   TEXT COLLATE "C" NOT NULL          -- hex
);

CREATE TABLE log_checkpoints (
  tenant       TEXT COLLATE "C" NOT NULL,
  epoch        BIGINT           NOT NULL,
  size         BIGINT           NOT NULL,
  root         TEXT COLLATE "C" NOT NULL,   -- hex
  signed_at    BIGINT           NOT NULL,   -- microseconds since 1970
  note         TEXT             NOT NULL,
  witnessed_at BIGINT           NOT NULL,   -- microseconds since 1970; 0: not yet
  PRIMARY KEY (tenant, epoch, size)
);

-- Ends a transaction that would give a stored tile other hashes.
CREATE FUNCTION log_tiles_differ() RETURNS BIGINT LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a tile is stored with other hashes' USING ERRCODE = 'IG002';
END $$;
