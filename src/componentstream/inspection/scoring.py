"""How well an answer keeps to the protocol: the figures that compare models and prompts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import median

import attrs

from componentstream.core import codes
from componentstream.core.events import (
    ComponentBlock,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    FindingEvent,
    Json,
)
from componentstream.inspection.look_alikes import RULE

_TRUNCATED = frozenset({codes.SOURCE_TRUNCATED, codes.SOURCE_INCOMPLETE})


@attrs.frozen
class AnswerScore:
    """The figures of one answer.

    Attributes:
        components: Number of components that began.
        errors: Number of errors by code, those included that the parser recovered from.
        recovered: Number of errors after which the marker acted all the same.
        near_misses: Number of lines that look like a marker and are text.
        truncated: Whether the answer ended inside a component, or the provider says that it is cut short.
        first_component: Seconds until the first component began, None if there was none or it is unknown.
    """

    components: int
    errors: Mapping[str, int]
    recovered: int
    near_misses: int
    truncated: bool
    first_component: float | None

    @property
    def clean(self) -> bool:
        """Whether the answer has a component, and neither an error nor a near miss."""
        return bool(self.components) and not self.errors and not self.near_misses

    def to_dict(self) -> Json:
        """Return the figures as a JSON object."""
        return {**attrs.asdict(self), "errors": dict(self.errors), "clean": self.clean}


class AnswerScorer:
    """Collects the figures of one answer from its events.

    For near misses the events have to come from a :class:`~componentstream.inspection.NearMissParser`.
    """

    def __init__(self) -> None:
        self._components = 0
        self._errors: Counter[str] = Counter()
        self._recovered = 0
        self._near_misses = 0
        self._truncated = False
        self._first_component: float | None = None

    def add(self, event: Event, at: float | None = None) -> None:
        """Count an event.

        Args:
            event: The event.
            at: Seconds since the request to the model, None if unknown.
        """
        if isinstance(event, ContentBlockStart) and isinstance(event.block, ComponentBlock):
            self._components += 1
            if self._first_component is None:
                self._first_component = at
        elif isinstance(event, ContentBlockStop):
            self._truncated = self._truncated or event.reason == "truncated"
        elif isinstance(event, ErrorEvent):
            self._errors[event.code] += 1
            self._recovered += event.recovered
            self._truncated = self._truncated or event.code in _TRUNCATED
        elif isinstance(event, FindingEvent):
            self._near_misses += event.finding.rule == RULE

    def score(self) -> AnswerScore:
        """Return the figures so far."""
        return AnswerScore(
            self._components,
            dict(sorted(self._errors.items())),
            self._recovered,
            self._near_misses,
            self._truncated,
            self._first_component,
        )


@attrs.frozen
class ScoreSummary:
    """The figures of many answers. Counts are numbers of answers.

    Attributes:
        answers: Number of answers.
        clean: Those with a component, and neither an error nor a near miss.
        without_errors: Those without an error.
        without_components: Those in which no component began.
        recovered: Those with an error after which the marker acted all the same.
        near_misses: Those with a near miss.
        truncated: Those that are cut short.
        errors: Those with an error, by code.
        first_component_median: Median of the seconds until the first component, None if there was none.
        first_component_max: The longest of these times.
    """

    answers: int
    clean: int
    without_errors: int
    without_components: int
    recovered: int
    near_misses: int
    truncated: int
    errors: Mapping[str, int]
    first_component_median: float | None
    first_component_max: float | None

    def to_dict(self) -> Json:
        """Return the figures as a JSON object."""
        return {**attrs.asdict(self), "errors": dict(self.errors)}


def summarize(scores: Iterable[AnswerScore]) -> ScoreSummary:
    """Return the figures of many answers."""
    every = list(scores)
    times = [score.first_component for score in every if score.first_component is not None]
    return ScoreSummary(
        answers=len(every),
        clean=sum(score.clean for score in every),
        without_errors=sum(not score.errors for score in every),
        without_components=sum(not score.components for score in every),
        recovered=sum(score.recovered > 0 for score in every),
        near_misses=sum(score.near_misses > 0 for score in every),
        truncated=sum(score.truncated for score in every),
        errors=dict(sorted(Counter(code for score in every for code in score.errors).items())),
        first_component_median=median(times) if times else None,
        first_component_max=max(times, default=None),
    )
