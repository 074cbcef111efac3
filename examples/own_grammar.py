"""Parse a custom marker language: slides of a talk, with their own positions and limits.

Your prompt decides how the markers look; the grammar only has to match it. With ``nesting="close"`` a slide
ends where the next one begins, even if the model forgets its end marker.
"""

from componentstream import (
    ComponentParser,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Grammar,
    Limits,
    parse,
)

grammar = Grammar(
    prefix="%%%",
    start="BEGIN",
    end="DONE",
    positions={"title", "body", "notes"},
    default_position="body",
    nesting="close",
    outside="discard",
)
limits = Limits(max_component_chars=60, max_components=20)

talk = """\
Four slides, as you asked.

%%% BEGIN Opening position=title
# Bees in the city
%%% DONE Opening
%%% BEGIN Forage
- lime trees along the canal
%%% BEGIN Hives position=left
- twelve, on the roof of the library
%%% DONE Hives
%%% BEGIN Speaker position=notes
Wait for the laughter about the librarian, then tell them about the winter of the great cold.
%%% DONE Speaker
"""

chunks = [talk[at : at + 7] for at in range(0, len(talk), 7)]

for event in parse(chunks, parser=ComponentParser(grammar, limits)):
    match event:
        case ContentBlockStart(index=index, block=slide):
            print(f"{index} begins: {slide}")
        case ContentBlockDelta():
            pass
        case ContentBlockStop(index=index, reason=reason, chars=chars, trimmed=trimmed):
            print(f"{index} ends:   {reason}, {chars} characters, {trimmed} trimmed")
        case ErrorEvent(code=code, message=message):
            print(f"error:    {code}: {message}")
