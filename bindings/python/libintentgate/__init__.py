"""Authorization for AI agents' tool calls, in process.

    import libintentgate as ig

    keys = ig.KeyRing.parse(open("keys").read())
    token = ig.mint(keys, "agent-7", [ig.tools("read_file"), ig.where("/path", subpath="/data")], ttl=300).token
    child = ig.attenuate(token, [ig.where("/path", subpath="/data/q3")], expires_in=60)

    gate = ig.Gate(keys=keys, policy="policy.rego", store=ig.SqliteStore("gate.db"))

    @gate.guard("read_file")
    def read_file(path: str) -> str: ...

    with gate.use(child):
        read_file("/data/q3/a.csv")     # judged, recorded, and only then run; else Denied

Everything here is thread-safe. Errors are ``IntentGateError``; a denial is a ``Decision``, not an error.
"""

from __future__ import annotations

from ._native import CancelToken, Decision, KeyRing, TraceStep, generate_key_line, in_main_interpreter
from .approvals import Approval
from .audit import AuditFilter, AuditReport, EraseReport, LegalHold
from .caveats import (
    Caveat,
    agent,
    callees,
    deny_tools,
    expires,
    holder,
    max_calls,
    max_cost,
    rate_limit,
    risk_max,
    servers,
    step_up,
    tools,
    where,
)
from .errors import Denied, IntentGateError, TokenRefused
from .evidence import (
    BundleReport,
    Checkpoint,
    EventProof,
    ProofReport,
    PruneReport,
    averify_bundle,
    make_signing_key,
    verify_bundle,
    verify_proof,
)
from .gate import Gate, Health
from .guard import Credentials
from .policy import PartialResult, Policy, PolicyTest, PolicyVerdict
from .settings import (
    Audit,
    Budget,
    Capability,
    IntentCheck,
    Limits,
    MemoryStore,
    PostgresStore,
    SqliteStore,
    Tool,
)
from .tokens import (
    CaveatAnswer,
    MintedToken,
    TokenExplanation,
    attenuate,
    check,
    decode,
    explain,
    is_genuine,
    mint,
    verify,
)

# Before Python 3.12 a second interpreter can load the extension; its first error would then wait for ever.
if not in_main_interpreter():
    raise ImportError("libintentgate works in the main interpreter of a process only, not in a subinterpreter; "
                      "under mod_wsgi set WSGIApplicationGroup %{GLOBAL}")

__all__ = [
    "Approval", "Audit", "AuditFilter", "AuditReport", "Budget", "BundleReport", "CancelToken", "Capability", "Caveat",
    "CaveatAnswer", "Checkpoint", "Credentials", "Decision", "Denied", "EraseReport", "EventProof", "Gate", "Health",
    "IntentCheck", "IntentGateError", "KeyRing", "LegalHold", "Limits", "MemoryStore", "MintedToken", "PartialResult", "Policy",
    "PolicyTest", "PolicyVerdict", "PostgresStore", "ProofReport", "PruneReport", "SqliteStore", "TokenExplanation",
    "TokenRefused", "Tool", "TraceStep", "agent", "attenuate", "averify_bundle", "callees", "check", "decode", "deny_tools", "expires",
    "explain", "generate_key_line", "holder", "is_genuine", "make_signing_key", "max_calls", "max_cost", "mint", "rate_limit",
    "risk_max", "servers", "step_up", "tools", "verify", "verify_bundle", "verify_proof", "where",
]
