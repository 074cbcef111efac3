"""Inspection of a model's output: remarks about it and figures of it, which never change it.

:class:`NearMissParser` is a parser that also tells which lines look like markers and are none.
:class:`AnswerScorer` counts how well an answer keeps to the protocol, and :func:`summarize` many of them.
"""

from componentstream.inspection.near_misses import NearMissParser, NearMissScanner
from componentstream.inspection.scoring import AnswerScore, AnswerScorer, ScoreSummary, summarize

__all__ = ["AnswerScore", "AnswerScorer", "NearMissParser", "NearMissScanner", "ScoreSummary", "summarize"]
