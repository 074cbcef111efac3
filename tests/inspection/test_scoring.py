"""The figures of an answer count what its events say."""

from componentstream.core.events import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    Finding,
    FindingEvent,
    TextBlock,
)
from componentstream.inspection import AnswerScore, AnswerScorer, summarize

PERFECT: list[tuple[Event, float]] = [
    (ContentBlockStart(0, TextBlock()), 0.5),
    (ContentBlockStop(0, "end", 1), 0.75),
    (ContentBlockStart(1, ComponentBlock("A", "main")), 1.0),
    (ContentBlockDelta(1, "x"), 1.0),
    (ContentBlockStop(1, "end", 1), 1.5),
    (ContentBlockStart(2, ComponentBlock("B", "main")), 2.0),
    (ContentBlockStop(2, "end", 0), 2.0),
]


def score(*events: tuple[Event, float]) -> AnswerScore:
    scorer = AnswerScorer()
    for event, at in events:
        scorer.add(event, at)
    return scorer.score()


class TestAnswer:
    def test_a_perfect_answer_is_clean(self) -> None:
        found = score(*PERFECT)
        assert found == AnswerScore(2, {}, 0, 0, truncated=False, first_component=1.0)
        assert found.clean
        assert found.to_dict() == {
            "components": 2,
            "errors": {},
            "recovered": 0,
            "near_misses": 0,
            "truncated": False,
            "first_component": 1.0,
            "clean": True,
        }

    def test_an_answer_without_components_is_not(self) -> None:
        found = score(*PERFECT[:2])
        assert (found.components, found.first_component, found.clean) == (0, None, False)

    def test_errors_are_counted_by_code_and_those_recovered_from_besides(self) -> None:
        found = score(
            *PERFECT,
            (ErrorEvent("unexpected_end", "-"), 3.0),
            (ErrorEvent("invalid_attribute", "-", recovered=True), 3.0),
            (ErrorEvent("invalid_attribute", "-"), 3.0),
        )
        assert found.errors == {"invalid_attribute": 2, "unexpected_end": 1}
        assert (found.recovered, found.truncated, found.clean) == (1, False, False)

    def test_near_misses_are_counted_and_other_findings_are_not(self) -> None:
        found = score(
            *PERFECT,
            (FindingEvent(Finding("near-miss", "info", "-")), 3.0),
            (FindingEvent(Finding("other", "info", "-")), 3.0),
        )
        assert (found.near_misses, found.clean) == (1, False)

    def test_an_answer_is_truncated_if_a_component_is_or_the_provider_says_so(self) -> None:
        assert score((ContentBlockStop(0, "truncated", 1), 1.0)).truncated
        assert score((ErrorEvent("source_truncated", "-"), 1.0)).truncated
        assert score((ErrorEvent("source_incomplete", "-", fatal=True), 1.0)).truncated
        assert not score((ErrorEvent("source_failed", "-", fatal=True), 1.0)).truncated


class TestSummary:
    def test_it_counts_answers(self) -> None:
        slow = [(event, at + 3) for event, at in PERFECT]
        summary = summarize(
            [
                score(*PERFECT),
                score(
                    *slow, (ErrorEvent("unexpected_end", "-"), 4.0), (ErrorEvent("unexpected_end", "-"), 4.0)
                ),
                score(*PERFECT, (ErrorEvent("invalid_name", "-", recovered=True), 1.0)),
                score((ContentBlockStop(0, "truncated", 1), 1.0)),
                score(*PERFECT, (FindingEvent(Finding("near-miss", "info", "-")), 3.0)),
            ]
        )
        assert summary.to_dict() == {
            "answers": 5,
            "clean": 1,
            "without_errors": 3,
            "without_components": 1,
            "recovered": 1,
            "near_misses": 1,
            "truncated": 1,
            "errors": {"invalid_name": 1, "unexpected_end": 1},
            "first_component_median": 1.0,
            "first_component_max": 4.0,
        }

    def test_without_answers_there_are_no_times(self) -> None:
        summary = summarize([])
        assert (summary.answers, summary.first_component_median, summary.first_component_max) == (
            0,
            None,
            None,
        )
