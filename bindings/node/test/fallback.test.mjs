// A platform without a binary, and a machine without a compiler: both say what is missing.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { entry, library, scratch } from "./support.mjs";

const root = dirname(dirname(entry));
const node = (args, env = {}) => spawnSync(process.execPath, args, { encoding: "utf8", env: { ...process.env, ...env } });

test("a platform without a binary is named, with what there is and the way out", () => {
  const preload = join(scratch(), "arch.cjs");
  writeFileSync(preload, 'Object.defineProperty(process, "arch", { value: "riscv64" });');
  const ran = node(["--require", preload, "-e", "require(process.argv[1])", library]);
  assert.notEqual(ran.status, 0);
  assert.match(ran.stderr, /libintentgate has no binary for linux-riscv64; it has: linux-\w+\. Compile one .* `npx libintentgate-build`/);
});

test("the client needs no binary for calls", () => {
  const preload = join(scratch(), "arch.cjs");
  writeFileSync(preload, 'Object.defineProperty(process, "arch", { value: "riscv64" });');
  const code = 'const { Gateway, attenuate } = require(process.argv[1]); new Gateway("http://127.0.0.1:1"); try { attenuate("x", { maxCalls: 1 }); } catch (e) { console.log(e.message); }';
  const ran = node(["--require", preload, "-e", code, join(root, "lib/client.js")]);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /no binary for linux-riscv64/);
});

test("a binary that does not load says why", () => {
  const copy = scratch();
  cpSync(join(root, "lib"), join(copy, "lib"), { recursive: true });
  mkdirSync(join(copy, "prebuilds", `${process.platform}-${process.arch}`), { recursive: true });
  writeFileSync(join(copy, "prebuilds", `${process.platform}-${process.arch}`, "intentgate.node"), "no library");
  const ran = node(["-e", "require(process.argv[1])", join(copy, "lib/index.js")]);
  assert.notEqual(ran.status, 0);
  assert.match(ran.stderr, /does not load in Node v\d+.*: .*(too short|invalid ELF header)/);
  assert.match(ran.stderr, /npx libintentgate-build/);
});

test("a build without tools lists all of them", () => {
  const empty = scratch();
  const ran = node([join(root, "bin/build.js")], { PATH: empty, CXX: "" });
  assert.equal(ran.status, 1);
  for (const tool of [/cmake 3\.25 or newer/, /ninja or make/, /a C\+\+20 compiler, c\+\+ or g\+\+ or clang\+\+/, /pkg-config/, /npm/]) assert.match(ran.stderr, tool);
  const other = node([join(root, "bin/build.js")], { PATH: empty, CXX: "my-compiler" });
  assert.match(other.stderr, /a C\+\+20 compiler, my-compiler /);
});

test("a cmake that is too old is none", () => {
  const tools = scratch();
  writeFileSync(join(tools, "cmake"), "#!/bin/sh\necho cmake version 3.18.4\n", { mode: 0o755 });
  symlinkSync("/bin/sh", join(tools, "sh"));
  assert.match(node([join(root, "bin/build.js"), "--check"], { PATH: tools }).stderr, /cmake 3\.25 or newer/);
});
