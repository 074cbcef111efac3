"""Inspection of a model's output: remarks about it, which never change it.

:class:`NearMissParser` is a parser that also tells which lines look like markers and are none.
"""

from componentstream.inspection.near_misses import NearMissParser, NearMissScanner

__all__ = ["NearMissParser", "NearMissScanner"]
