"""Assemble components from events.

:class:`ComponentBuffer` joins the deltas of each component. It is the last stage for consumers that want
whole components rather than their growth, and can run beside any other consumer of the events.

Text is kept in the fragments in which it arrived and joined when the component completes, so that the work
is proportional to the length of the text and not to that times the number of deltas.
"""

from collections.abc import Mapping
from typing import Final, Never, NoReturn

import attrs

from componentstream.core.arguments import check_instance
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
    FindingEvent,
    MessageStop,
    ReasoningEvent,
    StatusEvent,
    UsageEvent,
)
from componentstream.core.limits import BufferLimits


@attrs.frozen
class Component:
    """A completed component. ``index`` identifies it: a model may use the same ``name`` twice.

    Attributes:
        index: the index of its block in the stream.
        name: the name in the START marker.
        position: where on the page it belongs.
        attributes: the other attributes of its START marker.
        parent: the index of the component that contains it, None at the top level.
        text: its source, without that of its children.
        reason: why it ended; anything but ``end`` means that it may be incomplete.
        trimmed: number of characters that the parser dropped because the component was too large.
        missing_parts: the parts of its :class:`~componentstream.ComponentSpec` that it lacks.
        uses: the other components that its text uses as JSX tags, in order of first appearance. This is a
            heuristic with a regular expression: a tag is ``<Name`` or ``<Name.Part`` with a capital first
            letter outside of comments and strings.
        critical: whether its :class:`~componentstream.ComponentSpec` says that the page is useless without
            it.
    """

    index: int
    name: str
    position: str
    attributes: Mapping[str, str] = attrs.field(hash=False)
    parent: int | None
    text: str
    reason: str
    trimmed: int = 0
    missing_parts: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    critical: bool = False


@attrs.frozen
class OpenComponent:
    """A snapshot of a component that is still growing; fields as in :class:`Component`."""

    index: int
    name: str
    position: str
    attributes: Mapping[str, str] = attrs.field(hash=False)
    parent: int | None
    text: str


_FRAGMENTS: Final = 256
"""Number of deltas kept separately before they are joined; enough to make the cost of joining negligible."""


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
        # A string object has an overhead of about 50 bytes, often more than the text of a delta.
        if len(self.fragments) == _FRAGMENTS:
            self.pages.append("".join(self.fragments))
            self.fragments.clear()

    def text(self) -> str:
        # Keep the joined text, so that asking again costs only the text that arrived in between.
        joined = "".join([*self.pages, *self.fragments])
        self.pages = [joined]
        self.fragments.clear()
        return joined


def _refuse(event: Never) -> NoReturn:
    raise UsageError(
        f"apply() takes the events of a stream one by one, not {type(event).__name__}; leave out the None "
        "that event_from_dict() returns for an unknown type."
    )


class ComponentBuffer:
    """Assemble the components of one stream, in the order of the stream.

    Call :meth:`apply` with every event; it returns each component at the event that completes it. Create a
    new buffer for the next stream.

    Args:
        limits: limits of the completed components kept in ``components``. The oldest are dropped first.
        catalog: fills ``missing_parts`` and ``critical`` of the components that it knows.
        keep_text: False keeps no text, which saves its memory: ``text`` and ``uses`` of the components are
            empty, and parts are found by nested components alone.

    Raises:
        UsageError: an argument has the wrong type.
    """

    def __init__(
        self,
        *,
        limits: BufferLimits = BufferLimits(),
        catalog: Catalog | None = None,
        keep_text: bool = True,
    ) -> None:
        check_instance(limits, BufferLimits, "ComponentBuffer: limits")
        if catalog is not None:
            cure = "pass Catalog([ComponentSpec(...), ...])"
            check_instance(catalog, Catalog, "ComponentBuffer: catalog", cure)
        self._limits = limits
        self._catalog = Catalog() if catalog is None else catalog
        self._keep_text = keep_text
        # None for a text block, whose deltas are legal and ignored.
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
        """The open components, outermost first, with their text so far.

        Joining the text takes time proportional to its length: ask when you display it, not at every delta.
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
        """Number of completed components that were dropped because of ``BufferLimits``."""
        return self._dropped

    def apply(self, event: Event) -> Component | None:
        """Apply the next event; return the component that it completed, if any.

        Text blocks, errors, and the events of a session are ignored.

        Raises:
            UsageError: the events are not those of one stream from its start and in order (a delta or stop
                of a block that is not open, a start whose index is not above all earlier ones), or
                ``event`` is not an event. The buffer is unchanged.
        """
        # Most events are deltas, so they are handled before the slower match.
        if isinstance(event, ContentBlockDelta):
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
            case ReasoningEvent() | UsageEvent() | FindingEvent():
                return None
            case _:
                # The type checker proves that no event type gets here; a caller without one may still pass
                # something else.
                _refuse(event)

    def _find(self, index: int, kind: str) -> _Growing | None:
        try:
            return self._open[index]
        except KeyError:
            raise UsageError(
                f"Received a {kind} for block {index}, which is not open; apply every event of one stream, "
                "from its start and in order."
            ) from None

    def _start(self, event: ContentBlockStart) -> None:
        index, block = event.index, event.block
        if index <= self._last_index:
            raise UsageError(
                f"Block {index} starts after block {self._last_index}; apply every event once and in order, "
                "and create a new ComponentBuffer for each stream."
            )
        if not isinstance(block, ComponentBlock):
            self._last_index = index
            self._open[index] = None
            return
        if block.parent is not None and block.parent >= index:
            # Checked before any state changes: the parents of a component must form a chain that ends.
            raise UsageError(
                f"Block {index} cannot be inside block {block.parent}, which does not start before it."
            )
        self._last_index = index
        self._open[index] = _Growing(index, block, self._catalog.get(block.name))
        self._note_in_ancestors(block)

    def _note_in_ancestors(self, block: ComponentBlock) -> None:
        """Add the name of a component to the nested names of all components around it."""
        parent = block.parent
        while parent is not None:
            # A content policy may have stopped a component whose children continue. Its own ancestors are
            # not known then.
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
        # A component longer than the limit drops all others and then itself, as documented.
        while len(self._done) > limits.max_components or self._done_chars > limits.max_chars:
            self._done_chars -= len(self._done.pop(0).text)
            self._dropped += 1
