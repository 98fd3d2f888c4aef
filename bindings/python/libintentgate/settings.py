"""A gate's settings in code: what ``Gate(...)`` takes. docs/configuration.md says what each one does."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Dict, Mapping, Optional, Sequence, Union


@dataclass(frozen=True)
class MemoryStore:
    """Nothing survives the process. For tests, and where the chain is not needed."""

    kind: str = field(default="memory", init=False)


@dataclass(frozen=True)
class SqliteStore:
    """One file, made when it is absent; counters, revocations and the chain survive a restart."""

    sqlite_path: Union[str, "os.PathLike[str]"]
    kind: str = field(default="sqlite", init=False)


@dataclass(frozen=True)
class PostgresStore:
    """A PostgreSQL database, shared by all gates that name it. The URL can hold a password and is not printed."""

    postgres_url: str = field(repr=False)
    postgres_schema: Optional[str] = None
    kind: str = field(default="postgres", init=False)


@dataclass(frozen=True)
class Limits:
    """Ceilings for one agent or one tenant; ``None``: none. Costs are in the unit of the tools' ``cost``."""

    lifetime_calls: Optional[int] = None
    window_calls: Optional[int] = None
    window_cost: Optional[int] = None
    window_seconds: Optional[int] = None


@dataclass(frozen=True)
class Budget:
    """Ceilings for every agent and every tenant, and for single ones by their id instead."""

    agent: Optional[Limits] = None
    tenant: Optional[Limits] = None
    agents: Mapping[str, Limits] = field(default_factory=dict)
    tenants: Mapping[str, Limits] = field(default_factory=dict)


@dataclass(frozen=True)
class Tool:
    """What is known about the tools whose name matches a glob. ``cost_argument`` is a JSON pointer."""

    match: str
    cost: Optional[int] = None
    cost_argument: Optional[str] = None
    durability: Optional[str] = None


@dataclass(frozen=True)
class Audit:
    """``durability`` is ``"durable"`` or ``"async"``; ``arg_values`` is ``"off"``, ``"scalars"`` or ``"raw"``."""

    durability: Optional[str] = None
    arg_values: Optional[str] = None
    max_batch: Optional[int] = None
    max_delay_us: Optional[int] = None


@dataclass(frozen=True)
class IntentCheck:
    """``mode`` is ``"when_given"``, ``"required"`` or ``"off"``; ``extractor`` is ``"lexical"`` or ``"http"``."""

    mode: Optional[str] = None
    extractor: Optional[str] = None
    extractor_url: Optional[str] = None
    extractor_model: Optional[str] = None
    extractor_timeout_ms: Optional[int] = None
    extractor_failure: Optional[str] = None
    cache_entries: Optional[int] = None
    cache_seconds: Optional[int] = None


@dataclass(frozen=True)
class Capability:
    """What tokens are accepted. ``required=False`` lets calls without a token go on to the other checks."""

    required: Optional[bool] = None
    audience: Optional[str] = None
    accept_v3: Optional[bool] = None
    accept_v4: Optional[bool] = None
    accept_v5: Optional[bool] = None
    revocation_max_age_ms: Optional[int] = None
    revocation_refresh_ms: Optional[int] = None


Store = Union[str, MemoryStore, SqliteStore, PostgresStore]


def plain(value: Any) -> Any:
    """A setting as the file would say it: members that are ``None`` or empty are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        named = {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        return {name: inner for name, inner in named.items() if inner is not None and inner != {}}
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


def to_yaml(
    *,
    store: Store,
    budget: Optional[Budget],
    tools: Sequence[Tool],
    audit: Union[str, Audit, None],
    intent: Union[str, IntentCheck, None],
    capability: Optional[Capability],
    settings: Optional[Mapping[str, Any]],
) -> str:
    """The configuration file that says the same; JSON, which YAML contains."""
    out: Dict[str, Any] = {"store": {"kind": store} if isinstance(store, str) else plain(store)}
    if budget is not None:
        out["budget"] = plain(budget)
    if tools:
        out["tools"] = plain(list(tools))
    if audit is not None:
        out["audit"] = {"durability": audit} if isinstance(audit, str) else plain(audit)
    if intent is not None:
        out["intent"] = {"mode": intent} if isinstance(intent, str) else plain(intent)
    if capability is not None:
        out["capability"] = plain(capability)
    for section, value in (settings or {}).items():
        both = out.get(section)
        out[section] = {**both, **plain(value)} if isinstance(both, dict) and isinstance(value, Mapping) else plain(value)
    return json.dumps(out, ensure_ascii=False)
