// Finds the binary of this platform and says clearly when there is none.
"use strict";

const path = require("node:path");

const platform = `${process.platform}-${process.arch}`;
const file = path.join(__dirname, "..", "prebuilds", platform, "intentgate.node");

try {
  module.exports = require(file);
} catch (cause) {
  throw new Error(
    `libintentgate has no usable binary for ${platform} (Node ${process.version}): ${cause.message}. ` +
      "Build one with cmake -DINTENTGATE_NODE=ON; see docs/node.md.",
    { cause },
  );
}
