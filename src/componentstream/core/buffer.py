"""Events in, components out.

:class:`ComponentBuffer` puts the deltas of each component together again. It is the last stage for whoever
wants whole components rather than their growth; it can run beside anything else that reads the events.

Text is kept as the fragments in which it came and joined when the component completes, so that the work is
proportional to the text and not to the number of deltas times the text.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from componentstream.core.catalog import Catalog, ComponentSpec, used_components
from componentstream.core.errors import UsageError
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    DebugEvent,
    ErrorEvent,
    Event,
    MessageStop,
    StatusEvent,
    StopReason,
)
from componentstream.core.limits import BufferLimits


@attrs.frozen
class Component:
    """A completed component. ``index`` identifies it; a model may well use a ``name`` twice.

    Attributes:
        index: the index of its block in the stream.
        name: as in the START marker.
        position: where on the page it belongs.
        attributes: the other attributes of its START marker.
        parent: the index of the component that it stands in, None at the top.
        text: its source, without that of its children.
        reason: why it ended; anything but ``end`` means that it may be incomplete.
        trimmed: characters that the parser dropped because the component was too large.
        missing_parts: the parts of its :class:`~componentstream.ComponentSpec` that it lacks.
        uses: the other components that its text mentions as JSX tags, in order of first appearance. A
            reading aid from a regular expression, not a parse:
            see :func:`componentstream.core.catalog.used_components`.
        critical: its :class:`~componentstream.ComponentSpec` says that the page is no good without it.
    """

    index: int
    name: str
    position: str
    attributes: Mapping[str, str] = attrs.field(hash=False)
    parent: int | None
    text: str
    reason: StopReason
    trimmed: int = 0
    missing_parts: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    critical: bool = False


@attrs.frozen
class OpenComponent:
    """A component that is still growing, as it was when asked for; fields as in :class:`Component`."""

    index: int
    name: str
    position: str
    attributes: Mapping[str, str] = attrs.field(hash=False)
    parent: int | None
    text: str


_FRAGMENTS: Final = 256
"""Deltas that are kept one by one before they are joined; enough that joining costs nothing beside them."""


@attrs.define(eq=False)
class _Growing:
    index: int
    block: ComponentBlock
    spec: ComponentSpec | None
    fragments: list[str] = attrs.field(factory=list)
    pages: list[str] = attrs.field(factory=list)
    nested: set[str] = attrs.field(factory=set)

    def add(self, text: str) -> None:
        self.fragments.append(text)
        # A string has some 50 bytes beside its text, and the text of a delta may be shorter than that.
        if len(self.fragments) == _FRAGMENTS:
            self.pages.append("".join(self.fragments))
            self.fragments.clear()

    def text(self) -> str:
        joined = "".join([*self.pages, *self.fragments])
        self.pages = [joined]
        self.fragments.clear()
        return joined


class ComponentBuffer:
    """Components from the events of one stream, in the stream's order.

    Call :meth:`apply` with every event; it returns each component at the event that completes it. Take a
    new buffer for the next stream.

    Args:
        limits: how much of what has completed is kept in ``components``. The oldest are dropped first.
        catalog: fills ``missing_parts`` and ``critical`` of the components it knows.
        keep_text: False for whoever wants to know of the components and not what is in them: their ``text``
            is empty, as are ``uses``, parts are found by nested components alone, and a stream takes no
            memory for its text.
    """

    def __init__(
        self,
        *,
        limits: BufferLimits = BufferLimits(),
        catalog: Catalog | None = None,
        keep_text: bool = True,
    ) -> None:
        self._limits = limits
        self._catalog = Catalog() if catalog is None else catalog
        self._keep_text = keep_text
        self._open: dict[int, _Growing | None] = {}
        self._last_index = -1
        self._done: list[Component] = []
        self._done_chars = 0
        self._dropped = 0

    @property
    def components(self) -> tuple[Component, ...]:
        """The completed components that are still kept, in the order of completion: children first."""
        return tuple(self._done)

    @property
    def open_components(self) -> tuple[OpenComponent, ...]:
        """What is open, outermost first, with the text so far.

        Joining the text takes time in proportion to it: ask when you show it, not at every delta.
        """
        return tuple(
            OpenComponent(
                index=growing.index,
                name=growing.block.name,
                position=growing.block.position,
                attributes=growing.block.attributes,
                parent=growing.block.parent,
                text=growing.text(),
            )
            for growing in self._open.values()
            if growing is not None
        )

    @property
    def dropped(self) -> int:
        """How many completed components are no longer kept, because of ``BufferLimits``."""
        return self._dropped

    def apply(self, event: Event) -> Component | None:
        """Take the next event; return the component that it completed, None when it completed none.

        Text blocks, errors, and the events of a session are passed over.

        Raises:
            UsageError: the events are not those of one stream from its start and in order (a delta or stop
                of a block that is not open, a start whose index is not above all earlier ones), or
                ``event`` is no event. The buffer is as it was before the call.
        """
        # A stream is mostly deltas, and a match is slow to get to them.
        if type(event) is ContentBlockDelta:
            growing = self._find(event.index, "delta")
            if growing is not None and self._keep_text:
                growing.add(event.text)
            return None
        match event:
            case ContentBlockStart():
                self._start(event)
                return None
            case ContentBlockStop():
                growing = self._find(event.index, "stop")
                del self._open[event.index]
                return None if growing is None else self._complete(growing, event)
            case ErrorEvent() | StatusEvent() | MessageStop() | DebugEvent():
                return None
            case _:
                raise UsageError(
                    f"apply() takes the events of a stream one by one, not {type(event).__name__}; leave out "
                    "the None that event_from_dict() returns for an unknown type."
                )

    def _find(self, index: int, what: str) -> _Growing | None:
        try:
            return self._open[index]
        except KeyError:
            raise UsageError(
                f"A {what} came for block {index}, which is not open; apply every event of one stream, from "
                "its start and in order."
            ) from None

    def _start(self, event: ContentBlockStart) -> None:
        index, block = event.index, event.block
        if index <= self._last_index:
            raise UsageError(
                f"Block {index} starts after block {self._last_index}; apply every event once and in order, "
                "and take a new ComponentBuffer for each stream."
            )
        if not isinstance(block, ComponentBlock):
            self._last_index = index
            self._open[index] = None
            return
        if block.parent is not None and block.parent >= index:
            raise UsageError(f"Block {index} cannot stand in block {block.parent}, which starts no earlier.")
        self._last_index = index
        self._open[index] = _Growing(index, block, self._catalog.get(block.name))
        self._tell_ancestors(block)

    def _tell_ancestors(self, block: ComponentBlock) -> None:
        parent = block.parent
        while parent is not None:
            # A policy may have stopped a component whose children go on; above it nothing is known then.
            ancestor = self._open.get(parent)
            if ancestor is None:
                return
            if ancestor.spec is not None and ancestor.spec.parts:
                ancestor.nested.add(block.name)
            parent = ancestor.block.parent

    def _complete(self, growing: _Growing, stop: ContentBlockStop) -> Component:
        block, spec, text = growing.block, growing.spec, growing.text()
        component = Component(
            index=growing.index,
            name=block.name,
            position=block.position,
            attributes=block.attributes,
            parent=block.parent,
            text=text,
            reason=stop.reason,
            trimmed=stop.trimmed,
            missing_parts=() if spec is None else spec.missing_parts(text, growing.nested),
            uses=used_components(text, limit=self._limits.max_uses, itself=block.name),
            critical=spec is not None and spec.critical,
        )
        self._keep(component)
        return component

    def _keep(self, component: Component) -> None:
        self._done.append(component)
        self._done_chars += len(component.text)
        limits = self._limits
        while len(self._done) > limits.max_components or self._done_chars > limits.max_chars:
            self._done_chars -= len(self._done.pop(0).text)
            self._dropped += 1
