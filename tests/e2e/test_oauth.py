"""A real authorization server (oidc-provider), the official SDK's OAuth client, proofs of possession, and an upstream under the gateway's own token."""
from __future__ import annotations

import asyncio
import base64
import concurrent.futures
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from mcp import ClientSession
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamablehttp_client

import support

ALLOW_ALL = "package intentgate.policy\nimport rego.v1\ndefault decision := {\"allow\": true}\n"
SERVER = pathlib.Path(os.environ.get("OAUTH_SERVER", support.ROOT / "build/node-oauth_server/server.mjs"))


VOUCHING = ec.generate_private_key(ec.SECP256R1())


def jwk_of(key) -> dict:
    return {**jwt.algorithms.ECAlgorithm.to_jwk(key, as_dict=True), "alg": "ES256", "kid": "vouching"}


@pytest.fixture(scope="module")
def issuer():
    process = subprocess.Popen(["node", str(SERVER), json.dumps(jwk_of(VOUCHING.public_key()))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            if line.startswith("{"):
                yield json.loads(line)["issuer"]
                break
        else:
            pytest.fail("the authorization server did not start")
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(params=[""])
def protected(request, tmp_path, upstream, issuer, monkeypatch):
    """A gateway that accepts the issuer's tokens and calls its upstream under one of its own, or as the parameter says."""
    port = free_port()
    monkeypatch.setitem(support.ENVIRONMENT, "INTENTGATE_ADDR", f"127.0.0.1:{port}")
    secret = tmp_path / "client-secret"
    secret.write_text("gateway-secret-0123456789")
    secret.chmod(0o600)
    for name, key in (("vouching", VOUCHING), ("unknown", ec.generate_private_key(ec.SECP256R1()))):
        file = tmp_path / f"{name}.jwk"
        file.write_text(json.dumps(jwk_of(key)))
        file.chmod(0o600)
    url = f"http://127.0.0.1:{port}/v1/mcp"
    gateway = support.Gateway(
        tmp_path, "", policy=ALLOW_ALL,
        upstreams=f"upstream: {{name: recorder, url: {upstream.url}, oauth_token_url: {issuer}/token, oauth_client_id: gateway, "
                  f"oauth_client_secret_file: client-secret, oauth_scope: files.read{request.param}}}\n",
        extra=f"mcp: {{public_url: {url}}}\n"
              f"oauth:\n  issuers:\n    - {{issuer: {issuer}, loopback_http: true, scope_tools: {{files.read: [\"read_*\"], files.write: [write_file]}}}}\n")
    gateway.url = url
    gateway.start()
    yield gateway
    gateway.stop()


class Storage:
    """Tokens of one client, in memory; `scopes` are those that it has had."""

    def __init__(self) -> None:
        self.tokens, self.client, self.scopes = None, None, []

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens
        self.scopes.append(tokens.scope)

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


def test_the_official_sdk_finds_its_way_to_a_token_and_to_a_larger_one(protected, upstream, issuer):
    storage = Storage()

    async def use():
        auth = ClientCredentialsOAuthProvider(protected.url, storage, "agent-app", "agent-app-secret-0123456789", scopes="files.read", issuer=issuer)
        async with streamablehttp_client(protected.url, auth=auth) as (read, write, _):
            async with ClientSession(read, write) as session:
                await session.initialize()
                listed = [tool.name for tool in (await session.list_tools()).tools]
                first = await session.call_tool("read_file", {"path": "/a"})
                # Answered 403 with the scopes that are needed; the SDK asks for them and calls again.
                second = await session.call_tool("write_file", {"path": "/a"})
                return listed, first, second

    listed, first, second = asyncio.run(use())
    # Which scopes the SDK asks for first, it reads from the gateway's metadata.
    assert "read_file" in listed and "delete_all" not in listed
    assert not first.isError and not second.isError
    assert [call["params"]["name"] for call in upstream.calls] == ["read_file", "write_file"]
    assert "files.write" in storage.scopes[-1]
    events = protected.decisions()
    assert {event["agent_id"] for event in events if event["decision"] == "allow"} == {"agent-app"}
    assert all(event["details"]["issuer"] == issuer for event in events if event["decision"] == "allow")


def test_the_upstream_sees_the_gateways_token_and_never_the_callers(protected, upstream, issuer):
    token = ask_for_token(issuer, "agent-app", protected.url, "files.read")["access_token"]
    with protected.connect() as client:
        assert client.call(token, "read_file", {"path": "/a"})[0] == 0
    scheme, sent = upstream.headers[-1]["authorization"].split(" ")
    claims = jwt.decode(sent, options={"verify_signature": False})
    assert scheme == "Bearer" and sent != token
    assert claims["client_id"] == "gateway" and claims["aud"] == upstream.url and claims["scope"] == "files.read"


@pytest.mark.parametrize("protected", [", oauth_grant: token_exchange"], indirect=True)
@pytest.mark.parametrize("modern", [False, True])
def test_two_callers_at_once_reach_the_upstream_each_under_its_own_token(protected, upstream, issuer, modern):
    upstream.with_sessions = not modern
    callers = {"a" * 32: "agent-app", "b" * 32: "agent-two"}  # by the trace, which goes on to the upstream
    tokens = {trace: ask_for_token(issuer, name, protected.url, "files.read")["access_token"] for trace, name in callers.items()}

    def call(trace):
        meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
        params = {"name": "read_file", "arguments": {"path": "/a"}, **({"_meta": meta} if modern else {})}
        fields = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "read_file"} if modern else {}
        with protected.connect() as client:
            status, answer = client.post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, tokens[trace],
                                         traceparent=f"00-{trace}-{'1' * 16}-01", **fields)
        assert status == 200 and "result" in answer, answer

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(call, list(callers) * 10))
    assert len(upstream.headers) == 20
    sent = {}
    for headers in upstream.headers:
        token = headers["authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["sub"] == callers[headers["traceparent"].split("-")[1]]
        assert claims["client_id"] == "gateway" and claims["aud"] == upstream.url
        assert token not in tokens.values()
        sent.setdefault(claims["sub"], set()).add(token)
    # One exchange for all calls of a caller.
    assert {name: len(used) for name, used in sent.items()} == {"agent-app": 1, "agent-two": 1}


@pytest.mark.parametrize("protected", [", oauth_grant: token_exchange"], indirect=True)
def test_a_capability_token_is_refused_where_nobody_vouches_for_it(protected, upstream):
    with protected.connect() as client:
        code, error = client.call(protected.mint("--ttl", "1h"), "read_file", {"path": "/a"})
    assert code == -32603 and "no access token for this caller" in error["message"]
    assert upstream.calls == []


@pytest.mark.parametrize("protected", [", oauth_grant: token_exchange, oauth_assertion_key_file: vouching.jwk"], indirect=True)
def test_the_gateway_vouches_for_a_caller_with_a_capability_token(protected, upstream):
    token = protected.mint("--ttl", "1h")
    with protected.connect() as client:
        assert client.call(token, "read_file", {"path": "/a"})[0] == 0
    sent = upstream.headers[-1]["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(sent, options={"verify_signature": False})
    assert claims["sub"] == protected.decisions()[-1]["agent_id"] and claims["sub"]
    assert claims["client_id"] == "gateway" and claims["aud"] == upstream.url
    assert token not in sent


@pytest.mark.parametrize("protected", [", oauth_grant: token_exchange, oauth_assertion_key_file: unknown.jwk"], indirect=True)
def test_a_word_under_a_key_that_the_server_does_not_know_is_worth_nothing(protected, upstream):
    with protected.connect() as client:
        code, error = client.call(protected.mint("--ttl", "1h"), "read_file", {"path": "/a"})
    assert code == -32603 and "no access token for this caller" in error["message"]
    assert upstream.calls == []


def test_a_token_for_another_resource_does_not_serve(protected, upstream, issuer):
    token = ask_for_token(issuer, "agent-app", "https://other.example.com/", "files.read")["access_token"]
    with protected.connect() as client:
        status, _ = client.post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "read_file"}}, token)
    assert status == 401
    assert protected.decisions()[-1]["code"] == "capability.token_wrong_audience"
    assert upstream.calls == []


def test_a_bound_token_serves_with_a_proof_and_not_without(protected, upstream, issuer):
    key = ec.generate_private_key(ec.SECP256R1())
    answer = ask_for_token(issuer, "bound-app", protected.url, "files.read", key)
    assert answer["token_type"] == "DPoP"
    token = answer["access_token"]
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "read_file"}})
    used = proof(key, "POST", protected.url, token)
    stranger = ec.generate_private_key(ec.SECP256R1())
    with protected.connect() as client:
        def post(scheme, dpop=None):
            headers = {"Content-Type": "application/json", "Authorization": f"{scheme} {token}", **({"DPoP": dpop} if dpop else {})}
            return client.request("POST", "/v1/mcp", body, headers)

        assert post("DPoP", used)[0] == 200
        for refused in (post("DPoP", used), post("DPoP"), post("Bearer"), post("DPoP", proof(stranger, "POST", protected.url, token)),
                        post("DPoP", proof(key, "POST", "https://other.example.com/v1/mcp", token))):
            assert refused[0] == 401
            assert refused[2]["WWW-Authenticate"].startswith("DPoP ")
    assert len(upstream.calls) == 1


def proof(key, method, url, token=None) -> str:
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    claims = {"htm": method, "htu": url, "iat": int(time.time()), "jti": uuid.uuid4().hex}
    if token is not None:
        claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    return jwt.encode(claims, key, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": {name: public[name] for name in ("kty", "crv", "x", "y")}})


def ask_for_token(issuer, client, resource, scope, key=None):
    url = f"{issuer}/token"
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "resource": resource, "scope": scope}).encode()
    basic = base64.b64encode(f"{client}:{client}-secret-0123456789".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", **({"DPoP": proof(key, "POST", url)} if key else {})}
    with urllib.request.urlopen(urllib.request.Request(url, form, headers), timeout=30) as answer:
        return json.load(answer)
