// Finds the binary of this platform and says clearly when there is none.
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const platform = `${process.platform}-${process.arch}`;
const prebuilds = path.join(__dirname, "..", "prebuilds");
const file = path.join(prebuilds, platform, "intentgate.node");
const WAY_OUT = "Compile one from the package's own sources with `npx libintentgate-build`; it says what it needs. See docs/node.md.";

/** The C library, which a binary for the same processor may not fit. */
function cLibrary() {
  if (process.platform !== "linux") return os.release();
  const version = process.report?.getReport().header.glibcVersionRuntime;
  return version === undefined ? "no glibc" : `glibc ${version}`;
}

function present() {
  try {
    return fs.readdirSync(prebuilds).join(", ");
  } catch {
    return "none";
  }
}

function load() {
  if (!fs.existsSync(file)) throw new Error(`libintentgate has no binary for ${platform}; it has: ${present()}. ${WAY_OUT}`);
  // Node exports the symbols of the libraries inside it (OpenSSL, and from version 22 on simdjson). Deep binding makes
  // the addon use the libraries that it was linked with, not another version that happens to be there.
  const { RTLD_NOW, RTLD_DEEPBIND = 0 } = os.constants.dlopen;
  const loaded = { exports: {} };
  try {
    process.dlopen(loaded, file, RTLD_NOW | RTLD_DEEPBIND);
  } catch (cause) {
    throw new Error(`libintentgate's binary for ${platform} does not load in Node ${process.version} (${cLibrary()}): ${cause.message}. ${WAY_OUT}`, { cause });
  }
  return loaded.exports;
}

module.exports = load();
