"""Read JSON from outside so that all parsers would read the same."""

import json
from typing import NoReturn


def read_json(text: str | bytes) -> object:
    """Return the value of a JSON document in UTF-8.

    Python's own reader takes ``NaN`` and ``Infinity``, and of a repeated name the last value; another service
    that looks at the same document may take the first. Both are rejected.

    Raises:
        ValueError: the document is not JSON by RFC 8259, repeats a name in an object, or is nested too
            deeply.
    """
    try:
        # Decoded here: json would guess UTF-16 and UTF-32 too.
        document = text if isinstance(text, str) else text.decode()
        return json.loads(document, object_pairs_hook=_unique_names, parse_constant=_reject_constant)
    except RecursionError:
        raise ValueError("The JSON document is nested too deeply.") from None


def _unique_names(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("A JSON object has two members of the same name.")
    return value


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}.")
