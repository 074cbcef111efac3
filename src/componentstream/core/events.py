"""The events that the library emits, and their JSON form.

``content_block_start``, ``content_block_delta`` and ``content_block_stop`` have the form that they have in
Anthropic's Messages stream, so its users know them. Every event has ``type``, its name on the wire, and
``to_dict()``, which returns its JSON value; :func:`componentstream.event_from_dict` is the inverse.

Events are hashable, and immutable to the type checker. At run time they are not protected, because that makes
creating one more than twice as slow; treat them as values.
"""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import attrs

# Type checkers see frozen classes; at run time they are not, because a frozen class sets its fields through
# object.__setattr__. Nothing has weak references to events, so the slot for them is left out.
if TYPE_CHECKING:
    from attrs import frozen as _value
else:
    _value = partial(attrs.define, unsafe_hash=True, weakref_slot=False)

Json: TypeAlias = dict[str, object]
"""A JSON object."""

Span: TypeAlias = tuple[int, int]
"""Code point offsets ``(from, to)`` of a line in the input, including its line end."""

StopReason: TypeAlias = Literal["end", "implied", "truncated", "aborted", "blocked"]
"""Why a block ended.

``end``: by its END marker; for text, by the next component or the end of the stream. ``implied``: by another
marker. ``truncated``: by the end of the stream. ``aborted``: by a fatal error or by the caller. ``blocked``:
by a content policy. The field of the event is a ``str``, because a newer sender may use another reason.
"""

MessageStopReason: TypeAlias = Literal["complete", "failed", "timeout", "cancelled"]
"""The outcome of a whole generation. The field of the event is a ``str``, as for :data:`StopReason`."""


@_value
class ComponentBlock:
    """The description of a component: its name, its position on the page, its other attributes.

    ``parent`` is the index of the component that contains it, None at the top level. ``attributes`` does not
    include ``position``.
    """

    name: str
    position: str
    attributes: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    parent: int | None = None

    def to_dict(self) -> Json:
        """Return the value of ``content_block`` on the wire."""
        return {
            "type": "component",
            "name": self.name,
            "position": self.position,
            "attributes": dict(self.attributes),
            "parent": self.parent,
        }


@_value
class TextBlock:
    """A run of text between components."""

    def to_dict(self) -> Json:
        """Return the value of ``content_block`` on the wire."""
        return {"type": "text", "text": ""}


@_value
class ContentBlockStart:
    """A block begins. ``index`` identifies it from now on: blocks of a stream are numbered from 0.

    ``span`` is that of the START line, None for a text block. It is not part of the JSON value.
    """

    type: ClassVar[Literal["content_block_start"]] = "content_block_start"

    index: int
    block: ComponentBlock | TextBlock
    span: Span | None = None

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, "index": self.index, "content_block": self.block.to_dict()}


@_value
class ContentBlockDelta:
    """More text of block ``index``; never empty. The deltas of a block, joined, are its content."""

    type: ClassVar[Literal["content_block_delta"]] = "content_block_delta"

    index: int
    text: str

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, "index": self.index, "delta": {"type": "text_delta", "text": self.text}}


@_value
class ContentBlockStop:
    """Block ``index`` has ended.

    ``chars`` is the number of its code points delivered, ``trimmed`` the number dropped because of
    ``Limits.max_component_chars``. ``span`` is that of the marker line that closed it. It is None for text
    blocks, and if the end of the stream, a fatal error or the caller closed it.
    """

    type: ClassVar[Literal["content_block_stop"]] = "content_block_stop"

    index: int
    reason: str
    chars: int
    trimmed: int = 0
    span: Span | None = None

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {
            "type": self.type,
            "index": self.index,
            "reason": self.reason,
            "chars": self.chars,
            "trimmed": self.trimmed,
        }


@_value
class ErrorEvent:
    """An error that the caller did not cause.

    ``code`` is stable and meant for programs, ``message`` for people; see :mod:`componentstream.core.codes`.
    After a ``fatal`` error only the stops of open blocks (and the end of the message) follow. ``retryable``
    means that the same request may succeed. ``line`` counts from 1; ``index`` is that of the component
    concerned. ``recovered`` means that the faulty marker line was acted on all the same.
    """

    type: ClassVar[Literal["error"]] = "error"

    code: str
    message: str
    fatal: bool = False
    retryable: bool = False
    line: int | None = None
    index: int | None = None
    span: Span | None = None
    recovered: bool = False

    def to_dict(self) -> Json:
        """Return the JSON value of the event; the code is called ``type`` inside ``error``."""
        return {
            "type": self.type,
            "error": {
                "type": self.code,
                "message": self.message,
                "fatal": self.fatal,
                "retryable": self.retryable,
                "recovered": self.recovered,
                "line": self.line,
                "index": self.index,
            },
        }


@_value
class StatusEvent:
    """Progress of a generation.

    ``phase`` is started, thinking (the model reasons and sends no text), progress or finishing; ``elapsed``
    is the number of seconds since the start, and the others are counts since then.
    """

    type: ClassVar[Literal["status"]] = "status"

    phase: str
    elapsed: float
    components_started: int
    components_completed: int
    chars: int

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {
            "type": self.type,
            "phase": self.phase,
            "elapsed": self.elapsed,
            "components_started": self.components_started,
            "components_completed": self.components_completed,
            "chars": self.chars,
        }


@_value
class Finding:
    """A remark about the model's output; it never changes the output by itself.

    Attributes:
        rule: Stable name of the rule that found something, such as ``near-miss``.
        severity: How much it matters, such as ``info``.
        message: Description for people.
        action: The reaction to it; ``none`` if it was only reported.
        index: Index of the component concerned.
        line: Line of the input, counted from 1.
        span: Code point offsets of the text concerned. Unlike the spans of other events, it is sent.
    """

    rule: str
    severity: str
    message: str
    action: str = "none"
    index: int | None = None
    line: int | None = None
    span: Span | None = None

    def to_dict(self) -> Json:
        """Return the value of ``finding`` on the wire."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "message": self.message,
            "action": self.action,
            "index": self.index,
            "line": self.line,
            "span": None if self.span is None else [*self.span],
        }


@_value
class FindingEvent:
    """An inspection of the output found something. It is not an error, and the stream continues."""

    type: ClassVar[Literal["finding"]] = "finding"

    finding: Finding

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, "finding": self.finding.to_dict()}


@_value
class ReasoningEvent:
    """A piece of the model's reasoning, emitted only where that was asked for; never part of a block."""

    type: ClassVar[Literal["reasoning"]] = "reasoning"

    text: str

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, "text": self.text}


@_value
class UsageEvent:
    """The tokens of the answer so far, as the provider reported them; the latest event has the totals.

    A count is None if the provider has not reported it. Reasoning tokens are usually included in the
    output tokens, and cached tokens in the input tokens; providers differ.
    """

    type: ClassVar[Literal["usage"]] = "usage"

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, **self.counts()}

    def counts(self) -> dict[str, int | None]:
        """Return the counts by name, as ``message_stop.stats.usage`` has them."""
        return {
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "reasoning_tokens": self.reasoning_tokens,
            "cached_tokens": self.cached_tokens,
        }


@_value
class MessageStop:
    """The generation has ended; this is the last event of every session."""

    type: ClassVar[Literal["message_stop"]] = "message_stop"

    reason: str
    stats: Mapping[str, object] = attrs.field(factory=dict[str, object], hash=False)

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, "reason": self.reason, "stats": dict(self.stats)}


@_value
class DebugEvent:
    """The state of a session for developers; emitted only where that is enabled."""

    type: ClassVar[Literal["debug"]] = "debug"

    state: Mapping[str, object] = attrs.field(factory=dict[str, object], hash=False)

    def to_dict(self) -> Json:
        """Return the JSON value of the event."""
        return {"type": self.type, "state": dict(self.state)}


Event: TypeAlias = (
    ContentBlockStart
    | ContentBlockDelta
    | ContentBlockStop
    | ErrorEvent
    | StatusEvent
    | ReasoningEvent
    | UsageEvent
    | FindingEvent
    | MessageStop
    | DebugEvent
)
"""Any event; end a ``match`` over it with ``assert_never``."""
