"""Texts for models: how to write components, how to correct an answer, how to continue one.

``instructions`` teaches the marker protocol for a grammar and a catalog; put it into the system prompt.
``repair`` sends an answer with mistakes back. ``continue_prompt`` asks for the rest of an answer that a
length limit cut off, and ``Continuation`` joins the rest to it.
"""

from componentstream.prompt.continuation import Continuation, continue_prompt
from componentstream.prompt.prologue import Dropped, DroppedKind
from componentstream.prompt.repairs import repair
from componentstream.prompt.system_prompt import instructions

__all__ = ["Continuation", "Dropped", "DroppedKind", "continue_prompt", "instructions", "repair"]
