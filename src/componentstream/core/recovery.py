"""Find the meaning of a faulty marker line, where it is clear.

The functions here are pure: they see the line and the names of the open components.

Models mirror a START in its END (``/// END Hero position=hero``), end lines with punctuation, write ``key:
value``, or forget the name. Such a line acts, and its error says how. A line of prose that happens
to begin like a marker stays text. Only a faulty line comes here.
"""

import string
from typing import Final

import attrs

from componentstream.core import codes
from componentstream.core.codes import ParserErrorCode
from componentstream.core.grammar import PUNCTUATION, WHITE
from componentstream.core.markers import Fault, Marker

_SEPARATORS: Final = ",;:"
_WORD: Final = string.ascii_letters + string.digits
_SHOWN_CHARS: Final = 80


def looks_meant(name: str) -> bool:
    """Return whether a START of this name, possibly cut short, is meant as a marker rather than as prose."""
    return "A" <= name[:1] <= "Z"


def recover_start(fault: Fault) -> Marker | None:
    """Return the marker that a faulty START line means, None if the line is text."""
    name, attributes = fault.name, fault.attributes
    sign, after = fault.behind[:1], fault.behind[1:]
    if not looks_meant(name):
        return None
    if sign and sign not in WHITE and not (sign in _SEPARATORS and (not after or after in WHITE)):
        return None
    if not fault.signs and not (attributes and attributes.found):
        return None
    values = dict(attributes.values) if attributes else {}
    position = values.pop("position", None)
    kept = [*([] if position is None else ["position"]), *values]
    done = f"with {', '.join(kept)}" if kept else "without attributes"
    repair = f"START {_shown(fault)} is not well-formed; {name} was started {done:.{_SHOWN_CHARS}}."
    for key, char in attributes.forbidden.items() if attributes else ():
        if key not in kept:
            repair += f" {key:.{_SHOWN_CHARS}} was left out, because its value contains {char!r}."
    if position is None or (attributes and attributes.stand_in):
        stand_in, position = position is not None, None
    else:
        stand_in, position = False, position.lower()
    return Marker(name, position, values, stand_in, fault, repair)


def recover_end(fault: Fault, names: list[str], *, last: bool) -> tuple[str, Fault] | None:
    """Return the open component that a faulty END line closes, and the error to report.

    Args:
        fault: the fault of the line.
        names: the names of the open components, outermost first.
        last: whether the end of the stream completed the line, which may therefore be cut off.

    Returns:
        the name and the error, None if the line is text.
    """
    if not names:
        return None
    name, shown = fault.name, _shown(fault)
    code: ParserErrorCode = fault.code
    found, message = None, ""
    if not name:
        found = names[-1] if fault.signs and not last else None
        shown = f"END {shown}" if fault.text else "A bare END"
        message = f"{shown} names no component; {found} was closed."
    elif not _may_follow_a_name(fault.behind):
        return None
    elif name in names:
        found = name
        rest = "attributes" if code == codes.INVALID_ATTRIBUTE else "characters after the name"
        message = f"END {shown} has {rest}; they were ignored and {found} was closed."
    elif not last:
        # The innermost comes first, as for an END that is well-formed.
        folded, code = name.lower(), codes.INVALID_NAME
        found = next((each for each in reversed(names) if each.lower() == folded), None)
        message = f"END {shown} names no open component; {found} was closed."
    return (found, attrs.evolve(fault, code=code, message=message)) if found else None


def _may_follow_a_name(behind: str) -> bool:
    """Return whether these two characters can follow the name of a faulty END.

    A hyphen before a letter or digit belongs to a longer word, which is another name.
    """
    sign, after = behind[:1], behind[1:]
    if not sign or sign in WHITE:
        return True
    return sign in PUNCTUATION and not (sign == "-" and after and after in _WORD)


def _shown(fault: Fault) -> str:
    """Return the line after its keyword for a message."""
    return repr(fault.text[:_SHOWN_CHARS])
