"""The texts that a language of the prompt kit consists of."""

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class Texts:
    """The texts of one language; words in braces are filled in. No text has a line end.

    Args:
        intro: the first sentence of the instructions.
        rules: the rules that hold for every grammar, by subject, in the order in which they are listed.
        nesting: the rule for a START inside a component, by ``Grammar.nesting``.
        positions: the rule that lists the positions.
        strict: an addition to it for a strict grammar.
        root: the rule for a layout, for grammars with the position ``root``.
        names: the rule that lists the names that need no import.
        outside: the rule for text between components, by ``Grammar.outside``.
        catalog: the heading of the list of components.
        required: marks a critical component in that list.
        parts: introduces the parts of a compound component there.
        example: the heading of the example.
        faults: the heading of a repair.
        lines: where a fault is, by ``one``, ``many`` and ``more``.
        parser: a sentence for each code of the parser: the fault and its remedy.
        truncated: the sentence for an answer that a length limit cut short.
        near_miss: the sentence for a line that resembles a marker.
        missing: the sentence for critical components that did not begin.
        without_components: the sentence for an answer in which no component began.
        finding: the sentence for any other finding.
        omitted: the last line of a repair that lists some of the faults.
        again: the last sentence of a repair.
        go_on: the request to continue an answer that was cut off.
        still_open: an addition to it when components are open.
        ended_with: an addition to it with the end of the text so far.
    """

    intro: str
    rules: Mapping[str, str]
    nesting: Mapping[str, str]
    positions: str
    strict: str
    root: str
    names: str
    outside: Mapping[str, str]
    catalog: str
    required: str
    parts: str
    example: str
    faults: str
    lines: Mapping[str, str]
    parser: Mapping[str, str]
    truncated: str
    near_miss: str
    missing: str
    without_components: str
    finding: str
    omitted: str
    again: str
    go_on: str
    still_open: str
    ended_with: str
