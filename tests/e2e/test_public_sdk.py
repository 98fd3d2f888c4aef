"""The public Python SDK, unmodified from its registry, and this project's client in its place: the same code, the same
outcomes, against the real gateway."""
import importlib
import inspect
import logging
import types

import pytest

THEIRS, OURS = "intentgate", "libintentgate.client"


@pytest.fixture(params=[THEIRS, OURS])
def sdk(request):
    return importlib.import_module(request.param)


@pytest.fixture
def v3_token(gateway):
    status, answer = gateway.admin("POST", "/v1/admin/mint", {
        "subject": "sdk-agent", "ttl_seconds": 600, "tools": ["read_file", "write_file", "transfer_funds"], "max_calls": 3})
    assert status == 200
    return answer["token"]


def url_of(gateway):
    return f"http://127.0.0.1:{gateway.port}"


def test_calls_are_allowed_and_refused_with_the_sdks_exceptions(sdk, gateway, upstream, v3_token):
    with sdk.Gateway(url_of(gateway), token=v3_token) as client:
        result = client.tool_call("read_file", {"path": "/data/a"})
        assert result.is_error is False
        assert result.intentgate.decision == "allow"
        assert '"path": "/data/a"' in result.content[0].text
        with pytest.raises(sdk.CapabilityError) as refused:
            client.tool_call("delete_all", {})
        assert refused.value.code == -32010
        with pytest.raises(sdk.IntentError):
            client.tool_call("write_file", {"path": "/data/a"}, intent_prompt="read the note and summarize it")
        with pytest.raises(sdk.PolicyError):
            client.tool_call("transfer_funds", {"amount": 5})
        client.tool_call("read_file", {"path": "/data/b"})
        client.tool_call("read_file", {"path": "/data/c"})
        with pytest.raises(sdk.BudgetError):
            client.tool_call("read_file", {"path": "/data/d"})
    assert len(upstream.calls) == 3


def test_a_token_attenuated_by_the_sdk_can_do_less(sdk, gateway, upstream, v3_token):
    child = sdk.attenuate(v3_token, add_tools=["read_file"], max_calls=1)
    with sdk.Gateway(url_of(gateway), token=child) as client:
        with pytest.raises(sdk.CapabilityError):
            client.tool_call("write_file", {"path": "/data/a"})
        client.tool_call("read_file", {"path": "/data/a"})
        with pytest.raises(sdk.BudgetError):
            client.tool_call("read_file", {"path": "/data/a"})


def test_the_documented_agent(sdk, gateway, upstream, v3_token):
    """The usage that the public SDK's README shows: a class around a client, and handlers by kind of refusal."""
    log = logging.getLogger("agent")
    with gateway.connect() as plain:  # its answer tells the intent check which tools there are
        assert plain.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, v3_token)[0] == 200

    class Agent:
        def __init__(self, gateway_url, token, prompt):
            self.gw = sdk.Gateway(url=gateway_url, token=token)
            self.prompt = prompt

        def read(self, path):
            return self.gw.tool_call("read_file", arguments={"path": path}, intent_prompt=self.prompt).content[0].text

        def transfer(self, amount):
            try:
                self.gw.tool_call("transfer_funds", arguments={"amount": amount})
            except sdk.PolicyError as error:
                log.warning("policy blocked: %s (%s)", error.message, error.data)
                return "policy"
            except sdk.BudgetError:
                return "budget"
            except sdk.IntentGateError:
                return "other"

    agent = Agent(url_of(gateway) + "/", v3_token, "read the file a")
    assert "/data/a" in agent.read("/data/a")
    assert agent.transfer(50_000) == "policy"
    assert len(upstream.calls) == 1 and upstream.headers[0].get("authorization") is None
    agent.gw.close()


def test_errors_have_the_documented_attributes(sdk, gateway, upstream, v3_token):
    client = sdk.Gateway(url_of(gateway), v3_token, timeout=5.0)
    with pytest.raises(sdk.IntentGateError) as refused:
        client.tool_call("delete_all", request_id="own-id")
    assert (refused.value.code, refused.value.message) == (-32010, "capability check failed")
    assert str(refused.value) == f"{refused.value.message}: {refused.value.data}"
    with pytest.raises(ValueError):
        client.tool_call("")
    with pytest.raises(sdk.GatewayError) as unreachable:
        sdk.Gateway("http://127.0.0.1:9", v3_token, timeout=0.5).tool_call("read_file")
    assert unreachable.value.code == 0 and unreachable.value.message.startswith("transport error")


def test_without_a_token_the_capability_check_says_so(gateway, upstream):
    """The public SDK's documentation says this; the SDK itself raises GatewayError, because the answer is a 401."""
    ours = importlib.import_module(OURS)
    with ours.Gateway(url_of(gateway)) as client, pytest.raises(ours.CapabilityError) as refused:
        client.tool_call("read_file")
    assert refused.value.code == -32010 and not upstream.calls


def test_letters_that_the_public_sdk_signs_wrongly(gateway, upstream, v3_token):
    ours = importlib.import_module(OURS)
    child = ours.attenuate(v3_token, deny_tools=["<ü&\u2028>"], add_tools=["read_file"])
    with ours.Gateway(url_of(gateway), child) as client:
        client.tool_call("read_file", {"path": "/data/ü"})
    assert len(upstream.calls) == 1


def test_what_the_other_half_of_the_surface_does(sdk, v3_token):
    assert [caveat["t"] for caveat in sdk.decode_token(v3_token)["cav"]][-1] in ("exp", "max_calls", "tool_allow")
    narrowed = sdk.attenuate(v3_token, add_tools=["read_file"], deny_tools=["b"], max_calls=2, expires_at=2_000_000_000,
                             expires_in_seconds=1, extra=[sdk.Caveat(sdk.Caveat.AGENT_LOCK, agent="a")])
    added = sdk.decode_token(narrowed)["cav"][len(sdk.decode_token(v3_token)["cav"]):]
    assert added == [{"t": "tool_allow", "tools": ["read_file"]}, {"t": "tool_deny", "tools": ["b"]},
                     {"t": "max_calls", "max_calls": 2}, {"t": "exp", "exp": 2_000_000_000}, {"t": "agent_lock", "agent": "a"}]
    for wrong in ({}, {"add_tools": []}, {"max_calls": -1}):
        with pytest.raises(sdk.AttenuationError):
            sdk.attenuate(v3_token, **wrong)
    for text in ("", "!!", "eyJhIjoxfQ"):
        with pytest.raises(ValueError):
            sdk.attenuate(text, max_calls=1)


def test_both_sdks_sign_the_same_bytes(v3_token):
    theirs, ours = importlib.import_module(THEIRS), importlib.import_module(OURS)
    for options in ({"add_tools": ["a", "b"]}, {"deny_tools": ["*"], "max_calls": 7}, {"expires_at": 2_000_000_000},
                    {"extra": [("agent_lock", "a b")]}):
        def of(sdk):
            extra = [sdk.Caveat(kind, agent=agent) for kind, agent in options.get("extra", [])]
            return sdk.decode_token(sdk.attenuate(v3_token, **{**options, **({"extra": extra} if extra else {})}))
        assert of(theirs) == of(ours)


def test_every_public_name_is_there_with_its_parameters():
    theirs, ours = importlib.import_module(THEIRS), importlib.import_module(OURS)
    for module in ("", ".exceptions", ".capability"):
        their_module = importlib.import_module(THEIRS + module)
        our_module = importlib.import_module(OURS + module)
        for name in getattr(their_module, "__all__", [n for n in vars(their_module) if not n.startswith("_")]):
            thing = getattr(their_module, name)
            if isinstance(thing, types.ModuleType) or name == "annotations":
                continue
            assert hasattr(our_module, name), (module, name)
            if inspect.isclass(thing) and issubclass(thing, Exception):
                assert [base.__name__ for base in thing.__mro__] == [base.__name__ for base in getattr(our_module, name).__mro__]
    for path in ("Gateway.__init__", "Gateway.tool_call", "Gateway.close", "attenuate", "decode_token", "Caveat", "ContentBlock",
                 "IntentGateMetadata", "ToolCallResult", "IntentGateError"):
        their_thing, our_thing = theirs, ours
        for part in path.split("."):
            their_thing, our_thing = getattr(their_thing, part), getattr(our_thing, part)
        ours_by_name = inspect.signature(our_thing).parameters
        theirs_by_name = inspect.signature(their_thing).parameters
        assert list(theirs_by_name) == [name for name in ours_by_name if name in theirs_by_name], path
        for name, parameter in theirs_by_name.items():
            assert parameter.kind == ours_by_name[name].kind, (path, name)
            if not repr(parameter.default).startswith("<"):
                assert parameter.default == ours_by_name[name].default, (path, name)
