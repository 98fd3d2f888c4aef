// Signed agent memory in the public product's format: every entry carries an HMAC under a key of the session, and the
// hash of the entry before it. The public gateway checks what a call cites; IntentGate's own does not look at it.
"use strict";

const { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } = require("node:crypto");

const SESSION_KEY_SIZE = 32;
const HASH_SIZE = 32;
const INFO = "intentgate-memory-v1";
const ZERO_HASH = Buffer.alloc(HASH_SIZE);

class MemoryProvenanceError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = "MemoryProvenanceError";
  }
}

function keyed(key) {
  if (!(key instanceof Uint8Array) || key.length === 0) throw new MemoryProvenanceError("sessionKey is empty");
  return key;
}

/** The 32-byte key of a session, of the master key and the token's jti. */
function deriveSessionKey(masterKey, sessionId) {
  if (!(masterKey instanceof Uint8Array) || masterKey.length === 0) throw new MemoryProvenanceError("masterKey is empty");
  if (typeof sessionId !== "string" || sessionId === "") throw new MemoryProvenanceError("sessionId is empty");
  return Buffer.from(hkdfSync("sha256", masterKey, sessionId, INFO, SESSION_KEY_SIZE));
}

function sized(bytes) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}

/** The bytes that are signed: lengths and values, in the order session, id, time, previous hash, data. */
function canonical({ id, sessionId, timestamp, data, prevHash }) {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(timestamp));
  return Buffer.concat([...sized(Buffer.from(sessionId)), ...sized(Buffer.from(id)), time, ...sized(prevHash), ...sized(data)]);
}

const macOf = (key, envelope) => createHmac("sha256", key).update(canonical(envelope)).digest();
const hashOf = (envelope) => createHash("sha256").update(canonical(envelope)).digest();

function sign(sessionKey, envelope) {
  return { ...envelope, hmac: macOf(keyed(sessionKey), envelope) };
}

/** Throws MemoryProvenanceError unless the entry is as it was signed. */
function verify(sessionKey, envelope) {
  keyed(sessionKey);
  if (envelope.hmac.length !== HASH_SIZE) throw new MemoryProvenanceError(`the hmac field is ${envelope.hmac.length} bytes, not ${HASH_SIZE}`);
  if (!timingSafeEqual(envelope.hmac, macOf(sessionKey, envelope))) throw new MemoryProvenanceError(`hmac mismatch in entry ${envelope.id}`);
}

/** Throws MemoryProvenanceError unless the entries are a whole chain from its first one. */
function verifyChain(sessionKey, envelopes) {
  let before = ZERO_HASH;
  for (const envelope of envelopes) {
    verify(sessionKey, envelope);
    if (!before.equals(envelope.prevHash)) throw new MemoryProvenanceError(`entry ${envelope.id} does not follow the one before it`);
    before = hashOf(envelope);
  }
}

/** JSON with sorted names and no blanks. */
function stable(value) {
  const sorted = (_, of) => (typeof of === "object" && of !== null && !Array.isArray(of) && !(of instanceof Uint8Array)
    ? Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1))) : of);
  const made = JSON.stringify(value, sorted);
  if (made === undefined) throw new TypeError("write: the value cannot be written as JSON");
  return made;
}

const bytesOf = (value) => (value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(typeof value === "string" ? value : stable(value)));

class MemoryStore {
  #sessionId;
  #key;
  #write;
  #read;
  #last = ZERO_HASH;
  #size = 0;

  constructor(sessionId, key, { writeHook, readHook } = {}) {
    if (typeof sessionId !== "string" || sessionId === "") throw new TypeError("MemoryStore: sessionId is required");
    if (!(key instanceof Uint8Array) || key.length !== SESSION_KEY_SIZE) throw new TypeError(`MemoryStore: the key must be ${SESSION_KEY_SIZE} bytes`);
    if ((writeHook === undefined) !== (readHook === undefined)) throw new TypeError("MemoryStore: give both hooks or none");
    const entries = new Map();
    this.#sessionId = sessionId;
    this.#key = Buffer.from(key);
    this.#write = writeHook ?? ((id, envelope) => entries.set(id, envelope));
    this.#read = readHook ?? ((id) => entries.get(id));
  }

  /** The id of the new entry: 32 hex digits. */
  write(value) {
    const id = randomBytes(16).toString("hex");
    const entry = { id, sessionId: this.#sessionId, timestamp: Date.now(), data: bytesOf(value), prevHash: this.#last };
    const envelope = sign(this.#key, entry);
    this.#write(id, envelope);
    this.#last = hashOf(entry);
    this.#size += 1;
    return id;
  }

  /** Throws MemoryProvenanceError if it is not as it was written. */
  read(id) {
    const envelope = this.#read(id);
    if (!envelope) throw new MemoryProvenanceError(`entry ${id} is not found`);
    if (envelope.id !== id || envelope.sessionId !== this.#sessionId) throw new MemoryProvenanceError(`entry ${id} is another one`);
    verify(this.#key, envelope);
    return envelope;
  }

  /** What a call cites, as the gateway reads it. */
  provenanceFor(ids) {
    return ids.map((one) => {
      const { id, sessionId, timestamp, data, prevHash, hmac } = this.read(one);
      const text = (bytes) => Buffer.from(bytes).toString("base64url");
      return { id, session_id: sessionId, ts: timestamp, data: text(data), prev_hash: text(prevHash), hmac: text(hmac) };
    });
  }

  get size() {
    return this.#size;
  }
}

module.exports = { MemoryStore, MemoryProvenanceError, SESSION_KEY_SIZE, ZERO_HASH, canonical, deriveSessionKey, sign, verify, verifyChain };
