// An authorization server on a free port, with keys made at its start: JWT access tokens for any resource, client credentials, DPoP.
// Prints one line of JSON, {"issuer"}, when it listens; ends with its standard input.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

import Provider from "oidc-provider";

const scopes = "files.read files.write";
const client = (client_id, more = {}) => ({
  client_id, client_secret: `${client_id}-secret-0123456789`, grant_types: ["client_credentials"], redirect_uris: [], response_types: [], scope: scopes, ...more,
});
const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [client("agent-app"), client("bound-app", { dpop_bound_access_tokens: true }), client("gateway")],
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    scopes: scopes.split(" "),
    jwks: { keys: [{ ...key, kid: "e2e", use: "sig", alg: "ES256" }] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({ scope: scopes, audience: resource, accessTokenFormat: "jwt", accessTokenTTL: 300, jwt: { sign: { alg: "ES256" } } }),
      },
    },
  });
  server.on("request", provider.callback());
  console.log(JSON.stringify({ issuer }));
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
