// Narrows a token for a sub-agent and checks calls in process. Prints each decision.
//
//   node narrow-and-check.mjs POLICY_FILE
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ig = await import(process.env.LIBINTENTGATE ?? "libintentgate");

const folder = mkdtempSync(join(tmpdir(), "intentgate-"));
try {
  // A key of our own; a real program keeps its key file, made by `intentgate keygen --out keys`.
  const keyFile = join(folder, "keys");
  const line = ig.generateKeyLine("demo");
  writeFileSync(keyFile, `${line}\n`, { mode: 0o600 });
  const keys = ig.KeyRing.parse(line);

  const root = ig.mint(keys, {
    subject: "orchestrator",
    ttl: 600,
    caveats: [ig.tools("read_text_file", "write_file"), ig.where("/path", { subpath: "/data" })],
  }).token;
  // No key is needed to hand a sub-agent less.
  const child = ig.attenuate(root, [ig.tools("read_text_file"), ig.where("/path", { subpath: "/data/q3" })], {
    expiresIn: 60,
    label: "researcher",
  });

  const gate = ig.Gate.open({
    yaml: `keys: {file: ${keyFile}}\nstore: {kind: memory}\npolicy: {files: [${process.argv[2]}]}\n`,
    environment: {},
  });
  for (const [what, token, tool, path] of [
    ["root writes /data/a.txt", root, "write_file", "/data/a.txt"],
    ["child reads /data/q3/a.txt", child, "read_text_file", "/data/q3/a.txt"],
    ["child reads /data/q4/a.txt", child, "read_text_file", "/data/q4/a.txt"],
    ["child writes /data/q3/a.txt", child, "write_file", "/data/q3/a.txt"],
  ]) {
    const d = await gate.authorize(tool, { path, content: "x" }, { token });
    console.log(`${what}: ${d.verdict}${d.allowed ? "" : ` by ${d.check}, ${d.reason}`}`);
  }
  console.log(`audit chain: ${(await gate.verifyAudit()).ok ? "intact" : "broken"}`);
  await gate.close();
} finally {
  rmSync(folder, { recursive: true });
}
