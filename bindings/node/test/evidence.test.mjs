// Checkpoints, bundles, holds, erasure and pruning, from JavaScript.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ig, scratch, world } from "./support.mjs";

const why = { reason: "case 7", actor: "ann@example.com" };

function signing(audit = {}, store) {
  const folder = scratch();
  const key = ig.makeSigningKeyFile(join(folder, "signing.key"), "acme");
  const made = world({ store: store ?? { sqlite: join(folder, "gate.db") }, audit: { signing: { keyFile: join(folder, "signing.key"), deployment: "acme", intervalMs: 3600_000, maxMergeDelayMs: 3600_000 }, ...audit } });
  return { ...made, folder, key };
}

test("a bundle proves what was decided, and tells of a changed byte and of a key that is not the log's", async () => {
  const { gate, token, folder, key } = signing();
  assert.equal(gate.evidence, gate.evidence);
  assert.equal(gate.evidence.verifierKey, key);
  const decision = await gate.authorize("read", { path: "/a" }, token());
  const receipt = await gate.evidence.receipt(decision);
  assert.match(receipt, /acme/);
  const checkpoint = await gate.evidence.checkpoint();
  assert.equal(checkpoint.origin, "acme/audit/default/1");
  assert.equal(checkpoint.size, decision.auditSeq + 1);
  assert.deepEqual(gate.evidence.latestCheckpointSync(), checkpoint);
  const proof = await gate.evidence.proof(decision.eventId);
  assert.deepEqual([proof.seq, proof.hash], [decision.auditSeq, decision.auditHash]);
  const fresh = await gate.evidence.freshness();
  assert.deepEqual([fresh.ok, fresh.signing, fresh.uncommittedEvents, fresh.checkpoint.size], [true, true, 0, checkpoint.size]);
  const report = await gate.evidence.verify();
  assert.deepEqual([report.ok, report.verified, report.covered], [true, checkpoint.size, checkpoint.size]);

  const file = join(folder, "bundle.tar");
  await gate.evidence.writeBundle(file);
  const intact = await ig.verifyBundle(file, { keys: [key], receipts: [receipt], olderCheckpoints: [checkpoint.note] });
  assert.deepEqual([intact.verdict, intact.complete, intact.events, intact.covered], ["intact", true, checkpoint.size, checkpoint.size]);
  const bytes = readFileSync(file);
  bytes[bytes.indexOf('"tool":"read"') + 9] ^= 1;
  writeFileSync(join(folder, "changed.tar"), bytes);
  assert.equal((await ig.verifyBundle(join(folder, "changed.tar"), { keys: [key] })).verdict, "tampered");
  writeFileSync(join(folder, "short.tar"), bytes.subarray(0, bytes.length / 2));
  assert.notEqual((await ig.verifyBundle(join(folder, "short.tar"), { keys: [key] })).verdict, "intact");
  const other = ig.makeSigningKeyFile(join(folder, "other.key"), "acme");
  assert.equal((await ig.verifyBundle(file, { keys: [other] })).verdict, "unknown_key");
  await gate.evidence.writeBundle(join(folder, "few.tar"), { filter: { tool: "read", from: 0, to: new Date(Date.now() + 60_000) } });
  const few = await ig.verifyBundle(join(folder, "few.tar"), { keys: [key] });
  assert.deepEqual([few.verdict, few.filtered, few.events], ["intact", true, 1]);
  mkdirSync(join(folder, "tiles"));
  assert.equal((await gate.evidence.writeTiles(join(folder, "tiles"))).size, checkpoint.size);
  await gate.close();
});

test("a hold stops an erasure; an erasure takes the values and leaves the chain", async () => {
  const { gate, token, folder } = signing({ argValues: "raw" });
  const secret = "4929-secret";
  await gate.authorize("read", { card: secret }, token());
  const shown = async () => {
    await gate.evidence.checkpoint();
    const file = join(folder, "values.tar");
    await gate.evidence.writeBundle(file, { includeValues: true });
    return readFileSync(file, "latin1").includes(secret);
  };
  assert.equal(await shown(), true);
  await gate.evidence.placeHold("h1", { ...why, from: 0 });
  const [hold] = await gate.evidence.holds();
  assert.deepEqual([hold.id, hold.reason, hold.placedBy, hold.fromMicros, hold.toMicros], ["h1", "case 7", "ann@example.com", 0, undefined]);
  await assert.rejects(gate.evidence.placeHold("h1", why), { code: "already_exists" });
  await assert.rejects(gate.evidence.eraseValues({ ...why, filter: { tool: "read" } }), { code: "conflict" });
  assert.equal(await shown(), true);
  await gate.evidence.liftHold("h1", why);
  await assert.rejects(gate.evidence.liftHold("h1", why), { code: "not_found" });
  const counted = gate.evidence.eraseValuesSync({ ...why, filter: { tool: "read" }, dryRun: true });
  assert.deepEqual([counted.events, counted.values > 0, await shown()], [1, true, true]);
  assert.deepEqual(await gate.evidence.eraseValues({ ...why, filter: { tool: "read" } }), counted);
  assert.equal(await shown(), false);
  assert.equal((await gate.evidence.verify()).ok, true);
  await gate.close();
});

test("old events are archived and pruned, and what remains verifies", async () => {
  const archive = join(scratch(), "archive");
  mkdirSync(archive);
  const { gate, token, key } = signing({ durability: "async", retention: { archiveDirectory: archive } });
  const ours = token();
  for (let i = 0; i < 600; i++) gate.authorizeSync("read", { i }, ours);
  await gate.flush();
  await gate.evidence.checkpoint();
  const before = new Date(Date.now() + 60_000);
  const planned = await gate.evidence.prune({ ...why, before, dryRun: true });
  assert.deepEqual([planned.firstSeq, planned.nextFirstSeq % 256, planned.archive], [0, 0, ""]);
  await gate.evidence.placeHold("h", why);
  await assert.rejects(gate.evidence.prune({ ...why, before }), { code: "conflict" });
  await gate.evidence.liftHold("h", why);
  const pruned = await gate.evidence.prune({ ...why, before });
  assert.equal(pruned.nextFirstSeq >= 512, true);
  assert.equal((await ig.verifyBundle(pruned.archive, { keys: [key] })).archive, true);
  const report = await gate.evidence.verify();
  assert.deepEqual([report.ok, report.fromSeq], [true, pruned.nextFirstSeq]);
  await gate.close();
});

test("what cannot be done is an error with its reason, and nothing is done half", async () => {
  const { gate, token } = world();
  assert.equal(gate.evidence.verifierKey, "");
  await assert.rejects(gate.evidence.checkpoint(), { code: "unavailable" });
  await assert.rejects(gate.evidence.latestCheckpoint({ tenant: "nobody" }), { code: "not_found" });
  await assert.rejects(gate.evidence.proof("none"), ig.IntentGateError);
  const refusedEarly = await gate.authorize("read", { toJSON: () => 5 }, token());
  await assert.rejects(gate.evidence.receipt(refusedEarly), ig.IntentGateError);
  await assert.rejects(gate.evidence.receipt({}), /must be a Decision/);
  await assert.rejects(gate.evidence.prune({ ...why }), /before must be/);
  await assert.rejects(gate.evidence.prune({ ...why, before: NaN }), /before must be/);
  await assert.rejects(gate.evidence.prune({ before: 5, actor: "me" }), /reason must be a string/);
  await assert.rejects(gate.evidence.eraseValues({ ...why, filter: { tol: "x" } }), /unknown option "tol"/);
  await assert.rejects(gate.evidence.eraseValues({ ...why, dryRun: "no" }), /dryRun must be true or false/);
  await assert.rejects(gate.evidence.placeHold("h", { ...why, form: 5 }), /unknown option "form"/);
  await assert.rejects(gate.evidence.writeBundle("/nowhere/at/all"), { code: "io" });
  await assert.rejects(ig.verifyBundle("/nowhere"), { code: "io" });
  await assert.rejects(ig.verifyBundle("/nowhere", { keys: ["rubbish"] }), { code: "malformed" });
  await assert.rejects(ig.verifyBundle("/nowhere", { keys: "x" }), /array of texts/);
  await assert.rejects(gate.evidence.checkpoint.call({}), TypeError);
  assert.throws(() => gate.evidence.checkpointSync.call({}), TypeError);
  assert.throws(() => new ig.Evidence({}), TypeError);
  const folder = scratch();
  ig.makeSigningKeyFile(join(folder, "k"));
  assert.throws(() => ig.makeSigningKeyFile(join(folder, "k")), { code: "io" });
  const { evidence } = gate;
  await gate.close();
  await assert.rejects(evidence.checkpoint(), /the gate is closed/);
});
