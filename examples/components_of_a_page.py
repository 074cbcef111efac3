"""List the components of a recorded answer, with the components they use and the parts they lack.

    python examples/components_of_a_page.py                                   # the compound menu
    python examples/components_of_a_page.py examples/data/landing_page.jsonl

The catalog lists the expected components: a Menu and a Card with parts, and a Hero that must be complete.
"""

import sys
from pathlib import Path

from componentstream import Catalog, Component, ComponentBuffer, ComponentSpec, parse
from componentstream.demo.recording import read_recording

catalog = Catalog(
    [
        ComponentSpec("Menu", parts=("Trigger", "List", "Item", "Label", "Separator", "Shortcut")),
        ComponentSpec("Card", parts=("Header", "Body", "Footer")),
        ComponentSpec("Hero", critical=True),
    ]
)


def describe(component: Component) -> str:
    """Return a description of a component, in one line."""
    facts = [f"{component.name} ({component.position}, {len(component.text)} characters)"]
    if component.uses:
        facts.append(f"uses {', '.join(component.uses)}")
    if component.missing_parts:
        facts.append(f"lacks {', '.join(component.missing_parts)}")
    if component.reason != "end":
        facts.append(f"{component.reason}: may be incomplete")
    if component.critical:
        facts.append("critical")
    return "; ".join(facts)


def main() -> None:
    """Read the recording and print its components as they complete, children before their parents."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "data" / "compound_menu.jsonl"
    buffer = ComponentBuffer(catalog=catalog)
    for event in parse(chunk.text for chunk in read_recording(path)):
        component = buffer.apply(event)
        if component is not None:
            print(describe(component))


if __name__ == "__main__":
    main()
