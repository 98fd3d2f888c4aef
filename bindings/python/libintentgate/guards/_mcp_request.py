"""Where an MCP request carries its token and its prompt; for both MCP guards."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional

from .. import guard as _guard

TOKEN_KEY = "intentgate/token"
INTENT_KEY = "intentgate/intent"
_BEARER = "bearer "


class McpRequest(NamedTuple):
    """What ``token`` and ``intent`` functions are asked about: the request's ``_meta`` and, over HTTP, its headers.

    ``headers`` is ``None`` where there is no HTTP, as on stdio. ``context`` is the framework's own object.
    """

    meta: Mapping[str, Any]
    headers: Optional[Mapping[str, str]]
    context: Any

    @property
    def token(self) -> str:
        """From ``_meta``, else the bearer of the request; without HTTP else that of ``gate.use``."""
        given = self.meta.get(TOKEN_KEY)
        if isinstance(given, str):
            return given
        # Over HTTP strangers call, and must not get what the server's own process holds.
        if self.headers is None:
            return _guard.current().token
        header = self.headers.get("authorization", "")
        return header[len(_BEARER):].strip() if header.lower().startswith(_BEARER) else ""

    @property
    def intent(self) -> str:
        given = self.meta.get(INTENT_KEY)
        if isinstance(given, str):
            return given
        return _guard.current().intent if self.headers is None else self.headers.get("x-intent-prompt", "")


def token_of(request: McpRequest) -> str:
    return request.token


def intent_of(request: McpRequest) -> str:
    return request.intent


def meta_of(meta: Any) -> Mapping[str, Any]:
    """A request's ``_meta`` as a mapping; a model in version 1 of the SDK."""
    if meta is None:
        return {}
    return meta if isinstance(meta, Mapping) else meta.model_dump(by_alias=True)
