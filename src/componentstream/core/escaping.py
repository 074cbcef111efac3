"""Text that somebody else wrote, made safe to show."""


def escape_control_chars(text: str) -> str:
    """Return ``text`` as one line of visible characters: all others are escaped as in a Python string.

    A terminal might act on them, a log might take them for the end of a line, and bidirectional controls
    make a reader see something else than what is there.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
