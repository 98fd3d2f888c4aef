#!/usr/bin/env node
// Compiles the addon for this platform from the sources in the package, for platforms without a binary in it.
//
//   npx libintentgate-build            compile, and put the binary where the package looks for it
//   npx libintentgate-build --check    only find out whether all that is needed is there
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const root = path.join(__dirname, "..");
const source = path.join(root, "source");
const CMAKE_AT_LEAST = [3, 25];
const SHOWN_LINES = 30;

const run = (command, args, options = {}) => spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024, ...options });
const there = (command) => run(command, ["--version"]).status === 0;

function fail(text) {
  process.stderr.write(`libintentgate-build: ${text}\n`);
  process.exit(1);
}

function cmakeIsNewEnough() {
  const version = /cmake version (\d+)\.(\d+)/.exec(run("cmake", ["--version"]).stdout ?? "");
  if (version === null) return false;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  return major > CMAKE_AT_LEAST[0] || (major === CMAKE_AT_LEAST[0] && minor >= CMAKE_AT_LEAST[1]);
}

/** What is missing, with Debian's package for it. */
function missing() {
  const compilers = process.env.CXX ? [process.env.CXX] : ["c++", "g++", "clang++"];
  return [
    [cmakeIsNewEnough(), `cmake ${CMAKE_AT_LEAST.join(".")} or newer (cmake)`],
    [there("ninja") || there("make"), "ninja or make (ninja-build)"],
    [compilers.some(there), `a C++20 compiler, ${compilers.join(" or ")} (g++, at least 12)`],
    [there("pkg-config"), "pkg-config (pkg-config)"],
    [there("npm"), "npm, for the headers of Node-API (npm)"],
  ].filter(([found]) => !found).map(([, what]) => what);
}

function step(what, args, log) {
  const made = run("cmake", args, { cwd: source });
  const text = `${made.stdout ?? ""}${made.stderr ?? ""}`;
  fs.appendFileSync(log, text);
  if (made.status !== 0) fail(`${what} failed; all of it is in ${log}. The end:\n${text.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n")}`);
}

function main() {
  const lacking = missing();
  if (lacking.length > 0) fail(`this machine lacks what a build needs (with Debian's packages):\n  - ${lacking.join("\n  - ")}`);
  if (!fs.existsSync(path.join(source, "CMakeLists.txt"))) fail("this copy of the package has no sources; in the repository, build with cmake -DINTENTGATE_NODE=ON");
  const build = fs.mkdtempSync(path.join(os.tmpdir(), "libintentgate-build-"));
  const log = path.join(build, "build.log");
  const generator = there("ninja") ? "Ninja" : "Unix Makefiles";
  const off = ["SERVER", "TESTS", "BENCH", "PYTHON"].map((part) => `-DINTENTGATE_${part}=OFF`);
  step("configuring", ["-S", source, "-B", build, "-G", generator, "-DCMAKE_BUILD_TYPE=Release", "-DINTENTGATE_NODE=ON", ...off], log);
  if (process.argv.includes("--check")) {
    fs.rmSync(build, { recursive: true });
    process.stdout.write("libintentgate-build: all that is needed is there\n");
    return;
  }
  process.stdout.write(`libintentgate-build: compiling, this takes some minutes; the log is ${log}\n`);
  step("compiling", ["--build", build, "--target", "ig_node", "--parallel", String(os.cpus().length)], log);
  const platform = `${process.platform}-${process.arch}`;
  const folder = path.join(root, "prebuilds", platform);
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(path.join(build, "node", "prebuilds", platform, "intentgate.node"), path.join(folder, "intentgate.node"));
  const loaded = run(process.execPath, ["-e", "require(process.argv[1])", root]);
  if (loaded.status !== 0) fail(`the new binary does not load: ${loaded.stderr}`);
  fs.rmSync(build, { recursive: true });
  process.stdout.write(`libintentgate-build: the binary for ${platform} is in ${folder}\n`);
}

main();
