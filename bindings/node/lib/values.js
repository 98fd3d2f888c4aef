// What crosses into the native half: checked texts, and arguments as one JSON snapshot.
"use strict";

// Far above every limit of the library, far below what a copy could not be made of.
const MAX_TEXT = 64 * 1024 * 1024;

const kindOf = (value) => (value === null ? "null" : Array.isArray(value) ? "an array" : typeof value);

/** A string that a UTF-8 reader sees as JavaScript does; `absent` stands for undefined and null. */
function text(value, name, absent) {
  if ((value === undefined || value === null) && absent !== undefined) return absent;
  if (typeof value !== "string") throw new TypeError(`${name} must be a string, not ${kindOf(value)}`);
  if (value.length > MAX_TEXT) throw new RangeError(`${name} is longer than ${MAX_TEXT} characters`);
  if (/\p{Surrogate}/u.test(value)) throw new TypeError(`${name} has half a surrogate pair, which no other program would read alike`);
  return value;
}

// Whole numbers that a double and an int64 both hold.
function integer(value, name) {
  if (value === undefined || value === null) return undefined;
  if (!Number.isSafeInteger(value)) throw new TypeError(`${name} must be a whole number, not ${typeof value === "number" ? value : kindOf(value)}`);
  return value;
}

function strict(key, value) {
  const wrong = typeof value === "number" && !Number.isFinite(value) ? String(value)
    : typeof value === "function" || typeof value === "symbol" ? `a ${typeof value}`
      : value === undefined && Array.isArray(this) ? "undefined" : undefined;
  if (wrong !== undefined) throw new TypeError(`${JSON.stringify(key)} is ${wrong}, which JSON cannot say`);
  return value;
}

/** The snapshot that is judged, or undefined for a call without arguments. Getters and toJSON run here, once. */
function snapshot(args, name = "args") {
  if (args === undefined || args === null) return undefined;
  if (typeof args !== "object" || Array.isArray(args)) throw new TypeError(`${name} must be an object, not ${kindOf(args)}`);
  return json(args, name);
}

/** JSON of any value. What JSON would silently turn into null is refused. */
function json(value, name) {
  let made;
  try {
    made = JSON.stringify(value);
    // The careful spelling costs ten times as much, and only a null can hide something.
    if (made === undefined || made.includes("null")) made = JSON.stringify(value, strict);
  } catch (cause) {
    throw new TypeError(`${name} cannot be written as JSON: ${cause?.message ?? cause}`, { cause });
  }
  if (made === undefined) throw new TypeError(`${name} cannot be written as JSON`);
  if (made.length > MAX_TEXT) throw new RangeError(`${name} is longer than ${MAX_TEXT} characters as JSON`);
  return made;
}

module.exports = { text, integer, snapshot, json };
