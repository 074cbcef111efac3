"""Parts of a session's debug state."""

from componentstream.core.buffer import OpenComponent
from componentstream.core.events import Json


def described(component: OpenComponent) -> Json:
    """Return an open component as JSON values, without its text."""
    return {
        "index": component.index,
        "name": component.name,
        "position": component.position,
        "parent": component.parent,
        "chars": len(component.text),
    }
