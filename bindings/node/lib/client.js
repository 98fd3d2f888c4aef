// The client's public face: tool calls through a gateway, by the public SDK's names. client.d.ts documents it.
"use strict";

module.exports = { ...require("./client/gateway.js"), ...require("./client/tokens.js"), ...require("./client/errors.js"), ...require("./client/memory.js") };
