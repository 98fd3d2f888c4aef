// The package under test, and gates to test it with.
import { mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

// The entry file of the package under test, lib/index.mjs.
export const entry = process.env.LIBINTENTGATE;
export const ig = await import(entry);
export const library = join(dirname(entry), "index.js");
export const part = (name) => import(join(dirname(entry), `${name}.mjs`));
export const require = createRequire(import.meta.url);

export const POLICY = `package intentgate.policy
import rego.v1

default decision := {"allow": true}

decision := {"allow": false, "reason": "blocked by rule"} if input.tool == "blocked"

decision := {"allow": false, "escalate": true, "reason": "a person must agree"} if input.tool == "pay"
`;

export function world(settings = {}) {
  const keys = ig.KeyRing.parse(ig.generateKeyLine("k1"));
  const gate = ig.Gate.create({ keys, store: "memory", policy: POLICY, ...settings });
  const token = (caveats = [], more = {}) => ig.mint(keys, { subject: "bot", caveats, ...more }).token;
  return { keys, gate, token };
}

export const scratch = () => mkdtempSync(join(tmpdir(), "intentgate-"));

export function codeOf(work) {
  try {
    work();
  } catch (error) {
    return error.code;
  }
  return "no error";
}
