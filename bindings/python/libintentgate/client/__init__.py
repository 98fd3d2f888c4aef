"""A client for a gateway over HTTP, with the names and the behaviour of the public SDK ``intentgate``.

    from libintentgate.client import Gateway, PolicyError       # was: from intentgate import Gateway, PolicyError

    gateway = Gateway("http://localhost:8080", token=token)
    gateway.tool_call("read_invoice", {"id": "123"}, intent_prompt="process today's invoices")

It needs only the standard library. New beside the public names: ``AsyncGateway``, ``ApprovalPending`` and
``wait_for_approval``, ``Retry``. docs/python-client.md lists the differences.
"""

from __future__ import annotations

from ._protocol import Retry
from .capability import AttenuationError, Caveat, attenuate, decode_token
from .exceptions import (
    ApprovalPending,
    BudgetError,
    CapabilityError,
    GatewayError,
    IntentError,
    IntentGateError,
    PolicyError,
    ProtocolError,
)
from .gateway import AsyncGateway, Gateway
from .results import ContentBlock, IntentGateMetadata, ToolCallResult

__all__ = [
    "ApprovalPending", "AsyncGateway", "AttenuationError", "BudgetError", "CapabilityError", "Caveat", "ContentBlock", "Gateway",
    "GatewayError", "IntentError", "IntentGateError", "IntentGateMetadata", "PolicyError", "ProtocolError", "Retry",
    "ToolCallResult", "attenuate", "decode_token",
]
