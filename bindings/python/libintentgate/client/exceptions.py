"""What the client raises. Names, codes and attributes are those of the public SDK's ``intentgate.exceptions``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Optional, Type, Union

if TYPE_CHECKING:
    from ._protocol import ToolCall


class IntentGateError(Exception):
    """Base class of everything that the client raises.

    ``code`` is the JSON-RPC code of the gateway's answer, or 0 when there is none; ``message`` is its sentence;
    ``data`` says why, mostly as a string.
    """

    code: int = 0
    message: str = ""
    data: Optional[object] = None

    def __init__(self, message: str, *, code: int = 0, data: Optional[object] = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def __str__(self) -> str:
        return f"{self.message}: {self.data}" if self.data else self.message


class GatewayError(IntentGateError):
    """The gateway could not be reached, or its answer is no JSON-RPC.

    ``maybe_executed`` is ``False`` when the request certainly was not judged, and ``True`` when it left and its answer
    did not come: the tool may have run.
    """

    def __init__(self, message: str, *, code: int = 0, data: Optional[object] = None, maybe_executed: bool = False) -> None:
        super().__init__(message, code=code, data=data)
        self.maybe_executed = maybe_executed


class ProtocolError(IntentGateError):
    """A JSON-RPC error that is no check's refusal, or an answer of the wrong shape."""


class CapabilityError(IntentGateError):
    """The token does not allow the call (-32010)."""


class IntentError(IntentGateError):
    """The call does not fit the prompt (-32011)."""


class PolicyError(IntentGateError):
    """The policy does not allow the call (-32012)."""


class ApprovalPending(PolicyError):
    """The policy wants a person to decide. ``Gateway.resume`` makes the call again once that has happened.

    ``approval_id`` names the approval; ``retry_after`` is the gateway's advice in seconds, or ``None``.
    """

    def __init__(self, message: str, *, approval_id: str, retry_after: Optional[float], call: ToolCall, code: int = 0,
                 data: Optional[object] = None) -> None:
        super().__init__(message, code=code, data=data)
        self.approval_id = approval_id
        self.retry_after = retry_after
        self.call = call


class BudgetError(IntentGateError):
    """A budget, a rate or the token's number of calls is used up (-32013)."""


_BY_CODE: Dict[int, Type[IntentGateError]] = {
    -32010: CapabilityError,
    -32011: IntentError,
    -32012: PolicyError,
    -32013: BudgetError,
}


def for_code(code: Union[int, object]) -> Type[IntentGateError]:
    """The class for a JSON-RPC code; ``ProtocolError`` for one that is no check's."""
    return _BY_CODE.get(code, ProtocolError) if isinstance(code, int) else ProtocolError
