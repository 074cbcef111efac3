"""Agno, as its events: dataclasses whose fields are those of the dicts."""

from types import SimpleNamespace

import pytest

from componentstream.sources import Reasoning, Usage
from componentstream.sources.pieces import INCOMPLETE
from tests.sources import recorded
from tests.sources.libraries import all_pieces_of, outcome, pieces_of


def event(name, **fields):
    return {"event": name, "run_id": "r", **fields}


def run(team=""):
    """Return the events of a run with a thought and an answer."""
    metrics = {"input_tokens": 9, "output_tokens": 3}
    return [
        event(f"{team}RunStarted"),
        event(f"{team}ReasoningContentDelta", reasoning_content="no "),
        event(f"{team}RunContent", reasoning_content="text"),
        *(event(f"{team}RunContent", content=piece) for piece in recorded.PIECES),
        event(f"{team}RunContent", content={"structured": True}),
        event(f"{team}RunContentCompleted"),
        event(f"{team}RunCompleted", content=recorded.TEXT, metrics=metrics),
    ]


@pytest.mark.parametrize("team", ["", "Team"])
@pytest.mark.parametrize("make", [dict, lambda event: SimpleNamespace(**event)])
def test_a_run(team, make):
    events = list(map(make, run(team)))
    pieces = [Reasoning("no "), Reasoning("text"), *recorded.PIECES, Usage(9, 3)]
    assert all_pieces_of(events, thinking="emit") == pieces
    assert pieces_of(events[-1:]) == [recorded.TEXT]
    assert pieces_of(events[:-1]) == [*recorded.PIECES, INCOMPLETE]


def test_the_members_of_a_team_do_not_speak_to_the_user():
    members = [{**each, "parent_run_id": "t"} for each in run()]
    members += [event(name, parent_run_id="t") for name in ("RunError", "RunCancelled", "RunPaused")]
    start, *rest = run("Team")
    assert pieces_of([start, *members, *rest]) == recorded.PIECES


@pytest.mark.parametrize(
    ("end", "errors"),
    [
        (
            event("RunError", content="m", error_type="server_error"),
            ("source_failed!~(server_error)",),
        ),
        (event("RunError", content="m"), ("source_failed!",)),
        (event("RunCancelled", reason="m"), ("source_failed!(cancelled)",)),
        (event("RunPaused", tools=[]), ()),
    ],
)
def test_ends(end, errors):
    assert outcome(pieces_of([event("RunStarted"), event("RunContent", content="Hi"), end])) == ("Hi", errors)
