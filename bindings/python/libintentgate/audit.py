"""The audit chain of a gate: what ``Gate`` has for reading, verifying, exporting, erasing and holding. docs/audit.md."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Union

from . import _native
from ._threads import awaited, iterated

_PAGE = 100  # events that are read at once


class AuditReport(NamedTuple):
    """Whether a tenant's chain is whole: ``verified`` events, and what is wrong with the one at ``broken_seq``."""

    ok: bool
    tenant: str
    verified: int
    problem: str
    broken_seq: Optional[int]

    def __bool__(self) -> bool:
        return self.ok


class EraseReport(NamedTuple):
    """``events`` that match, ``values`` of them and ``approvals`` that they speak of which were erased, or would be."""

    events: int
    values: int
    approvals: int


class LegalHold(NamedTuple):
    """While it stands, nothing of the events that it covers is erased or pruned. Both ends of the span are included, and
    ``None`` is an open one; times are microseconds since 1970."""

    tenant: str
    id: str
    reason: str
    placed_by: str
    placed_at_micros: int
    from_micros: Optional[int]
    to_micros: Optional[int]


@dataclass(frozen=True)
class AuditFilter:
    """Which events: each member that is set narrows, to events with exactly this value. ``tenant=""``: all tenants. The
    times are microseconds since 1970, both included."""

    tenant: str = ""
    agent_id: str = ""
    tool: str = ""
    decision: str = ""
    check: str = ""
    code: str = ""
    kind: str = ""
    jti: str = ""
    root_jti: str = ""
    session_id: str = ""
    event_id: str = ""
    actor: str = ""
    from_micros: Optional[int] = None
    to_micros: Optional[int] = None


class AuditMethods(_native.GateBase):
    """The part of ``Gate`` that is about the chain."""

    def verify_audit(self, tenant: str = "default") -> AuditReport:
        """Verifies a tenant's chain from its stored bytes."""
        return AuditReport(**self._verify_audit(tenant))

    def audit_events(self, filter: AuditFilter = AuditFilter()) -> Iterator[Dict[str, Any]]:
        """The events, newest first, read as they are asked for. docs/formats/audit.md names their members."""
        after = ""
        while True:
            events, after = self._query_audit(asdict(filter), after, _PAGE)
            yield from events
            if not after:
                return

    def export_audit(self, path: Union[str, "os.PathLike[str]"], *, tenant: str = "", format: str = "ndjson",
                     filter: Optional[AuditFilter] = None) -> None:
        """Writes the events to ``path``: ``ndjson`` (verifiable offline), ``csv``, or ``ocsf`` for a SIEM.

        ``filter`` narrows, in place of ``tenant``; ``tenant=""``: all tenants. Raises ``ValueError`` for another
        format, ``IntentGateError`` ``io``.
        """
        self._export_audit(os.fspath(path), asdict(filter or AuditFilter(tenant=tenant)), format)

    def erase_values(self, filter: AuditFilter, *, reason: str, actor: str, dry_run: bool = False) -> EraseReport:
        """Erases the private values of the events of one tenant that match, and the approvals that they speak of with the
        arguments these keep; the chain still verifies.

        ``reason`` and ``actor``, who asks, go into the chain before the first value is gone. ``dry_run`` only counts. Raises
        ``IntentGateError``: ``invalid_argument`` without a tenant, ``conflict`` while a legal hold covers one of them. After
        another error some may be erased; asked again it goes on.
        """
        return EraseReport(**self._erase_values(asdict(filter), reason, dry_run, actor))

    def place_hold(self, id: str, *, reason: str, actor: str, tenant: str = "default", from_micros: Optional[int] = None,
                   to_micros: Optional[int] = None) -> None:
        """Forbids erasing and pruning of a tenant's events, or of those of a span of time. ``already_exists``."""
        self._place_hold(tenant, id, reason, from_micros, to_micros, actor)

    def lift_hold(self, id: str, *, reason: str, actor: str, tenant: str = "default") -> None:
        """Ends a legal hold. ``not_found``."""
        self._lift_hold(tenant, id, reason, actor)

    def list_holds(self, tenant: str = "") -> List[LegalHold]:
        """The legal holds that stand, of a tenant or of all."""
        return [LegalHold(**hold) for hold in self._holds(tenant)]

    averify_audit = awaited(verify_audit)
    aaudit_events = iterated(audit_events)
    aexport_audit = awaited(export_audit)
    aerase_values = awaited(erase_values)
    aplace_hold = awaited(place_hold)
    alift_hold = awaited(lift_hold)
    alist_holds = awaited(list_holds)
