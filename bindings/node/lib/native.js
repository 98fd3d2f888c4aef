// Finds the binary of this platform and says clearly when there is none.
"use strict";

const os = require("node:os");
const path = require("node:path");

const platform = `${process.platform}-${process.arch}`;
const file = path.join(__dirname, "..", "prebuilds", platform, "intentgate.node");

// Node exports the symbols of the libraries inside it (OpenSSL, and from version 22 on simdjson). Deep binding makes
// the addon use the libraries that it was linked with, not another version that happens to be there.
const { RTLD_NOW, RTLD_DEEPBIND = 0 } = os.constants.dlopen;
const loaded = { exports: {} };
try {
  process.dlopen(loaded, file, RTLD_NOW | RTLD_DEEPBIND);
} catch (cause) {
  throw new Error(
    `libintentgate has no usable binary for ${platform} (Node ${process.version}): ${cause.message}. ` +
      "Build one with cmake -DINTENTGATE_NODE=ON; see docs/node.md.",
    { cause },
  );
}
module.exports = loaded.exports;
