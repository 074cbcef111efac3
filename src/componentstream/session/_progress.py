"""The progress of a session: its events applied to the buffer and to the statistics."""

import attrs

from componentstream.core.buffer import Component, ComponentBuffer
from componentstream.core.events import ComponentBlock, ContentBlockStart, ErrorEvent, Event
from componentstream.session.hooks import CallResult
from componentstream.session.statistics import StatsRecorder


class Progress:
    """Applies events and adds those that follow from them to the result of a call.

    Args:
        buffer: Buffer that every event is applied to.
        recorder: Statistics to update.

    Attributes:
        lost_critical: Whether a critical component stopped with another reason than ``end``.
    """

    __slots__ = ("_buffer", "_recorder", "lost_critical")

    def __init__(self, buffer: ComponentBuffer, recorder: StatsRecorder) -> None:
        self._buffer = buffer
        self._recorder = recorder
        self.lost_critical: bool = False

    def take(self, result: CallResult, events: list[Event], now: float) -> None:
        """Add events to `result`; a status ``progress`` follows each component that the model completed."""
        for event in events:
            if isinstance(event, ErrorEvent):
                self._recorder.error(event.code)
                result.last_error_index = len(result.events)
                result.fatal = result.fatal or event.fatal
            elif isinstance(event, ContentBlockStart) and isinstance(event.block, ComponentBlock):
                self._recorder.component_started(event.index, now)
            component = self._buffer.apply(event)
            result.events.append(event)
            if component is not None:
                self._complete(result, component, now)

    def _complete(self, result: CallResult, component: Component, now: float) -> None:
        seconds = self._recorder.component_finished(component.index, component.name, component.reason, now)
        result.finished[component.index] = component, seconds
        if component.critical and component.reason != "end":
            self.lost_critical = True
            error = result.events[result.last_error_index] if result.last_error_index >= 0 else None
            if isinstance(error, ErrorEvent) and (error.fatal or error.index == component.index):
                result.events[result.last_error_index] = attrs.evolve(error, retryable=True)
        # Aborted components are not progress: a fatal error or a cancellation stopped them.
        if component.reason != "aborted":
            result.events.append(self._recorder.status("progress", now))
