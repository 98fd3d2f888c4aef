"""What an allowed call returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional


@dataclass(frozen=True)
class ContentBlock:
    """One piece of a tool's answer. ``text`` is ``""`` for a block that is no text; ``fields`` is the block as it came."""

    type: str
    text: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class IntentGateMetadata:
    """The gateway's decision on the call. ``latency_ms`` is what deciding took."""

    decision: str
    reason: str = ""
    check: str = ""
    latency_ms: int = 0


@dataclass(frozen=True)
class ToolCallResult:
    """A tool's answer. ``is_error`` is the tool's own failure; what the gateway refuses is raised.

    ``structured_content`` is the answer as JSON when the tool gives one, else ``None``.
    """

    content: List[ContentBlock] = field(default_factory=list)
    is_error: bool = False
    intentgate: Optional[IntentGateMetadata] = None
    structured_content: Optional[Any] = None

    @property
    def text(self) -> str:
        """The text blocks, joined by line ends."""
        return "\n".join(block.text for block in self.content if block.type == "text")

    @classmethod
    def from_json(cls, result: Dict[str, Any]) -> ToolCallResult:
        """From the member ``result`` of an answer. Members of the wrong type count as absent."""
        blocks = result.get("content")
        content = [ContentBlock(_text(block.get("type")), _text(block.get("text")), block)
                   for block in (blocks if isinstance(blocks, list) else []) if isinstance(block, dict)]
        said = result.get("_intentgate")
        metadata = None
        if isinstance(said, dict):
            latency = said.get("latency_ms")
            metadata = IntentGateMetadata(_text(said.get("decision")), _text(said.get("reason")), _text(said.get("check")),
                                          int(latency) if isinstance(latency, (int, float)) else 0)
        return cls(content, result.get("isError") is True, metadata, result.get("structuredContent"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
