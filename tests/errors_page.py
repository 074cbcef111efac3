"""The tables of docs/errors.md, made from the registry of error codes.

``python -m tests.errors_page`` writes them into the page, between the comments that name the layers.
"""

import re
from pathlib import Path

from componentstream.core.codes import CODES, ErrorCode, Layer

PAGE = Path(__file__).parent.parent / "docs" / "errors.md"
COMMAND = "python -m tests.errors_page"

_PLACE = re.compile(r"(<!-- codes of the (\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)
_YES = {True: "yes", False: "no", None: "the event says"}


def layers(page: str) -> list[str]:
    """Return the layers that the page has a table for, in its order."""
    return [match[2] for match in _PLACE.finditer(page)]


def row(record: ErrorCode) -> str:
    cells = (
        f"`{record.code}`",
        record.meaning,
        str(record.status or "-"),
        _YES[record.fatal],
        _YES[record.retryable],
    )
    return f"| {' | '.join(cells)} |"


def table(layer: Layer) -> str:
    head = "| code | meaning | status | fatal | retryable |\n| --- | --- | --- | --- | --- |\n"
    return head + "\n".join(row(record) for record in CODES.values() if record.layer == layer)


def with_tables(page: str) -> str:
    """Return the page with its tables as they should be."""
    return _PLACE.sub(lambda match: f"{match[1]}{table(match[2])}{match[3]}", page)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
