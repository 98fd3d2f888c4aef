from _typeshed import structseq
from typing import Any, Dict, Final, List, Literal, Mapping, Optional, Sequence, Tuple, Union, final

from .approvals import Approval
from .errors import IntentGateError

@final
class TraceStep(structseq[Union[str, bool]], Tuple[str, bool, str]):
    """One question of the gate and its answer: which check, whether it let the call through, and a sentence."""

    __match_args__: Final = ("check", "passed", "detail")

    @property
    def check(self) -> str: ...
    @property
    def passed(self) -> bool: ...
    @property
    def detail(self) -> str: ...

@final
class Decision:
    """What the gate said. ``bool(decision)`` is true only for an allow; ``str(decision)`` is for people."""

    @property
    def verdict(self) -> Literal["allow", "block", "escalate"]: ...
    @property
    def allowed(self) -> bool:
        """Whether the call may be made."""
    @property
    def check(self) -> Literal["", "capability", "intent", "policy", "budget"]:
        """Who refused; ``""`` for an allow."""
    @property
    def code(self) -> str:
        """The stable name of the reason, such as ``"capability.argument_refused"``."""
    @property
    def reason(self) -> str:
        """A sentence, safe to show to the agent."""
    @property
    def rule(self) -> str:
        """What decided, such as ``"caveat 2 (arg) of hop 1"``; ``""`` for an allow."""
    @property
    def requires_step_up(self) -> bool:
        """Whether the policy asks for a second factor."""
    @property
    def approval_id(self) -> str:
        """An escalation: the approval that the call waits for. An allow: the one that it has used. Else ``""``."""
    @property
    def event_id(self) -> str:
        """The decision's event in the audit chain; ``""`` if there is none."""
    @property
    def tenant(self) -> str: ...
    @property
    def agent_id(self) -> str:
        """The token's subject."""
    @property
    def jti(self) -> str:
        """The token's id."""
    @property
    def root_jti(self) -> str:
        """The id of the token it was made from."""
    @property
    def latency_us(self) -> int:
        """Microseconds that deciding took, without the wait for the event's commit."""
    @property
    def args(self) -> Optional[Dict[str, Any]]:
        """The snapshot of the arguments that was judged: hand it to the tool."""
    @property
    def trace(self) -> Tuple[TraceStep, ...]:
        """The questions in order; empty unless ``explain`` made the decision."""
    def __bool__(self) -> bool: ...
    def require(self) -> "Decision":
        """Returns the decision if it is an allow, else raises ``Denied``."""

@final
class KeyRing:
    """Keys by id. Immutable, thread-safe; printing it shows ids, never keys."""

    @staticmethod
    def from_master_key(text: str) -> "KeyRing":
        """One base64 key of at least 16 bytes, as in INTENTGATE_MASTER_KEY."""
    @staticmethod
    def parse(text: str) -> "KeyRing":
        """A key file's text, as ``intentgate keygen`` writes it."""
    @property
    def ids(self) -> List[str]:
        """The ids of all keys."""
    @property
    def active_id(self) -> str:
        """The id of the key that mints."""

class Completions:
    def __init__(self) -> None: ...
    def fileno(self) -> int: ...
    def drain(self) -> List[Tuple[int, Union[Decision, Approval, IntentGateError]]]: ...

class CancelToken:
    """Ends evaluations that were given it, from any thread: they raise IntentGateError, within about 100 microseconds."""

    def __init__(self) -> None: ...
    def cancel(self) -> None:
        """Ends what runs with this token, and what is begun with it afterwards."""
    @property
    def cancelled(self) -> bool:
        """Whether cancel() was called."""

class PolicyBase:
    def __init__(self, files: List[Tuple[str, str]], data: Optional[Mapping[str, Any]]) -> None: ...
    def _decide(self, input: Mapping[str, Any], cancel: Optional[CancelToken]) -> Dict[str, Any]: ...
    def _eval(self, reference: str, input: Optional[Mapping[str, Any]], cancel: Optional[CancelToken]) -> Tuple[bool, Any]: ...
    def _partial(
        self, query: str, input: Optional[Mapping[str, Any]], options: Dict[str, Any], cancel: Optional[CancelToken],
    ) -> Tuple[List[str], List[Tuple[str, str]], bool, bool, str, int]: ...
    def _rule_names(self) -> List[str]: ...
    @property
    def digest(self) -> str:
        """SHA-256 in hex over the sources and the data."""

class RegoModuleBase:
    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def package(self) -> str: ...
    def _tree(self) -> str: ...
    def _annotations(self) -> Any: ...
    def _format(self) -> str: ...

class RegoPolicyBase:
    def _rule_names(self) -> List[str]: ...
    def _packages(self) -> List[str]: ...

class RegoQueryBase:
    @property
    def text(self) -> str: ...
    @property
    def is_reference(self) -> bool: ...
    def _eval(self, input: Any, cancel: Optional[CancelToken]) -> Tuple[bool, Any]: ...
    def _answers(self, input: Any, cancel: Optional[CancelToken]) -> List[Tuple[Dict[str, Any], List[Any]]]: ...

class RegoEngineBase:
    def __init__(
        self, v0: bool, max_steps: int, max_memory_bytes: int, strict_builtin_errors: bool, builtins: Optional[List[str]],
    ) -> None: ...
    def _parse(self, name: str, text: str) -> RegoModuleBase: ...
    def _compile(self, modules: List[RegoModuleBase], data: Optional[Mapping[str, Any]]) -> RegoPolicyBase: ...
    def _prepare(self, policy: RegoPolicyBase, query: str) -> RegoQueryBase: ...

class GateBase:
    def __init__(
        self, yaml: str, file_name: str, environment: Mapping[str, str], keys: Optional[KeyRing],
        policy: Optional[List[Tuple[str, str]]],
    ) -> None: ...
    def authorize(
        self, tool: str, args: Optional[Mapping[str, Any]] = None, token: Optional[str] = "", *,
        intent: Optional[str] = "", session_id: Optional[str] = "", server: Optional[str] = "", approval_id: Optional[str] = "",
        wait_for_approval: Optional[float] = None,
    ) -> Decision:
        """Judges one call and records it. Returns when the event is as durable as the configuration asks.

        ``args`` is a mapping of JSON values, copied first: types that JSON lacks raise ``TypeError``; NaN, a lone
        surrogate, a cycle or too much raise ``ValueError``. ``token`` is the bearer string without ``Bearer``;
        ``intent`` is what the agent was asked to do; ``server`` is the upstream's name. Waits without the GIL.

        ``approval_id`` is that of an earlier escalation of the same call. With ``wait_for_approval`` (seconds) an
        escalated call waits for a person and is asked again when one has answered; 0 only looks whether one has.
        Nobody in time: the escalation is returned.
        """
    def explain(
        self, tool: str, args: Optional[Mapping[str, Any]] = None, token: Optional[str] = "", *,
        intent: Optional[str] = "", session_id: Optional[str] = "", server: Optional[str] = "", approval_id: Optional[str] = "",
    ) -> Decision:
        """As ``authorize``, with a trace; charges nothing and records nothing. ``print`` it."""
    def _start(
        self, completions: Completions, tool: str, args: Optional[Mapping[str, Any]] = None, token: Optional[str] = "", *,
        intent: Optional[str] = "", session_id: Optional[str] = "", server: Optional[str] = "", approval_id: Optional[str] = "",
    ) -> Union[Decision, int]: ...
    def _list_approvals(
        self, tenant: str, state: str, agent_id: str, tool: str, root_jti: str, after: str, limit: int,
    ) -> Tuple[List[Approval], str]: ...
    def _get_approval(self, tenant: str, id: str) -> Approval: ...
    def _decide_approval(self, tenant: str, id: str, approve: bool, note: str, claimed_by: str, actor: str) -> Approval: ...
    def _wait_approval(self, completions: Completions, tenant: str, id: str) -> Tuple[int, int]: ...
    def _cancel_approval_wait(self, wait: int) -> None: ...
    def _record_outcome(self, decision: Decision, outcome: str, latency_us: int) -> None: ...
    def _revoke(self, id: str, tenant: str, reason: str, actor: str) -> None: ...
    def _verify_audit(self, tenant: str) -> Dict[str, Any]: ...
    def _query_audit(self, filter: Dict[str, Any], after: str, limit: int) -> Tuple[List[Dict[str, Any]], str]: ...
    def _export_audit(self, path: str, filter: Dict[str, Any], format: str) -> None: ...
    def _erase_values(self, filter: Dict[str, Any], reason: str, dry_run: bool, actor: str) -> Dict[str, Any]: ...
    def _place_hold(
        self, tenant: str, id: str, reason: str, from_micros: Optional[int], to_micros: Optional[int], actor: str,
    ) -> None: ...
    def _lift_hold(self, tenant: str, id: str, reason: str, actor: str) -> None: ...
    def _holds(self, tenant: str) -> List[Dict[str, Any]]: ...
    def _verifier_key(self) -> str: ...
    def _make_checkpoint(self, tenant: str) -> Dict[str, Any]: ...
    def _latest_checkpoint(self, tenant: str) -> Dict[str, Any]: ...
    def _prove_event(self, tenant: str, event_id: str) -> Dict[str, Any]: ...
    def _sign_receipt(self, decision: Decision) -> str: ...
    def _write_bundle(
        self, path: str, tenant: str, filter: Dict[str, Any], include_uncovered: bool, witnessed: bool, include_values: bool,
    ) -> None: ...
    def _prune(self, tenant: str, before_micros: int, reason: str, dry_run: bool, actor: str) -> Dict[str, Any]: ...
    def _set_tools(self, tools: List[Tuple[str, str, List[str]]]) -> None: ...
    def _set_policy(self, policy: PolicyBase, actor: str) -> None: ...
    def _visible_tools(self, token: str, tools: List[str], server: str) -> List[bool]: ...
    def _check_token(self, token: str) -> Decision: ...
    def _health(self) -> Tuple[bool, str]: ...
    def _describe(self) -> str: ...
    def close(self) -> None:
        """Flushes the chain. Later calls raise ``ValueError``."""
    def _await_end(self) -> None: ...
    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""

def in_main_interpreter() -> bool: ...
def generate_key_line(id: str) -> str:
    """A line for a key file: a fresh 32-byte key under ``id``, marked active. The text is a secret."""
def mint(
    keys: KeyRing, subject: str, caveats: Sequence[Dict[str, Any]], ttl: Optional[int], format: int, tenant: str,
    issuer: str, zone: str, audience: str, not_before: Optional[int], max_depth: Optional[int],
) -> Tuple[str, str, Optional[int]]: ...
def attenuate(
    token: str, caveats: Sequence[Dict[str, Any]] = (), *, expires_in: Optional[int] = None, seal: bool = False, label: str = ""
) -> str:
    """A child that can do no more than ``token``. Needs no key.

    ``expires_in`` is in seconds; ``seal`` forbids further attenuation and ``label`` names the hop (both v5).
    Raises ``IntentGateError``: ``malformed``, ``invalid_argument`` or ``limit_exceeded``.
    """
def is_genuine(token: str, keys: KeyRing, *, audience: str = "") -> bool:
    """Whether ``verify`` would accept the token; the fast way to ask, because no content is made."""
def verify(token: str, keys: KeyRing, *, audience: str = "") -> Dict[str, Any]:
    """The content of a token whose signature is right. Does not look at its caveats; ``check`` does.

    Raises ``TokenRefused``.
    """
def check(
    token: str, keys: KeyRing, tool: str, arguments: Optional[Mapping[str, Any]], now: Optional[int], agent: str,
    server: str, audience: str,
) -> None: ...
def explain(
    token: str, keys: KeyRing, tool: str, arguments: Optional[Mapping[str, Any]], now: Optional[int], agent: str,
    server: str, audience: str,
) -> List[Tuple[Optional[int], int, bool, str, str]]: ...
def decode(token: str) -> Dict[str, Any]: ...
def describe_caveat(caveat: Mapping[str, Any]) -> str: ...
def make_signing_key(path: str, name: str) -> str: ...
def verify_bundle(
    path: str, keys: List[str], older_checkpoints: List[str], receipts: List[str], witness_policy: Optional[str],
) -> Dict[str, Any]: ...
def verify_proof(
    proof: str, event_hash: str, keys: List[str], older_checkpoints: List[str], receipts: List[str], witness_policy: Optional[str],
) -> Dict[str, Any]: ...
