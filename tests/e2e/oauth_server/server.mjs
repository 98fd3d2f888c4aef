// An authorization server on a free port, with keys made at its start: JWT access tokens for any resource, client credentials, DPoP, and
// token exchange (RFC 8693), which oidc-provider has as a grant that its user adds.
// A public JWK as its argument is the key of the client "gateway", who vouches with it for callers in an exchange.
// Prints one line of JSON, {"issuer"}, when it listens; ends with its standard input.
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { createServer } from "node:http";

import Provider, { errors } from "oidc-provider";

const scopes = "files.read files.write";
const client = (client_id, more = {}) => ({
  client_id, client_secret: `${client_id}-secret-0123456789`, grant_types: ["client_credentials"], redirect_uris: [], response_types: [], scope: scopes, ...more,
});
const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });

const exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const resourceServer = (resource) => ({ scope: scopes, audience: resource, accessTokenFormat: "jwt", accessTokenTTL: 300, jwt: { sign: { alg: "ES256" } } });

const vouching = process.argv[2] && JSON.parse(process.argv[2]);

// The claims of a token under this key.
const claimsOf = (token, jwk) => {
  const [header, payload, signature] = token.split(".");
  const good = verify("sha256", Buffer.from(`${header}.${payload}`), { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" },
                      Buffer.from(signature ?? "", "base64url"));
  if (!good) throw new errors.InvalidGrant("the subject token is signed by nobody who is known here");
  return JSON.parse(Buffer.from(payload, "base64url"));
};

const answerExchange = async (ctx) => {
  const { client, params, provider } = ctx.oidc;
  const vouched = params.subject_token_type === "urn:ietf:params:oauth:token-type:jwt";
  if (vouched && !vouching) throw new errors.InvalidGrant("nobody vouches for callers here");
  const { sub, iss, aud, exp } = claimsOf(params.subject_token, vouched ? vouching : key);
  const now = Date.now() / 1000;
  if (vouched && (iss !== client.clientId || aud !== `${provider.issuer}/token` || !(exp > now && exp < now + 300))) throw new errors.InvalidGrant("the word is not for here and now");
  const token = new provider.AccessToken({ accountId: sub, client, scope: params.scope, gty: "token_exchange" });
  token.resourceServer = new provider.ResourceServer(params.resource, resourceServer(params.resource));
  ctx.body = { access_token: await token.save(), token_type: "Bearer", expires_in: token.expiration, scope: token.scope,
               issued_token_type: "urn:ietf:params:oauth:token-type:access_token" };
};

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [client("agent-app"), client("bound-app", { dpop_bound_access_tokens: true }), client("agent-two"), client("gateway", { grant_types: ["client_credentials", exchange] })],
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    scopes: scopes.split(" "),
    jwks: { keys: [{ ...key, kid: "e2e", use: "sig", alg: "ES256" }] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => resourceServer(resource),
      },
    },
  });
  provider.registerGrantType(exchange, answerExchange, ["subject_token", "subject_token_type", "requested_token_type", "resource", "scope"]);
  server.on("request", provider.callback());
  console.log(JSON.stringify({ issuer }));
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
