"""Builders for caveats: what a token does not allow.

Each returns the caveat's JSON form as a ``dict``; pass a list of them to ``mint`` or ``attenuate``. See
docs/caveats.md for what each one refuses.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Union

Caveat = Dict[str, Any]
Number = Union[int, str]


def tools(*names: str) -> Caveat:
    """Only these tools: names or globs."""
    return {"t": "tool_allow", "tools": [*names]}


def deny_tools(*names: str) -> Caveat:
    """Not these tools: names or globs."""
    return {"t": "tool_deny", "tools": [*names]}


def max_calls(calls: int) -> Caveat:
    """At most ``calls`` calls over the token's life, shared by all tokens made from it. At least 1."""
    return {"t": "max_calls", "max_calls": calls}


def rate_limit(calls_per_minute: int) -> Caveat:
    """At most this many calls in any 60 seconds."""
    return {"t": "rate_limit", "rate_per_min": calls_per_minute}


def max_cost(cents: int) -> Caveat:
    """At most this much cost over the token's life, in cents."""
    return {"t": "max_cost", "max_cents": cents}


def expires(unix_seconds: int) -> Caveat:
    """Refused from this time on (seconds since 1970, UTC)."""
    return {"t": "exp", "exp": unix_seconds}


def servers(*names: str) -> Caveat:
    """Only tools of these upstream servers."""
    return {"t": "mcp_allow", "servers": [*names]}


def agent(name: str) -> Caveat:
    """Only presented by this agent."""
    return {"t": "agent_lock", "agent": name}


def step_up(unix_seconds: int) -> Caveat:
    """When the person last proved a second factor; the policy reads it. Refuses nothing by itself."""
    return {"t": "step_up", "step_up_at": unix_seconds}


def callees(*ids: str, zones: Sequence[str] = ()) -> Caveat:
    """Only calls to these agents, or to agents in these zones."""
    return {"t": "callee_allow", "callees": [*ids], "callee_zones": [*zones]}


def risk_max(ceiling: int) -> Caveat:
    """Only calls whose risk score is known and at most ``ceiling``."""
    return {"t": "risk_max", "risk_max": ceiling}


def holder(thumbprint: str) -> Caveat:
    """Only with a proof of the key that has this thumbprint (RFC 7638, SHA-256, base64url)."""
    return {"t": "holder", "jkt": thumbprint}


def where(
    pointer: str,
    *,
    tool: Optional[str] = None,
    equals: Any = ...,
    one_of: Optional[Sequence[Any]] = None,
    prefix: Optional[str] = None,
    glob: Optional[str] = None,
    regex: Optional[str] = None,
    minimum: Optional[Number] = None,
    maximum: Optional[Number] = None,
    min_length: Optional[int] = None,
    max_length: Optional[int] = None,
    subpath: Optional[str] = None,
    url_schemes: Optional[Sequence[str]] = None,
    url_hosts: Optional[Sequence[str]] = None,
    url_ports: Optional[Sequence[int]] = None,
    cidr: Optional[Sequence[str]] = None,
    contains: Optional[Sequence[Any]] = None,
    subset: Optional[Sequence[Any]] = None,
    constraint: Optional[Dict[str, Any]] = None,
) -> Caveat:
    """A rule for the argument at ``pointer`` (RFC 6901, such as ``"/path"``). All that are given must hold.

    ``tool`` limits the rule to calls of that tool. ``minimum`` and ``maximum`` are exact: an ``int``, or
    decimal text such as ``"1.10"``. ``url_hosts`` are exact hosts or ``"*.example.com"``; they need ``url_schemes``,
    and without ``url_ports`` only a scheme's own port is allowed. ``constraint`` is any constraint in its JSON form,
    for ``not``, ``any`` and nesting. Raises ``ValueError`` when no rule is given.
    """
    rules: List[Dict[str, Any]] = []
    if equals is not ...:
        rules.append({"equals": equals})
    for name, value in (("one_of", one_of), ("cidr", cidr), ("contains", contains), ("subset", subset)):
        if value is not None:
            rules.append({name: list(value)})
    for name, text in (("prefix", prefix), ("glob", glob), ("regex", regex), ("subpath", subpath)):
        if text is not None:
            rules.append({name: text})
    if minimum is not None or maximum is not None:
        bounds = {"min": minimum, "max": maximum}
        rules.append({"range": {side: str(bound) for side, bound in bounds.items() if bound is not None}})
    if min_length is not None or max_length is not None:
        lengths = {"min": min_length, "max": max_length}
        rules.append({"length": {side: bound for side, bound in lengths.items() if bound is not None}})
    if url_schemes is not None or url_hosts is not None or url_ports is not None:
        url = {"schemes": url_schemes, "hosts": url_hosts, "ports": url_ports}
        rules.append({"url": {name: list(value) for name, value in url.items() if value is not None}})
    if constraint is not None:
        rules.append(constraint)
    if not rules:
        raise ValueError(f"where({pointer!r}): give at least one rule, such as subpath='/data'")
    caveat: Caveat = {"t": "arg", "at": pointer, "is": rules[0] if len(rules) == 1 else {"all": rules}}
    if tool is not None:
        caveat["tool"] = tool
    return caveat
