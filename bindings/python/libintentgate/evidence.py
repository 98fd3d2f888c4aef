"""What is shown to an auditor, who trusts neither the operator nor the database: checkpoints, proofs, receipts and bundles
of a gate, and checking them without one. docs/audit.md explains what each proves.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import List, Literal, NamedTuple, Optional, Sequence, Union

from . import _native
from ._native import Decision
from ._threads import awaited
from .audit import AuditFilter

Path = Union[str, "os.PathLike[str]"]
Verdict = Literal["intact", "tampered", "truncated", "not_covered", "forked", "unknown_key", "malformed"]


class Checkpoint(NamedTuple):
    """A signed statement: the first ``size`` events of the log ``origin`` have this root. ``note`` is the C2SP signed note;
    whoever keeps it can hold a later bundle against it. Times are microseconds since 1970."""

    note: str
    origin: str
    epoch: int
    size: int
    root_hex: str
    signed_at_micros: int
    witnessed_at_micros: Optional[int]


class EventProof(NamedTuple):
    """``proof`` is a C2SP tlog-proof file for the event at ``seq`` whose chain hash is ``hash``."""

    proof: str
    seq: int
    event_id: str
    hash: str


class PruneReport(NamedTuple):
    """Where the chain began and where it begins now, or would; equal: nothing is pruned. ``archive`` is the segment's file."""

    first_seq: int
    next_first_seq: int
    resumed: bool
    archive: str
    archive_sha256: str


class BundleReport(NamedTuple):
    """What a bundle proves. ``complete``: intact, and every event from ``first_seq`` to before ``next_seq`` is there.
    Keep ``checkpoint_note``: the next bundle can be held against it. ``cosigned_at_micros`` is the time since 1970 that a given
    key signed for."""

    verdict: Verdict
    message: str
    bad_seq: Optional[int]
    tenant: str
    events: int
    first_seq: int
    next_seq: int
    covered: int
    uncovered_events: int
    complete: bool
    origin: str
    signed_by: List[str]
    checkpoint_note: str
    cosigned_at_micros: Optional[int]

    def __bool__(self) -> bool:
        return self.verdict == "intact"


class ProofReport(NamedTuple):
    """What an event's proof proves."""

    verdict: Verdict
    message: str
    seq: int
    covered: int
    origin: str
    signed_by: List[str]

    def __bool__(self) -> bool:
        return self.verdict == "intact"


class EvidenceMethods(_native.GateBase):
    """The part of ``Gate`` that is about evidence. All of it raises ``IntentGateError``: ``unavailable`` where nothing signs
    (``audit.signing.key_file``), ``corrupt`` ``fork_detected`` when the chain is not the one that was signed for."""

    @property
    def verifier_key(self) -> str:
        """The log's public key, ``name+id+key``, which an auditor needs by another way than the bundle; ``""``: none signs."""
        return self._verifier_key()

    def make_checkpoint(self, tenant: str = "default") -> Checkpoint:
        """Signs for everything that was answered before the call."""
        return Checkpoint(**self._make_checkpoint(tenant))

    def latest_checkpoint(self, tenant: str = "default") -> Checkpoint:
        """The newest one. ``not_found`` before the first."""
        return Checkpoint(**self._latest_checkpoint(tenant))

    def prove_event(self, event_id: str, *, tenant: str = "default") -> EventProof:
        """That an event is under the newest checkpoint. ``not_found``; ``unavailable`` while none covers it yet."""
        return EventProof(**self._prove_event(tenant, event_id))

    def sign_receipt(self, decision: Decision) -> str:
        """A signed promise that the decision's event will be under a checkpoint; for whoever made the call.

        ``ValueError`` for a decision that has no place in the chain, such as one of ``explain``.
        """
        return self._sign_receipt(decision)

    def write_bundle(self, path: Path, *, tenant: str = "default", filter: Optional[AuditFilter] = None,
                     include_uncovered: bool = False, witnessed: bool = False, include_values: bool = False) -> None:
        """Writes the auditor's bundle of a tenant, a tar file, for ``verify_bundle`` and ``intentgate audit verify``.

        ``filter`` makes a filtered bundle, which proves less; its tenant is ignored. ``include_uncovered``: also what came
        after the checkpoint. ``witnessed``: under the newest checkpoint with its quorum of witnesses. ``include_values``:
        also the private values that are not erased.
        """
        self._write_bundle(os.fspath(path), tenant, asdict(filter or AuditFilter()), include_uncovered, witnessed, include_values)

    def prune_audit(self, before_micros: int, *, reason: str, actor: str, tenant: str = "default", dry_run: bool = False) -> PruneReport:
        """Takes a tenant's events that are older out of the store, after they stand in a verified archive segment.

        ``reason`` and ``actor``, who asks, go into the chain; ``dry_run`` only says what would go. Only whole blocks of 256
        events under a checkpoint go. Raises ``IntentGateError``: ``invalid_argument`` without
        ``audit.retention.archive_directory``, ``conflict`` while a legal hold covers one of them.
        """
        return PruneReport(**self._prune(tenant, before_micros, reason, dry_run, actor))

    amake_checkpoint = awaited(make_checkpoint)
    alatest_checkpoint = awaited(latest_checkpoint)
    aprove_event = awaited(prove_event)
    asign_receipt = awaited(sign_receipt)
    awrite_bundle = awaited(write_bundle)
    aprune_audit = awaited(prune_audit)


def make_signing_key(path: Path, name: str) -> str:
    """Makes the key that signs checkpoints in a new file of mode 0600 and returns its verifier key.

    ``name`` is the deployment's. ``IntentGateError`` ``io`` when the file is there already.
    """
    return _native.make_signing_key(os.fspath(path), name)


def verify_bundle(path: Path, *, keys: Sequence[str], older_checkpoints: Sequence[str] = (), receipts: Sequence[str] = (),
                  witness_policy: Optional[str] = None) -> BundleReport:
    """Checks an auditor's bundle without any gate or connection.

    ``keys`` are the log's verifier keys, from the operator by another way than the bundle. ``older_checkpoints`` (signed
    notes) and ``receipts`` are held against it; ``witness_policy`` (a C2SP tlog-policy) asks for the quorum. Raises
    ``IntentGateError`` for a key, a note or a file that cannot be read; what is wrong with the bundle is in the report.
    """
    return BundleReport(**_native.verify_bundle(os.fspath(path), list(keys), list(older_checkpoints), list(receipts), witness_policy))


averify_bundle = awaited(verify_bundle)


def verify_proof(proof: str, event_hash: str, *, keys: Sequence[str], older_checkpoints: Sequence[str] = (),
                 receipts: Sequence[str] = (), witness_policy: Optional[str] = None) -> ProofReport:
    """Checks the proof of one event whose chain hash is known; ``event_hash=""`` takes it from the only receipt."""
    return ProofReport(**_native.verify_proof(proof, event_hash, list(keys), list(older_checkpoints), list(receipts), witness_policy))
