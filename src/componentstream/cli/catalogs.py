"""The catalog of a page in a file, for ``prompt``.

The file holds a JSON array of objects with the fields of ``ComponentSpec``, or of names alone.
"""

import json
from pathlib import Path
from typing import Final

import attrs

from componentstream.core.catalog import Catalog, ComponentSpec
from componentstream.core.errors import ConfigurationError

_FIELDS: Final = tuple(field.name for field in attrs.fields(ComponentSpec))


def read_catalog(path: str) -> Catalog:
    """Return the catalog in a file.

    Raises:
        ConfigurationError: The content is not that of a catalog.
        OSError: The file cannot be read.
    """
    content = Path(path).read_bytes()
    try:
        items = json.loads(content)
    except (ValueError, RecursionError):
        raise ConfigurationError(f"{path} is not JSON; write an array of components.") from None
    if not isinstance(items, list):
        raise ConfigurationError(f"{path} must be a JSON array of components.")
    try:
        return Catalog(_spec(item) for item in items)
    except ConfigurationError as problem:
        raise ConfigurationError(f"{path}: {problem}") from None


def _spec(item: object) -> ComponentSpec:
    if isinstance(item, str):
        return ComponentSpec(item)
    if not isinstance(item, dict) or "name" not in item:
        raise ConfigurationError(f"A component is a name or an object with a name, not {item!r:.80}.")
    if unknown := [key for key in item if key not in _FIELDS]:
        raise ConfigurationError(
            f"{item['name']!r:.80}: {unknown[0]!r:.80} is not a field; the fields are {', '.join(_FIELDS)}."
        )
    parts, critical = item.get("parts", []), item.get("critical", False)
    if not isinstance(parts, list):
        raise ConfigurationError(f"{item['name']!r:.80}: parts must be an array of names.")
    if not isinstance(critical, bool):
        raise ConfigurationError(f"{item['name']!r:.80}: critical must be true or false.")
    return ComponentSpec(item["name"], parts, critical, item.get("description", ""))
