-- Of this event what it only commits to (docs/formats/audit.md, "Commitments"): the salts and the values, packed by
-- store/sqlite/packed_values.h. NULL: there are none, or they were erased. The last column, so that nobody who asks for others
-- reads it. private_values keeps what was written before.
ALTER TABLE audit_events ADD COLUMN private BLOB;
