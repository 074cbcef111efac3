"""Make untrusted text safe to print."""


def escape_control_chars(text: str) -> str:
    """Return ``text`` as one line of printable characters; all others are escaped as in a Python string.

    Without this, untrusted text could send control sequences to a terminal, forge lines of a log file, or
    reorder the visible text with bidirectional control characters.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
