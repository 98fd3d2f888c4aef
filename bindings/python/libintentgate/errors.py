"""What the package raises. A refused call is not raised by ``Gate.authorize``; it is a ``Decision``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from ._native import Decision


class IntentGateError(Exception):
    """Something could not be done. ``code`` is stable, such as ``"malformed"``; the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class TokenRefused(IntentGateError):
    """A token is not good, or a caveat of it refuses.

    ``code`` is a reason such as ``"capability.argument_refused"``; ``caveat`` and ``hop`` say which caveat of
    which hop refused, counted from 0, or are ``None``.
    """

    def __init__(self, code: str, message: str, caveat: Optional[int] = None, hop: Optional[int] = None) -> None:
        super().__init__(code, message)
        self.caveat = caveat
        self.hop = hop


class Denied(IntentGateError):
    """Raised by ``Decision.require`` and by guarded functions: the gate did not allow the call.

    ``decision`` has the reasons; ``code`` and ``message`` are its code and its sentence.
    """

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.code, decision.reason)
        self.decision = decision
